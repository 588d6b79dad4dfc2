"""What was pasted into New case, and what each part of it seems to be."""

from __future__ import annotations

import re
from dataclasses import dataclass

from portal.cases.services.intake import IdentifierKind
from portal.identifiers import digits_of, international
from portal.ui.form.pasted import MOST_CHARACTERS, addresses_in

MOST_FOUND = 10
_OBJECT_ID = re.compile(r"(?<![0-9a-fA-F])[0-9a-f]{24}(?![0-9a-fA-F])")
_CARD = re.compile(r"(?<![\d-])\d{4}(?:[ -]?\d{4}){2,3}(?:[ -]?\d{1,3})?(?![\d-])")
_ID_OR_CARD = re.compile(rf"(?P<id>{_OBJECT_ID.pattern})|{_CARD.pattern}")
_PHONE = re.compile(r"(?<![\w+])(?:\+|00)\d[\d ()/.-]{5,20}\d(?!\w)")
_LAST_FOUR = re.compile(r"[0-9]{4}")
_MASKED = re.compile(r"•{4} ?([0-9]{4})(?![0-9])")
_ONE_WORD = re.compile(r"\S{1,320}")
_BETWEEN = re.compile(r"[\s,;:.()]+")


@dataclass(frozen=True)
class Recognised:
    """One part of what was pasted."""

    kind: IdentifierKind
    value: str


def recognise(text: str, country: str = "") -> tuple[Recognised, ...]:
    """Emails first, then customer IDs, phone numbers, and of card numbers the last four: a whole number is as good as
    cash and is not kept. Four digits are the last of a card where nothing else but other facts stands in their line. A
    single other word is taken for a customer ID. Phones in national form are known where the `country` is."""
    text = text[:MOST_CHARACTERS].strip()
    without_cards, numbers = _parted(text, " ")
    found = [Recognised(IdentifierKind.EMAIL, address) for address in addresses_in(text)]
    found += [Recognised(IdentifierKind.CUSTOMER_ID, one) for one in _OBJECT_ID.findall(text)]
    phones = [re.sub(r"[^\d+]", "", one) for one in _PHONE.findall(without_cards)]
    nationals = _nationals(_OBJECT_ID.sub(" ", _PHONE.sub(" ", without_cards)), country)
    for one in nationals:
        without_cards = without_cards.replace(one, " ")
    phones += [international(one, country) for one in nationals]
    found += [Recognised(IdentifierKind.PHONE, one) for one in phones]
    cards = [one[-4:] for one in numbers] + _MASKED.findall(text)
    cards += [digits for line in _MASKED.sub(" ", without_cards).splitlines() for digits in _last_fours(line)]
    found += [Recognised(IdentifierKind.LAST_FOUR, one) for one in cards]
    if not found and _ONE_WORD.fullmatch(text):
        found = [Recognised(IdentifierKind.CUSTOMER_ID, text)]
    return tuple(dict.fromkeys(found))[:MOST_FOUND]


def _nationals(text: str, country: str) -> list[str]:
    """Phone numbers as they are dialled inside the country. Digits alone that do not begin with 0 may be anything."""
    if not country:
        return []
    import phonenumbers

    found = (one.raw_string for one in phonenumbers.PhoneNumberMatcher(text, country))
    return [one for one in found if one.startswith("0") or not one.isdigit()]


def _last_fours(line: str) -> list[str]:
    """The words of a line that holds four digits and other facts only; none of a line of a message."""
    words = [word for word in _PHONE.sub(" ", _OBJECT_ID.sub(" ", line)).split() if not addresses_in(word)]
    words = [part for word in words for part in _BETWEEN.split(word) if part]
    return words if all(_LAST_FOUR.fullmatch(word) for word in words) else []


def without_card_numbers(text: str) -> tuple[str, tuple[str, ...]]:
    """The text with each whole card number cut to its last four, and the numbers."""
    return _parted(text, "•••• {last_four}")


def _parted(text: str, instead: str) -> tuple[str, tuple[str, ...]]:
    """The text with `instead` for each card number, and the numbers. Digits within an ID of LoyaltyDog's are none."""
    numbers: list[str] = []

    def cut(found: re.Match[str]) -> str:
        if found["id"]:
            return found[0]
        numbers.append(digits_of(found[0]))
        return instead.format(last_four=numbers[-1][-4:])

    return _ID_OR_CARD.sub(cut, text), tuple(numbers)
