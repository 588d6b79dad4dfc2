"""What a screen gets to see of a review: frozen, typed. A label names somebody: for the screen, never for a log."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

from portal.preview import Place
from portal.redaction.places import Grain
from portal.redaction.reasons import Reason
from portal.review.kinds import By, Choice, GroupKind, Scope, SecondReason

CellPlace = Place
"""One cell: table, row from 0, column."""


@dataclass(frozen=True)
class PersonGroup:
    """Somebody who stands in the file beside the customer. `people`: of staff, how many different ones.

    `columns`: those of `first.table` in which places of the group stand. `choice`: what a person decided, None while
    nothing is; `partly`: some of its places were left out apart from it.
    """

    id: str
    kind: GroupKind
    label: str = field(repr=False)
    people: int
    places: int
    first: CellPlace = field(repr=False)
    columns: tuple[str, ...] = field(repr=False)
    proposal: Choice
    proposed_reason: Reason | None
    proposed_places: int
    """How many of its places the proposal leaves out: of a giver the ways to reach them, not the name."""
    choice: Choice | None
    reason: Reason | None
    partly: bool
    automatic: bool = False
    """Nobody decides: left out in every copy."""


@dataclass(frozen=True)
class DecisionView:
    """One decision. `by` and `undone_by` are colleagues' names."""

    number: int
    by: str
    at: dt.datetime
    choice: Choice
    reason: Reason | None
    grain: Grain
    scope: Scope
    how: By
    group_id: str
    places: int
    undone_at: dt.datetime | None
    undone_by: str
    of_asked_person: bool = False
    """A value equal to the asked person's own would be left out (RED-8)."""

    @property
    def undone(self) -> bool:
        return self.undone_at is not None


@dataclass(frozen=True)
class ReviewState:
    """Where the review of one file stands. `left_out`: places. `listed_whole` False: of a large file, the groups of its
    first rows only; a decision counts for all of it."""

    sha256: str
    groups: tuple[PersonGroup, ...]
    undecided: int
    left_out: int
    decisions: tuple[DecisionView, ...]
    needs_second: SecondReason | None
    approved_by: str | None
    listed_whole: bool
    may_approve: bool = False
    """The one who looks is none of those who decided."""


@dataclass(frozen=True)
class LeftOutCell:
    """A cell of the page shown of which something is left out. `spans`: parts of its text, none for all of it."""

    place: CellPlace = field(repr=False)
    number: int
    reason: Reason
    spans: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True)
class SheetHead:
    """The first rows of a sheet of a workbook, its heading among them."""

    name: str = field(repr=False)
    rows: tuple[tuple[str, ...], ...] = field(repr=False)


@dataclass(frozen=True)
class CopyHead:
    """How a copy begins, read from the very bytes: a text, or of a workbook its sheets. `whole`: that is all of it."""

    text: str = field(default="", repr=False)
    sheets: tuple[SheetHead, ...] = field(default=(), repr=False)
    whole: bool = True


@dataclass(frozen=True)
class CopyCheck:
    """A copy read again after it was made, compared with what it was made from. None: says nothing of this kind."""

    kind: str
    size: int
    sha256: str
    rows: bool
    columns: bool
    cells: bool
    """Every cell says the same, leading zeros and long numbers included."""
    leading_zeros: int
    """How many cells begin with one; all of them as before when `cells` holds."""
    long_numbers: int
    """How many cells hold more digits than a spreadsheet keeps."""
    encoding: str
    left_out: int
    like_markers: int
    """Cells of the original that read like a marker already."""
    leaks: Mapping[str, list[int]] = field(default_factory=dict)
    """Stream -> numbers of values that still stand there."""
    head: CopyHead | None = None
    """Only where it was asked for."""

    @property
    def sound(self) -> bool:
        return self.rows and self.columns and self.cells and not self.leaks
