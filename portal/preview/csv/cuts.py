"""Where the text of a CSV file may be cut when it is read piece by piece."""

import re

from portal.preview.csv.dialect import Dialect
from portal.preview.csv.reader import LONGEST_FIELD

MOST_FIELDS = 30_000
"""A line of a large file with more fields is shown as several rows."""
_CUTS_TRIED = 50


def end_of_fields(text: str, dialect: Dialect) -> int:
    """Where the last field of `text` begins, its delimiter included, if there are too many; 0 if not."""
    delimiter, quote = dialect.delimiter, re.escape(dialect.quote)
    if len(text) < 2 * LONGEST_FIELD and text.count(delimiter) < MOST_FIELDS:
        return 0
    count = last = 0
    for found in re.compile(rf"{quote}(?:[^{quote}]++|{quote}{quote})*+(?:{quote}|\Z)|{re.escape(delimiter)}").finditer(
        text
    ):
        if found[0] == delimiter:
            count, last = count + 1, found.start()
    if len(text) >= 2 * LONGEST_FIELD:
        return last or len(text)
    return last if count >= MOST_FIELDS else 0


def last_cut(text: str, quote: str) -> int:
    """Where the last record that surely ends in `text` ends: after a line break outside quotes. 0 if none is found."""
    mark = "\n" if "\n" in text else "\r"
    end = text.rfind(mark, 0, len(text) - (mark == "\r"))
    for _ in range(_CUTS_TRIED):
        if end < 0 or not text.count(quote, 0, end) % 2:
            return end + 1
        end = text.rfind(mark, 0, end)
    return 0
