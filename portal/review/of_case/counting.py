"""Who stands in a file, in numbers: kept in memory without a text, so that a list of files opens none twice."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field

from portal.errors import SealBroken, StateConflict
from portal.log import log
from portal.preview import LARGE_BYTES
from portal.redaction.places import RedactionError
from portal.review.copying.copies import RedactedCopies
from portal.review.files import NotByPlace, ReviewFiles
from portal.review.kinds import GroupKind, Scope
from portal.review.ledger import File
from portal.review.left_out import LeftOut
from portal.review.opened import Asked, OpenedFile
from portal.review.views import CellPlace
from portal.storage.answering.review_tables import ReviewDecision

KEPT = 2_000
NOT_PEOPLE = frozenset({GroupKind.STAFF, GroupKind.MESSAGE, GroupKind.CREDENTIALS, GroupKind.CARDS})


Spot = int
"""Where something stands, as a number that this process alone knows: names of columns may be a person's."""


def spot(cell: CellPlace, span: tuple[int, int] | None) -> Spot:
    return hash((cell, span))


@dataclass(frozen=True)
class Group:
    """One that a person decides about, by where its places are: each whole cell, and the part of it."""

    ids: frozenset[str]
    people: int
    staff: int
    places: tuple[tuple[Spot, Spot], ...]


@dataclass(frozen=True)
class Counted:
    """`by_place` False: single places cannot be left out, so there are no groups."""

    groups: tuple[Group, ...] = ()
    by_place: bool = False

    @property
    def people(self) -> int:
        """As Preview says it: staff are told apart, messages and codes are nobody."""
        return sum(group.people for group in self.groups)

    @property
    def staff(self) -> int:
        return sum(group.staff for group in self.groups)

    def undecided(self, standing: Sequence[ReviewDecision], left: Sequence[LeftOut]) -> int:
        """The groups without a decision of which something still stands, as `listing.groups_of` has it."""
        decided = {row.group_id for row in standing if row.scope == Scope.GROUP}
        gone = {spot(one.cell, one.span) for one in left}
        return sum(
            not decided & group.ids and not all(gone & {cell, part} for cell, part in group.places)
            for group in self.groups
        )


@dataclass
class Counting:
    """Counts a file once, and again when more is known of whom it is about."""

    files: ReviewFiles
    copies: RedactedCopies
    _kept: OrderedDict[tuple[File, int], Counted] = field(default_factory=OrderedDict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def of(self, opened: OpenedFile, asked: Asked) -> Counted:
        key = opened.file, hash(asked)
        with self._lock:
            kept = self._kept.get(key)
        if kept is None:
            kept = self._count(opened, asked)
            with self._lock:
                self._kept[key] = kept
                while len(self._kept) > KEPT:
                    self._kept.popitem(last=False)
        return kept

    def _count(self, opened: OpenedFile, asked: Asked) -> Counted:
        try:
            found = self.files.read_opened(
                opened, asked, whole=opened.written == "text" or opened.size_bytes < LARGE_BYTES
            )
            if found.whole:
                self.copies.check_by_place(opened, found.preview)
        except (StateConflict, RedactionError, NotByPlace, SealBroken) as error:
            log.info("review.not_by_place", error_type=type(error).__name__)
            return Counted()
        groups = tuple(
            Group(
                one.ids | {one.id}, int(one.kind not in NOT_PEOPLE), one.people if one.kind is GroupKind.STAFF else 0,
                tuple((spot(place.place, None), spot(place.place, place.span)) for place in one.places),
            )
            for one in found.people
        )  # fmt: skip
        return Counted(groups, by_place=True)
