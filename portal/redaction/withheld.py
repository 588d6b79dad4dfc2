"""The values that were left out, read from the file itself where they stand: what every copy is searched for."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain

from portal.redaction.leaks import SHORTEST, Withheld
from portal.redaction.places import Edit, Grain, Place
from portal.redaction.splice import cut

_NUMBER = re.compile(rb"\[withheld 0*([1-9][0-9]*): ")
_LONG_NUMBER = 6
"""Digits of a number inside something that is left out whole: shorter ones are amounts and counts."""


def withheld_values(
    chunks: Iterable[bytes], edits: Sequence[Edit], places: Sequence[Place], *, quote: str = "", plain: bool = False
) -> list[Withheld]:
    """The values that `edits` take out of a file in UTF-8. `quote`: of a CSV file; `plain`: of a plain text."""
    by_number = {place.number: place for place in places}
    found: list[Withheld] = []
    for edit, raw in zip(edits, cut(chunks, edits), strict=True):
        named = _NUMBER.search(edit.replacement)
        if named is None:
            continue  # a quote that a marker needs around it
        place = by_number[int(named[1])]
        if plain:
            texts: Iterable[str] = (raw.decode(),)
        else:
            texts = _of_csv(raw, quote, place) if quote else _of_json(raw, place)
        found += [Withheld(place.number, text) for text in texts]
    return found


def _of_csv(raw: bytes, quote: str, place: Place) -> Iterator[str]:
    text = raw.decode("utf-8", "surrogatepass")
    if place.grain is Grain.VALUE and text.startswith(quote):
        text = text[1:-1]
    yield text.replace(quote * 2, quote)


def _of_json(raw: bytes, place: Place) -> Iterator[str]:
    text = raw.decode("utf-8", "surrogatepass")
    if place.grain is Grain.SPAN:
        text = f'"{text}"'
    try:
        value = json.loads(text, parse_int=str, parse_float=str, strict=False)
    except (ValueError, RecursionError):
        yield text
        return
    if isinstance(value, dict | list):
        yield from _leaves(value)
    elif isinstance(value, str):
        yield value


def _leaves(value: object) -> Iterator[str]:
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Mapping):
            waiting.extend(chain(one.keys(), one.values()))
        elif isinstance(one, list):
            waiting.extend(one)
        elif isinstance(one, str) and len(one) >= SHORTEST and not (_is_short_number(one)):
            yield one


def _is_short_number(text: str) -> bool:
    digits = sum(map(str.isdigit, text))
    return digits < _LONG_NUMBER and not any(map(str.isalpha, text))
