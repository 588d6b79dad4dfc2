"""CSV text to records of text, exactly as written.

Two ways in, one answer: well-formed text goes through the standard library's reader in strict mode; whatever that
refuses
(text after a closing quote, a quote never closed, a field beyond its limit) goes through the loop here, which keeps odd
fields as written and says where. A quote that never closes is taken literally, so that the rows after it can still be
read.
Source: RFC 4180 for quoting; `sep=;` as a first line is Excel's way of naming the delimiter.
"""

import csv
import io
import re
from dataclasses import dataclass, field
from itertools import pairwise

from portal.preview.model import WarningLog

DELIMITERS = (",", ";", "\t", "|")
_SAMPLE_CHARS = 16 * 1024
_SEP_LINE = re.compile(r"\ufeff?[sS]ep=([,;\t|])\r?\n")


@dataclass(frozen=True)
class Records:
    """rows: the fields of each record, none for a blank line. lines: the line (from 1) each record begins on."""

    rows: list[list[str]] = field(repr=False)
    lines: list[int] = field(repr=False)
    delimiter: str
    complete: bool


def read_records(text: str, log: WarningLog) -> Records:
    """All records of `text`. Problems go to `log`."""
    delimiter, begins, first_line = delimiter_of(text, log)
    text = text[begins:]
    try:
        return strictly(text, delimiter, first_line)
    except csv.Error:
        return read_carefully(text, delimiter, log, first_line)


def delimiter_of(text: str, log: WarningLog) -> tuple[str, int, int]:
    """The delimiter, where the records begin, and on which line."""
    if named := _SEP_LINE.match(text):
        called = _name(named[1])
        log.add("sep", "line 1", f"The first line names the delimiter ({called}); it is not part of a table.")
        return named[1], named.end(), 2
    return find_delimiter(text), 0, 1


def _name(delimiter: str) -> str:
    return {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}[delimiter]


def find_delimiter(text: str) -> str:
    """The delimiter under which neighbouring records most often have the same number (above one) of fields."""
    sample = text[:_SAMPLE_CHARS]
    if len(text) > _SAMPLE_CHARS:
        sample = sample[: sample.rfind("\n") + 1] or sample
    candidates = [delimiter for delimiter in DELIMITERS if delimiter in sample]
    if len(candidates) < 2:
        return candidates[0] if candidates else ","
    scores = {delimiter: _regularity(sample, delimiter) for delimiter in candidates}
    return max(scores, key=lambda delimiter: scores[delimiter], default=",")


def _regularity(sample: str, delimiter: str) -> tuple[float, int]:
    widths: list[int] = []
    try:
        for row in csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter):
            widths.append(len(row))
    except csv.Error:
        pass  # what was read until then decides
    widths = [width for width in widths if width]
    if len(widths) < 2:
        return (0.0, widths[0] if widths else 0)
    pairs = list(pairwise(widths))
    same = sum(a == b > 1 for a, b in pairs)
    differing = sum(a != b and a > 1 and b > 1 for a, b in pairs)
    return (round((same - differing) / len(pairs), 1), max(widths))


def strictly(text: str, delimiter: str, first_line: int) -> Records:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows = list(reader)
    if reader.line_num == len(rows):
        return Records(rows, list(range(first_line, first_line + len(rows))), delimiter, complete=True)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows = []
    lines: list[int] = []
    line = first_line
    for row in reader:
        rows.append(row)
        lines.append(line)
        line = reader.line_num + first_line
    return Records(rows, lines, delimiter, complete=True)


def read_carefully(text: str, delimiter: str, log: WarningLog, first_line: int = 1) -> Records:
    """As `read_records`, always by the loop that warns."""
    return read_some_carefully(text, delimiter, log, first_line, final=True)[0]


LONGEST_FIELD = 8 * 1024 * 1024
"""A quote that does not close within so many characters of a large file is taken to close nowhere."""


def read_some_carefully(
    text: str, delimiter: str, log: WarningLog, first_line: int, *, final: bool
) -> tuple[Records, int]:
    """The records of `text` and how many characters they take: all of it, or, unless `final`, without a last record
    that more text might continue."""
    quoted = re.compile(r'"((?:[^"]++|"")*+)"(?=' + re.escape(delimiter) + r"|\r|\n|\Z)")
    plain = re.compile(rf"[^{re.escape(delimiter)}\r\n]*+")
    ending = re.compile(r"\r\n|\r|\n")
    rows: list[list[str]] = []
    lines: list[int] = []
    complete, position, line, consumed = True, 0, first_line, 0
    unclosed_from = len(text) + 1
    while position < len(text):
        row: list[str] = []
        odd: list[tuple[str, str, str]] = []
        began, still_open = line, False
        while True:
            field_start = position
            found = quoted.match(text, position) if text.startswith('"', position) else None
            if found:
                row.append(found[1].replace('""', '"'))
                line += len(ending.findall(found[1]))
            else:
                found = plain.match(text, position)
                row.append(found[0] if found else "")
            position = found.end() if found else position
            if not (found and found.re is quoted) and text.startswith('"', field_start):
                place = f"line {line}, column {len(row)}"
                if unclosed_from > len(text) and not _closes(text, field_start):
                    still_open = not final and len(text) - field_start < LONGEST_FIELD
                    unclosed_from, complete = field_start, complete and still_open
                    odd.append(("unclosed", place, "A quote opens here and never closes: the file may be cut off."))
                else:
                    odd.append(
                        ("quote", place, "Text stands outside the quotes of this field; it is shown as written.")
                    )
            if still_open or not text.startswith(delimiter, position):
                break
            position += len(delimiter)
        end = ending.match(text, position)
        if not final and (still_open or end is None or end.end() >= len(text)):
            break
        if row == [""]:
            row = []
        rows.append(row)
        lines.append(began)
        for kind, place, message in odd:
            log.add(kind, place, message)
        if end:
            position = end.end()
            line += 1
        consumed = position
    return Records(rows, lines, delimiter, complete), consumed


def _closes(text: str, start: int) -> bool:
    """True when the quote at `start` has a closing one, whatever follows it."""
    return re.compile(r'"(?:[^"]++|"")*+"').match(text, start) is not None
