"""Which questions a case is asked, and whether what the person said is right. Pure.

Two right of three are a proof, unless one thing in somebody's hand says both: a receipt, or the card itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from decimal import Decimal
from itertools import combinations

from portal.cases.facts import KnownFact
from portal.errors import InputError
from portal.preview.activity import amount_of
from portal.recognition.knowledge.told import Month, Told, plain

QUESTIONS = (
    KnownFact.CARD, KnownFact.LAST_PURCHASE, KnownFact.BALANCE, KnownFact.SHOP, KnownFact.ACTIVATED, KnownFact.PROGRAM,
)  # fmt: skip
ASKED, RIGHT = 3, 2
FEWEST_CARDS = 2
"""With one card only nothing is asked: who found it knows most of what there is (IDN-4)."""
ON_A_RECEIPT = frozenset({KnownFact.CARD, KnownFact.LAST_PURCHASE, KnownFact.SHOP})
ON_THE_CARD = frozenset({KnownFact.CARD, KnownFact.BALANCE, KnownFact.PROGRAM})
"""A balance is told to anybody who has the number."""
SHARE, SLACK = Decimal("0.1"), Decimal(5)
FEWEST_MONEY = 4 * SLACK  # below it, a guess within the slack is right too often
FEWEST_NAMES = 2  # of shops or programs; the only one is known to everybody
MOST_CHARACTERS = 80
_MONTH_FIRST = re.compile(r"(\d{1,2})\s*[./ -]\s*(\d{4})", re.ASCII)
_YEAR_FIRST = re.compile(r"(\d{4})\s*[./ -]\s*(\d{1,2})", re.ASCII)
_DIGITS = re.compile(r"\d{4}", re.ASCII)


def known_in(told: Told) -> tuple[KnownFact, ...]:
    """What can be asked about."""
    there = {
        KnownFact.CARD: bool(told.last_fours),
        KnownFact.LAST_PURCHASE: bool(told.last_purchase),
        KnownFact.BALANCE: told.balance is not None and told.balance >= FEWEST_MONEY,
        KnownFact.SHOP: bool(told.last_shop) and len(told.shops) >= FEWEST_NAMES,
        KnownFact.ACTIVATED: bool(told.activated),
        KnownFact.PROGRAM: len(told.programs) >= FEWEST_NAMES,
    }
    return tuple(fact for fact in QUESTIONS if there[fact]) if told.cards >= FEWEST_CARDS else ()


def choose(
    told: Told, pick: Callable[[Sequence[tuple[KnownFact, ...]]], tuple[KnownFact, ...]]
) -> tuple[KnownFact, ...]:
    """Three that can be a proof; none where there are too few."""
    fitting = [three for three in combinations(known_in(told), ASKED) if is_proof(three)]
    return pick(fitting) if fitting else ()


def is_proof(right: Collection[KnownFact]) -> bool:
    """Are so many right, and not all of what a receipt or the card says?"""
    known = frozenset(right)
    return len(known) >= RIGHT and not known <= ON_A_RECEIPT and not known <= ON_THE_CARD


def readable(typed: Mapping[KnownFact, str]) -> dict[KnownFact, str]:
    """The answers there are. Raises InputError for one that cannot be what was asked for, and for fewer than two:
    neither says anything of the file, so neither counts as a try."""
    given = {fact: text.strip() for fact, text in typed.items() if text.strip()}
    for fact, text in given.items():
        if len(text) > MOST_CHARACTERS or not _FORMS[fact](text):
            raise InputError(_FORM_WORDS[fact], field=fact.value)
    if len(given) < RIGHT:
        raise InputError("Enter at least two answers.", field="answers")
    return given


def right_ones(typed: Mapping[KnownFact, str], told: Told) -> frozenset[KnownFact]:
    return frozenset(fact for fact, text in typed.items() if _is_right(fact, text, told))


def _is_right(fact: KnownFact, text: str, told: Told) -> bool:
    match fact:
        case KnownFact.CARD:
            return text in told.last_fours
        case KnownFact.LAST_PURCHASE:
            return month_in(text) in told.last_purchase
        case KnownFact.ACTIVATED:
            return month_in(text) in told.activated
        case KnownFact.SHOP:
            return plain(text) in told.last_shop
        case KnownFact.PROGRAM:
            return plain(text) in told.programs
        case KnownFact.BALANCE:
            said = amount_of(text)
            return said is not None and told.balance is not None and _about(said, told.balance)
        case _:
            return False


def _about(said: Decimal, held: Decimal) -> bool:
    return abs(said - held) <= max(held * SHARE, SLACK)


def month_in(text: str) -> Month | None:
    """Month and year in digits, in either order."""
    first, other = _MONTH_FIRST.fullmatch(text), _YEAR_FIRST.fullmatch(text)
    if first is not None:
        month = int(first[2]), int(first[1])
    elif other is not None:
        month = int(other[1]), int(other[2])
    else:
        return None
    return month if 1 <= month[1] <= 12 else None


def _is_month(text: str) -> bool:
    return month_in(text) is not None


_MONTH_WORDS = "Enter month and year in digits, such as 3/2026."
_NAME_WORDS = "Enter the name as the person says it."
_FORMS: Mapping[KnownFact, Callable[[str], bool]] = {
    KnownFact.CARD: lambda text: _DIGITS.fullmatch(text) is not None,
    KnownFact.LAST_PURCHASE: _is_month,
    KnownFact.ACTIVATED: _is_month,
    KnownFact.BALANCE: lambda text: amount_of(text) is not None,
    KnownFact.SHOP: lambda text: bool(plain(text)),
    KnownFact.PROGRAM: lambda text: bool(plain(text)),
}
_FORM_WORDS: Mapping[KnownFact, str] = {
    KnownFact.CARD: "Enter four digits.",
    KnownFact.LAST_PURCHASE: _MONTH_WORDS,
    KnownFact.ACTIVATED: _MONTH_WORDS,
    KnownFact.BALANCE: "Enter an amount, such as 25 or 25.50.",
    KnownFact.SHOP: _NAME_WORDS,
    KnownFact.PROGRAM: _NAME_WORDS,
}
