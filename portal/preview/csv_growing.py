"""One table of a CSV file while it is read, and the blank lines before it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from portal.preview.model import WarningLog

HEAD_ROWS = 300
HEAD_CELLS = 20_000
_BLANKS_TOLD = WarningLog.PLACES_PER_KIND


@dataclass
class GrowingCsv:
    """One table while it is read."""

    title: str
    notes: tuple[str, ...]
    header: list[str] | None = None
    width: int = 0
    count: int = 0
    first_line: int = 0
    runs: list[tuple[int, int, int]] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    head: list[list[str]] = field(default_factory=list)
    head_cells: int = 0
    repeated: list[str] = field(default_factory=list)
    """What to say of repeated names under the table's name, which is known at the end."""

    def take(self, page: int, first: int, rows: Sequence[list[str]], line: int) -> None:
        self.first_line = self.first_line or line
        self.width = max(self.width, max(map(len, rows)))
        for row in rows:
            if len(self.head) >= HEAD_ROWS or self.head_cells >= HEAD_CELLS:
                break
            self.head.append(row)
            self.head_cells += len(row)
        last = self.runs[-1] if self.runs else (-1, 0, 0)
        if last[0] == page and last[1] + last[2] == first:
            self.runs[-1] = (page, last[1], last[2] + len(rows))
        else:
            self.starts.append(self.count)
            self.runs.append((page, first, len(rows)))
        self.count += len(rows)


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
