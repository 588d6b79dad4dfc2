"""`cases sources`: what a complete answer is made of, and how far each part was asked. Persons are masked."""

from __future__ import annotations

import sys
import time
from typing import Annotated, Any

import typer

from portal.commands.cases.given import As, AsJson, Named, case_id_of
from portal.commands.cases.told import as_json
from portal.commands.current_user import acting_user, opened_portal
from portal.commands.printing import print_lines
from portal.composition import Portal
from portal.identity import User
from portal.sources.views import SourceLine, SourceList

POLL_SECONDS = 0.05
UNSETTLED = 1


def sources(
    case: Named,
    collect: Annotated[bool, typer.Option("--collect", help="ask what was not asked yet, wait for the end")] = False,
    account: As = None,
    json_: AsJson = False,
) -> None:
    """List the sources of a case; with --json one object a line.

    Exit status 1 when --collect ends with a source that is not settled.
    """
    with opened_portal() as portal:
        user = acting_user(portal, account)
        case_id = case_id_of(portal, user, case)
        found = _collected(portal, user, case_id) if collect else portal.case_sources.lines(user, case_id)
    print_lines(as_json(source_values(line)) if json_ else source_line(line) for line in found.lines)
    if collect and not found.settled:
        print("Not every source is settled.", file=sys.stderr)
        if found.undecided:
            print(f"Whose records are they? To be decided on the page of the case: {found.undecided}.", file=sys.stderr)
        raise typer.Exit(UNSETTLED)


def _collected(portal: Portal, user: User, case_id: str) -> SourceList:
    portal.start_workers("cli")
    portal.case_sources.collect(user, case_id)
    while True:
        if not portal.case_sources.lines(user, case_id).running:
            portal.case_matches.compare(user, case_id)
            return portal.case_sources.lines(user, case_id)
        time.sleep(POLL_SECONDS)


def source_values(line: SourceLine) -> dict[str, Any]:
    kind, masked = line.asked_by
    return {
        "kind": line.kind.value,
        "state": line.state.value,
        "program": line.program,
        "asked_by": kind,
        "who": masked,
        "size_bytes": line.size_bytes,
        "row_count": line.row_count,
        "doubtful_count": line.doubtful_count,
        "pages": line.pages,
        "sha256": line.sha256,
        "status": line.status,
        "problem_code": line.problem_code,
        "problem": line.problem,
        "attempt": line.attempt,
        "stale": line.stale,
        "settled_at": line.settled_at.isoformat() if line.settled_at else None,
        "destroyed_at": line.destroyed_at.isoformat() if line.destroyed_at else None,
        "source": line.id,
        "export": line.export_id,
    }


def source_line(line: SourceLine) -> str:
    kind, masked = line.asked_by
    counted = f"{line.size_bytes} bytes, {line.row_count or 0} rows" if line.size_bytes is not None else ""
    status = f"({line.status})" if line.problem and line.status else ""
    who = f"{kind} {masked}".strip()
    stale = "fetch again" if line.stale else ""
    parts = (f"{line.state:<14}", f"{line.kind:<15}", line.program, who, counted, status, line.problem, stale)
    return "  ".join(part for part in parts if part).rstrip()
