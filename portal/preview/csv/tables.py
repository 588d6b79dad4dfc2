"""Tables of a CSV file from the records that `portal.preview.csv.grouping` put together.

- Without a header the columns are called "column 1" and so on.
- Rows longer than the header get more columns; the missing fields of shorter rows are MISSING. Both are warned about.
- Limits: MAX_COLUMNS columns (the last holds the rest, a line a field), MAX_TABLES tables (the last holds the rest).
"""

from collections import Counter
from collections.abc import Callable, Sequence
from itertools import zip_longest
from typing import TypeVar

from portal.preview.cells import Cell
from portal.preview.csv.damage import lost_digits
from portal.preview.csv.grouping import CsvGrouping
from portal.preview.csv.growing import GrowingCsv
from portal.preview.csv.reader import Records
from portal.preview.json.growing import clip
from portal.preview.model import Table, WarningLog, unique_names

MAX_COLUMNS = 500
_ROWS_COMPARED = 100
TOO_MANY_COLUMNS = f"More than {MAX_COLUMNS} columns: the last one holds the rest of each row."
PERHAPS_DATA = "The first row was taken for the column names, but it may be data."
SENTENCE = "The file is a line of text: it may be a message, names or data. Look at the Raw tab."
Item = TypeVar("Item")
Rows = Callable[[GrowingCsv], Sequence[Sequence[Cell]]]
"""The rows of a group, folded to MAX_COLUMNS."""


def tables_from_records(records: Records, log: WarningLog) -> tuple[tuple[Table, ...], bool]:
    """The tables of a CSV file, in its order, and whether it is a line of text instead."""
    dialect = records.dialect
    grouping = CsvGrouping(log, dialect.delimiter, double_returns=dialect.double_returns)
    if records.rows:
        grouping.take(0, records.rows, records.lines)
    grouping.finish()
    if all(records.rows):
        rows, lines = records.rows, records.lines
    else:
        rows = [row for row in records.rows if row]
        lines = [line for line, row in zip(records.lines, records.rows, strict=True) if row]

    def rows_of(group: GrowingCsv) -> list[list[str]]:
        found = _joined(rows, group.runs)
        return [shown(row, group) for row in found] if group.width > MAX_COLUMNS or group.is_fitted else found

    def paths_of(group: GrowingCsv, width: int) -> Callable[[int], list[str]]:
        begins = _joined(lines, group.runs)
        return lambda row: [f"line {begins[row]}, column {n + 1}" for n in range(width)]

    return tables_of(grouping.groups, rows_of, paths_of, log), grouping.is_sentence


def _joined(items: list[Item], runs: Sequence[tuple[int, int, int]]) -> list[Item]:
    parts = [items[first : first + length] for _, first, length in runs]
    return parts[0] if len(parts) == 1 else [item for part in parts for item in part]


def tables_of(
    groups: Sequence[GrowingCsv],
    rows_of: Rows,
    paths_of: Callable[[GrowingCsv, int], Callable[[int], list[str]]],
    log: WarningLog | None,
) -> tuple[Table, ...]:
    """The tables of `groups`. Warnings that need the tables' names go to `log`, if given."""
    groups = [group for group in groups if group.count or group.header is not None]
    names = unique_names(
        [clip(g.title) or ("rows" if len(groups) == 1 else f"table {n}") for n, g in enumerate(groups, 1)]
    )
    return tuple(_table(name, group, rows_of, paths_of, log) for name, group in zip(names, groups, strict=True))


def _table(
    name: str,
    group: GrowingCsv,
    rows_of: Rows,
    paths_of: Callable[[GrowingCsv, int], Callable[[int], list[str]]],
    log: WarningLog | None,
) -> Table:
    header = list(group.header or ())
    columns, header, is_folded = columns_of(header, group.width)
    if log is not None:
        if group.header is not None and header_may_be_data(group.header, group.head):
            log.add("perhaps", name, PERHAPS_DATA)
        for message in repeated_names(group.header or ()):
            log.add("repeated header", name, message)
        if is_folded:
            log.add("columns", name, TOO_MANY_COLUMNS)
        for kind, column, message in lost_digits(columns, group.head):
            log.add(kind, f"{name}, {column}", message)
    return Table(
        name=name,
        columns=columns,
        headers=tuple(header),
        notes=tuple(group.notes),
        _rows=rows_of(group),
        _paths=paths_of(group, len(columns)),
    )


def shown(row: list[str], group: GrowingCsv) -> list[str]:
    """A record as a row of its table."""
    if group.is_fitted and group.fit is not None and len(row) < MAX_COLUMNS:
        row = group.fit.fitted(row)[0]
    return folded(row)


def columns_of(header: list[str], width: int) -> tuple[tuple[str, ...], list[str], bool]:
    """(names of the columns, the header as far as it has columns, whether rows are folded to fit)."""
    shown_columns = range(min(width, MAX_COLUMNS))
    wanted = [clip(header[n]) if n < len(header) and header[n] else f"column {n + 1}" for n in shown_columns]
    if width <= MAX_COLUMNS:
        return unique_names(wanted), header, False
    names = unique_names([*wanted[: MAX_COLUMNS - 1], f"columns {MAX_COLUMNS} to {width}"])
    return names, header[:MAX_COLUMNS], True


def repeated_names(header: Sequence[str]) -> list[str]:
    """What to say about each name that stands more than once in `header`."""
    counts = sorted((cell, count) for cell, count in Counter(header).items() if cell and count > 1)
    return [f"{count} columns have the same name; they are numbered." for _, count in counts]


def header_may_be_data(header: list[str], rows: list[list[str]]) -> bool:
    """True when a column says its own name again further down."""
    columns = zip_longest(*rows[:_ROWS_COMPARED])
    return any(name in column for name, column in zip(header, columns, strict=False) if name)


def folded(row: list[str]) -> list[str]:
    if len(row) <= MAX_COLUMNS:
        return row
    return [*row[: MAX_COLUMNS - 1], "\n".join(row[MAX_COLUMNS - 1 :])]
