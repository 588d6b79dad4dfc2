"""What the reasons for seeing card numbers are called."""

from __future__ import annotations

from collections.abc import Mapping

from portal.exports.files.card_codes import CardReason
from portal.ui.common.words import later

CARD_REASON_WORDS: Mapping[CardReason, str] = {
    CardReason.PERSON_ASKED: later("The person asked for the numbers"),
    CardReason.LOST_CARD: later("A card is lost or stolen"),
    CardReason.DISPUTE: later("A balance is disputed"),
    CardReason.AUTHORITY: later("An authority asks for them"),
}
