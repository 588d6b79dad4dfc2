"""What a marker says in the language of the answer, of one length for all places of a reason (RED-2, RED-5). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from portal.language import ENGLISH, catalogue_of
from portal.redaction.places import Grain
from portal.redaction.reasons import Reason

MARKER_WORDS: Mapping[Reason, str] = {
    Reason.OTHER_PERSON: "another person",
    Reason.OTHER_CONTACT: "contact of another person",
    Reason.OTHER_IN_TEXT: "another person",
    Reason.STAFF: "staff",
    Reason.CREDENTIAL: "security code",
    Reason.BEARER_VALUE: "card number",
    Reason.TRADE_SECRET: "trade secret",
    Reason.PRIVILEGED: "legal advice",
    Reason.LEGAL_HOLD: "held back by law",
    Reason.NOT_THEIRS: "not about you",
    Reason.EXEMPT_NATIONAL: "exempt by law",
}
ENDING = "card number ending"
"""Said of a number that is left out whole, with its last characters after it."""
LAST = 4
_UNKNOWN = "*" * LAST


@dataclass(frozen=True)
class MarkerWords:
    """The words of one file's markers. `staff`: how many of them are left out, for the width of their numbers."""

    language: str = ENGLISH
    staff: int = 0

    def words(self, reason: Reason, grain: Grain = Grain.VALUE, *, who: int = 0, card: str = "") -> str:
        """`who`: which of the staff. `card`: the number that a card is spent with, of which the last characters are
        said where it is long enough."""
        known = catalogue_of(self.language)
        if reason is Reason.BEARER_VALUE and grain is not Grain.SPAN:
            characters = "".join(filter(str.isalnum, card))
            return f"{known.text(ENDING)} {characters[-LAST:] if len(characters) >= 2 * LAST else _UNKNOWN}"
        words = known.text(MARKER_WORDS[reason])
        if reason is Reason.STAFF and self.staff:
            width = len(str(self.staff))
            return f"{words} {who:0{width}}" if who else f"{words} {'?' * width}"
        return words
