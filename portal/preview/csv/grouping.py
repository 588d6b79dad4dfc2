"""Groups the records of a CSV file into tables; fed in order, a page of records at a time.

- Records between blank lines are a block. A block continues the table before it when it is as wide and does not begin
  with a row of names of its own; otherwise it starts a table. (Beside a title, a line of empty fields separates like a
  blank one.)
- Text above a row of names is the table's notes: lines of fewer fields, comments, lines of a report. Its last line of
  one field is the table's name. Text that holds an email is kept as a table of its own, where the checks look at it.
- A repeated row of names, and a comment between rows, is a note too; a row of names that are mostly the table's, but
  more or fewer, starts another table.
- How a block begins is judged by its first HEAD_ROWS.
"""

from collections.abc import Sequence
from itertools import accumulate, repeat

from portal.preview.csv import heads
from portal.preview.csv.fit import OTHER_DELIMITER
from portal.preview.csv.growing import HEAD_CELLS, HEAD_ROWS, Blanks, GrowingCsv, Record
from portal.preview.model import WarningLog

MAX_TABLES = 200
MOST_WAITING = 300
BLANK_INSIDE = "A blank line stands inside the table; the rows around it belong together."
SAID_AGAIN = "The column names stand here again; they are no row."
COMMENT_INSIDE = "A comment stands between the rows; it is no row."
TEXT_NEAR = "Text stands beside the column names; it is no row. The Raw tab shows it."
_ALIKE = 0.6


