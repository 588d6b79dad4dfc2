"""What was pasted into New case, and what each part of it seems to be."""

from __future__ import annotations

import re
from dataclasses import dataclass

from portal.cases.services.intake import IdentifierKind
from portal.ui.form.pasted import MOST_CHARACTERS, addresses_in

MOST_FOUND = 10
_OBJECT_ID = re.compile(r"(?<![0-9a-fA-F])[0-9a-f]{24}(?![0-9a-fA-F])")
_CARD = re.compile(r"(?<![\d-])\d{4}(?:[ -]?\d{4}){2,3}(?:[ -]?\d{1,3})?(?![\d-])")
_PHONE = re.compile(r"(?<![\w+])(?:\+|00)\d[\d ()/.-]{5,20}\d(?!\w)")
_LAST_FOUR = re.compile(r"\d{4}")
_ONE_WORD = re.compile(r"\S{1,320}")


@dataclass(frozen=True)
class Recognised:
    """One part of what was pasted."""

    kind: IdentifierKind
    value: str


def recognise(text: str) -> tuple[Recognised, ...]:
    """Emails first, then customer IDs, phone numbers, and of card numbers the last four: a whole number is as good as
    cash and is not kept. A single other word is taken for a customer ID, four digits alone for the last of a card."""
    text = text[:MOST_CHARACTERS].strip()
    found = [Recognised(IdentifierKind.EMAIL, address) for address in addresses_in(text)]
    found += [Recognised(IdentifierKind.CUSTOMER_ID, one) for one in _OBJECT_ID.findall(text)]
    cards = [re.sub(r"\D", "", one)[-4:] for one in _CARD.findall(text)]
    phones = [re.sub(r"[^\d+]", "", one) for one in _PHONE.findall(_CARD.sub(" ", text))]
    found += [Recognised(IdentifierKind.PHONE, one) for one in phones]
    found += [Recognised(IdentifierKind.LAST_FOUR, one) for one in cards]
    if not found and _LAST_FOUR.fullmatch(text):
        found = [Recognised(IdentifierKind.LAST_FOUR, text)]
    if not found and _ONE_WORD.fullmatch(text):
        found = [Recognised(IdentifierKind.CUSTOMER_ID, text)]
    return tuple(dict.fromkeys(found))[:MOST_FOUND]
