"""One table of a CSV file while it is read, and the blank lines before it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate
from typing import TypeAlias

from portal.preview.csv.fit import Fit, fit_of
from portal.preview.model import WarningLog

HEAD_ROWS = 100
HEAD_CELLS = 20_000
MOST_NOTES = 300
_BLANKS_TOLD = WarningLog.PLACES_PER_KIND
Record: TypeAlias = tuple[list[str], int, int, int]
"""The fields, the line they begin on, the page they stand on and their position there."""


@dataclass
class GrowingCsv:
    """One table while it is read.

    is_clear: the header is one beyond doubt. beginning: the records that are its notes and its header. first_rows: by
    which `fit` is made when the first row asks for it. is_fitted: a row was set right.
    """

    title: str
    notes: list[str]
    header: list[str] | None = None
    is_clear: bool = False
    first_rows: list[list[str]] = field(default_factory=list)
    delimiter: str = ","
    is_fitted: bool = False
    beginning: list[Record] = field(default_factory=list)
    holds_rest: bool = False
    width: int = 0
    count: int = 0
    first_line: int = 0
    runs: list[tuple[int, int, int]] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    head: list[list[str]] = field(default_factory=list)
    head_cells: int = 0

    @property
    def usual_width(self) -> int:
        return len(self.header) if self.header is not None else max(map(len, self.head), default=0)

    @cached_property
    def fit(self) -> Fit | None:
        return fit_of(self.header, self.first_rows, self.delimiter) if self.first_rows and not self.holds_rest else None

    def note(self, text: str) -> None:
        """Keep `text`, which is no row; of very many the first."""
        if len(self.notes) < MOST_NOTES:
            self.notes.append(text)

    def take(self, page: int, first: int, rows: Sequence[list[str]], line: int) -> None:
        self.first_line = self.first_line or line
        self.width = max(self.width, max(map(len, rows)))
        wanted = rows[: HEAD_ROWS - len(self.head)]
        cells = list(accumulate(map(len, wanted), initial=self.head_cells))
        taken = sum(count < HEAD_CELLS for count in cells[:-1]) if cells[-1] >= HEAD_CELLS else len(wanted)
        self.head += wanted[:taken]
        self.head_cells = cells[taken]
        last = self.runs[-1] if self.runs else (-1, 0, 0)
        if last[0] == page and last[1] + last[2] == first:
            self.runs[-1] = (page, last[1], last[2] + len(rows))
        else:
            self.starts.append(self.count)
            self.runs.append((page, first, len(rows)))
        self.count += len(rows)

    def hold_rest(self) -> None:
        """Become the table of all that follows: its own title and names are rows from now on."""
        runs, rest = self.runs, self.beginning
        self.title, self.notes, self.header, self.holds_rest = "More tables", [], None, True
        self.first_rows, self.is_fitted = [], False
        self.__dict__.pop("fit", None)
        self.runs, self.starts, self.count, self.first_line = [], [], 0, 0
        for row, line, page, position in rest:
            self.take(page, position, [row], line)
        for page, first, length in runs:
            self.starts.append(self.count)
            self.runs.append((page, first, length))
            self.count += length


@dataclass
class Blanks:
    """Blank lines: the numbers of the first, and how many more."""

    lines: list[int] = field(default_factory=list)
    more: int = 0

    def add(self, line: int) -> None:
        if len(self.lines) < _BLANKS_TOLD:
            self.lines.append(line)
        else:
            self.more += 1
