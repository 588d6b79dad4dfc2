"""Records of a CSV file as one or several tables.

- A blank line (or one of empty fields) ends a table when what follows starts another: a title, or a header that
  differs.
  Otherwise it stays inside the table and is warned about.
- A title is a line of one field above rows of several; it names the table. Further such lines are the table's notes.
- The first row is the header unless one of its fields looks like data (a number, date, email, yes/no) or is empty while
  others repeat; without a header the columns are called "column 1" and so on.
- Rows longer than the header get more columns; the missing fields of shorter rows are MISSING. Both are warned about.
- Limits: MAX_COLUMNS columns (the last holds the rest, a line a field), MAX_TABLES tables (the last holds the rest).
"""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest

from portal.preview.csv_reader import Records
from portal.preview.json_growing import clip
from portal.preview.model import Table, WarningLog, unique_names

MAX_COLUMNS = 500
LONGEST_HEADER = 100
_ROWS_COMPARED = 200
MAX_TABLES = 200
MOST_TITLES = 8

_DATA_LIKE = re.compile(
    r"""(?=\D*\d)[+\-(]?(?:[$€£¥]|[A-Z]{3}\s)?[\d.,'\s/:%)+-]*+(?:[€$£¥%]|[A-Z]{3})?   # numbers, money, phones
    |\d{4}-\d\d?-\d\d?[T\s].*       # date and time
    |[^@\s]+@[^@\s]+\.[^@\s]+         # email
    |true|false|null|[0-9a-f]{24}|[0-9a-f]{8}-[0-9a-f-]{27}""",
    re.VERBOSE | re.IGNORECASE,
)


