"""What a column holds: how full it is, how many different texts, what they look like. And how to mask such a text.

`looks_like` is one of LOOKS. A column looks like something when at least nine in ten of its sampled texts do; the
name of the column decides where digits alone cannot (a phone and a card number are both digits).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from portal.preview import words
from portal.preview.cells import NULL, Cell

DISTINCT_CAP = 10_000
_SAMPLE = 500
_SHARE = 0.9
_LONGEST_JUDGED = 254
"""Longer texts are text: an email address has no more characters (RFC 5321, 4.5.3.1.3)."""

EMAIL: Final = "email"
PHONE: Final = "phone"
CARD: Final = "card number"
DATE: Final = "date-time"
MONEY: Final = "money"
WHOLE: Final = "whole number"
YES_NO: Final = "yes/no"
IDENTIFIER: Final = "identifier"
TEXT: Final = "text"
LOOKS = (EMAIL, PHONE, CARD, DATE, MONEY, WHOLE, YES_NO, IDENTIFIER, TEXT)

EMAIL_SHAPE = re.compile(r"[^\s@<>\"',;:()\[\]]{1,64}@(?:[^\s@<>\"',;:()\[\].]{1,63}\.)+[^\s@<>\"',;:()\[\].\d]{2,63}")
_PHONE_SHAPE = re.compile(r"(?:\+|00|\(?0)?[\d\s().\-/]{6,24}(?:\s?(?:x|ext\.?)\s?\d{1,6})?")
_CARD_SHAPE = re.compile(r"(?:\d[ -]?){11,18}\d|(?:[\dA-Z]{4}[ -]){2,4}[\dA-Z]{4}|[*Xx•]{4,}[ *Xx•-]*\d{4}")
DATE_SHAPE = re.compile(
    r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?\s?(?:Z|UTC|[+-]\d\d:?\d\d)?)?"
    r"|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}(?:,? \d\d:\d\d(?::\d\d)?)?"
    r"|\d{4}/\d\d/\d\d(?: \d\d:\d\d(?::\d\d)?)?|\d{1,2} [A-Za-z]{3,9}\.? \d{4}(?:,? \d\d:\d\d)?"
)
_MONEY_SHAPE = re.compile(
    r"[+\-]?\s?(?:[$€£¥]|[A-Z]{3}\s)?\s?[+\-]?\d{1,3}(?:[., '\u00a0]?\d{3})*[.,]\d{1,2}(?:\s?(?:[$€£¥]|[A-Z]{3}))?"
    r"|(?:[$€£¥]|[A-Z]{3}\s)\s?\d+|\d+\s?(?:[$€£¥]|EUR|USD|GBP)"
)
_EPOCH_MILLISECONDS = re.compile(r"1\d{12}")
_WHOLE_SHAPE = re.compile(r"[+-]?\d{1,40}")
_ID_SHAPE = re.compile(
    r"[0-9a-fA-F]{24}|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9a-fA-F]{32}"
    r"|[A-Za-z]{1,8}[_-][A-Za-z0-9_-]*\d[A-Za-z0-9_-]*"
)
_YES_NO = frozenset(
    ["true", "false", "yes", "no", "y", "n", "ja", "nein", "oui", "non", "si", "sí", "sim", "não", "nee", "tak", "nie"]
)


class Rows(Protocol):
    """A table, as far as its columns are judged."""

    @property
    def columns(self) -> tuple[str, ...]: ...
    @property
    def row_count(self) -> int: ...
    def iterate(self, *, stop: int | None = None) -> Iterator[tuple[int, list[Cell]]]: ...


@dataclass(frozen=True)
class ColumnFact:
    """filled + empty + null + missing = rows of the table. distinct stops counting at DISTINCT_CAP."""

    name: str
    filled: int
    empty: int
    null: int
    missing: int
    distinct: int
    looks_like: str


def column_facts(table: Rows, most_rows: int | None = None) -> list[ColumnFact]:
    """One fact a column of `table`, over all its rows or the first `most_rows`."""
    count = table.row_count if most_rows is None else min(most_rows, table.row_count)
    width = len(table.columns)
    empty, null, missing = [0] * width, [0] * width, [0] * width
    seen: list[dict[str, None]] = [{} for _ in range(width)]
    for _, row in table.iterate(stop=count):
        for position, cell in enumerate(row):
            if not isinstance(cell, str):
                counts = null if cell is NULL else missing
                counts[position] += 1
            elif not cell:
                empty[position] += 1
            elif len(seen[position]) < DISTINCT_CAP:
                seen[position][cell] = None
    facts = []
    for position, name in enumerate(table.columns):
        filled = count - empty[position] - null[position] - missing[position]
        texts = list(seen[position])[:_SAMPLE]
        facts.append(
            ColumnFact(
                name,
                filled,
                empty[position],
                null[position],
                missing[position],
                len(seen[position]),
                looks_like(name, texts),
            )
        )
    return facts


def looks_like(name: str, texts: Sequence[Cell]) -> str:
    """What the texts of a column called `name` look like: one of LOOKS."""
    sample = [text.strip() for text in texts if isinstance(text, str) and text.strip()]
    if not sample:
        return TEXT
    if any(len(text) > _LONGEST_JUDGED for text in sample):
        return TEXT
    parts = words.meaning(name)

    def mostly(shape: re.Pattern[str]) -> bool:
        return sum(shape.fullmatch(text) is not None for text in sample) >= _SHARE * len(sample)

    named_id = words.has(parts, words.ID) or "ref" in parts or "reference" in parts

    def kinds() -> Iterator[tuple[str, bool]]:
        """The first that fits is it; those after it are not even looked at."""
        yield EMAIL, mostly(EMAIL_SHAPE)
        yield YES_NO, all(text.casefold() in _YES_NO for text in sample)
        yield PHONE, words.has(parts, words.PHONE) and mostly(_PHONE_SHAPE)
        yield DATE, mostly(DATE_SHAPE) or _dates_and_epochs(sample)
        yield CARD, words.has(parts, words.CARD) and not parts & {"id", "ids", "uuid"} and mostly(_CARD_SHAPE)
        yield PHONE, not named_id and _all_phones(sample)
        yield MONEY, not named_id and mostly(_MONEY_SHAPE)
        yield MONEY, words.has(parts, words.AMOUNT) and mostly(_WHOLE_SHAPE)
        yield MONEY, not named_id and _amounts_and_wholes(sample)
        yield IDENTIFIER, mostly(_ID_SHAPE) or (named_id and all(" " not in t and len(t) <= 64 for t in sample))
        yield WHOLE, mostly(_WHOLE_SHAPE)

    return next((kind for kind, fits in kinds() if fits), TEXT)


def _dates_and_epochs(sample: Sequence[str]) -> bool:
    """Dates, some of them as milliseconds since 1970, as MongoDB writes them."""
    dates = sum(DATE_SHAPE.fullmatch(text) is not None for text in sample)
    return dates > 0 and all(DATE_SHAPE.fullmatch(t) or _EPOCH_MILLISECONDS.fullmatch(t) for t in sample)


def _amounts_and_wholes(sample: Sequence[str]) -> bool:
    amounts = sum(_MONEY_SHAPE.fullmatch(text) is not None for text in sample)
    return 2 * amounts > len(sample) and all(_MONEY_SHAPE.fullmatch(t) or _WHOLE_SHAPE.fullmatch(t) for t in sample)


def _all_phones(sample: Sequence[str]) -> bool:
    return all(is_phone(text) for text in sample)


def is_phone(text: str) -> bool:
    """True for a number that is written as a phone number and as nothing else: with its country, or grouped."""
    digits = sum(character.isdigit() for character in text)
    return 7 <= digits <= 15 and text.startswith(("+", "00")) and _PHONE_SHAPE.fullmatch(text) is not None


def is_email(text: str) -> bool:
    return len(text) <= _LONGEST_JUDGED and EMAIL_SHAPE.fullmatch(text.strip()) is not None


def mask(cell_text: str, looks_like: str) -> str:
    """`cell_text` with as little left as tells two apart: cards their last four, emails `a…@e…`, phones their last
    two."""
    text = cell_text.strip()
    if not text:
        return cell_text
    if looks_like == EMAIL:
        local, at, domain = text.rpartition("@")
        return f"{local[:1]}…@{domain[:1]}…" if at else "…"
    digits = [character for character in text if character.isalnum()]
    if looks_like == CARD:
        return "…" + "".join(digits[-4:]) if len(digits) > 8 else "…"
    if looks_like == PHONE:
        return "…" + "".join(digits[-2:]) if len(digits) > 4 else "…"
    return cell_text
