"""Cases as the command line prints them: one JSON object, or one line of words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from portal.cases.clock.lines import dates_of
from portal.cases.clock.words import sentence
from portal.cases.services.due import DueCase
from portal.cases.services.views import CaseRow, CaseView, ShownFact
from portal.comparison.views import Change, EarlierCase, Since

CHANGE_WORDS: Mapping[Change, str] = {
    Change.TRANSACTIONS: "new transaction",
    Change.ADDED: "new row",
    Change.CHANGED: "changed",
    Change.GONE: "gone",
}
NOUNS = (Change.TRANSACTIONS, Change.ADDED)


def as_json(values: dict[str, Any]) -> str:
    return json.dumps(values, ensure_ascii=False)


def row_values(row: CaseRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "person": row.person,
        "rights": list(row.rights),
        "received_on": row.received_on.isoformat(),
        "due_on": row.due_on.isoformat(),
        "last_lawful_on": row.last_lawful_on.isoformat(),
        "state": row.state.value,
        "assignee": row.assignee,
        "reference": row.reference,
    }


def row_line(row: CaseRow) -> str:
    rights = ",".join(row.rights)
    parts = (row.name, f"due {row.due_on}", f"{row.state:<15}", f"{rights:<12}", row.person, row.reference)
    return "  ".join(parts).rstrip()


def view_values(view: CaseView, since: Since) -> dict[str, Any]:
    """A case whole. `text` are the words of notes, for those who may read them."""
    clock = view.clock
    return {
        **row_values(view.row),
        **dates_of(clock),
        "due_on": clock.due_on.isoformat(),
        "extended": clock.extended,
        "outcomes": {one.right.value: one.outcome.value for one in view.demands},
        "why": [sentence(step) for step in clock.why],
        "facts": [_fact_values(fact) for fact in view.facts],
        "asked_before": since.count,
        "last_answered_on": since.last_answered_on.isoformat() if since.last_answered_on else None,
        "earlier": [_earlier_values(one) for one in since.earlier],
        "compared_with": since.compared_with.name if since.compared_with else None,
        "changes": {change.value: count for change, count in since.changes.items()}
        if since.tables is not None
        else None,
        "may": sorted(view.may),
        "kept_until": view.kept_until.isoformat() if view.kept_until else None,
    }


def _fact_values(fact: ShownFact) -> dict[str, Any]:
    return {
        "number": fact.number,
        "kind": fact.kind.value,
        "at": fact.at.isoformat(),
        "told_on": fact.told_on.isoformat() if fact.told_on else None,
        "by": fact.by,
        "codes": dict(fact.codes),
        "takes_back": fact.takes_back,
        "holds": fact.holds,
        "text": fact.text,
    }


def view_lines(view: CaseView, since: Since) -> list[str]:
    row = view.row
    lines = [
        row_line(row),
        f"received {row.received_on}, last lawful day {row.last_lawful_on}, with {row.assignee or 'nobody'}",
        "asks for: " + ", ".join(f"{one.right} ({one.outcome})" for one in view.demands),
        "Why this day:",
        *(f"  {sentence(step)}" for step in view.clock.why),
        "Recorded:",
    ]
    for fact in view.facts:
        codes = " ".join(f"{name}={code}" for name, code in sorted(fact.codes.items()))
        gone = "" if fact.holds else "(does not count)"
        parts = (f"{fact.number:>3}", f"{fact.at:%Y-%m-%d %H:%M}", fact.kind.value, codes, fact.by, gone)
        lines.append("  " + "  ".join(part for part in parts if part))
        lines += [f"       {line}" for line in fact.text.splitlines()]
    if view.kept_until is not None:
        lines.append(f"Notes, letters, fingerprints and what the person is known by are kept until {view.kept_until}.")
    if since.count:
        lines.append(since_line(since))
        lines += [f"  {line}" for one in since.earlier for line in _earlier_lines(one)]
    return lines


def since_line(since: Since) -> str:
    """``Asked 3 times before, last answered on 2026-09-04; since then 12 new transactions, 1 changed.``"""
    words = f"Asked {since.count} time{'s'[: since.count != 1]} before"
    if since.last_answered_on is not None:
        words += f", last answered on {since.last_answered_on}"
    if since.tables is not None:
        changes = [
            f"{count} {CHANGE_WORDS[change]}{'s'[: count != 1 and change in NOUNS]}"
            for change, count in since.changes.items()
        ]
        words += "; " + (f"since then {', '.join(changes)}" if changes else "nothing changed since")
    return f"{words}."


def _earlier_values(one: EarlierCase) -> dict[str, Any]:
    return {
        "id": one.id,
        "name": one.name,
        "reference": one.reference,
        "received_on": one.received_on.isoformat(),
        "state": one.state.value,
        "closed_as": one.closed_as,
        "answered_on": one.answered_on.isoformat() if one.answered_on else None,
        "sent": [{"copy": copy.copy, "sha256": copy.sha256, "on": copy.on.isoformat()} for copy in one.sent],
    }


def _earlier_lines(one: EarlierCase) -> list[str]:
    parts = (one.name, f"received {one.received_on}", one.state.value, one.reference)
    sent = [f"  {copy.on}  {copy.copy:<8}  {copy.sha256}" for copy in one.sent]
    return ["  ".join(part for part in parts if part), *sent]


def due_values(case: DueCase) -> dict[str, Any]:
    """Nothing of the person: what a helpdesk's cron may write into its own tickets."""
    return {
        "name": case.name,
        "id": case.id,
        "due_on": case.due_on.isoformat(),
        "last_lawful_on": case.last_lawful_on.isoformat(),
        "days_left": case.days_left,
        "overdue": case.overdue,
        "state": case.state.value,
        "assignee": case.assignee,
        "reference": case.reference,
    }


def due_line(case: DueCase) -> str:
    when = f"overdue since {case.due_on}" if case.overdue else f"due {case.due_on}"
    parts = (case.name, f"{when:<24}", f"{case.state:<15}", case.assignee or "nobody", case.reference)
    return "  ".join(parts).rstrip()
