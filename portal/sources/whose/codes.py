"""What is decided about whose a record is, the reasons, and who may give them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Item(StrEnum):
    """One thing to decide."""

    NEW_IDENTIFIER = "new_identifier"
    """Stands in a record beside a known one and contradicts nothing."""
    SHARED_RECORD = "shared_record"
    """Records of one owner in which something matches and something else contradicts."""
    CARD_NOT_EXPORTED = "card_not_exported"
    """The search names a card of the person's that no export holds (ANS-3)."""
    CARD_NOT_FOUND = "card_not_found"
    """An export holds a card that the search does not name (ANS-3)."""
    NOT_COMPARED = "not_compared"
    """An answer that was too large, or held too much, to be compared."""
    NO_CUSTOMER = "no_customer"
    """LoyaltyDog knows no gift card customer by an ID that was found."""


CARDS = frozenset({Item.CARD_NOT_EXPORTED, Item.CARD_NOT_FOUND})


class Decision(StrEnum):
    IN = "in"
    OUT = "out"


class MatchCode(StrEnum):
    THEIRS = "theirs"
    NOT_THEIRS = "not_theirs"
    PERSON_PROVED = "person_proved"
    NAME_CHANGED = "name_changed"
    TYPING_ERROR = "typing_error"
    VENDOR_LACKS_IT = "vendor_lacks_it"
    CLOSED_CARD = "closed_card"
    LOOKED_THROUGH = "looked_through"
    NO_GIFT_CARDS = "no_gift_cards"


@dataclass(frozen=True)
class CodeTraits:
    """`items`: about what it may be said. `manager`: only a manager may say it."""

    decision: Decision
    items: frozenset[Item]
    manager: bool = False


_SHARED = frozenset({Item.SHARED_RECORD})
TRAITS: Mapping[MatchCode, CodeTraits] = {
    MatchCode.THEIRS: CodeTraits(Decision.IN, frozenset({Item.NEW_IDENTIFIER})),
    MatchCode.NOT_THEIRS: CodeTraits(Decision.OUT, frozenset({Item.NEW_IDENTIFIER, Item.SHARED_RECORD}) | CARDS),
    MatchCode.PERSON_PROVED: CodeTraits(Decision.IN, _SHARED, manager=True),
    MatchCode.NAME_CHANGED: CodeTraits(Decision.IN, _SHARED, manager=True),
    MatchCode.TYPING_ERROR: CodeTraits(Decision.IN, _SHARED, manager=True),
    MatchCode.VENDOR_LACKS_IT: CodeTraits(Decision.IN, CARDS),
    MatchCode.CLOSED_CARD: CodeTraits(Decision.IN, CARDS),
    MatchCode.LOOKED_THROUGH: CodeTraits(Decision.IN, frozenset({Item.NOT_COMPARED})),
    MatchCode.NO_GIFT_CARDS: CodeTraits(Decision.OUT, frozenset({Item.NO_CUSTOMER})),
}
ADDS = frozenset({Item.NEW_IDENTIFIER, Item.SHARED_RECORD})
"""What is taken in brings its identifiers into the case."""


def codes_for(item: Item) -> tuple[MatchCode, ...]:
    return tuple(code for code, traits in TRAITS.items() if item in traits.items)
