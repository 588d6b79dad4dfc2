"""How two names of people relate. A name alone proves nothing; it can agree with an identifier, or contradict it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum

from portal.identifiers import normal

_NO_WORD = re.compile(r"[^\w'’-]+")
_TITLES = frozenset("mr mrs ms miss dr prof sir herr frau hr fr m mme mlle sr sra srta sig sigra dhr mevr jr".split())


class NameRelation(StrEnum):
    """`RENAMED`: the same given name with another surname. `UNKNOWN`: one is missing, or too short to tell."""

    AGREES = "agrees"
    UNKNOWN = "unknown"
    RENAMED = "renamed"
    DIFFERS = "differs"


_BEST_FIRST = tuple(NameRelation)


def name_words(text: str) -> tuple[str, ...]:
    """``Fern, Dr. Ada`` -> ``('ada', 'fern')``: in lower case, given names first, without titles."""
    last, comma, first = normal(text).casefold().partition(",")
    plain = f"{first} {last}" if comma else last
    return tuple(word for word in _NO_WORD.sub(" ", plain).split() if word not in _TITLES)


def relation(one: str, other: str) -> NameRelation:
    """A family's members share a surname, so that alone says nothing; initials do not tell Ada from Anna."""
    shorter, longer = sorted((name_words(one), name_words(other)), key=lambda words: (len(words), words))
    if not shorter:
        return NameRelation.UNKNOWN
    if set(shorter) == set(longer):
        return NameRelation.AGREES
    if len(shorter) == 1:
        return _of_one_word(shorter[0], longer)
    if set(shorter) <= set(longer):
        return NameRelation.AGREES
    if _is_initial(shorter[0], longer[0]):
        return NameRelation.UNKNOWN if shorter[-1] == longer[-1] else NameRelation.DIFFERS
    return NameRelation.RENAMED if shorter[0] == longer[0] else NameRelation.DIFFERS


def best_relation(ones: Iterable[str], others: Iterable[str]) -> NameRelation:
    """A person may be known by several names: the nearest counts."""
    told = list(others)
    found = [relation(one, other) for one in ones for other in told]
    return min(found, key=_BEST_FIRST.index, default=NameRelation.UNKNOWN)


def _of_one_word(word: str, longer: tuple[str, ...]) -> NameRelation:
    if len(longer) > 1 and word == longer[0]:
        return NameRelation.AGREES
    if word in longer or any(_is_initial(word, other) for other in longer):
        return NameRelation.UNKNOWN
    return NameRelation.DIFFERS


def _is_initial(one: str, other: str) -> bool:
    return 1 in (len(one), len(other)) and one[0] == other[0]
