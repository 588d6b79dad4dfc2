"""The filter of Past exports, and its form in an address.

Codes, program ids and dates are in the address; the search text never is, as it may be an email or an ID (SEC-43).
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from portal.exports.core.states import State

_PROGRAM = re.compile(r"[0-9a-f]{24}")

_ANSWERS: dict[str, Literal["open", "due", "overdue", "answered"]] = {
    "open": "open", "due": "due", "overdue": "overdue", "answered": "answered",
}  # fmt: skip


@dataclass(frozen=True)
class HistoryFilter:
    """`text` matches an email or ID exactly, or the start of a reference. `answer` is how the request stands: ``due``
    within 7 days from today, ``overdue`` before today."""

    text: str = ""
    states: frozenset[State] = frozenset()
    format: Literal["", "json", "csv"] = ""
    program_id: str = ""
    since: dt.date | None = None
    until: dt.date | None = None
    mine: bool = False
    sort: Literal["requested", "expires"] = "requested"
    answer: Literal["", "open", "due", "overdue", "answered"] = ""

    @property
    def by_due_day(self) -> bool:
        """Exports that wait for an answer are listed by due day, regardless of `sort`."""
        return self.answer in ("open", "due", "overdue")


def to_address(wanted: HistoryFilter) -> dict[str, str]:
    """The filter as query parameters, without its text; only what differs from the default."""
    found = {
        "status": ",".join(sorted(wanted.states)),
        "format": wanted.format,
        "program": wanted.program_id if _PROGRAM.fullmatch(wanted.program_id) else "",
        "from": wanted.since.isoformat() if wanted.since else "",
        "to": wanted.until.isoformat() if wanted.until else "",
        "mine": "1" if wanted.mine else "",
        "order": "expires" if wanted.sort == "expires" else "",
        "answer": wanted.answer,
    }
    return {name: value for name, value in found.items() if value}


def from_address(query: Mapping[str, str]) -> HistoryFilter:
    """Parse the filter of an address; unreadable parts are ignored."""
    known = {state.value for state in State}
    kind = query.get("format", "")
    program, answer = query.get("program", ""), query.get("answer", "")
    return HistoryFilter(
        states=frozenset(State(word) for word in query.get("status", "")[:400].split(",") if word in known),
        format="json" if kind == "json" else "csv" if kind == "csv" else "",
        program_id=program if _PROGRAM.fullmatch(program) else "",
        since=day_of(query.get("from", "")),
        until=day_of(query.get("to", "")),
        mine=query.get("mine") == "1",
        sort="expires" if query.get("order") == "expires" else "requested",
        answer=_ANSWERS.get(answer, ""),
    )


def day_of(text: str) -> dt.date | None:
    """A date as an address writes it, or none."""
    try:
        return dt.date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        return None