class CsvGrouping:
    """`take` pages of records in order, then `finish`; `groups` at any time."""

    def __init__(self, log: WarningLog, delimiter: str = ",", *, double_returns: bool = False) -> None:
        self.groups: list[GrowingCsv] = []
        self.is_sentence = False
        """The file is a line of text: known when it is finished."""
        self.delimiter, self.double_returns = delimiter, double_returns
        self._log = log
        self._padded: bool | None = None
        self._beginning: list[tuple[int, Sequence[list[str]], Sequence[int]]] = []
        """Pages of empty fields only: the first record that is not empty says whether they separate."""
        self._open: GrowingCsv | None = None
        """The table whose block is being read; None while the head of a block is gathered."""
        self._before: list[str] | None = None
        self._between = False
        """The empty line that CR CR LF makes was left out."""
        self._pending: Record | None = None
        self._head: list[Record] = []
        self._head_cells = 0
        self._records = 0
        self._blank_lines = Blanks()
        self._held: list[Record] = []
        """A block of what looks like titles, or of one row; what follows says what it is."""
        self._held_blanks = Blanks()
        self._above: list[Record] = []
        """Text above a table that has not begun."""

    def take(self, page: int, rows: Sequence[list[str]], lines: Sequence[int]) -> None:
        self._beginning.append((page, rows, lines))
        if self._padded is None and not all(map(heads.is_blank, rows)):
            self._padded = heads.titles_are_padded(rows)
        if self._padded is not None or self._cells_waiting() >= HEAD_CELLS:
            self._settle_beginning()

    def _cells_waiting(self) -> int:
        return sum(1 + len(row) for _, blank, _ in self._beginning for row in blank)

    def finish(self) -> None:
        self._settle_beginning()
        self._decide(self._pending, None)
        self._pending = None
        if self._records <= 3 and self._open is None:
            self.is_sentence = _is_sentence([record[0] for record in (*self._above, *self._held, *self._head)])
        self._end_block()
        self._settle_held(None)

    def first_groups(self) -> list[GrowingCsv]:
        """The tables so far; before the first head is whole, the table that it would be."""
        if self.groups or not any(len(record[0]) > 1 for record in self._head[1:]) or self._all_titles(self._head):
            return self.groups
        early = CsvGrouping(WarningLog(), self.delimiter)
        early._padded, early._above = self._padded, [*self._above, *self._held]
        early._place(list(self._head), Blanks())
        return early.groups

    # Blocks ----------------------------------------------------------------------------------------------------------

    def _settle_beginning(self) -> None:
        beginning, self._beginning = self._beginning, []
        for page, rows, lines in beginning:
            self._place_page(page, rows, lines)

    def _place_page(self, page: int, rows: Sequence[list[str]], lines: Sequence[int]) -> None:
        if not self._padded and all(rows):
            self._place_rows(page, 0, rows, lines)
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

    def _place_rows(self, page: int, first: int, rows: Sequence[list[str]], lines: Sequence[int]) -> None:
        position = 0
        while position < len(rows):
            if self._open is None:
                position += self._gather(page, first + position, rows[position:], lines[position:])
            else:
                position += self._append(self._open, page, first + position, rows[position:], lines[position:])

    def _decide(self, record: Record | None, after: list[str] | None) -> None:
        """Put one record where it belongs; `after` is the one after it."""
        if record is None:
            return
        row, line, page, position = record
        if self.double_returns and not row and self._before and not self._between:
            self._between = True
            return
        self._between = False
        near = [neighbour for neighbour in (self._before, after) if neighbour]
        blank = bool(self._padded) and heads.is_blank(row)
        if not row or (blank and any(heads.is_title(neighbour, padded=True) for neighbour in near)):
            self._end_block()
            self._blank_lines.add(line)
        else:
            self._place_rows(page, position, [row], [line])
        self._before = row

    def _gather(self, page: int, first: int, rows: Sequence[list[str]], lines: Sequence[int]) -> int:
        """Put rows into the head of a block until it is whole; how many were put there."""
        wanted = rows[: HEAD_ROWS - len(self._head)]
        cells = list(accumulate(map(len, wanted), initial=self._head_cells))
        taken = min(len(wanted), 1 + sum(count < HEAD_CELLS for count in cells[1:]))
        self._head += zip(wanted[:taken], lines, repeat(page), range(first, first + taken), strict=False)
        self._head_cells = cells[taken]
        self._records += taken
        if len(self._head) >= HEAD_ROWS or self._head_cells >= HEAD_CELLS:
            self._begin_block()
        return taken

    def _end_block(self) -> None:
        while self._head:
            alone = len(self._head) == 1 and not self._held
            if self._all_titles(self._head) or alone:
                self._settle_held(self._head)
                self._held, self._head, self._head_cells = self._head, [], 0
                self._held_blanks, self._blank_lines = self._blank_lines, Blanks()
            else:
                self._begin_block()
        self._open = None

    def _all_titles(self, records: Sequence[Record]) -> bool:
        return all(heads.is_title(record[0], bool(self._padded)) for record in records)

    def _begin_block(self) -> None:
        """The head of a block is whole: decide whose rows the block holds."""
        head, self._head, self._head_cells = self._head, [], 0
        blank_lines, self._blank_lines = self._blank_lines, Blanks()
        if self._belongs_to_held(head):
            held, self._held = self._held, []
            self._tell_blanks(blank_lines)
            self._place(held + head, self._held_blanks)
            return
        self._settle_held(head)
        self._place(head, blank_lines)

    def _belongs_to_held(self, head: Sequence[Record]) -> bool:
        """One row stands before a blank line, as wide as what follows, which has no names of its own."""
        if len(self._held) != 1 or len(self._held[0][0]) < 2 or len(head[0][0]) != len(self._held[0][0]):
            return False
        return not self._all_titles(self._held) and not heads.is_clear_header([record[0] for record in head])

    def _settle_held(self, head: Sequence[Record] | None) -> None:
        """Titles are text above the table of several columns that follows, or else a table. So is one row of text."""
        held, self._held = self._held, []
        if not held:
            return
        width = max((len(record[0]) for record in head or ()), default=0)
        text = self._all_titles(held) or (len(held) == 1 and _is_text(held[0][0], [r[0] for r in head or ()]))
        if text and width > 1 and len(self._above) < MOST_WAITING:
            self._above += held
        else:
            self._place(held, self._held_blanks)

    def _tell_blanks(self, blank_lines: Blanks) -> None:
        for line in blank_lines.lines:
            self._log.add("blank", f"line {line}", BLANK_INSIDE)
        self._log.count("blank", blank_lines.more)

    # Tables ----------------------------------------------------------------------------------------------------------

    def _place(self, records: list[Record], blank_lines: Blanks) -> None:
        rows = [record[0] for record in records]
        head = heads.head_of(rows, bool(self._padded))
        last = self.groups[-1] if self.groups else None
        if not head.above and not self._above and last is not None and _continues(last, rows):
            self._tell_blanks(blank_lines)
            self._open = last
            self._append_records(records)
            return
        above, self._above = self._above + records[: head.above], []
        self._new_group(above, records, head)

    def _new_group(self, above: list[Record], records: list[Record], head: heads.Head) -> None:
        if len(self.groups) >= MAX_TABLES:
            self._into_the_last(above + records[head.above :])
            return
        text = [record[0] for record in above]
        if heads.holds_email(text):
            self._text_as_table(above)
            above = []
        title = head.title or next((row[0].strip() for row in reversed(text) if _names_a_table(row)), "")
        title = title if len(text) <= heads.MOST_TITLES else ""
        group = GrowingCsv(title, [_as_text(row) for row in text] if above else [])
        body = records[head.begins :]
        group.header = head.header
        if head.header is not None and not body and not title and not _is_header_alone(head.header):
            group.header, body = None, records[head.above :]
        group.beginning = above + records[head.above : head.begins] if group.header else above
        group.notes += [_as_text(records[at][0]) for at in head.aside]
        body = body[sum(at >= head.begins for at in head.aside) :]
        self.groups.append(group)
        if group.notes and not (len(group.notes) == 1 and title):
            self._log.add("text near", f"line {(above or records)[0][1]}", TEXT_NEAR)
        rows = [record[0] for record in body]
        if group.header is not None:
            group.width = len(group.header)
            group.is_clear = heads.is_clear_header([group.header, *rows]) and any(r != group.header for r in rows)
        elif body:
            self._log.add("header", f"line {body[0][1]}", "This table has no header; its columns are numbered.")
        group.first_rows, group.delimiter = rows, self.delimiter
        self._open = group
        self._append_records(body)

    def _text_as_table(self, above: list[Record]) -> None:
        group = GrowingCsv("Text above", [])
        self.groups.append(group)
        for row, line, page, position in above:
            group.take(page, position, [row], line)

    def _into_the_last(self, records: list[Record]) -> None:
        """More tables than there may be: the last one holds the rows of all others, titles and names as well."""
        last = self.groups[-1]
        if not last.holds_rest:
            self._log.add(
                "tables", "file", f"More than {MAX_TABLES} tables: the last one holds the rows of all others."
            )
            last.hold_rest()
        self._open = last
        self._append_records(records)

    def _append_records(self, records: Sequence[Record]) -> None:
        number = 0
        while number < len(records):
            if self._open is None:  # another table began
                self._head += records[number:]
                self._head_cells += sum(len(record[0]) for record in records[number:])
                return
            _, _, page, first = records[number]
            last = records[-1]
            end = len(records) if last[2:] == (page, first + len(records) - number - 1) else number + 1
            while end < len(records) and records[end][2:] == (page, first + end - number):
                end += 1
            run = records[number:end]
            number += self._append(
                self._open, page, first, [record[0] for record in run], [record[1] for record in run]
            )

    def _append(self, group: GrowingCsv, page: int, first: int, rows: Sequence[list[str]], lines: Sequence[int]) -> int:
        """Put rows into `group`, as many as belong there; how many were dealt with."""
        width = group.usual_width
        even = set(map(len, rows)) <= {width}
        if even and (group.header is None or group.header not in rows):
            group.take(page, first, rows, lines[0])
            return len(rows)
        if group.header is None:
            self._put(group, page, first, rows, lines)
            return len(rows)
        begin = 0
        for at, row in enumerate(rows):
            message = self._aside(group, row)
            another = not message and self._starts_another(group, row)
            if message or another:
                self._put(group, page, first + begin, rows[begin:at], lines[begin:at])
                begin = at + 1
            if message:
                group.note(_as_text(row))
                self._log.add("aside", f"line {lines[at]}", message)
            if another:
                self._open = None
                return at + self._gather(page, first + at, [row], [lines[at]])
        self._put(group, page, first + begin, rows[begin:], lines[begin:])
        return len(rows)

    def _aside(self, group: GrowingCsv, row: list[str]) -> str:
        if row == group.header:
            return SAID_AGAIN if group.is_clear else ""
        return COMMENT_INSIDE if len(row) != group.usual_width and heads.is_comment(row) else ""

    def _starts_another(self, group: GrowingCsv, row: list[str]) -> bool:
        """A row of names, most of them the table's, of another width than the table."""
        header = group.header
        if header is None or not group.is_clear or group.holds_rest or len(row) == len(header) or len(row) < 2:
            return False
        if len(row) > heads.MOST_NAMES:
            return False
        again = sum(cell in header for cell in row if cell)
        return again > 1 and again >= _ALIKE * len(row) and not any(map(heads.is_data_like, row))

    def _put(self, group: GrowingCsv, page: int, first: int, rows: Sequence[list[str]], lines: Sequence[int]) -> None:
        if not rows:
            return
        if set(map(len, rows)) != {group.usual_width} and group.fit is not None:
            done = [group.fit.fitted(row) for row in rows]
            for (_, message), line in zip(done, lines, strict=True):
                if message:
                    group.is_fitted = True
                    kind = "other delimiter" if message == OTHER_DELIMITER else "empty field"
                    self._log.add(kind, f"line {line}", message)
            rows = [row for row, _ in done]
        group.take(page, first, rows, lines[0])
        if group.header is not None:
            warn_about_width(rows, lines, len(group.header), self._log)


