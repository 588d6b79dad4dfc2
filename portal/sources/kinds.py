"""The sources of a case and where each stands. Pure.

The letters are those of the design: S1, S2 gift cards; S3 loyalty memberships; S4 loyalty data; S5 consents; S6 gift
cards by search; S7 the vendor's audit log; S8 the portal's own records; S9 the merchant's other systems.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum


class SourceKind(StrEnum):
    CARDS_BY_EMAIL = "cards_by_email"
    """S1: an export of the case."""
    CARDS_BY_ID = "cards_by_id"
    """S2: an export of the case."""
    CARDS_FOUND = "cards_found"
    """S6: the search for cards, by one email or last four digits. It matches names and parts too: candidates."""
    PROGRAMS = "programs"
    """S3: which programs there are to look in."""
    MEMBERS = "members"
    """S3: the person in one program, by one identifier."""
    LOYALTY_DATA = "loyalty_data"
    """S4: the export of one membership."""
    CARD_CONSENT = "card_consent"
    """S5: the gift cards' consent record, by one identifier."""
    LOYALTY_CONSENT = "loyalty_consent"
    """S5: the consents of one membership."""
    VENDOR_LOG = "vendor_log"
    """S7: who looked at the person's data at LoyaltyDog, by one id."""
    PORTAL_RECORDS = "portal_records"
    """S8: what this portal holds about the person, taken when the answer is made (`portal.trail.about_person`)."""
    OTHER_SYSTEM = "other_system"
    """S9: a system of the merchant's own, answered by a person (`portal.systems`)."""


class SourceState(StrEnum):
    PLANNED = "planned"
    ASKING = "asking"
    FETCHED = "fetched"
    """Whole, sealed, and about the person."""
    EMPTY = "empty"
    """Whole, and nothing of the person in it. Never after an error (ANS-5)."""
    REFUSED = "refused"
    """403: the token lacks the right or the role. Named, not skipped (ANS-7)."""
    FAILED = "failed"
    """Any other error, or an answer that cannot be relied on. Never nothing."""
    ATTESTED = "attested"
    """A named person said that nothing is held there."""
    APART = "apart"
    """A named person said that it is answered apart: what is held there is not known here."""
    NOT_APPLICABLE = "not_applicable"
    """Cannot be asked with what is known of the person; the line says why."""


@dataclass(frozen=True)
class Traits:
    """`settled`: a package may be made with it. `running`: moves on without a person. `again`: may be asked again."""

    settled: bool = False
    running: bool = False
    again: bool = False


TRAITS: Mapping[SourceState, Traits] = {
    SourceState.PLANNED: Traits(running=True),
    SourceState.ASKING: Traits(running=True),
    SourceState.FETCHED: Traits(settled=True),
    SourceState.EMPTY: Traits(settled=True),
    SourceState.REFUSED: Traits(again=True),
    SourceState.FAILED: Traits(again=True),
    SourceState.ATTESTED: Traits(settled=True, again=True),
    SourceState.APART: Traits(settled=True, again=True),
    SourceState.NOT_APPLICABLE: Traits(settled=True),
}

RUNNING = frozenset(state for state, traits in TRAITS.items() if traits.running)
AGAIN = frozenset(state for state, traits in TRAITS.items() if traits.again)

UNANSWERED = frozenset({SourceState.REFUSED, SourceState.FAILED})
"""LoyaltyDog gave no answer: it is asked again, or a manager answers for it."""
ANSWERED_FOR = frozenset({SourceState.ATTESTED, SourceState.APART})

OF_EXPORTS = frozenset({SourceKind.CARDS_BY_EMAIL, SourceKind.CARDS_BY_ID})
"""Fetched by an export of the case, which has its own workflow."""

LOOKED_IN = frozenset(SourceKind) - {SourceKind.PROGRAMS, SourceKind.PORTAL_RECORDS}
"""Where the person's data may be: the list of programs holds no person's data, and what the portal holds is because of
this request."""

IN_ANSWER = frozenset(
    {SourceKind.LOYALTY_DATA, SourceKind.CARD_CONSENT, SourceKind.LOYALTY_CONSENT, SourceKind.VENDOR_LOG}
)
"""Whose answers are given to the person as they came. What a search found only says where else to ask."""

BY_HAND = frozenset({SourceKind.OTHER_SYSTEM})
"""Answered by a person alone: until then it waits, and nothing of it goes on by itself."""


def settled(states: Iterable[SourceState]) -> bool:
    """May a package be made with sources that stand so (ANS-1)? Never before one was asked."""
    found = list(states)
    return bool(found) and all(TRAITS[state].settled for state in found)


def nothing_held(lines: Iterable[tuple[SourceKind, SourceState]]) -> bool:
    """Is "we hold nothing" the answer: all settled, and nothing of the person in any that was asked (ANS-5)?

    Not while one is answered apart, as the person's data may be there; and not by what people attest alone.
    """
    found = list(lines)
    looked = [state for kind, state in found if kind in LOOKED_IN]
    return (
        settled(state for _kind, state in found)
        and not {SourceState.FETCHED, SourceState.APART} & set(looked)
        and SourceState.EMPTY in looked
    )  # fmt: skip
