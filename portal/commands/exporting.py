"""`export` and `history`: the portal's main job for scripts and operators."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeElapsedColumn

from portal.commands.current_user import acting_user, opened_portal
from portal.commands.writing import check_target, write_whole
from portal.composition import Portal
from portal.errors import InputError, InputErrors
from portal.exports import ExportView, HistoryFilter, State, parse_request, suggested_email
from portal.exports.files.card_codes import CardReason
from portal.identity import User

POLL_SECONDS = 0.05
SECOND_PERSON = (
    "The file holds card numbers, so another manager must allow that it leaves. It waits on the export's preview."
)
As = Annotated[str | None, typer.Option("--as", help="account that acts (email or id)")]


def export(
    out: Annotated[Path, typer.Option("--out", help="file to write; never overwritten unless --force")],
    email: Annotated[str, typer.Option(help="the customer's email")] = "",
    customer_id: Annotated[str, typer.Option("--customer-id", help="the customer's ID at LoyaltyDog")] = "",
    program: Annotated[str, typer.Option(help="limit to one program: its 24-character id")] = "",
    card: Annotated[str, typer.Option(help="limit to one card: its 24-character id")] = "",
    format: Annotated[str, typer.Option(help="json or csv")] = "json",
    reference: Annotated[str, typer.Option(help="your ticket number")] = "",
    as_typed: Annotated[bool, typer.Option("--as-typed", help="the email is right, though it looks mistyped")] = False,
    account: As = None,
    force: Annotated[bool, typer.Option("--force", help="replace the file if it is there")] = False,
    card_reason: Annotated[
        CardReason, typer.Option("--card-reason", help="why the file may leave with its card numbers in full; audited")
    ] = CardReason.PERSON_ASKED,
) -> None:
    """Ask for one customer's export, wait for the end, write the original file, card numbers in it as they are.

    Prints the receipt as JSON. Exit status 0 only when the export is ready and the file whole.
    """
    request = parse_request(
        email=email, customer_id=customer_id, program_id=program, card_id=card, format=format, reference=reference
    )
    if email and not as_typed and (better := suggested_email(email)):
        words = f"Did you mean {better.rpartition('@')[2]}? Give --as-typed to ask for the address as it is."
        raise InputErrors([InputError(words, field="email")])
    check_target(out, force)
    with opened_portal() as portal:
        user = acting_user(portal, account)
        portal.start_workers("cli")
        export_id = portal.submissions.submit(user, request, force=True)
        view = _wait(portal, user, export_id)
        may_leave = view.can_open and _may_leave(portal, user, export_id, card_reason)
        written = may_leave and write_whole(portal.files.open_file(user, export_id), view.size_bytes, out)
        print(json.dumps(receipt(view, out if written else None), indent=2, ensure_ascii=False))
        if view.can_open and not may_leave:
            print(SECOND_PERSON, file=sys.stderr)
        elif not written:
            print(" ".join(p for p in (view.problem, view.next_step) if p) or view.state.value, file=sys.stderr)
            refusal = portal.submissions.refusal(user, export_id)
            if refusal.says:
                print(f"LoyaltyDog says: “{refusal.says}”", file=sys.stderr)
            for refused in refusal.fields:
                print(f"{refused.field or 'request'}: {refused.sentence}", file=sys.stderr)
        if not written:
            raise typer.Exit(1)


def _may_leave(portal: Portal, user: User, export_id: str, reason: CardReason) -> bool:
    """With its card numbers in full; False where a second person must allow it."""
    return portal.card_access.state(user, export_id).shown or portal.card_access.ask(user, export_id, reason)


def _wait(portal: Portal, user: User, export_id: str) -> ExportView:
    """Follow the export to its end; a bar on a terminal, plain lines elsewhere."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("Asking LoyaltyDog", total=None)
        told: list[str] = []
        while True:
            view = portal.history.get(user, export_id)
            words = PHASES.get(view.state, "")
            bar.update(task, description=words or "Done", completed=view.fetched_bytes, total=view.expected_bytes)
            for line in [] if console.is_terminal else _lines_to_tell(view, told):
                print(line, file=sys.stderr)
            if not view.running:
                return view
            time.sleep(POLL_SECONDS)


def _lines_to_tell(view: ExportView, told: list[str]) -> list[str]:
    """The phases not in `told` yet, which is updated: a quick one may pass between two polls."""
    passed = {State.REQUESTED: True, State.ACCEPTED: view.accepted_at, State.COLLECTED: view.collected_at}
    lines = [PHASES[state] for state, reached in passed.items() if reached and PHASES[state] not in told]
    if view.state is State.WAITING and PHASES[State.WAITING] != (told or [""])[-1]:
        lines.append(PHASES[State.WAITING])
    told += lines
    return [f"{line}: {view.problem}" if line == PHASES[State.WAITING] else line for line in lines]


PHASES: Mapping[State, str] = {
    State.REQUESTED: "Asking LoyaltyDog",
    State.SENT: "Asking LoyaltyDog",
    State.WAITING: "Waiting to ask again",
    State.ACCEPTED: "Fetching the file",
    State.COLLECTED: "Checking",
}


def receipt(view: ExportView, out: Path | None) -> dict[str, Any]:
    """What happened, as JSON: times ISO 8601 UTC, size in bytes; the customer masked."""

    def stamp(value: Any) -> str | None:
        return value.isoformat() if value is not None else None

    return {
        "export": view.id,
        "state": view.state.value,
        "customer": view.customer,
        "scope": view.scope,
        "format": view.format,
        "reference": view.reference,
        "requested_at": stamp(view.requested_at),
        "requested_by": view.requested_by,
        "expires_at": stamp(view.link_expires_at),
        "collected_at": stamp(view.collected_at),
        "destroy_after": stamp(view.destroy_after),
        "size_bytes": view.size_bytes,
        "sha256": view.sha256 or None,
        "tables": view.table_count,
        "rows": view.row_count,
        "verdict": view.verdict or None,
        "vendor_export_id": view.vendor_export_id or None,
        "vendor_status": view.vendor_status or None,
        "vendor_request_id": view.vendor_request_id or None,
        "problem": view.problem or None,
        "problem_code": view.problem_code or None,
        "next_step": view.next_step or None,
        "file": str(out) if out else None,
    }


def history(
    as_json: Annotated[bool, typer.Option("--json", help="JSON instead of lines")] = False,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="at most this many, newest first")] = 200,
    text: Annotated[str, typer.Option(help="an email or ID, exactly, or the start of a reference")] = "",
    account: As = None,
) -> None:
    """List past exports with their expiry, newest first."""
    with opened_portal() as portal:
        user = acting_user(portal, account)
        if text:
            portal.history.note_search(user, text)
        rows: list[ExportView] = []
        after: str | None = None
        while len(rows) < limit:
            page = portal.history.find(user, HistoryFilter(text=text), after=after, size=min(500, limit - len(rows)))
            rows.extend(page.rows)
            after = page.after
            if after is None:
                break
    if as_json:
        print(json.dumps([receipt(row, None) for row in rows], indent=2, ensure_ascii=False))
        return
    for row in rows:
        expires = row.link_expires_at.strftime("%Y-%m-%d %H:%M UTC") if row.link_expires_at else "-"
        print(
            f"{row.id}  {row.requested_at:%Y-%m-%d %H:%M}  {row.state:<10} {row.format:<4} {expires:<20} {row.customer}"
        )
