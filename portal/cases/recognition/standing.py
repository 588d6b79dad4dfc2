"""Is it settled who is asking, and what is missing: the one answer that every gate uses. Pure.

A check that failed or stayed doubtful takes the proofs before it away: they are shown anew.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from portal.cases.facts import Fact, FactKind, IdentityMethod, IdentityResult
from portal.cases.recognition.methods import EnoughFor, Shows, weight_of


class Doubt(StrEnum):
    """Why one proof of the usual strength is not enough."""

    ERASURE = "erasure"
    CARD_NUMBERS = "card_numbers"
    NEW_ADDRESS = "new_address"
    MONEY = "money"
    CHANGED = "changed"
    OTHER_ADDRESS = "other_address"


class Missing(StrEnum):
    PROOF = "proof"
    SECOND = "second"
    AUTHORITY = "authority"


@dataclass(frozen=True)
class Lack:
    """One thing that is missing: finished sentences."""

    code: Missing
    words: str
    next_step: str


_NO_PROOF = Lack(Missing.PROOF, "The person is not recognised yet.", "Record identity first.")
_ONLY_THE_CARD = Lack(
    Missing.SECOND,
    "A card in hand shows the card, not whose it was before.",
    "Recognise the person in a second way.",
)
NO_AUTHORITY = Lack(
    Missing.AUTHORITY, "Somebody asks for the person, and no authority is recorded.", "Record who acts for them."
)
AUTHORITY_OVER = Lack(
    Missing.AUTHORITY, "The authority of who acts for them has run out.", "Record a new one, or that it has ended."
)
NOT_TO_THE_AGENT = Lack(
    Missing.AUTHORITY,
    "The authority does not say that who acts for them may have the answer.",
    "Send it to an address of the person.",
)
_SECOND = "Recognise the person in a second way."
_FOR: dict[Doubt, Lack] = {
    Doubt.ERASURE: Lack(Missing.SECOND, "Erasure asks for a second proof: what is erased does not come back.", _SECOND),
    Doubt.CARD_NUMBERS: Lack(
        Missing.SECOND, "Whole card numbers ask for a second proof: they are as good as cash.", _SECOND
    ),
    Doubt.MONEY: Lack(Missing.SECOND, "There is much money on their cards: that asks for a second proof.", _SECOND),
    Doubt.CHANGED: Lack(
        Missing.SECOND,
        "What LoyaltyDog knows of them was changed in the last 30 days: that asks for a second proof.",
        _SECOND,
    ),
    Doubt.OTHER_ADDRESS: Lack(
        Missing.SECOND,
        "They wrote from another address than LoyaltyDog has: that asks for a second proof.",
        _SECOND,
    ),
    Doubt.NEW_ADDRESS: Lack(Missing.SECOND, "An address that the case did not know asks for a second proof.", _SECOND),
}


@dataclass(frozen=True)
class Recognition:
    """`proved`: the methods that hold. `doubts`: why a second one is asked for. `failed`: the last
    look did not settle it."""

    proved: tuple[IdentityMethod, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    missing: tuple[Lack, ...] = (_NO_PROOF,)
    failed: bool = False

    @property
    def settled(self) -> bool:
        return not self.missing


def recognition(holding: Sequence[Fact], doubts: Collection[Doubt], of_agent: Sequence[Lack] = ()) -> Recognition:
    """Of a case's facts that hold. `of_agent`: what is missing of the one who acts for the person."""
    proofs: list[Fact] = []
    failed = False
    for fact in holding:
        if fact.kind is FactKind.IDENTITY:
            failed = fact.codes.get("result") != IdentityResult.PROVED
            proofs = [] if failed else [*proofs, fact]
    ordered = tuple(doubt for doubt in Doubt if doubt in doubts)
    said = dict.fromkeys(fact.codes.get("method", "") for fact in proofs)
    methods = tuple(method for method in IdentityMethod if method in said)
    return Recognition(methods, ordered, (*_missing(proofs, ordered), *of_agent), failed)


def failed_since(holding: Sequence[Fact]) -> dt.datetime | None:
    """Since when it holds that nobody could tell who they are; a later proof ends that."""
    since = None
    for fact in holding:
        result = fact.codes.get("result")
        if fact.kind is FactKind.IDENTITY and result == IdentityResult.PROVED:
            since = None
        elif fact.kind is FactKind.NOT_IDENTIFIED or (
            fact.kind is FactKind.IDENTITY and result == IdentityResult.FAILED
        ):
            since = since or fact.at
    return since


def _missing(proofs: Sequence[Fact], doubts: Sequence[Doubt]) -> tuple[Lack, ...]:
    weights = [weight_of(fact.codes.get("method", ""), fact.codes.get("because", "")) for fact in proofs]
    if any(one.alone is EnoughFor.EVERYTHING for one in weights):
        return ()
    shown = {one.shows for one in weights} - {Shows.NOTHING}
    usual = any(one.alone is EnoughFor.USUAL for one in weights)
    if len(shown) > 1 and usual:
        return ()
    if usual:
        return tuple(_FOR[doubt] for doubt in doubts)
    return (_ONLY_THE_CARD,) if shown else (_NO_PROOF,)