@dataclass
class _Block:
    """Neighbouring records without a blank line between them."""

    rows: list[list[str]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    blank_lines: list[int] = field(default_factory=list)
    """Blank lines before this block."""


def tables_from_records(records: Records, log: WarningLog) -> tuple[Table, ...]:
    """The tables of a CSV file, in its order."""
    padded = _titles_are_padded(records)
    groups = _grouped(_blocks(records, padded), padded)
    if len(groups) > MAX_TABLES:
        log.add("tables", "file", f"More than {MAX_TABLES} tables: the last one holds the rows of all others.")
        groups = _merged(groups)
    tables: list[Table] = []
    names = unique_names(
        [clip(group.title) or ("rows" if len(groups) == 1 else f"table {n}") for n, group in enumerate(groups, 1)]
    )
    for name, group in zip(names, groups, strict=True):
        for line in group.blank_lines:
            log.add("blank", f"line {line}", BLANK_INSIDE)
        tables.append(_table(name, group, log))
    return tuple(tables)


@dataclass
class _Group:
    """The records of one table."""

    title: str = ""
    notes: list[str] = field(default_factory=list)
    header: list[str] | None = None
    rows: list[list[str]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    blank_lines: list[int] = field(default_factory=list)
    widest: int = 0
    """Fields of the longest row."""

    def take(self, rows: list[list[str]], lines: list[int]) -> None:
        self.rows += rows
        self.lines += lines
        self.widest = max([self.widest, *map(len, rows)])


def _merged(groups: list[_Group]) -> list[_Group]:
    """The first groups, and everything after them as one without a header: titles and headers become rows."""
    rest = _Group(title="More tables")
    for group in groups[MAX_TABLES - 1 :]:
        first = group.lines[0] if group.lines else 0
        above = [[note] for note in group.notes] + ([group.header] if group.header is not None else [])
        rest.rows += above + group.rows
        rest.lines += [max(0, first - len(above) + n) for n in range(len(above))] + group.lines
    return [*groups[: MAX_TABLES - 1], rest]


def is_blank(row: list[str]) -> bool:
    return not any(row)


def _titles_are_padded(records: Records) -> bool:
    """True when titles may look like `Customer,,,`: the file begins with one. Else such a row is a row of data."""
    first = next((row for row in records.rows if row and not is_blank(row)), [])
    return len(first) > 1 and filled(first) == 1 and first[0] != ""


def _blocks(records: Records, padded: bool) -> list[_Block]:
    blocks: list[_Block] = []
    current = _Block()
    if records.rows and not padded and all(records.rows):
        return [_Block(records.rows, list(records.lines))]
    for row, line in zip(records.rows, records.lines, strict=True):
        if not row or (padded and is_blank(row) and _is_separator(records, line)):
            if current.rows:
                blocks.append(current)
                current = _Block()
            current.blank_lines.append(line)
        else:
            current.rows.append(row)
            current.lines.append(line)
    if current.rows:
        blocks.append(current)
    return blocks


def _is_separator(records: Records, line: int) -> bool:
    """A line of empty fields only (`,,,`) separates when it stands before or after a title."""
    position = bisect_left(records.lines, line)
    neighbours = records.rows[max(0, position - 1) : position] + records.rows[position + 1 : position + 2]
    return any(neighbour and is_title(neighbour, padded=True) for neighbour in neighbours)


def filled(row: list[str]) -> int:
    return sum(cell != "" for cell in row)


def _grouped(blocks: list[_Block], padded: bool) -> list[_Group]:
    groups: list[_Group] = []
    waiting: list[str] = []
    for position, block in enumerate(blocks):
        width = max(map(len, block.rows))
        only_titles = all(is_title(row, padded) for row in block.rows)
        if only_titles and position + 1 < len(blocks) and max(map(len, blocks[position + 1].rows)) > 1:
            waiting += [row[0] for row in block.rows]
            continue
        titles = _titles(block, padded) if width > 1 else 0
        if not titles and not waiting and groups and _continues(groups[-1], block):
            groups[-1].blank_lines += block.blank_lines
            groups[-1].take(block.rows, block.lines)
            continue
        texts = waiting + [row[0] for row in block.rows[:titles]]
        waiting = []
        groups.append(_new_group(texts, block, titles))
    if waiting:
        groups.append(_Group(rows=[[text] for text in waiting], lines=[0] * len(waiting)))
    return groups


def _titles(block: _Block, padded: bool) -> int:
    """How many titles begin the block: lines of one field above one of several; many such lines are data."""
    titles = 0
    while titles < len(block.rows) and is_title(block.rows[titles], padded):
        titles += 1
    return titles if titles < len(block.rows) and titles <= MOST_TITLES else 0


def is_title(row: list[str], padded: bool) -> bool:
    return row[0] != "" and (filled(row) == 1 if padded else len(row) == 1)


def _continues(group: _Group, block: _Block) -> bool:
    """True when `block` goes on with the table before the blank line rather than starting another."""
    before = len(group.header) if group.header is not None else group.widest
    first = block.rows[0]
    if len(first) != before:
        return False
    return group.header is None or (bool(group.rows) and not is_header(block.rows))


def _new_group(texts: list[str], block: _Block, titles: int) -> _Group:
    rows, lines = block.rows[titles:], block.lines[titles:]
    group = _Group(title=texts[-1].strip() if texts else "", notes=texts)
    if is_header(rows):
        group.header, rows, lines = rows[0], rows[1:], lines[1:]
    group.take(rows, lines)
    return group


def is_header(rows: list[list[str]]) -> bool:
    first = rows[0]
    if is_blank(first) or any(len(cell) > LONGEST_HEADER or _DATA_LIKE.fullmatch(cell.strip()) for cell in first):
        return False
    return len(first) > 1 or len(rows) > 1


def _table(name: str, group: _Group, log: WarningLog) -> Table:
    width = max([len(group.header or ()), *map(len, group.rows)], default=0)
    header = list(group.header) if group.header is not None else []
    if group.header is None and group.rows:
        log.add("header", f"line {group.lines[0]}", "This table has no header; its columns are numbered.")
    if group.header is not None:
        if header_may_be_data(header, group.rows):
            log.add("perhaps", name, PERHAPS_DATA)
        warn_about_width(group.rows, group.lines, len(header), log)
        for message in repeated_names(header):
            log.add("repeated header", name, message)
    columns, header, fold = columns_of(header, width)
    if fold:
        log.add("columns", name, TOO_MANY_COLUMNS)
    return Table(
        name=name,
        columns=columns,
        headers=tuple(header),
        notes=tuple(group.notes),
        _rows=[folded(row) for row in group.rows] if fold else group.rows,
        _paths=path_maker(group.lines, len(columns)),
    )


TOO_MANY_COLUMNS = f"More than {MAX_COLUMNS} columns: the last one holds the rest of each row."
PERHAPS_DATA = "The first row was taken for the column names, but it may be data."
BLANK_INSIDE = "A blank line stands inside the table; the rows around it belong together."


def columns_of(header: list[str], width: int) -> tuple[tuple[str, ...], list[str], bool]:
    """(names of the columns, the header as far as it has columns, whether rows are folded to fit)."""
    shown = range(min(width, MAX_COLUMNS))
    wanted = [clip(header[n]) if n < len(header) and header[n] else f"column {n + 1}" for n in shown]
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


def warn_about_width(rows: Sequence[list[str]], lines: Sequence[int], width: int, log: WarningLog) -> None:
    if set(map(len, rows)) <= {width}:
        return
    for row, line in zip(rows, lines, strict=True):
        if len(row) > width:
            log.add(
                "long row", f"line {line}", "This row has more fields than the header; they stand in further columns."
            )
        elif len(row) < width:
            log.add(
                "short row", f"line {line}", "This row has fewer fields than the header; the last ones are missing."
            )


def path_maker(lines: list[int], width: int) -> Callable[[int], list[str]]:
    def paths(row: int) -> list[str]:
        return [f"line {lines[row]}, column {n + 1}" for n in range(width)]

    return paths
