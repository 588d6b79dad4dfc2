"""Tables of text read from an export, exactly as written.

Cells: see `portal.preview.cells`.
Counts: rows are counted from 0 in code and from 1 in anything a person reads.
Rules: nothing is converted, trimmed or left out; what a limit keeps out of the columns is shown elsewhere and a warning
says where (SEC-22, LAW-8).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Literal, TypeAlias

from portal.preview.cells import MISSING, Cell
from portal.preview.raw import CHARS_PER_PAGE, RawText

if TYPE_CHECKING:
    import pandas

    from portal.preview.facts import ColumnFact

Format: TypeAlias = Literal["json", "csv"]


ROWS_AT_ONCE = 500
ROWS_JUDGED = 200  # by so many rows a screen decides which columns it masks
CELLS_AT_ONCE = 20_000


@dataclass(frozen=True)
class Place:
    """One cell. `row` counts from 0; printed, it counts from 1."""

    table: str
    row: int
    column: str

    def __str__(self) -> str:
        return f"{self.table}, row {self.row + 1}, {self.column}"


@dataclass(frozen=True)
class Warning_:  # noqa: N801 - the plain name belongs to Python
    """Something in the file that a person should know before trusting the tables.

    place: "line 12, column 3", "$.giftCards[0].email" or "file". It may hold a key of the source: show it, never
    log it.
    """

    place: str
    message: str


@dataclass(frozen=True)
class Hit:
    """Where a search found its text. `row_index` counts from 0."""

    table: str
    row_index: int
    column: str


@dataclass(frozen=True)
class Table:
    """Rows of text under unique column names.

    link_columns: columns that the reader added to say which parent row a row belongs to; not in the source.
    key_column: the column that holds the keys of a JSON object whose keys are data (None if it has none).
    headers: the column names as the source wrote them, before they were made unique.
    """

    name: str
    columns: tuple[str, ...]
    headers: tuple[str, ...] = field(repr=False, default=())
    link_columns: frozenset[str] = frozenset()
    key_column: str | None = None
    notes: tuple[str, ...] = field(repr=False, default=())
    _rows: Sequence[Sequence[Cell]] = field(repr=False, default=())
    _paths: Callable[[int], list[str]] = field(repr=False, default=lambda _row: [])

    @property
    def row_count(self) -> int:
        return len(self._rows)

    def rows(self, start: int = 0, stop: int | None = None) -> list[list[Cell]]:
        """Rows `start` up to but without `stop`, each as wide as `columns`."""
        width = len(self.columns)
        return [[*row, *([MISSING] * (width - len(row)))] for row in self._rows[slice(start, stop)]]

    def iterate(
        self, rows_at_once: int = ROWS_AT_ONCE, start: int = 0, stop: int | None = None
    ) -> Iterator[tuple[int, list[Cell]]]:
        """Every row from `start` up to `stop` with its index, fetched a page at a time, wide rows fewer at once."""
        end = self.row_count if stop is None else min(stop, self.row_count)
        rows_at_once = max(1, min(rows_at_once, CELLS_AT_ONCE // max(1, len(self.columns))))
        for first in range(start, end, rows_at_once):
            yield from enumerate(self.rows(first, min(first + rows_at_once, end)), first)

    def stretches(self, needle: str, rows_at_once: int = 1000) -> Iterator[tuple[int, int]]:
        """(start, stop) of stretches of rows that may hold `needle`, which is casefolded; an empty one where none."""
        holding = getattr(self._rows, "holding", None)
        if holding is None or not needle.isprintable() or set(needle) & set('"\\'):
            for start in range(0, self.row_count, rows_at_once):
                yield start, min(start + rows_at_once, self.row_count)
            return
        for stretch in holding(needle):
            for start in range(stretch.start, stretch.stop, rows_at_once):
                yield start, min(start + rows_at_once, stretch.stop)
            if not stretch:
                yield stretch.start, stretch.start

    def frame(self, start: int = 0, stop: int | None = None) -> pandas.DataFrame:
        """Rows `start` to `stop` for display; see `portal.preview.frames` for the marks."""
        from portal.preview.frames import frame  # pandas is heavy, and inspection does without it

        return frame(self.columns, self.rows(start, stop), start)

    def looks(self) -> tuple[str, ...]:
        """What each column looks like by its first rows (`portal.preview.facts.LOOKS`); judged once for as many as are
        there, for a screen asks at each of its runs."""
        from portal.preview.facts import looks_like

        judged = min(self.row_count, ROWS_JUDGED)
        if judged not in self._looks:
            rows = self.rows(0, judged)
            self._looks[judged] = tuple(looks_like(name, [r[at] for r in rows]) for at, name in enumerate(self.columns))
        return self._looks[judged]

    @cached_property
    def _looks(self) -> dict[int, tuple[str, ...]]:
        return {}

    def paths(self, row: int) -> list[str]:
        """The source path of each cell of `row`, one text a column; a link column has its parent's path."""
        return self._paths(row)

    def column_facts(self, most_rows: int | None = None) -> list[ColumnFact]:
        """One fact a column, over all rows or the first `most_rows`: filled, empty, null, missing, distinct, what it
        looks like."""
        from portal.preview.facts import column_facts

        return column_facts(self, most_rows)


