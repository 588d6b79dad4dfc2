"""The file of a review as it is read: its tables, who stands in it, and where a cell stands in the file.

What was read is kept in memory for a while, at most KEPT files, so that one decision after another does not read the
file again. The permission of the person who asks is checked each time.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from sqlalchemy.orm import Session

from portal.config import Settings
from portal.errors import InputError, StateConflict
from portal.identity import User
from portal.preview import LARGE_BYTES, Bare, Preview, PreviewError, Table
from portal.preview import Place as CellPlace
from portal.preview.inspection.people import Own
from portal.redaction.places import Grain
from portal.redaction.reasons import Reason
from portal.review.found.cards import card_parts
from portal.review.found.marks import Found
from portal.review.found.own import joined, own_of
from portal.review.found.people import Person, people_in
from portal.review.ledger import File
from portal.review.left_out import LeftOut
from portal.review.opened import Asked, OpenedFile, Shelf
from portal.vault import SealedFiles

KEPT = 4
KEPT_SECONDS = 600.0
MOST_COLUMNS = 500  # of a CSV file; the last one holds the rest of a row


class NotByPlace(StateConflict):
    code = "not_by_place"
    message = "Single places of this file cannot be left out: the portal cannot say where they stand in it."
    next_step = "Give the file out whole, or not at all."


@dataclass(frozen=True)
class ReviewedFile:
    """`whole` False: of a large file the first rows."""

    file: File
    preview: Preview = field(repr=False)
    people: tuple[Person, ...] = field(repr=False)
    asked: Asked = field(repr=False)
    whole: bool
    cards: tuple[CellPlace, ...] = field(repr=False, default=())
    """The cells with something that a card is spent with."""

    @cached_property
    def own(self) -> Own:
        """What the asked person is known by, worked out once: each decision is weighed with it."""
        return joined(own_of(self.preview, self.asked.person), self.asked.known)

    def places_of(self, found: Sequence[tuple[Found, Reason]]) -> tuple[LeftOut, ...]:
        """Raises NotByPlace."""
        paths = Paths(self.preview)
        return tuple(paths.left_out(one.place, reason, one.span, who=one.who) for one, reason in found)

    def texts_of(self, places: Sequence[LeftOut]) -> list[str]:
        """What stands at these places; for comparing only."""
        texts: list[str] = []
        row: tuple[str, int, list[object]] = ("", -1, [])
        for one in places:
            table = self.preview.table(one.cell.table)
            if row[:2] != (table.name, one.cell.row):
                row = (table.name, one.cell.row, list(table.rows(one.cell.row, one.cell.row + 1)[0]))
            text = str(row[2][table.columns.index(one.cell.column)])
            texts.append(text[slice(*one.span)] if one.span else text)
        return texts


class Paths:
    """Where the cells of a preview stand in its file."""

    def __init__(self, preview: Preview) -> None:
        self._preview = preview
        self._tables: dict[str, tuple[Table, dict[str, int]]] = {}
        self._row: tuple[str, int, list[str], list[object]] = ("", -1, [], [])

    def left_out(
        self,
        cell: CellPlace,
        reason: Reason,
        span: tuple[int, int] | None = None,
        *,
        who: int = 0,
        whole_from_half: bool = False,
    ) -> LeftOut:
        """`whole_from_half`: a part that is more than half of its text takes all of it along. Raises NotByPlace,
        InputError(field="places") where there is no such cell or part of it."""
        table, at = self._table(cell)
        if self._row[:2] != (cell.table, cell.row):
            self._row = (cell.table, cell.row, table.paths(cell.row), list(table.rows(cell.row, cell.row + 1)[0]))
        text = self._row[3][at]
        if not isinstance(text, str) or (span is not None and not 0 <= span[0] < span[1] <= len(text)):
            raise InputError("There is nothing to leave out at this place.", field="places")
        if whole_from_half and span is not None and 2 * (span[1] - span[0]) > len(text):
            span = None
        if cell.column in table.link_columns or (at == MOST_COLUMNS - 1 and self._preview.format == "csv"):
            raise NotByPlace(detail="a column that the portal made")
        grain = Grain.KEY if cell.column == table.key_column else Grain.VALUE
        if span is not None and grain is Grain.VALUE and not isinstance(text, Bare) and span != (0, len(text)):
            grain = Grain.SPAN
        place = LeftOut(cell, self._row[2][at], reason, grain, span if grain is Grain.SPAN else None, who)
        try:
            _ = place.steps
        except ValueError:
            raise NotByPlace(detail="a path that cannot be read") from None
        return place

    def _table(self, cell: CellPlace) -> tuple[Table, int]:
        if cell.table not in self._tables:
            try:
                table = self._preview.table(cell.table)
            except KeyError:
                raise InputError("There is no such table in this file.", field="places") from None
            self._tables[cell.table] = table, {name: at for at, name in enumerate(table.columns)}
        table, columns = self._tables[cell.table]
        if cell.column not in columns or not 0 <= cell.row < table.row_count:
            raise InputError("There is no such place in this file.", field="places")
        return table, columns[cell.column]


@dataclass
class ReviewFiles:
    """Reads files for a review."""

    settings: Settings
    sealed: SealedFiles
    _kept: OrderedDict[tuple[File, bool], tuple[float, ReviewedFile]] = field(default_factory=OrderedDict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def read(self, session: Session, user: User, shelf: Shelf, file_id: str, *, whole: bool) -> ReviewedFile:
        """Raises as `Shelf.opened` does, StateConflict. `whole` False: of a large file the first rows will do."""
        opened = shelf.opened(session, user, file_id)
        large = opened.written != "text" and opened.size_bytes >= LARGE_BYTES
        file, asked = opened.file, shelf.asked(session, opened.file)
        found = self._remembered(file, True) or (None if whole or not large else self._remembered(file, False))
        if found is None or found.asked != asked:
            found = self.read_opened(opened, asked, whole=whole or not large)
            self._remember(found)
        return found

    def read_opened(self, opened: OpenedFile, asked: Asked, *, whole: bool) -> ReviewedFile:
        """Without a look whether it was read already. Raises StateConflict."""
        try:
            if whole:
                preview = opened.whole(self.sealed, self.settings.root)
            else:
                preview = opened.reading(self.sealed, self.settings.root).first()
        except PreviewError as error:
            raise StateConflict(error.message, next_step="Download the original.", detail=error.detail) from None
        people = people_in(preview, asked.person, sha256=opened.file.sha256, known=asked.known)
        cards = tuple(dict.fromkeys(part.cell for part in card_parts(preview)))
        return ReviewedFile(opened.file, preview, tuple(people), asked, whole, cards)

    def _remembered(self, file: File, whole: bool) -> ReviewedFile | None:
        with self._lock:
            now = time.monotonic()
            for key in [key for key, (until, _) in self._kept.items() if until < now]:
                del self._kept[key]
            found = self._kept.get((file, whole))
            return found[1] if found else None

    def _remember(self, found: ReviewedFile) -> None:
        with self._lock:
            self._kept[found.file, found.whole] = time.monotonic() + KEPT_SECONDS, found
            self._kept.move_to_end((found.file, found.whole))
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
