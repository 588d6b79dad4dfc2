"""Rows of JSON tables in a side file: pages of closed rows sealed, the last ones in memory."""

import json
import threading
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, overload

from portal.preview.cells import MISSING, NULL, Bare, Cell
from portal.preview.json.growing import GrowingTable, Steps, clip, column_name, path_maker
from portal.preview.large.side_file import SideFile
from portal.preview.model import Table, unique_names

PAGE_ROWS = 500
PAGE_CELLS = 20_000
_CHARS_KEPT = 256 * 1024
_MISSING_MARK = 0


def _packed(cell: Cell) -> Any:
    if type(cell) is str:
        return cell
    if isinstance(cell, str):
        return [cell]
    return None if cell is NULL else _MISSING_MARK


def _unpacked(cell: Any) -> Cell:
    if type(cell) is str:
        return cell
    if cell is None:
        return NULL
    return Bare(cell[0]) if type(cell) is list else MISSING


@dataclass(frozen=True)
class _Page:
    rows: list[list[Cell]]
    parents: list[int]
    steps: list[str | int]
    length: int
    """Characters of its text."""


class Pages:
    """Sealed pages of rows; the last few read are kept."""

    def __init__(self, side: SideFile) -> None:
        self._side = side
        self._kept: OrderedDict[int, _Page] = OrderedDict()
        self._lock = threading.Lock()

    def put(self, rows: list[list[Cell]], parents: list[int], steps: list[str | int]) -> int:
        page = [[[_packed(cell) for cell in row] for row in rows], parents, steps]
        return self._side.put(
            json.dumps(page, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
        )

    def text(self, number: int) -> str:
        return self._side.get(number).decode("utf-8", "surrogatepass")

    def get(self, number: int) -> _Page:
        with self._lock:
            if number in self._kept:
                self._kept.move_to_end(number)
                return self._kept[number]
        text = self.text(number)
        rows, parents, steps = json.loads(text)
        page = _Page([[_unpacked(cell) for cell in row] for row in rows], parents, steps, len(text))
        with self._lock:
            self._kept[number] = page
            while len(self._kept) > 1 and sum(kept.length for kept in self._kept.values()) > _CHARS_KEPT:
                self._kept.popitem(last=False)
        return page


@dataclass
class SpillingTable(GrowingTable):
    """A growing table that keeps only its last rows in memory. Rows from `held` on are still being filled."""

    pages: Pages | None = None
    sealed: list[int] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    total: int = 0
    held: int | None = None
    lock: Any = field(default_factory=threading.Lock)

    @property
    def _in_memory_from(self) -> int:
        return self.total - len(self.rows)

    def add(self, row: list[Cell], parent_row: int, step: str | int) -> int:
        super().add(row, parent_row, step)
        self.total += 1
        return self.total - 1

    def spill(self, *, all_of_it: bool = False) -> None:
        """Seal the closed rows: a full page, or all there are."""
        if not self.is_list_like or self.pages is None:
            return
        closed = len(self.rows) if self.held is None else self.held - self._in_memory_from
        page_rows = max(1, min(PAGE_ROWS, PAGE_CELLS // max(1, len(self.columns))))
        while closed >= (1 if all_of_it else page_rows):
            count = min(closed, page_rows)
            number = self.pages.put(self.rows[:count], self.parents[:count], self.steps[:count])
            with self.lock:
                self.starts.append(self._in_memory_from)
                self.sealed.append(number)
                del self.rows[:count], self.parents[:count], self.steps[:count]
            closed -= count

    @property
    def is_list_like(self) -> bool:
        return self.is_list or ("field",) in self.columns

    def slice(self, start: int, stop: int) -> list[tuple[list[Cell], int, str | int]]:
        """(row, its parent's row, how it is reached) of rows `start` to `stop`."""
        found: list[tuple[list[Cell], int, str | int]] = []
        while start < stop:
            with self.lock:
                base = self._in_memory_from
                if start >= base:
                    low, high = start - base, stop - base
                    found += zip(self.rows[low:high], self.parents[low:high], self.steps[low:high], strict=True)
                    return found
                at = bisect_right(self.starts, start) - 1
                number, first = self.sealed[at], self.starts[at]
            assert self.pages is not None
            page = self.pages.get(number)
            low, high = start - first, min(stop - first, len(page.rows))
            found += zip(page.rows[low:high], page.parents[low:high], page.steps[low:high], strict=True)
            start = first + high
        return found

    def entry(self, row: int) -> tuple[str | int, int]:
        _, parent_row, step = self.slice(row, row + 1)[0]
        return step, parent_row


@dataclass(frozen=True)
class JsonRows(Sequence[Sequence[Cell]]):
    """Rows of one table as far as they were read when it was asked for. `linked`: with the parent's row in front."""

    table: SpillingTable = field(repr=False)
    total: int
    linked: bool

    def __len__(self) -> int:
        return self.total

    @overload
    def __getitem__(self, index: int) -> list[Cell]: ...
    @overload
    def __getitem__(self, index: slice) -> list[list[Cell]]: ...
    def __getitem__(self, index: int | slice) -> list[Cell] | list[list[Cell]]:
        if isinstance(index, int):
            return self[index : index + 1][0]
        start, stop, _ = index.indices(self.total)
        entries = self.table.slice(start, stop)
        if self.linked:
            return [[str(parent_row + 1), *row] for row, parent_row, _ in entries]
        return [row for row, _, _ in entries]

    def holding(self, needle: str) -> Iterator[range]:
        """Row numbers that may hold `needle` (casefolded, nothing that JSON escapes), a page at a time."""
        pages = self.table.pages
        assert pages is not None
        with self.table.lock:
            sealed, starts = tuple(self.table.sealed), (*self.table.starts, self.table._in_memory_from)
        for number, start, stop in zip(sealed, starts, starts[1:], strict=False):
            if start >= self.total:
                return
            there = self.linked or needle in pages.text(number).casefold()
            yield range(start, min(stop, self.total)) if there else range(0)
        yield range(min(starts[-1], self.total), self.total)


def table_so_far(table: SpillingTable, named: dict[int, str]) -> Table:
    """The table as far as it is read. The link to the parent is its row number: ids would all have to be kept."""
    headers = [column_name(path) for path in table.columns]
    parent = table.parent
    linked = isinstance(parent, SpillingTable) and parent.total > 1
    if linked and parent is not None:
        headers.insert(0, f"({named[id(parent)]} row)")
    columns = unique_names([clip(header) for header in headers])
    key: Steps = ()
    return Table(
        name=named[id(table)],
        columns=columns,
        headers=tuple(headers),
        link_columns=frozenset(columns[:1]) if linked else frozenset(),
        key_column=columns[1 if linked else 0] if key in table.columns else None,
        _rows=JsonRows(table, table.total, linked),
        _paths=path_maker(table, linked),
    )
