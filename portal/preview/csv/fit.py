"""Repairs CSV rows with too many or too few fields, where the other rows leave no doubt.

- A row with one empty field too many (`a,,b` for `a,b`): the empty field is dropped if only then every field is of its
  column's kind. No text is lost.
- A row with another delimiter than the file's: split by that delimiter if that gives one field a column, each of its
  column's kind. Both are warned about, with their line. A column's kind is learned from the table's first rows.
"""

import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from portal.preview.csv.dialect import DELIMITERS

LEFT_OUT = "This row has an empty field too many; it was left out, so that the others stand under their names."
OTHER_DELIMITER = "In this row another character stands between the fields; it was divided there."
_FEWEST_ROWS = 5
_MOST_EXTRA = 3
_WIDEST = 200
_KINDS = {
    "number": re.compile(r"[+-]?\d[\d.,' ]*%?"),
    "date": re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}(?:[T ].*)?"),
    "time": re.compile(r"\d{1,2}:\d\d(?::\d\d)?(?:\.\d+)?(?: ?[AaPp][Mm])?"),
    "money": re.compile(r"-?(?:[$€£¥]|[A-Z]{3} )-?[\d.,' ]+|[\d.,' ]+ ?(?:[$€£¥]|[A-Z]{3})"),
    "email": re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+"),
    "address": re.compile(r"(?:https?|ftp)://\S+"),
    "code": re.compile(r"(?=\S*\d)[A-Za-z0-9_-]+"),
}


def _kind(cell: str) -> str:
    text = cell.strip()
    return next((kind for kind, pattern in _KINDS.items() if pattern.fullmatch(text)), "text")


@dataclass(frozen=True)
class _Column:
    """kind: of the filled fields, "" if they differ. never_filled, always_filled: among the rows looked at."""

    kind: str
    never_filled: bool
    always_filled: bool

    def misses(self, cell: str) -> bool:
        if not cell:
            return self.always_filled
        return self.never_filled or (self.kind != "" and _kind(cell) != self.kind)


def _column(cells: list[str]) -> _Column:
    kinds = Counter(_kind(cell) for cell in cells if cell)
    ((kind, count),) = kinds.most_common(1) or [("", 0)]
    same = count > 0 and count >= 0.9 * kinds.total()
    return _Column(kind if same and kind != "text" else "", not kinds, kinds.total() == len(cells))


@dataclass(frozen=True)
class Fit:
    """What the columns of one table hold."""

    columns: tuple[_Column, ...]
    delimiter: str

    def fitted(self, row: list[str]) -> tuple[list[str], str]:
        """The repaired row and what was done, or `row` itself and nothing."""
        width = len(self.columns)
        if len(row) == width or len(row) > width + _WIDEST or not row:
            return row, ""
        if len(row) > width and (shorter := self._without_empty(row)):
            return shorter, LEFT_OUT
        if (divided := self._divided_otherwise(row)) is not None:
            return divided, OTHER_DELIMITER
        return row, ""

    def _misses(self, row: Sequence[str]) -> int:
        return sum(column.misses(cell) for column, cell in zip(self.columns, row, strict=False))

    def _without_empty(self, row: list[str]) -> list[str] | None:
        width = len(self.columns)
        extra = len(row) - width
        if extra > _MOST_EXTRA:
            return None
        found = [row[:at] + row[at + extra :] for at in range(len(row) - extra) if not any(row[at : at + extra])]
        distinct = {tuple(each): self._misses(each) for each in found}
        if not distinct:
            return None
        best = min(distinct, key=lambda each: distinct[each])
        as_it_is = self._misses(row[:width]) + filled(row[width:])
        unique = sum(misses == distinct[best] for misses in distinct.values()) == 1
        return list(best) if unique and distinct[best] == 0 and as_it_is > 1 else None

    def _divided_otherwise(self, row: list[str]) -> list[str] | None:
        text = self.delimiter.join(row)
        for delimiter in (*DELIMITERS, " "):
            if delimiter == self.delimiter or text.count(delimiter) < len(self.columns) - 1 or len(self.columns) < 3:
                continue
            try:
                divided = list(csv.reader([text], delimiter=delimiter, strict=True))
            except csv.Error:
                continue
            if len(divided) == 1 and len(divided[0]) == len(self.columns) and self._misses(divided[0]) == 0:
                return divided[0]
        return None


def filled(row: Sequence[str]) -> int:
    return sum(cell != "" for cell in row)


def fit_of(header: list[str] | None, rows: Sequence[list[str]], delimiter: str) -> Fit | None:
    """What the columns hold, from the first rows; None if these are too few or too uneven to say."""
    width = len(header) if header is not None else max(Counter(map(len, rows)).items(), key=lambda i: i[1])[0]
    whole = [row for row in rows if len(row) == width]
    if width < 2 or width > _WIDEST or len(whole) < max(_FEWEST_ROWS, 0.8 * len(rows)):
        return None
    return Fit(tuple(_column([row[at] for row in whole]) for at in range(width)), delimiter)
