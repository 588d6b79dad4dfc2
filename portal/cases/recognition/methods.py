"""What each way of recognising a person shows, and what it is enough for alone (design 6.2). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from portal.cases.facts import IdentityMethod, NotNeeded


class Shows(StrEnum):
    """What a method is evidence of. Two that show the same, a code and a reply from one mailbox, are one proof."""

    PERSON = "person"
    MAILBOX = "mailbox"
    PHONE = "phone"
    KNOWLEDGE = "knowledge"
    CARD = "card"
    NOTHING = "nothing"


class EnoughFor(StrEnum):
    """`USUAL`: what no doubt asks a second proof for. `NEVER`: it counts beside another only."""

    EVERYTHING = "everything"
    USUAL = "usual"
    NEVER = "never"


@dataclass(frozen=True)
class Weight:
    shows: Shows
    alone: EnoughFor


_PERSON = Weight(Shows.PERSON, EnoughFor.EVERYTHING)
_MAILBOX = Weight(Shows.MAILBOX, EnoughFor.USUAL)
_NOBODY = Weight(Shows.NOTHING, EnoughFor.NEVER)
WEIGHTS: Mapping[IdentityMethod, Weight] = {
    IdentityMethod.ACCOUNT: _PERSON,
    IdentityMethod.SINGLE_SIGN_ON: _PERSON,
    IdentityMethod.EID: _PERSON,
    IdentityMethod.IN_PERSON: _PERSON,
    IdentityMethod.STAFF_KNOWS: _PERSON,
    IdentityMethod.EMAIL_CODE: _MAILBOX,
    IdentityMethod.REPLY: _MAILBOX,
    IdentityMethod.CALLBACK: Weight(Shows.PHONE, EnoughFor.USUAL),
    IdentityMethod.QUESTIONS: Weight(Shows.KNOWLEDGE, EnoughFor.USUAL),
    # A gift card is handed on: it proves the card, not what its earlier holders did.
    IdentityMethod.CARD_IN_HAND: Weight(Shows.CARD, EnoughFor.NEVER),
    # Anybody has a mailbox of their own: it counts as `EMAIL_CODE` once a record holds the address.
    IdentityMethod.ADDRESS_CODE: _NOBODY,
    # That somebody may act says nothing of whom they act for.
    IdentityMethod.AUTHORITY: _NOBODY,
    IdentityMethod.NOT_NEEDED: _NOBODY,
}
WITHOUT_A_LOOK: Mapping[NotNeeded, Weight] = {
    NotNeeded.SAME_ADDRESS: _MAILBOX,
    NotNeeded.KNOWN_AT_TILL: _PERSON,
    NotNeeded.SIGNED_IN: _PERSON,
    NotNeeded.NO_DATA_GIVEN: Weight(Shows.NOTHING, EnoughFor.USUAL),
}
"""What `NOT_NEEDED` is worth, by its reason."""

BY_HAND = (
    IdentityMethod.REPLY, IdentityMethod.CALLBACK, IdentityMethod.ACCOUNT, IdentityMethod.SINGLE_SIGN_ON,
    IdentityMethod.CARD_IN_HAND, IdentityMethod.IN_PERSON, IdentityMethod.STAFF_KNOWS, IdentityMethod.EID,
    IdentityMethod.NOT_NEEDED,
)  # fmt: skip
"""What a colleague records. A mailed code and questions are recorded by the portal alone, which compares: who asks them
does not see what the right answer is."""


def weight_of(method: str, because: str = "") -> Weight:
    """Of a recorded fact. What a newer portal recorded proves nothing here."""
    try:
        known = IdentityMethod(method)
        return WITHOUT_A_LOOK[NotNeeded(because)] if known is IdentityMethod.NOT_NEEDED else WEIGHTS[known]
    except ValueError:
        return _NOBODY
