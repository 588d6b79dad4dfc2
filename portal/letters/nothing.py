"""The letter that says that nothing is held: what was searched, when and by what, and what this request itself leaves.

It speaks of the systems it names, never of "nothing" in general, and of nobody who looks alike. What the person is
known by is masked, for a letter can reach somebody else. Pure.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from portal.cases.clock.regimes import Regime
from portal.cases.services.intake import IdentifierKind
from portal.language import catalogue_of, formats
from portal.letters.engine import Listing, Paragraph, Rendered, Sentences, one_line, rendered
from portal.letters.words import ANSWER_SUBJECT, GREETING, RECEIVED_AND_ANSWERED, LetterWords, remedies
from portal.sources.kinds import SourceKind

SEARCHED: Mapping[SourceKind, str] = {
    SourceKind.CARDS_BY_EMAIL: "LoyaltyDog, gift cards: searched on {when}.",
    SourceKind.CARDS_BY_ID: "LoyaltyDog, gift cards: searched on {when}.",
    SourceKind.PROGRAMS: "",  # a list of programs, in which nobody stands
    SourceKind.MEMBERS: "LoyaltyDog, members of {name}: searched on {when}.",
    SourceKind.LOYALTY_DATA: "LoyaltyDog, data of members of {name}: searched on {when}.",
    SourceKind.CARD_CONSENT: "LoyaltyDog, consents for gift cards: searched on {when}.",
    SourceKind.LOYALTY_CONSENT: "LoyaltyDog, consents for {name}: searched on {when}.",
    SourceKind.OTHER_SYSTEM: "{name}: searched on {when}.",
    SourceKind.PORTAL_RECORDS: "",  # named as what this request leaves
    SourceKind.CARDS_FOUND: "LoyaltyDog, search of gift cards: searched on {when}.",
    SourceKind.VENDOR_LOG: "LoyaltyDog, log of who looked at customers: searched on {when}.",
}
KNOWN_BY: Mapping[IdentifierKind, str] = {
    IdentifierKind.EMAIL: "Email address {value}.",
    IdentifierKind.PHONE: "Phone number {value}.",
    IdentifierKind.CUSTOMER_ID: "Customer ID {value}.",
    IdentifierKind.CARD_ID: "Card ID {value}.",
    IdentifierKind.LAST_FOUR: "Card number ending in {value}.",
    IdentifierKind.MEMBER_ID: "Member ID {value}.",
}
OPENING = (
    RECEIVED_AND_ANSWERED,
    "We searched the systems named below and found no data about you in them.",
)
WHERE = "What we searched:"
BY_WHAT = "What we searched by:"
OTHERWISE = (
    "If you used another address or number with us, or have one of our cards, tell us, and we will search again.",
)
LEFT_BEHIND = (
    "Because of your request we now keep the request, what we searched by, what was done about it, and this letter.",
    "That serves to answer you and to show that we did.",
)
RECORD_KEPT = (
    "We keep what was written about your request for {months} months after it has ended; that you asked and how it was "
    "answered stays on record."
)


@dataclass(frozen=True)
class Searched:
    """One system that was searched: `name` of the program or system, and the last time."""

    kind: SourceKind
    name: str
    at: dt.datetime


@dataclass(frozen=True)
class NothingFacts:
    """What the letter says. `known_by`: kinds and masked values. Times are shown in `zone`'s days.

    `record_kept_months`: so long after its end what was written in the case is kept.
    """

    words: LetterWords
    answered_on: dt.date
    searched: tuple[Searched, ...]
    known_by: tuple[tuple[IdentifierKind, str], ...]
    zone: dt.tzinfo
    record_kept_months: int
    regimes: tuple[Regime, ...] = (Regime.EU,)


def nothing_letter(facts: NothingFacts, language: str) -> Rendered:
    """Subject line, greeting, body and closing. Raises ValueError for a letter without a search or an identifier."""
    language = catalogue_of(language).language
    say = Sentences(language, {
        **facts.words.said(language),
        "answered": formats.day_in_a_letter(facts.answered_on, language),
    })  # fmt: skip
    where = tuple(dict.fromkeys(_where(facts, say)))
    by_what = tuple(say(KNOWN_BY[kind], value=value) for kind, value in facts.known_by)
    if not where or not by_what:
        raise ValueError("a letter that names no search")
    left_behind = say(*LEFT_BEHIND, RECORD_KEPT, months=str(facts.record_kept_months))
    return rendered(say(ANSWER_SUBJECT), [
        Paragraph(say(GREETING)), Paragraph(say(*OPENING)), Listing(say(WHERE), where), Listing(say(BY_WHAT), by_what),
        Paragraph(say(*OTHERWISE)), Paragraph(left_behind), Paragraph(say(*remedies(facts.regimes))),
        facts.words.closing(language),
    ])  # fmt: skip


def _where(facts: NothingFacts, say: Sentences) -> Iterable[str]:
    """One line a system and program, with the last time."""
    last: dict[tuple[str, str], dt.datetime] = {}
    for one in facts.searched:
        if sentence := SEARCHED[one.kind]:
            key = (sentence, one_line(one.name))
            last[key] = max(one.at, last.get(key, one.at))
    for (sentence, name), at in last.items():
        yield say(sentence, name=name, when=formats.moment(at.astimezone(facts.zone), say.language))
