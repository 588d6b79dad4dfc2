"""Pages of CSV text in a side file, and the rows of a table as runs of their records."""

import threading
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import overload

from portal.preview.cells import Cell
from portal.preview.csv import tables as csv_tables
from portal.preview.csv.dialect import Dialect
from portal.preview.csv.growing import GrowingCsv
from portal.preview.csv.reader import Records, read_some_carefully, strictly
from portal.preview.large.side_file import SideFile
from portal.preview.model import WarningLog

_PAGES_KEPT = 2


class CsvPages:
    """Pages of CSV text and their records; the last few read are kept."""

    def __init__(self, side: SideFile) -> None:
        self._side = side
        self._meta: list[tuple[int, Dialect, int, bool]] = []
        self._lengths: list[int] = []
        self._kept: OrderedDict[int, Records] = OrderedDict()
        self._lock = threading.Lock()

    def add(self, text: str, dialect: Dialect, first_line: int, *, carefully: bool) -> int:
        number = self._side.put(text.encode("utf-8", "surrogatepass"))
        self._meta.append((number, dialect, first_line, carefully))
        self._lengths.append(len(text))
        return len(self._meta) - 1

    def lengths(self) -> tuple[int, ...]:
        """Characters of each page, in order."""
        return tuple(self._lengths)

    def text(self, page: int) -> str:
        return self._side.get(self._meta[page][0]).decode("utf-8", "surrogatepass")

    def may_hold(self, page: int, needle: str) -> bool:
        """The records of `page` may hold `needle`; sure when the text says it otherwise than a field does."""
        return not self._meta[page][1].is_plain or needle in self.text(page).casefold()

    def records(self, page: int) -> Records:
        """The records of `page` but blank lines, each folded to the most columns there may be."""
        with self._lock:
            if page in self._kept:
                self._kept.move_to_end(page)
                return self._kept[page]
        _, dialect, first_line, carefully = self._meta[page]
        text = self.text(page)
        if carefully:
            found, _ = read_some_carefully(text, dialect, WarningLog(), first_line, final=True)
        else:
            found = strictly(text, dialect, first_line)
        found = _as_shown(found)
        with self._lock:
            self._kept[page] = found
            while len(self._kept) > _PAGES_KEPT:
                self._kept.popitem(last=False)
        return found


def _as_shown(found: Records) -> Records:
    lines = [line for line, row in zip(found.lines, found.rows, strict=True) if row]
    return Records([csv_tables.folded(row) for row in found.rows if row], lines, found.dialect, found.complete)


@dataclass(frozen=True)
class CsvRows(Sequence[Sequence[Cell]]):
    """Rows of one table: runs of records of pages. starts[n] is the number of the first row of runs[n]."""

    pages: CsvPages = field(repr=False)
    runs: tuple[tuple[int, int, int], ...] = field(repr=False)
    """(page, first record, how many)"""
    starts: tuple[int, ...] = field(repr=False)
    total: int
    group: GrowingCsv = field(repr=False)

    def __len__(self) -> int:
        return self.total

    @overload
    def __getitem__(self, index: int) -> list[str]: ...
    @overload
    def __getitem__(self, index: slice) -> list[list[str]]: ...
    def __getitem__(self, index: int | slice) -> list[str] | list[list[str]]:
        if isinstance(index, int):
            return self[index : index + 1][0]
        start, stop, _ = index.indices(self.total)
        rows: list[list[str]] = []
        run = bisect_right(self.starts, start) - 1
        while start < stop:
            page, first, length = self.runs[run]
            offset = start - self.starts[run]
            take = min(length - offset, stop - start)
            found = self.pages.records(page).rows[first + offset : first + offset + take]
            rows += [csv_tables.shown(row, self.group) for row in found] if self.group.is_fitted else found
            start, run = start + take, run + 1
        return rows

    def line(self, row: int) -> int:
        run = bisect_right(self.starts, row) - 1
        page, first, _ = self.runs[run]
        return self.pages.records(page).lines[first + row - self.starts[run]]

    def holding(self, needle: str) -> Iterator[range]:
        """Row numbers that may hold `needle` (casefolded, without quotes or line breaks), a run at a time."""
        last: tuple[int, bool] = (-1, False)
        for (page, _, length), start in zip(self.runs, self.starts, strict=True):
            if last[0] != page:
                last = (page, self.pages.may_hold(page, needle))
            yield range(start, start + length) if last[1] else range(start, start)