@dataclass(frozen=True)
class Preview:
    """What an export holds, as far as it can be read.

    complete: the JSON ended where it should, or every quote of the CSV was closed.
    record_kind: "object", "list", "lines" (one JSON value a line), "value" or "csv".
    format_fits: the bytes look like the format they were read as.
    """

    tables: tuple[Table, ...] = field(repr=False)
    warnings: tuple[Warning_, ...] = field(repr=False)
    format: Format
    encoding: str
    encoding_is_guess: bool
    size_bytes: int
    complete: bool
    record_kind: str
    format_fits: bool = True
    raw: RawText = field(repr=False, default_factory=lambda: RawText(""))
    still_reading: bool = False
    """The counts and warnings are those of what is read so far."""

    @property
    def row_count(self) -> int:
        return sum(table.row_count for table in self.tables)

    @property
    def raw_pages(self) -> int:
        return self.raw.pages()

    def raw_page(self, page: int, chars_per_page: int = CHARS_PER_PAGE) -> str:
        """Page `page` (from 0) of the original text, safe for display."""
        return self.raw.page(page, chars_per_page)

    def table(self, name: str) -> Table:
        """The table called `name`. Raises KeyError without naming it."""
        for table in self.tables:
            if table.name == name:
                return table
        raise KeyError("no table of that name")

    def search(self, text: str, limit: int = 200) -> list[Hit]:
        """Cells that contain `text`, taken literally, in any case, over all rows of all tables; at most `limit`."""
        return list(islice(self.find(text), limit))

    def find(self, text: str, progress: Callable[[int], None] = lambda _rows: None) -> Iterator[Hit]:
        """As `search`, one hit after another; `progress` gets the number of rows looked at."""
        needle = text.casefold()
        looked = 0
        for table in self.tables if needle else ():
            for start, stop in table.stretches(needle):
                for index, row in enumerate(table.rows(start, stop), start):
                    for column, cell in zip(table.columns, row, strict=True):
                        if isinstance(cell, str) and needle in cell.casefold():
                            yield Hit(table.name, index, column)
                progress(looked + stop)
            looked += table.row_count
            progress(looked)


class WarningLog:
    """Collects warnings; of each kind the first places are kept and the rest are counted."""

    PLACES_PER_KIND = 20

    def __init__(self) -> None:
        self._kept: dict[str, list[Warning_]] = {}
        self._more: dict[str, int] = {}

    def add(self, kind: str, place: str, message: str) -> None:
        kept = self._kept.setdefault(kind, [])
        if len(kept) < self.PLACES_PER_KIND:
            kept.append(Warning_(place, message))
        else:
            self._more[kind] = self._more.get(kind, 0) + 1

    def count(self, kind: str, more: int) -> None:
        """Add to the count of a kind whose first locations are all recorded."""
        self._more[kind] = self._more.get(kind, 0) + more

    def absorb(self, other: WarningLog) -> None:
        """Add what `other` collected."""
        for kind, kept in other._kept.items():
            for warning in kept:
                self.add(kind, warning.place, warning.message)
            if more := other._more.get(kind):
                self._more[kind] = self._more.get(kind, 0) + more

    def wants_place(self, kind: str) -> bool:
        """False when a further location of this kind would only be counted; saves building it."""
        return len(self._kept.get(kind, ())) < self.PLACES_PER_KIND

    def __len__(self) -> int:
        return len(self._kept)

    def all(self) -> tuple[Warning_, ...]:
        found: list[Warning_] = []
        for kind, kept in self._kept.items():
            found.extend(kept)
            if more := self._more.get(kind):
                found.append(Warning_("file", f"{more} more places like the last one: {kept[-1].message}"))
        return tuple(found)


def unique_names(wanted: Sequence[str]) -> tuple[str, ...]:
    """`wanted` in order, made unique by "name (2)". Names that are unique already stay as they are."""
    taken: set[str] = set(wanted)
    used: set[str] = set()
    names: list[str] = []
    next_number: dict[str, int] = {}
    for name in wanted:
        if name in used:
            number = next_number.get(name, 2)
            while f"{name} ({number})" in taken:
                number += 1
            next_number[name] = number + 1
            name = f"{name} ({number})"
            taken.add(name)
        used.add(name)
        names.append(name)
    return tuple(names)
