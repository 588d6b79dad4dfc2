"""Where in a text somebody is named: emails, phone numbers, card numbers, and names after a word such as "to"."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from portal.identifiers import normal
from portal.preview.inspection.addresses import address_in
from portal.preview.inspection.people import Own, digits

LINK_PARTS = re.compile(r"[=/?&]")
IN_TEXT_EMAIL = re.compile(r"[^\s@<>\"',;:()\[\]]{1,64}@[^\s@<>\"',;:()\[\]]{1,190}\.[A-Za-z]{2,24}")
IN_TEXT_PHONE = re.compile(r"(?<![\w+])\+\d[\d ().\-/]{6,20}\d(?!\w)")
IN_TEXT_CARD = re.compile(r"(?<![\w-])\d(?:[ -]?\d){14,18}(?![\w-])")
_CAPITALISED = r"[^\W\d_a-z][^\W\d_]*(?:['\u2019-][^\W\d_]+)*\.?"
IN_TEXT_NAME = re.compile(
    r"\b(?:to|from|for|by|an|von|für|durch|à|pour|par|para|por|del|da|di|per|van|aan|voor|door|till|til|från|fra|av|af|dla"
    r"|od|do|de|a)"
    rf"\s+({_CAPITALISED}(?:\s(?:van|von|den|der|ter|de|da|do|dos|das|di|del|della|la|le|y|e)){{0,2}}\s{_CAPITALISED})(?=$|[\s.,;:)!?(])"
)
LONGEST_SCANNED = 20_000
LONGEST_WITH_NAMES = 500


@dataclass(frozen=True)
class Mention:
    """A part of a text, in code points. kind: "email", "phone", "card number" or "name"."""

    kind: str
    start: int
    end: int
    text: str = field(repr=False)


def mentions(text: str, own: Own, cards: frozenset[str]) -> Iterator[Mention]:
    """Every part of `text` that names somebody but the customer, in no order. What an escape hides has no part."""
    text = text[:LONGEST_SCANNED]
    if "@" in text:
        for found in IN_TEXT_EMAIL.finditer(text):
            bare = LINK_PARTS.split(found[0])[-1]
            start = found.end() - len(bare)
            bare = bare.rstrip(".")
            start, bare = start + len(bare) - len(bare.lstrip(".")), bare.lstrip(".")
            if bare and address_in(found[0].strip(".")) not in own.emails and address_in(bare) not in own.emails:
                yield Mention("email", start, start + len(bare), bare)
    for found in IN_TEXT_PHONE.finditer(text):
        if digits(found[0]) not in own.phones:
            yield Mention("phone", found.start(), found.end(), found[0])
    if " " not in text:
        return
    for found in IN_TEXT_CARD.finditer(text):
        if digits(found[0]) not in cards:
            yield Mention("card number", found.start(), found.end(), found[0])
    if len(text) <= LONGEST_WITH_NAMES:
        for found in IN_TEXT_NAME.finditer(text):
            if normal(found[1]) not in own.names:
                yield Mention("name", found.start(1), found.end(1), found[1])
