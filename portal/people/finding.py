"""Which of the customers that LoyaltyDog's card search gave fit what is known of a person. Pure.

The search matches names and parts of words (S6), so what it gives are candidates: each clue is compared here again, and
a name is no clue.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from pydantic import SecretStr

from portal.cases.services.intake import IdentifierKind
from portal.identifiers import digits_of, same_email, same_phone


class ClueKind(StrEnum):
    EMAIL = "email"
    CUSTOMER_ID = "customer_id"
    PHONE = "phone"
    CARD_ID = "card_id"
    CARD_NUMBER = "card_number"
    LAST_FOUR = "last_four"


SEARCHED_BY = (ClueKind.CARD_NUMBER, ClueKind.EMAIL, ClueKind.LAST_FOUR, ClueKind.PHONE)
"""What the search may be asked by, the most telling first."""


@dataclass(frozen=True)
class Clue:
    """One thing that is known of the person. Whole card numbers are only searched by: once found, their last four."""

    kind: ClueKind
    value: str = field(repr=False)


@dataclass(frozen=True)
class FoundCard:
    """A card, its number masked to the last four. `last_change` is the vendor's `updatedAt` or newest transaction."""

    id: str = field(repr=False)
    last_four: str
    program_id: str = ""
    balance: str = field(default="", repr=False)
    status: str = ""
    last_change: dt.datetime | None = None


@dataclass(frozen=True)
class Candidate:
    """A customer who may be the person, with those of their cards that were found. `key` tells it from the others;
    `country`: where phones in national form are dialled."""

    key: str
    customer_id: str = field(default="", repr=False)
    emails: tuple[str, ...] = field(default=(), repr=False)
    phones: tuple[str, ...] = field(default=(), repr=False)
    initials: str = field(default="", repr=False)
    cards: tuple[FoundCard, ...] = ()
    country: str = ""

    @property
    def identifiers(self) -> tuple[tuple[IdentifierKind, SecretStr], ...]:
        """What a case knows them by; a card's id only where LoyaltyDog knows nothing else of its holder."""
        known = [(IdentifierKind.CUSTOMER_ID, self.customer_id)] if self.customer_id else []
        known += [(IdentifierKind.EMAIL, email) for email in self.emails]
        known += [(IdentifierKind.PHONE, phone) for phone in self.phones]
        known = known or [(IdentifierKind.CARD_ID, card.id) for card in self.cards]
        return tuple((kind, SecretStr(value)) for kind, value in known)


def fits(candidate: Candidate, clue: Clue) -> bool:
    """What the candidate lacks does not fit: it proves nothing."""
    match clue.kind:
        case ClueKind.EMAIL:
            return any(same_email(clue.value, email) for email in candidate.emails)
        case ClueKind.PHONE:
            return any(same_phone(clue.value, phone, candidate.country) for phone in candidate.phones)
        case ClueKind.CUSTOMER_ID:
            return bool(clue.value) and candidate.customer_id == clue.value
        case ClueKind.CARD_ID:
            return any(card.id == clue.value for card in candidate.cards)
        case ClueKind.CARD_NUMBER | ClueKind.LAST_FOUR:
            return any(ends_so(card, clue) for card in candidate.cards)


def ends_so(card: FoundCard, clue: Clue) -> bool:
    last_four = digits_of(clue.value)[-4:]
    return len(last_four) == 4 and card.last_four == last_four


def narrowed(candidates: Iterable[Candidate], clues: Sequence[Clue]) -> tuple[Candidate, ...]:
    """Those that fit every clue; without a clue nobody."""
    return tuple(one for one in candidates if all(fits(one, clue) for clue in clues)) if clues else ()


def best_clue(clues: Iterable[Clue]) -> Clue | None:
    """The one to search by."""
    usable = [clue for clue in clues if clue.kind in SEARCHED_BY]
    return min(usable, key=lambda clue: SEARCHED_BY.index(clue.kind), default=None)


def cards_meant(candidate: Candidate, clues: Iterable[Clue]) -> tuple[FoundCard, ...]:
    """Their cards that end as the clues say; all, when no clue is about a card."""
    about_cards = [clue for clue in clues if clue.kind in (ClueKind.CARD_NUMBER, ClueKind.LAST_FOUR)]
    return tuple(c for c in candidate.cards if not about_cards or any(ends_so(c, clue) for clue in about_cards))


class Told(StrEnum):
    """What else the person said of the card, when no second identifier is to be had."""

    PROGRAM = "program"
    BALANCE = "balance"
    LAST_CHANGE = "last_change"


_TOLD_OF: Mapping[Told, Callable[[FoundCard], str]] = {
    Told.PROGRAM: lambda card: card.program_id,
    Told.BALANCE: lambda card: card.balance,
    Told.LAST_CHANGE: lambda card: card.last_change.date().isoformat() if card.last_change else "",
}


def tells_apart(one: Candidate, others: Iterable[Candidate], told: Told, clues: Sequence[Clue]) -> bool:
    """Is what was told known of a card of `one` that is meant, and of the others' cards known to be something else?"""
    theirs = {_TOLD_OF[told](card) for other in others for card in cards_meant(other, clues)}
    own = {_TOLD_OF[told](card) for card in cards_meant(one, clues)} - {""}
    return bool(own) and not own & theirs and "" not in theirs
