"""What changed between two files about the same person: rows added, removed and changed, table by table.

Rows are matched by the first column in KEY_NAMES, or else the first column named like an ID, whose texts are there, and
differ, in every row of both tables; without such a column a row is known by all its texts, and a change is one row
removed and one added. Columns that the reader added (links to the parent's row) do not count. Order does not count.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from portal.preview import words
from portal.preview.cells import MISSING, Cell
from portal.preview.model import Preview, Table

KEY_NAMES = ("id", "_id", "uuid", "transactionId", "cardNumber", "number", "key")
Fields = dict[str, Cell]


@dataclass(frozen=True)
class Change:
    """One row that is in both files and differs. Rows count from 0; columns are those that differ."""

    earlier_row: int
    later_row: int
    columns: tuple[str, ...]


@dataclass(frozen=True)
class TableComparison:
    """added: rows of the later table, removed: rows of the earlier one. key: the column that rows were matched by, or
    empty. A table that is in one file only has all its rows added or removed."""

    name: str
    key: str
    added: tuple[int, ...] = field(repr=False)
    removed: tuple[int, ...] = field(repr=False)
    changed: tuple[Change, ...] = field(repr=False)
    same: int

    @property
    def differs(self) -> bool:
        return bool(self.added or self.removed or self.changed)


def compare(earlier: Preview, later: Preview) -> tuple[TableComparison, ...]:
    """A comparison a table, those of the later file first, then those that are gone."""
    before = {table.name: table for table in earlier.tables}
    after = {table.name: table for table in later.tables}
    names = [*after, *(name for name in before if name not in after)]
    return tuple(_compared(name, before.get(name), after.get(name)) for name in names)


def _compared(name: str, earlier: Table | None, later: Table | None) -> TableComparison:
    if earlier is None or later is None:
        added = tuple(range(later.row_count)) if later is not None else ()
        removed = tuple(range(earlier.row_count)) if earlier is not None else ()
        return TableComparison(name, "", added, removed, (), 0)
    before, after = _rows(earlier), _rows(later)
    if len(before) == len(after) == 1:
        columns = _differing(before[0], after[0])
        return TableComparison(name, "", (), (), (Change(0, 0, columns),) if columns else (), 0 if columns else 1)
    key = _key(earlier, later, before, after)
    return _by_key(name, key, before, after) if key else _by_all(name, before, after)


def _rows(table: Table) -> list[Fields]:
    return [
        {
            column: cell
            for column, cell in zip(table.columns, row, strict=True)
            if cell is not MISSING and column not in table.link_columns
        }
        for _, row in table.iterate()
    ]


def _key(earlier: Table, later: Table, before: list[Fields], after: list[Fields]) -> str:
    shared = [column for column in later.columns if column in earlier.columns and column not in later.link_columns]
    return next((name for name in key_names(shared) if _unique(name, before) and _unique(name, after)), "")


def key_names(columns: Sequence[str]) -> list[str]:
    """Those of a table's own columns that may name its rows, the likeliest first."""
    named = [column for column in KEY_NAMES if column in columns]
    return named + [column for column in columns if column not in named and words.has(words.meaning(column), words.ID)]


def _unique(column: str, rows: list[Fields]) -> bool:
    texts = [row.get(column) for row in rows]
    return all(isinstance(text, str) and text for text in texts) and len(set(texts)) == len(texts)


def _differing(earlier: Fields, later: Fields) -> tuple[str, ...]:
    columns = [*later, *(column for column in earlier if column not in later)]
    return tuple(column for column in columns if not _same(earlier.get(column, MISSING), later.get(column, MISSING)))


def _same(earlier: Cell, later: Cell) -> bool:
    """Equal, and written alike: the text "12" is not the number 12."""
    return type(earlier) is type(later) and earlier == later


def _by_key(name: str, key: str, before: list[Fields], after: list[Fields]) -> TableComparison:
    rows_before = {row[key]: number for number, row in enumerate(before)}
    rows_after = {row[key]: number for number, row in enumerate(after)}
    changed = []
    for value, later_row in rows_after.items():
        earlier_row = rows_before.get(value)
        if earlier_row is not None and (columns := _differing(before[earlier_row], after[later_row])):
            changed.append(Change(earlier_row, later_row, columns))
    added = tuple(number for value, number in rows_after.items() if value not in rows_before)
    removed = tuple(number for value, number in rows_before.items() if value not in rows_after)
    same = len(after) - len(added) - len(changed)
    return TableComparison(name, key, added, removed, tuple(changed), same)


def _by_all(name: str, before: list[Fields], after: list[Fields]) -> TableComparison:
    def known_by(row: Fields) -> frozenset[tuple[str, str, Cell]]:
        return frozenset((column, type(cell).__name__, cell) for column, cell in row.items())

    left = Counter(known_by(row) for row in before)
    added = []
    for number, row in enumerate(after):
        if left[known_by(row)] > 0:
            left[known_by(row)] -= 1
        else:
            added.append(number)
    removed = []
    for number in range(len(before) - 1, -1, -1):
        known = known_by(before[number])
        if left[known] > 0:
            left[known] -= 1
            removed.append(number)
    return TableComparison(name, "", tuple(added), tuple(removed[::-1]), (), len(after) - len(added))
