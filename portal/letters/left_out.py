"""What a copy leaves out, said to the person who gets it: why and in how many places, never what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from portal.language import formats
from portal.letters.engine import Listing, Sentences
from portal.redaction.reasons import Reason

LEFT_OUT: Mapping[Reason, str] = {
    Reason.OTHER_PERSON: "What shows who another person is.",
    Reason.OTHER_CONTACT: "How another person can be reached.",
    Reason.OTHER_IN_TEXT: "What a text says about another person.",
    Reason.STAFF: "Which of our staff served you.",
    Reason.CREDENTIAL: "Passwords and keys that open an account.",
    Reason.BEARER_VALUE: "Numbers and codes with which a card can be spent.",
    Reason.TRADE_SECRET: "What is a trade secret.",
    Reason.PRIVILEGED: "What we and our lawyers say to each other.",
    Reason.LEGAL_HOLD: "What belongs to a legal dispute.",
    Reason.NOT_THEIRS: "What is not about you.",
    Reason.EXEMPT_NATIONAL: "What a national law exempts from the copy.",
}
BY_SECTION = "What {section} exempts from the copy."
WHY_LEFT_OUT = "What we left out, and why:"


@dataclass(frozen=True)
class LeftOutCount:
    """In how many places something was left out for one reason. `section`: of the law that exempts it."""

    reason: Reason
    places: int
    section: str = ""


def left_out_listing(say: Sentences, counts: Sequence[LeftOutCount], *, title: bool = True) -> Listing:
    """One line a reason, in the order of the reasons, and one a section of a law."""
    places: Counter[tuple[Reason, str]] = Counter()
    for one in counts:
        places[one.reason, one.section] += one.places
    order = list(Reason)
    lines = (
        say(
            BY_SECTION if section else LEFT_OUT[reason], "Places: {places}.", section=section,
            places=formats.number(count, say.language),
        )
        for (reason, section), count in sorted(places.items(), key=lambda one: (order.index(one[0][0]), one[0][1]))
        if count
    )  # fmt: skip
    return Listing(say(WHY_LEFT_OUT) if title else "", tuple(lines))
