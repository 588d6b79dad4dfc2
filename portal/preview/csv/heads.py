"""Where a table of a CSV file begins: the text above it, its row of names, and rows below that are no data.

Everything here looks at the first rows of a block only (`csv_growing.HEAD_ROWS`), so that a file read piece by piece
and one read whole are understood alike.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from portal.preview import words

LONGEST_HEADER = 100
MOST_TITLES = 8
"""The last of more lines names no table."""
MOST_NAMES = 500
"""A row of more is not looked at so closely."""
MOST_ABOVE = 60
"""More rows than these are no text above a table, but data."""
_COMPARED = 50

DATA_LIKE = re.compile(
    r"""(?=\D*\d)[+\-(]?(?:[$€£¥]|[A-Z]{3}\s)?[\d.,'\s/:%)+-]*+(?:[€$£¥%]|[A-Z]{3})?   # numbers, money, phones
    |\d{4}-\d\d?-\d\d?[T\s].*       # date and time
    |[^@\s]+@[^@\s]+\.[^@\s]+         # email
    |\d+(?:[.,]\d+)?[eE][+-]?\d+
    |true|false|null|[0-9a-f]{24}|[0-9a-f]{8}-[0-9a-f-]{27}""",
    re.VERBOSE | re.IGNORECASE,
)
_NUMBER = re.compile(r"\d{1,9}(?:\.\d{1,9})?")
_YEAR = re.compile(r"(?:19|20)\d\d")
_RULE = re.compile(r"[-=_+*~ :]{2,}")
_COMMENT = re.compile(r"\s*(?:#+(?![\d.,#])|//|%%)")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.\w")
_IDENTIFIER = re.compile(r"[a-zà-ÿ]+\d*|[A-Za-z]+(?:[_.][A-Za-z0-9]+)+|[a-z]+(?:[A-Z][a-z0-9]*)+|[A-Z][A-Z0-9_]*")
_MANY, _SHORT = 6, 60
_LOWER = re.compile(r"[a-zà-ÿ]+\d*")
_TROUBLE = frozenset(
    """error errors exception failed failure fault forbidden denied unauthorized unauthorised unavailable invalid
    expired timeout found missing sorry please problem queued pending retry fehler fehlgeschlagen gefunden bitte erreur
    echec trouve errore fallita trovato fallo fallido encontrado fout mislukt gevonden""".split()
)
_KNOWN = frozenset(
    """balance balances points point saldo solde punkte puntos punti punten stamp stamps currency description note tags
    tag label quantity qty item transaction purpose opening closing issued expires expiry guthaben""".split()
)


def is_blank(row: Sequence[str]) -> bool:
    return not any(row)


def filled(row: Sequence[str]) -> int:
    return sum(cell != "" for cell in row)


def is_title(row: Sequence[str], padded: bool) -> bool:
    return row[0] != "" and (filled(row) == 1 if padded else len(row) == 1)


def is_comment(row: Sequence[str]) -> bool:
    return _COMMENT.match(row[0]) is not None and not any(cell.startswith("#") for cell in row[1:])


def titles_are_padded(rows: Sequence[Sequence[str]]) -> bool:
    """True when titles may look like `Customer,,,`: the file begins with one. Else such a row is a row of data."""
    first = next((row for row in rows if row and not is_blank(row)), [])
    return len(first) > 1 and filled(first) == 1 and first[0] != ""


def is_data_like(cell: str) -> bool:
    return DATA_LIKE.fullmatch(cell.strip()) is not None


def holds_email(rows: Sequence[Sequence[str]]) -> bool:
    return any(_EMAIL.search(cell) for row in rows for cell in row)


# Names ---------------------------------------------------------------------------------------------------------------


def is_header(rows: Sequence[Sequence[str]]) -> bool:
    """The first of `rows` names the columns."""
    first = rows[0]
    if is_blank(first) or any(len(cell) > LONGEST_HEADER for cell in first):
        return False
    data = [at for at, cell in enumerate(first) if is_data_like(cell) and not _is_word_as_name(at, rows)]
    if data and not _numbers_as_names(first, data, rows[1:_COMPARED]):
        return False
    return len(first) > 1 or len(rows) > 1


def _is_word_as_name(at: int, rows: Sequence[Sequence[str]]) -> bool:
    """`null` or `true` may name a column, in which then other words stand."""
    if rows[0][at].lower() not in ("null", "true", "false") or len(rows) < 2:
        return False
    return not any(row[at : at + 1] and row[at].lower() in ("null", "true", "false") for row in rows[1:_COMPARED])


def _numbers_as_names(first: Sequence[str], data: list[int], body: Sequence[Sequence[str]]) -> bool:
    """Years, or consecutive numbers, beside names: they are column names, not the start of the data."""
    if (
        len(data) == len(first)
        or not body
        or any(first[at] != "" and first[at] == row[at : at + 1] for row in body for at in data)
    ):
        return False
    numbers = [first[at].strip() for at in data]
    below = [row[at].strip() for row in body for at in data if at < len(row) and row[at].strip()]
    if all(map(_YEAR.fullmatch, numbers)):
        steps = [int(after) - int(before) for before, after in pairwise(numbers)]
        return all(step > 0 for step in steps) | all(step < 0 for step in steps) and not all(
            map(_YEAR.fullmatch, below)
        )
    if all(number.isascii() and number.isdigit() for number in numbers):
        return len(numbers) > 2 and all(int(b) - int(a) == 1 for a, b in pairwise(numbers))
    rising = all(_NUMBER.fullmatch(number) for number in numbers) and len(numbers) > 3
    if not rising or any(float(b) <= float(a) for a, b in pairwise(numbers)):
        return False
    return 0 not in data and _typed_below(body, 0)


def is_clear_header(rows: Sequence[Sequence[str]]) -> bool:
    """A row of names beyond doubt: each cell is a name by its look, or a column below it holds what the name is not."""
    first, body = rows[0], rows[1:_COMPARED]
    if len(first) > MOST_NAMES or not is_header(rows):
        return False
    if all(is_name(cell) for cell in first if cell):
        return True
    return any(_typed_below(body, at) for at in range(len(first)))


def _typed_below(body: Sequence[Sequence[str]], at: int) -> bool:
    cells = [row[at] for row in body if at < len(row) and row[at]]
    return bool(cells) and sum(map(is_data_like, cells)) >= 0.6 * len(cells)


def is_name(cell: str) -> bool:
    """`cell` looks like the name of a field: written like one, or of words that name fields."""
    text = cell.strip()
    return _IDENTIFIER.fullmatch(text) is not None or _is_known(text)


def _is_known(cell: str) -> bool:
    found = words.words(cell)
    if not found or len(found) > 4 or any(word.isdigit() for word in found):
        return False
    meaning = words.meaning(cell)
    return bool(meaning & (words.KNOWN_WORDS | _KNOWN))


# One record alone ----------------------------------------------------------------------------------------------------


def is_header_alone(row: Sequence[str]) -> bool:
    """The only record of a file names columns that have no rows: half are known, and none tells of trouble."""
    if not 1 < len(row) <= MOST_NAMES or any(
        not cell.strip() or is_data_like(cell) or not is_name(cell) for cell in row
    ):
        return False
    if _tells_of_trouble(row):
        return False
    compound = [bool(re.search(r"[_.]|[a-z][A-Z]", cell)) for cell in row]
    return sum(_is_known(cell) or joined for cell, joined in zip(row, compound, strict=True)) * 2 >= len(row)


def may_be_header_alone(row: Sequence[str]) -> bool:
    """Words in lower case, or many short texts of which none is a value: they may be names or data."""
    if len(row) < 2 or _tells_of_trouble(row):
        return False
    if all(_LOWER.fullmatch(cell) for cell in row):
        return True
    short = all(0 < len(cell) <= _SHORT and not is_data_like(cell) for cell in row)
    return short and _MANY <= len(row) <= MOST_NAMES and len(set(row)) == len(row)


def _tells_of_trouble(row: Sequence[str]) -> bool:
    return any(set(words.words(cell)) & _TROUBLE for cell in row)


def is_sentence(row: Sequence[str]) -> bool:
    """The only record of a file is no record, but a sentence, as an error or a job that is still waiting gives."""
    if len(row) > MOST_NAMES or is_header_alone(row) or any(map(is_data_like, row)):
        return False
    text = ",".join(row)
    said = words.words(text)
    if (any(len(words.words(cell)) > 4 for cell in row) and len(row) < 4) or set(said) & _TROUBLE:
        return True
    prose = len(row) > 1 and all(cell.startswith(" ") for cell in row[1:]) and len(said) > 2
    return prose or (len(row) == 1 and len(said) > 2)


# The head of a block -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Head:
    """above: how many rows stand above the table. header: the names, or None. aside: the numbers of rows near the
    names that are no data."""

    above: int = 0
    header: list[str] | None = None
    aside: tuple[int, ...] = ()
    title: str = ""
    begins: int = field(default=0)
    """The number of the first row that may be data."""


def head_of(rows: Sequence[list[str]], padded: bool) -> Head:
    """What the first rows of a block are."""
    above = _rows_above(rows, padded)
    body = rows[above:]
    titles = [row[0].strip() for row in rows[:above] if filled(row) == 1 and not is_comment(row)]
    title = titles[-1] if titles and above <= MOST_TITLES else ""
    if not body or not is_header(body):
        return Head(above, None, (), title, above)
    if _is_named_below(body):
        return Head(above, body[1], (above, *_rules(rows, above + 2)), title, above + 2)
    return Head(above, body[0], _rules(rows, above + 1), title, above + 1)


def _rules(rows: Sequence[list[str]], at: int) -> tuple[int, ...]:
    """A row of dashes under the names."""
    drawn = at < len(rows) and filled(rows[at]) > 0 and all(not c or _RULE.fullmatch(c.strip()) for c in rows[at])
    return (at,) if drawn and len(rows) > at + 1 else ()


def _is_named_below(rows: Sequence[list[str]]) -> bool:
    """The first row names groups of columns, the second the columns."""
    if len(rows) < 3 or len(rows[0]) < 3:
        return False
    groups, names, body = rows[0], rows[1], rows[2:_COMPARED]
    counts = Counter(cell for cell in groups if cell)
    if len(counts) == filled(groups) == len(groups) or len(names) < len(groups) or len(set(names)) < 2:
        return False  # every cell has a name of its own
    if filled(names) < len(names) or not is_header(rows[1:]) or filled(names) < filled(groups):
        return False
    return any(_typed_below(body, at) for at in range(len(names)))


def _rows_above(rows: Sequence[list[str]], padded: bool) -> int:
    comments = 0
    while comments < len(rows) - 1 and is_comment(rows[comments]):
        comments += 1
    if comments and _is_hashed_header(rows, comments):
        comments -= 1
    rows = rows[comments:]
    width = _usual_width(rows)
    if width < 2:
        return comments if comments < MOST_ABOVE else 0
    above = _emptier_above(rows, width) or _narrower_above(rows, width, padded)
    return comments + above if comments + above <= MOST_ABOVE else 0


def _is_hashed_header(rows: Sequence[list[str]], comments: int) -> bool:
    """The last comment names the columns (`#id,email`): it is as wide as what follows, which has no names."""
    last, after = rows[comments - 1], rows[comments:]
    return len(last) > 1 and len(last) == len(after[0]) and not is_header(after) and is_header([last, *after])


def _usual_width(rows: Sequence[list[str]]) -> int:
    widths = Counter(map(len, rows))
    del widths[1]
    return max(widths, key=lambda width: (widths[width], -width), default=0)


def _narrower_above(rows: Sequence[list[str]], width: int, padded: bool) -> int:
    """Rows of fewer fields above the first one of the usual width."""
    above = 0
    while above < len(rows) and is_title(rows[above], padded):
        above += 1
    widths = list(map(len, rows))
    begins = next((at for at, each in enumerate(widths) if each >= width), len(rows))
    regular = widths[begins:].count(width) >= 0.6 * (len(rows) - begins)
    if above < begins < len(rows) and regular and not _are_names(rows, begins):
        above = begins
    while not padded and 0 < above < len(rows) and _are_names(rows, above):
        above -= 1
    return above if above < len(rows) else 0


def _are_names(rows: Sequence[list[str]], begins: int) -> bool:
    """The row before `begins` names columns, though not all of them."""
    before = rows[begins - 1]
    return len(before) > 1 and not is_comment(before) and is_header(rows[begins - 1 :]) and not is_header(rows[begins:])


def _emptier_above(rows: Sequence[list[str]], width: int) -> int:
    """Rows of which few fields are filled, above the first one that names every column (a report with padded lines)."""
    if width < 3 or filled(rows[0]) == width:
        return 0
    for at, row in enumerate(rows[: MOST_ABOVE + 1]):
        if len(row) == width and filled(row) >= width - (width > 5):
            below = [each for each in rows[at + 1 : at + _COMPARED] if not is_blank(each)]
            full = sum(filled(each) > width / 2 for each in below) >= 0.6 * len(below)
            return at if at and below and full and is_clear_header(rows[at:]) else 0
        if filled(row) > max(2, width // 2) or (row[-1] and filled(row) > 1):
            return 0
    return 0
