"""What pages and the command line see of a case's sources: frozen, masked, sizes and counts but no contents."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from portal.sources.kinds import RUNNING, TRAITS, SourceKind, SourceState, nothing_held, settled


@dataclass(frozen=True)
class SourceLine:
    """One line of the checklist. `asked_by` is the kind of what it was asked by and that value, masked.

    `id` is empty where nothing of it can be asked again here: a line of an export, or one that does not apply.
    """

    kind: SourceKind
    state: SourceState
    id: str = ""
    export_id: str = ""
    program: str = ""
    asked_by: tuple[str, str] = ("", "")
    size_bytes: int | None = None
    row_count: int | None = None
    doubtful_count: int = 0
    pages: int = 0
    sha256: str = ""
    status: int | None = None
    problem_code: str = ""
    problem: str = ""
    next_step: str = ""
    attempt: int = 0
    asked_at: dt.datetime | None = None
    settled_at: dt.datetime | None = None
    destroyed_at: dt.datetime | None = None

    @property
    def running(self) -> bool:
        return self.state in RUNNING

    @property
    def again(self) -> bool:
        """May it be asked again from here?"""
        return bool(self.id) and TRAITS[self.state].again


@dataclass(frozen=True)
class SourceList:
    """The checklist of a case. `to_ask`: something can be asked that was not; `may`: may this person ask?"""

    lines: tuple[SourceLine, ...]
    to_ask: bool
    may: bool

    @property
    def collected(self) -> bool:
        """Was collecting begun?"""
        return any(line.id or line.export_id for line in self.lines)

    @property
    def running(self) -> bool:
        """Is something under way that goes on without a person?"""
        return any(line.running and (line.id or line.export_id) for line in self.lines)

    @property
    def settled_count(self) -> int:
        return sum(TRAITS[line.state].settled for line in self.lines)

    @property
    def settled(self) -> bool:
        return not self.to_ask and settled(line.state for line in self.lines)

    @property
    def nothing_held(self) -> bool:
        """Never while somebody matches by phone alone: that may be the person under another address."""
        doubtful = any(line.doubtful_count for line in self.lines)
        return self.settled and not doubtful and nothing_held((line.kind, line.state) for line in self.lines)
