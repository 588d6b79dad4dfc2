"""How a CSV file is written: its delimiter, quotes and escapes, decided once from the first SAMPLE_CHARS.

- A first line `sep=` names the delimiter, any character.
- RFC 4180 is tried first. It is kept when every record of the sample has the same number of fields.
- If several delimiters pass: the one that gives more fields that are numbers, dates and the like; on a near tie, the
  first in DELIMITERS.
- Otherwise the delimiter that gives most neighbouring records of equal width. One that is missing in the first record
  cannot win over one that is there and gives a nearly regular file.
- Text in which a delimiter is mere punctuation, under a first line without it, is one column.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

DELIMITERS = (",", ";", "\t", "|")
RARE_DELIMITERS = ("\x1f", "\x1e", "\x01", "^", "~", "¦", "§", "¬", "¤", "#", ":", " ")
ONE_COLUMN = "\x1c"
"""The delimiter of a file of one column whose texts hold every usual one: a control character made for separating."""
SAMPLE_CHARS = 16 * 1024
_SEP_LINE = re.compile(r"\ufeff?\"?sep=([^\r\n\"])\"?[,;\t|]*(?:\r\n|\r|\n)", re.IGNORECASE)
_COMMENT = r"[ \t]*(?:#|//|%%)[^\r\n]*(?:\r\n|\r|\n|\Z)"
_COMMENTS_ABOVE = re.compile(rf"(?:{_COMMENT}|[ \t]*(?:\r\n|\r|\n))+")
_COMMENTS = re.compile(rf"^{_COMMENT}", re.MULTILINE)
_FIRST_LINE = re.compile(r"[\r\n]*([^\r\n]+)")
_CUT_OFF = "unexpected end of data"
TYPED = re.compile(
    r"""(?=[^\d]*\d)[+\-(]?(?:[$€£¥][ ]?|[A-Z]{3}[ ])?[\d.,' /:%)+-]*+(?:[eE][+-]?\d+)?(?:[ ]?[€$£¥%]|[ ]?[A-Z]{3})?
    |\d{4}-\d\d?-\d\d?[T ].*
    |[^@\s,;|]+@[^@\s,;|]+\.[^@\s,;|]+
    |(?:https?|ftp)://[^\s"]+
    |true|false|null|yes|no|n/a|[0-9a-f]{24}|[0-9a-f]{8}-[0-9a-f-]{27}""",
    re.VERBOSE | re.IGNORECASE,
)
_SIGNS = ("\\", "\x00", *(delimiter for delimiter in RARE_DELIMITERS if delimiter not in ": "))
_CELLS_TYPED = 1_000
_ABOUT_AS_MANY = 0.15
_NEARLY_REGULAR = 0.7
_WIDE = 8


@dataclass(frozen=True)
class Dialect:
    """escape: the character before a quote inside quotes, where quotes are not doubled. skip_space: a blank follows
    each delimiter. wrapped: whole lines are in quotes. double_returns: lines end in CR CR LF."""

    delimiter: str = ","
    quote: str = '"'
    escape: str = ""
    skip_space: bool = False
    wrapped: bool = False
    double_returns: bool = False

    @property
    def is_plain(self) -> bool:
        """Nothing but the delimiter differs from RFC 4180."""
        return self == Dialect(self.delimiter)


def named_delimiter(text: str) -> tuple[str, int] | None:
    """The delimiter that a first line `sep=` names, and where the records begin; None if there is no such line."""
    found = _SEP_LINE.match(text)
    return (found[1], found.end()) if found else None


def dialect_of(text: str, named: str = "") -> Dialect:
    """The dialect of `text`; its delimiter is `named` if given."""
    sample = _sample(text)
    found = _quoting(sample, named) if named and named in sample else _detected(sample)
    return replace(found, double_returns=_double_returns(sample))


def _sample(text: str) -> str:
    sample = text[:SAMPLE_CHARS]
    if len(text) > SAMPLE_CHARS:
        sample = sample[: max(sample.rfind("\n"), sample.rfind("\r")) + 1] or sample
    return sample


def _double_returns(sample: str) -> bool:
    doubled = sample.count("\r\r\n")
    return doubled > 0 and doubled >= 0.9 * sample.count("\n")


@dataclass(frozen=True)
class _Parsed:
    """The sample under one dialect. strict: no text stands outside quotes. typed: the share of fields with a type."""

    dialect: Dialect
    rows: list[list[str]]
    strict: bool

    @property
    def widths(self) -> list[int]:
        return [len(row) for row in self.rows]

    @property
    def is_consistent(self) -> bool:
        return self.strict and bool(self.rows) and len(self.rows[0]) > 1 and len(set(map(len, self.rows))) == 1

    @property
    def typed(self) -> float:
        cells = [cell for row in self.rows for cell in row if cell][:_CELLS_TYPED]
        return sum(TYPED.fullmatch(cell.strip()) is not None for cell in cells) / max(1, len(cells))

    @property
    def regularity(self) -> float:
        """How often neighbouring records have the same number of fields above one, less how often they differ."""
        widths = self.widths
        if len(widths) < 2:
            return 0.0
        pairs = list(pairwise(widths))
        same = sum(a == b > 1 for a, b in pairs)
        differing = sum(a != b and a > 1 and b > 1 for a, b in pairs)
        return round((same - differing) / len(pairs), 1)

    @property
    def has_neighbours(self) -> bool:
        """Most records of several fields stand beside one of as many."""
        widths = [0, *self.widths, 0]
        several = [at for at in range(1, len(widths) - 1) if widths[at] > 1]
        beside = sum(widths[at] in (widths[at - 1], widths[at + 1]) for at in several)
        return bool(several) and beside >= 0.6 * len(several)

    @property
    def is_prose(self) -> bool:
        """A blank follows each delimiter and none stands before it, as with a comma in a sentence."""
        if self.dialect.delimiter not in ",;":
            return False
        before = (cell for row in self.rows for cell in row[:-1])
        after = (cell for row in self.rows for cell in row[1:])
        return all(cell[:1] in (" ", "") for cell in after) and not any(cell.endswith(" ") for cell in before)

    @property
    def begins_regularly(self) -> bool:
        """The first record has several fields, and most others have as many."""
        widths = self.widths
        return bool(widths) and widths[0] > 1 and widths.count(widths[0]) >= _NEARLY_REGULAR * len(widths)


def _parsed(sample: str, dialect: Dialect) -> _Parsed:
    rows: list[list[str]] = []
    for strict in (True, False):
        rows = []
        try:
            rows.extend(row for row in _reader(sample, dialect, strict=strict) if row)
        except csv.Error as error:
            if strict and not (rows and _CUT_OFF in str(error)):
                continue
        return _Parsed(dialect, rows, strict)
    return _Parsed(dialect, rows, strict=False)


def _reader(sample: str, dialect: Dialect, *, strict: bool) -> Iterable[list[str]]:
    return csv.reader(
        io.StringIO(sample, newline=""),
        delimiter=dialect.delimiter,
        quotechar=dialect.quote,
        escapechar=dialect.escape or None,
        doublequote=True,
        skipinitialspace=dialect.skip_space,
        strict=strict,
    )


def _detected(sample: str) -> Dialect:
    above = _COMMENTS_ABOVE.match(sample)
    sample = sample[above.end() :] if above and above.end() < len(sample) else sample
    if evident := _evident(sample):
        return evident
    plain = _plain(sample, _in_first_line(sample))
    if not any(found.is_consistent for found in plain):
        plain = _plain(sample)
    if not any(found.is_consistent for found in plain) and (without := _COMMENTS.sub("", sample)):
        sample, plain = without, _plain(without)
    if consistent := [found for found in plain if found.is_consistent]:
        best = _most_typed(consistent)
        if best.is_prose and (rare := _rare(sample, plain, more_typed_than=best.typed)):
            return rare
        return _quoting(sample, best.dialect.delimiter, best)
    present = [found.dialect.delimiter for found in plain]
    if wrapped := _wrapped(sample):
        return wrapped
    odd = [_parsed(sample, found) for each in present if not (found := _quoting(sample, each)).is_plain]
    if consistent := [found for found in odd if found.is_consistent]:
        return _most_typed(consistent).dialect
    if rare := _rare(sample, plain):
        return rare
    candidates = [
        *odd,
        *(found for found in plain if found.dialect.delimiter not in {o.dialect.delimiter for o in odd}),
    ]
    real = [found for found in candidates if not found.is_prose]
    regular = _most_regular(real) or _most_regular(candidates)
    if regular is None:
        return Dialect()
    if _is_one_column(sample, regular):
        return Dialect("," if all("," not in _outside_quotes(line) for line in sample.splitlines()) else ONE_COLUMN)
    return regular.dialect


def _evident(sample: str) -> Dialect | None:
    """The only usual delimiter of a sample in which nothing speaks of another dialect; found without reading it."""
    present = [delimiter for delimiter in DELIMITERS if delimiter in sample]
    if len(present) != 1 or any(sign in sample for sign in _SIGNS):
        return None
    if "'" in sample and re.search(rf"(?:{re.escape(present[0])}|[\r\n]|\A)\s*'", sample):
        return None
    first = _outside_quotes(sample[: sample.find("\n") + 1])
    if first.count(present[0]) < 2 or first[0] in '"#' or f"{present[0]} " in first or f'{present[0]} "' in sample:
        return None
    return Dialect(present[0])


def _plain(sample: str, delimiters: Sequence[str] = DELIMITERS) -> list[_Parsed]:
    """The sample under each of these delimiters that stands outside quotes in it."""
    outside = _outside_quotes(sample)
    return [_parsed(sample, Dialect(delimiter)) for delimiter in delimiters if delimiter in outside]


def _in_first_line(sample: str) -> Sequence[str]:
    """The usual delimiters under which the first record may have several fields: reading the sample under another one
    takes time, and cannot make it consistent."""
    first = _FIRST_LINE.match(sample)
    if first is None or '"' in first[0]:
        return DELIMITERS
    return [delimiter for delimiter in DELIMITERS if delimiter in first[0]]


def _most_typed(found: list[_Parsed]) -> _Parsed:
    """The first one, unless under another clearly more fields have a type."""
    if len(found) == 1:
        return found[0]
    if len(found[0].rows) == 1:
        decimal = [parsed for parsed in found if parsed.dialect.delimiter != "," or not _is_decimal(parsed.rows[0])]
        return (decimal or found)[0]
    shares = [parsed.typed for parsed in found]
    best = max(shares)
    return next(parsed for parsed, share in zip(found, shares, strict=True) if share >= best - _ABOUT_AS_MANY)


def _is_decimal(cells: list[str]) -> bool:
    """Each comma between these fields stands between two digits."""
    return all(before[-1:].isdigit() and after[:1].isdigit() for before, after in pairwise(cells))


def _most_regular(candidates: list[_Parsed]) -> _Parsed | None:
    order = sorted(candidates, key=lambda parsed: DELIMITERS.index(parsed.dialect.delimiter))
    order = [parsed for parsed in order if max(parsed.widths, default=0) > 1]
    first = [parsed for parsed in order if parsed.begins_regularly]
    if first:
        order = [parsed for parsed in order if len(parsed.rows[0]) > 1]
    if not order:
        return None
    return max(order, key=lambda parsed: (parsed.regularity + parsed.typed / 2, max(parsed.widths)))


def _rare(sample: str, plain: list[_Parsed], more_typed_than: float = -1.0) -> Dialect | None:
    """A delimiter that is seldom used, when it makes a table of the same width throughout and no usual one does."""
    if any(parsed.begins_regularly and parsed.regularity > 0 and not parsed.is_prose for parsed in plain):
        return None
    lines = sample.splitlines()
    typed_lines = sum(TYPED.fullmatch(line.strip()) is not None for line in lines) >= 0.5 * len(lines)
    for delimiter in RARE_DELIMITERS:
        if delimiter not in sample or (delimiter == " " and any(found.is_consistent for found in plain)):
            continue
        parsed = _parsed(sample, Dialect(delimiter))
        if not parsed.is_consistent:
            parsed = _parsed(sample, _quoting(sample, delimiter))
        width = len(parsed.rows[0]) if parsed.rows else 0
        if delimiter == " " and parsed.strict and width > 3 and min(parsed.widths) >= width and parsed.typed > 0.4:
            return parsed.dialect  # texts of several words make longer rows
        if not parsed.is_consistent or len(parsed.rows) < 2 or parsed.typed < more_typed_than + _ABOUT_AS_MANY:
            continue
        if delimiter in ": " and (width < 3 or not parsed.typed > 0.2 or typed_lines or "" in parsed.rows[0]):
            continue
        return parsed.dialect
    return None


# Quotes --------------------------------------------------------------------------------------------------------------


def _quoting(sample: str, delimiter: str, plain: _Parsed | None = None) -> Dialect:
    """How fields are quoted in a file of this delimiter."""
    plain = plain or _parsed(sample, Dialect(delimiter))
    if plain.is_consistent and not _holds_quotes(plain):
        return Dialect(delimiter)
    d = re.escape(delimiter)
    start = rf"(?:^|(?<={d})|(?<=[\r\n]))"
    candidates: list[Dialect] = []
    if delimiter != " " and re.search(rf'{d}[ ]+"[^"]*"[ ]*(?={d}|[\r\n]|\Z)', sample):
        candidates.append(Dialect(delimiter, skip_space=True))
    single = re.findall(rf"{start}[ ]*'(?:[^'\r\n]|'')*'[ ]*(?={d}|[\r\n]|\Z)", sample)
    double = re.search(rf'{start}[ ]*"', sample)
    if len(single) > 1 and not double:
        candidates += [Dialect(delimiter, "'"), Dialect(delimiter, "'", skip_space=True)]
    for escape in ("\\", "\x00"):
        if f'{escape}"' in sample:
            candidates += [Dialect(delimiter, escape=escape), Dialect(delimiter, escape=escape, skip_space=True)]
        if len(single) > 1 and not double and f"{escape}'" in sample:
            candidates.append(Dialect(delimiter, "'", escape))
    if not candidates:
        return Dialect(delimiter)
    parsed = [plain, *(_parsed(sample, dialect) for dialect in candidates)]
    return max(parsed, key=_evenness).dialect


def _holds_quotes(parsed: _Parsed) -> bool:
    """Fields begin and end with a quote although quotes were taken off: blanks before them, or single ones."""
    cells = (cell for row in parsed.rows[:100] for cell in row if '"' in cell or "'" in cell)
    return any(len(text) > 1 and text[0] == text[-1] and text[0] in "\"'" for text in map(str.strip, cells))


def _evenness(parsed: _Parsed) -> tuple[float, float, int]:
    if not parsed.rows:
        return (0.0, 0.0, 0)
    ((width, count),) = Counter(parsed.widths).most_common(1)
    cells = [cell.strip() for row in parsed.rows for cell in row]
    left = sum(cell[:1] in "\"'" and cell != "" and cell[0] == cell[-1] for cell in cells)
    return (round(count / len(parsed.rows), 2) if width > 1 else 0.0, -left / len(cells), parsed.strict)


def _wrapped(sample: str) -> Dialect | None:
    """Whole lines in quotes, each a record of several fields."""
    whole = _parsed(sample, Dialect(ONE_COLUMN))
    lines = [row[0] for row in whole.rows]
    quoted = [line for line in sample.splitlines() if line.startswith('"') and line.endswith('"')]
    if not whole.strict or len(lines) < 2 or len(quoted) < 0.5 * len(lines):
        return None
    if any("\n" in line or "\r" in line for line in lines):
        return None
    for delimiter in DELIMITERS:
        inner = _parsed("\n".join(lines), Dialect(delimiter))
        if inner.is_consistent and not _is_prose("\n".join(lines), delimiter):
            return Dialect(delimiter, wrapped=True)
    return None


# One column ----------------------------------------------------------------------------------------------------------


def _is_one_column(sample: str, best: _Parsed) -> bool:
    """Nothing but texts that hold the delimiter: the first line lacks it, and the rest makes no table."""
    if not best.rows or len(best.rows[0]) > 1:
        return False
    delimiter = best.dialect.delimiter
    body = [line for line in map(_outside_quotes, sample.splitlines()) if line.strip()][1:]
    decimal = delimiter == "," and all(re.fullmatch(r"[^\d,]{0,4}\d+(?:,\d{1,3})?[^\d,]{0,4}", line) for line in body)
    several = [width for width in best.widths if width > 1]
    loose = not best.has_neighbours and max(len(several) * 2, len(best.rows)) > 2 and max(several) < _WIDE
    return decimal or loose or _is_prose("\n".join(body), delimiter)


def _is_prose(text: str, delimiter: str) -> bool:
    """Each time the delimiter stands outside quotes a blank or the end of the line follows, as after a comma."""
    outside = _outside_quotes(text)
    return delimiter in ",;" and re.search(rf"[ ]{delimiter}|{delimiter}(?![ \r\n]|\Z)", outside) is None


def _outside_quotes(text: str) -> str:
    return re.sub(r'"(?:[^"]|"")*"', '""', text)
