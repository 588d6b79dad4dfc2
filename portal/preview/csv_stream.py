"""A CSV of any length, read piece by piece into a side file: its text in pages, and which records of which page are
rows of which table.

The rules of `portal.preview.csv_tables`, with what they may look at bounded: whether a block of lines is a title, and
whether a first row is a header, is decided by the first HEAD_ROWS of a block. A page holds the text of its records, so
that reading a page again is reading a small CSV.
"""

import csv
from collections.abc import Callable, Sequence

from portal.preview import csv_tables
from portal.preview.csv_cuts import end_of_fields, last_cut
from portal.preview.csv_growing import HEAD_CELLS, HEAD_ROWS, Blanks, GrowingCsv
from portal.preview.csv_pages import CsvPages, CsvRows
from portal.preview.csv_reader import LONGEST_FIELD, Records, delimiter_of, read_some_carefully, strictly
from portal.preview.json_growing import clip
from portal.preview.model import Table, WarningLog, unique_names
from portal.preview.raw import without_lone_surrogates
from portal.preview.side_file import SideFile

MOST_TITLES_WAITING = 300
Record = tuple[list[str], int, int, int]
"""The fields, the line they begin on, the page they stand on and their position there."""


class CsvStream:
    """`feed` text in order, then `finish`; `tables` at any time."""

    def __init__(self, side: SideFile, log: WarningLog) -> None:
        self.pages = CsvPages(side)
        self.complete = True
        self._log = log
        self._delimiter = ""
        self._carry = ""
        self._line = 1
        self._padded: bool | None = None
        self._beginning: list[tuple[int, Records]] = []
        """Pages of empty fields only: the first record that is not empty says whether they separate."""
        self._groups: list[GrowingCsv] = []
        self._open: GrowingCsv | None = None
        """The table whose block is being read; None while the head of a block is gathered."""
        self._before: list[str] | None = None
        self._pending: Record | None = None
        self._head: list[Record] = []
        self._head_cells = 0
        self._blank_lines = Blanks()
        self._held: list[Record] = []
        """A block of what looks like titles; what follows says whether it is."""
        self._held_blanks = Blanks()
        self._titles: list[Record] = []
        """Titles whose table has not begun."""
        self.prefix = ""
        """Text before the first record that is no part of a table."""

    def feed(self, text: str, *, final: bool = False) -> None:
        text = self._carry + without_lone_surrogates(text)
        if not self._delimiter and text:
            self._delimiter, begins, self._line = delimiter_of(text, self._log)
            self.prefix, text = text[:begins], text[begins:]
        while text:
            taken = self._strict_part(text, final) or self._careful_part(text, final)
            if not taken:
                break
            text = text[taken:]
        self._carry = text if final else self._without_long_start(text)
        if final:
            self._settle_beginning()
            self._decide(self._pending, None)
            self._end_block()
            self._settle_held(0)

    def _strict_part(self, text: str, final: bool) -> int:
        """Read the part of `text` that ends with a whole record; 0 when that takes care."""
        cut = len(text) if final else last_cut(text)
        if not cut:
            return 0
        part = text[:cut]
        try:
            records = strictly(part, self._delimiter, self._line)
        except csv.Error:
            return 0
        self._take(records, part, carefully=False)
        return cut

    def _careful_part(self, text: str, final: bool) -> int:
        if not final and "\n" not in text and "\r" not in text and len(text) < LONGEST_FIELD:
            return 0
        records, taken = read_some_carefully(text, self._delimiter, self._log, self._line, final=final)
        self.complete = self.complete and records.complete
        if taken:
            self._take(records, text[:taken], carefully=True)
        return taken

    def _without_long_start(self, text: str) -> str:
        """`text`, a record whose end is still to come, but for what is too much of it to be one row."""
        end = end_of_fields(text, self._delimiter)
        if not end:
            return text
        self._log.add("long line", f"line {self._line}", "This line is too long for one row; it is shown as several.")
        part = text[:end]
        if not self._strict_part(part, final=True):
            self._careful_part(part, final=True)
        return text[end:]

    def _take(self, records: Records, part: str, *, carefully: bool) -> None:
        page = self.pages.add(part, self._delimiter, self._line, carefully=carefully)
        self._line += part.count("\n") + (part.count("\r") - part.count("\r\n") if "\r" in part else 0)
        self._beginning.append((page, records))
        if self._padded is None and not all(map(csv_tables.is_blank, records.rows)):
            self._padded = _titles_are_padded(records.rows)
        waiting = sum(1 + len(row) for _, blank in self._beginning for row in blank.rows)
        if self._padded is not None or waiting >= HEAD_CELLS:
            self._settle_beginning()

    def _settle_beginning(self) -> None:
        beginning, self._beginning = self._beginning, []
        for page, records in beginning:
            self._place_page(page, records.rows, records.lines)

    def _place_page(self, page: int, rows: Sequence[list[str]], lines: Sequence[int]) -> None:
        position = 0
        if not self._padded and all(rows):
            while self._open is None and position < len(rows):
                self._one(rows[position], lines[position], page, position)
                position += 1
            if self._open is not None and position < len(rows):
                self._append(self._open, page, position, rows[position:], lines[position:])
            return
        position = -1  # among the records that are no blank lines: a page shows none
        for line, row in zip(lines, rows, strict=True):
            position += bool(row)
            record = (row, line, page, position)
            if self._padded:  # whether a line of empty fields separates depends on the next line too
                self._decide(self._pending, row)
                self._pending = record
            else:
                self._decide(record, None)

    def _decide(self, record: Record | None, after: list[str] | None) -> None:
        """Put one record where it belongs; `after` is the one after it."""
        if record is None:
            return
        row, line, page, position = record
        near = [neighbour for neighbour in (self._before, after) if neighbour]
        blank = bool(self._padded) and csv_tables.is_blank(row)
        if not row or (blank and any(csv_tables.is_title(neighbour, padded=True) for neighbour in near)):
            self._end_block()
            self._blank_lines.add(line)
        elif self._open is not None:
            self._append(self._open, page, position, [row], [line])
        else:
            self._one(row, line, page, position)
        self._before = row

    def _one(self, row: list[str], line: int, page: int, position: int) -> None:
        self._head.append((row, line, page, position))
        self._head_cells += len(row)
        if len(self._head) >= HEAD_ROWS or self._head_cells >= HEAD_CELLS:
            self._begin_block()

    def _end_block(self) -> None:
        if self._head:
            if self._is_all_titles(self._head):
                self._settle_held(_width(self._head))
                self._held, self._head, self._head_cells = self._head, [], 0
                self._held_blanks, self._blank_lines = self._blank_lines, Blanks()
            else:
                self._begin_block()
        self._open = None

    def _is_all_titles(self, records: Sequence[Record]) -> bool:
        return all(csv_tables.is_title(record[0], bool(self._padded)) for record in records)

    def _begin_block(self) -> None:
        """The head of a block is whole: decide whose rows the block holds."""
        head, self._head, self._head_cells = self._head, [], 0
        blank_lines, self._blank_lines = self._blank_lines, Blanks()
        self._settle_held(_width(head))
        self._place(head, blank_lines)

    def _settle_held(self, next_width: int) -> None:
        """A block of what looks like titles is titles if a table of several columns follows; else it is a table."""
        held, self._held = self._held, []
        if held and next_width > 1 and len(self._titles) < MOST_TITLES_WAITING:
            self._titles += held
        elif held:
            self._place(held, self._held_blanks)

    def _place(self, head: list[Record], blank_lines: Blanks) -> None:
        padded, rows, titles = bool(self._padded), [record[0] for record in head], 0
        if _width(head) > 1:
            while titles < len(rows) and csv_tables.is_title(rows[titles], padded):
                titles += 1
            titles = titles if titles < len(rows) and titles <= csv_tables.MOST_TITLES else 0
        if titles or self._titles or not self._goes_on(head, blank_lines):
            above, self._titles = self._titles + head[:titles], []
            self._new_group(above, head[titles:])

    def _goes_on(self, head: list[Record], blank_lines: Blanks) -> bool:
        """True when the block belonged to the table before it, and is put there."""
        last = self._groups[-1] if self._groups else None
        if last is None or not _continues(last, [record[0] for record in head]):
            return False
        for line in blank_lines.lines:
            self._log.add("blank", f"line {line}", csv_tables.BLANK_INSIDE)
        self._log.count("blank", blank_lines.more)
        self._fill(last, head)
        return True

    def _new_group(self, above: list[Record], head: list[Record]) -> None:
        rows = [record[0] for record in head]
        if len(self._groups) >= csv_tables.MAX_TABLES:
            if self._groups[-1].title != "More tables":
                self._groups[-1].title = "More tables"
            self._log.add(
                "tables",
                "file",
                f"More than {csv_tables.MAX_TABLES} tables: the last one holds the rows of all others.",
            )
            self._fill(self._groups[-1], above + head)
            return
        texts = tuple(record[0][0] for record in above)
        group = self._add(GrowingCsv(texts[-1].strip() if texts else "", texts))
        if csv_tables.is_header(rows):
            group.header, head = rows[0], head[1:]
            group.width = len(group.header)
            group.repeated = csv_tables.repeated_names(group.header)
        elif head:
            self._log.add("header", f"line {head[0][1]}", "This table has no header; its columns are numbered.")
        self._fill(group, head)

    def _add(self, group: GrowingCsv) -> GrowingCsv:
        self._groups.append(group)
        return group

    def _fill(self, group: GrowingCsv, head: list[Record]) -> None:
        self._open = group
        self._append_records(group, head)

    def _append_records(self, group: GrowingCsv, records: Sequence[Record]) -> None:
        for row, line, page, position in records:
            self._append(group, page, position, [row], [line])

    def _append(
        self, group: GrowingCsv, page: int, first: int, rows: Sequence[list[str]], lines: Sequence[int]
    ) -> None:
        group.take(page, first, rows, lines[0])
        if group.header is not None:
            csv_tables.warn_about_width(rows, lines, len(group.header), self._log)

    def tables(self, *, final: bool = False) -> tuple[Table, ...]:
        """The tables as far as they are read. `final`: log what is to be said under their names, once."""
        groups = [group for group in self._groups if group.count or group.header is not None]
        if not groups and any(len(record[0]) > 1 for record in self._head[1:]) and not self._is_all_titles(self._head):
            self._begin_block()  # the first page is wanted before the head is full
            groups = list(self._groups)
        names = unique_names(
            [clip(g.title) or ("rows" if len(groups) == 1 else f"table {n}") for n, g in enumerate(groups, 1)]
        )
        for name, group in zip(names, groups, strict=True) if final else ():
            if group.header is not None and csv_tables.header_may_be_data(group.header, group.head):
                self._log.add("perhaps", name, csv_tables.PERHAPS_DATA)
            for message in group.repeated:
                self._log.add("repeated header", name, message)
            if group.width > csv_tables.MAX_COLUMNS:
                self._log.add("columns", name, csv_tables.TOO_MANY_COLUMNS)
        return tuple(self._table(name, group) for name, group in zip(names, groups, strict=True))

    def _table(self, name: str, group: GrowingCsv) -> Table:
        header = list(group.header or ())
        columns, header, _ = csv_tables.columns_of(header, group.width)
        rows = CsvRows(self.pages, tuple(group.runs), tuple(group.starts), group.count)
        return Table(
            name=name,
            columns=columns,
            headers=tuple(header),
            notes=group.notes,
            _rows=rows,
            _paths=_path_maker(rows, len(columns)),
        )


def _path_maker(rows: CsvRows, width: int) -> Callable[[int], list[str]]:
    return lambda row: [f"line {rows.line(row)}, column {n + 1}" for n in range(width)]


def _width(records: Sequence[Record]) -> int:
    return max(len(record[0]) for record in records)


def _titles_are_padded(rows: Sequence[list[str]]) -> bool:
    first = next((row for row in rows if row and not csv_tables.is_blank(row)), [])
    return len(first) > 1 and csv_tables.filled(first) == 1 and first[0] != ""


def _continues(group: GrowingCsv, rows: Sequence[list[str]]) -> bool:
    before = len(group.header) if group.header is not None else max(map(len, group.head), default=0)
    if len(rows[0]) != before:
        return False
    return group.header is None or (bool(group.count) and not csv_tables.is_header(list(rows)))
