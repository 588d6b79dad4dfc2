"""What pages and the command line see of a case's sources: frozen, masked, sizes and counts but no contents."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

from portal.sources.kinds import BY_HAND, RUNNING, TRAITS, UNANSWERED, SourceKind, SourceState, nothing_held, settled

FROM_ANSWERS = frozenset({SourceKind.LOYALTY_DATA, SourceKind.LOYALTY_CONSENT, SourceKind.VENDOR_LOG})
FRESH_DAYS = 7
"""The answers of one case are to be fetched within so long of each other and of now (ANS-4). A merchant may set its
own."""


@dataclass(frozen=True)
class SourceLine:
    """One line of the checklist. `asked_by` is the kind of what it was asked by and that value, masked.

    `id` is empty where nothing of it can be asked again here: a line of an export, of another system, or one that does
    not apply. `undecided`: of an export that waits for a person's decision in Preview. Of another system: `program` is
    its name, `pages` counts its files, `by` names who answered.
    """

    kind: SourceKind
    state: SourceState
    id: str = ""
    export_id: str = ""
    undecided: bool = False
    system_id: str = ""
    by: str = ""
    identifier_id: str = ""
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
    stale: bool = False
    """Fetched too long ago to be of one answer with what is fetched today (ANS-4)."""

    @property
    def running(self) -> bool:
        return self.state in RUNNING and self.kind not in BY_HAND

    @property
    def again(self) -> bool:
        """May it be asked again from here?"""
        return bool(self.id) and (TRAITS[self.state].again or self.stale)

    @property
    def unanswered(self) -> bool:
        """Did LoyaltyDog refuse or fail here, so that a manager may answer for it?"""
        return self.state in UNANSWERED and bool(self.id or self.export_id) and not self.undecided


@dataclass(frozen=True)
class SourceList:
    """The checklist of a case. `to_ask`: something can be asked that was not; `may`: may this person ask?

    `undecided`: lines about whose records are that a person has to decide; `uncompared`: answers in which nobody has
    looked yet whose records are; `taken_in`: records that were decided to be the person's.
    """

    lines: tuple[SourceLine, ...]
    to_ask: bool
    may: bool
    undecided: int = 0
    uncompared: int = 0
    taken_in: int = 0
    hidden: bool = False
    """Nothing of what is held is told before it is settled who asks."""

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
        return sum(TRAITS[line.state].settled and not line.stale for line in self.lines)

    @property
    def settled(self) -> bool:
        waits = self.to_ask or self.undecided or self.uncompared or self.stale_count
        return not waits and settled(line.state for line in self.lines)

    @property
    def stale_count(self) -> int:
        return sum(line.stale for line in self.lines)

    @property
    def apart(self) -> bool:
        """Is something answered apart, so that what is held there is not known here?"""
        return any(line.state is SourceState.APART for line in self.lines)

    @property
    def nothing_held(self) -> bool:
        """Never while it is not decided whose a record is: it may be the person's under another address."""
        known = self.settled and not self.taken_in and not self.hidden
        return known and nothing_held((line.kind, line.state) for line in self.lines)


def without_counts(found: SourceList) -> SourceList:
    """The checklist of a case that shows nothing yet: what was asked, not what came. A line that follows from an answer
    is left out, for it says that there was something in it."""
    lines = tuple(_without_counts(line) for line in found.lines if line.kind not in FROM_ANSWERS)
    return replace(found, lines=lines, undecided=0, uncompared=0, taken_in=0, hidden=True)


def _without_counts(line: SourceLine) -> SourceLine:
    came = line.undecided or line.state is SourceState.EMPTY
    return replace(
        line, state=SourceState.FETCHED if came else line.state, problem="" if line.undecided else line.problem,
        undecided=False, size_bytes=None, row_count=None, doubtful_count=0, pages=0, sha256="",
    )  # fmt: skip