def _continues(group: GrowingCsv, rows: Sequence[list[str]]) -> bool:
    """True when a block continues the table before the blank line instead of starting another."""
    if len(rows[0]) != group.usual_width:
        return False
    if group.header is None or rows[0] == group.header or (len(rows) == 1 and group.count > 0):
        return True
    return not heads.is_clear_header(rows)


def _is_sentence(rows: Sequence[list[str]]) -> bool:
    if len(rows) == 1:
        return heads.is_sentence(rows[0]) or (heads.may_be_header_alone(rows[0]) and not heads.is_header_alone(rows[0]))
    if not rows or any(len(row) > 1 or heads.is_data_like(row[0]) for row in rows):
        return False
    return heads.is_sentence([" ".join(row[0] for row in rows)])


def _is_header_alone(row: list[str]) -> bool:
    return heads.is_header_alone(row) or heads.may_be_header_alone(row)


def _is_text(row: list[str], after: Sequence[list[str]]) -> bool:
    """A row of several fields above a blank line is text, not names."""
    if len(row) < 2 or heads.is_header_alone(row):
        return False
    return row[0].rstrip().endswith(":") or heads.is_sentence(row) or (bool(after) and heads.is_clear_header(after))


def _names_a_table(row: list[str]) -> bool:
    return heads.filled(row) == 1 and row[0] != "" and not heads.is_comment(row)


def _as_text(row: list[str]) -> str:
    return " | ".join(cell for cell in row if cell)


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
