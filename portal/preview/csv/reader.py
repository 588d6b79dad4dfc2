"""CSV text to records of text, exactly as written.

Well-formed text goes through the standard library's reader in strict mode; what that refuses (text after a closing
quote, a quote never closed, a field beyond its limit) goes through the loop here, which keeps odd fields as written and
reports where. Both give the same result for the same text. A quote that never closes is taken literally, so that the
rows after it can still be read. Source: RFC 4180 for quoting; `sep=;` as a first line is Excel's way of naming the
delimiter. Other variants: `portal.preview.csv.dialect`.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from portal.preview.csv.dialect import DELIMITERS, ONE_COLUMN, Dialect, dialect_of, named_delimiter
from portal.preview.model import WarningLog
from portal.preview.raw import displayable

if TYPE_CHECKING:
    import _csv


@dataclass(frozen=True)
class Records:
    """rows: the fields of each record, none for a blank line. lines: the line (from 1) each record begins on."""

    rows: list[list[str]] = field(repr=False)
    lines: list[int] = field(repr=False)
    dialect: Dialect
    complete: bool


def read_records(text: str, log: WarningLog) -> Records:
    """All records of `text`. Problems go to `log`."""
    dialect, begins, first_line = dialect_told(text, log)
    text = text[begins:]
    try:
        return strictly(text, dialect, first_line)
    except csv.Error:
        return read_carefully(text, dialect, log, first_line)


def dialect_told(text: str, log: WarningLog) -> tuple[Dialect, int, int]:
    """The dialect, where the records begin, and on which line. Guesses go to `log`."""
    named = named_delimiter(text)
    begins = named[1] if named else 0
    dialect = dialect_of(text[begins:], named[0] if named else "")
    if named:
        called = _name(named[0])
        log.add(
            "sep",
            "line 1",
            f"The first line says what stands between the fields ({called}); it is not part of a table.",
        )
    for kind, message in _guesses(dialect, named=named is not None):
        log.add(kind, "file", message)
    return dialect, begins, 2 if named else 1


def _name(delimiter: str) -> str:
    names = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar", " ": "blank"}
    return names.get(delimiter) or displayable(delimiter)


def _guesses(dialect: Dialect, *, named: bool) -> Iterator[tuple[str, str]]:
    if dialect.delimiter not in DELIMITERS and not named:
        if dialect.delimiter == ONE_COLUMN:
            yield "delimiter", "Commas and semicolons were taken for text: the file was read as one column."
        else:
            yield "delimiter", "What stands between the fields is unusual and was guessed. Compare with the Raw tab."
    if dialect.quote == "'":
        yield "single quotes", "Fields stand in single quotes; these were taken off."
    if dialect.escape:
        yield "escape", "Quotes inside fields are written with another character before them; it was taken off."
    if dialect.skip_space:
        yield "blanks", "Each field but the first begins with a blank; such blanks were taken off."
    if dialect.wrapped:
        yield "wrapped", "Whole lines stand in quotes; they were divided into their fields."
    if dialect.double_returns:
        yield "returns", "Each line ends in one carriage return too many; the empty lines between were left out."


def strictly(text: str, dialect: Dialect, first_line: int) -> Records:
    """The records of well-formed text. Raises csv.Error where care is needed."""
    if dialect.escape:
        raise csv.Error("the standard reader takes the escape character off everywhere")
    rows = list(reader := _standard_reader(_lines(text), dialect))
    lines = list(range(first_line, first_line + len(rows)))
    if reader.line_num != len(rows):
        rows, lines, line = [], [], first_line
        for row in (reader := _standard_reader(io.StringIO(text, newline=""), dialect)):
            rows.append(row)
            lines.append(line)
            line = reader.line_num + first_line
    if dialect.skip_space:
        rows = [row if row != [""] else [] for row in rows]
    if dialect.wrapped:
        rows = [_unwrapped(row, dialect) for row in rows]
    return Records(rows, lines, dialect, complete=True)


def _lines(text: str) -> Iterable[str]:
    """The lines of `text`, for the standard reader; without their ends where that loses only line breaks inside quotes,
    which the caller notices by counting lines. Splitting takes half the time of `io.StringIO`."""
    if "\r" in text and text.count("\r") != text.count("\r\n"):
        return io.StringIO(text, newline="")
    lines = text.split("\n")
    if not lines[-1]:
        lines.pop()
    return lines


def _standard_reader(lines: Iterable[str], dialect: Dialect) -> "_csv.Reader":
    return csv.reader(
        lines,
        delimiter=dialect.delimiter,
        quotechar=dialect.quote,
        skipinitialspace=dialect.skip_space,
        strict=True,
    )


def _unwrapped(row: list[str], dialect: Dialect) -> list[str]:
    """The fields of a line that is in quotes as a whole."""
    if len(row) != 1 or dialect.delimiter not in row[0]:
        return row
    try:
        inner = list(_standard_reader(io.StringIO(row[0], newline=""), Dialect(dialect.delimiter)))
    except csv.Error:
        return row
    return inner[0] if len(inner) == 1 else row


def read_carefully(text: str, dialect: Dialect | str, log: WarningLog, first_line: int = 1) -> Records:
    """As `read_records`, always by the loop that warns."""
    if isinstance(dialect, str):
        dialect = Dialect(dialect)
    return read_some_carefully(text, dialect, log, first_line, final=True)[0]


LONGEST_FIELD = 8 * 1024 * 1024
"""A quote that does not close within so many characters of a large file is taken to close nowhere."""


class _Patterns:
    """What a field of `dialect` looks like."""

    def __init__(self, dialect: Dialect) -> None:
        quote, escape = re.escape(dialect.quote), re.escape(dialect.escape)
        escaped = rf"|{escape}." if escape else ""
        blanks = "[ ]*" if dialect.skip_space else ""
        end = rf"{blanks}(?={re.escape(dialect.delimiter)}|\r|\n|\Z)"
        body = rf"(?:[^{quote}{escape}]++|{quote}{quote}{escaped})*+"
        self.quoted = re.compile(rf"{quote}({body}){quote}{end}", re.DOTALL)
        self.stray = re.compile(rf"{quote}({quote}(?:[^{quote}\r\n]++|{quote}{quote})++){quote}{end}")
        """A quote too many before a field in quotes."""
        d = re.escape(dialect.delimiter)
        inner = rf"(?:[^{quote}\r\n]++|(?<!{d}){quote}(?!{blanks}(?:{d}|\r|\n|\Z)))"
        self.undoubled = re.compile(rf"{quote}({inner}+){quote}{end}")
        """Quotes inside the field stand single."""
        self.closed = re.compile(rf"{quote}{body}{quote}", re.DOTALL)
        self.plain = re.compile(rf"[^{re.escape(dialect.delimiter)}\r\n]*+")
        self._doubled, self._quote = dialect.quote * 2, dialect.quote
        self._escaped = re.compile(rf"{escape}([{quote}{escape}])") if escape else None

    def text(self, found: re.Match[str]) -> str:
        if self._escaped:
            return self._escaped.sub(r"\1", found[1].replace(self._doubled, self._quote))
        return found[1].replace(self._doubled, self._quote)


def read_some_carefully(
    text: str, dialect: Dialect, log: WarningLog, first_line: int, *, final: bool
) -> tuple[Records, int]:
    """The records of `text` and how many characters they take: all of it, or, unless `final`, without a last record
    that more text might continue."""
    patterns, quote, delimiter = _Patterns(dialect), dialect.quote, dialect.delimiter
    ending = re.compile(r"\r\n|\r|\n")
    rows: list[list[str]] = []
    lines: list[int] = []
    complete, position, line, consumed = True, 0, first_line, 0
    unclosed_from = len(text) + 1
    while position < len(text):
        row: list[str] = []
        odd: list[tuple[str, str, str]] = []
        began, row_start, still_open = line, position, False
        while True:
            while dialect.skip_space and text.startswith(" ", position):
                position += 1
            field_start = position
            kind = message = ""
            opened = text.startswith(quote, position)
            found = patterns.quoted.match(text, position) if opened else None
            if found:
                row.append(patterns.text(found))
                line += len(ending.findall(found[1]))
            elif opened:
                kind, message = "quote", "Text stands outside the quotes of this field; it is shown as written."
                if found := patterns.stray.match(text, position):
                    row.append(found[1].replace(quote * 2, quote))
                    message = STRAY_QUOTE
                elif found := patterns.undoubled.match(text, position):
                    row.append(found[1])
                    message = SINGLE_QUOTES_INSIDE
                if unclosed_from > len(text) and patterns.closed.match(text, field_start) is None:
                    still_open = not final and len(text) - field_start < LONGEST_FIELD
                    unclosed_from, complete = field_start, complete and still_open
                    kind, message = "unclosed", "A quote opens here and never closes: the file may be cut off."
            if found is None:
                found = patterns.plain.match(text, position)
                row.append(found[0] if found else "")
            if kind:
                odd.append((kind, f"line {line}, column {len(row)}", message))
            position = found.end() if found else position
            if still_open or not text.startswith(delimiter, position):
                break
            position += len(delimiter)
        end = ending.match(text, position)
        if not final and (still_open or end is None or end.end() >= len(text)):
            break
        if row == [""] and (position == row_start or dialect.skip_space):
            row = []
        rows.append(_unwrapped(row, dialect) if dialect.wrapped else row)
        lines.append(began)
        for kind, place, message in odd:
            log.add(kind, place, message)
        if end:
            position = end.end()
            line += 1
        consumed = position
    return Records(rows, lines, dialect, complete), consumed


SINGLE_QUOTES_INSIDE = "Quotes inside this field are not doubled; they are shown as written."
STRAY_QUOTE = "A quote too many stands before this field; it is shown."
