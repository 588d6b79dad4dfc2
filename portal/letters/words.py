"""What all letters of a case have in common: kinds, the case's name and day, language, file name.

A letter says days, the case's name and reasons, never who the person is: the greeting names nobody, and a reference
that could be a person's own value is left out.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from portal.cases.clock.regimes import Regime
from portal.language import ENGLISH, LANGUAGES, catalogue_of, formats
from portal.letters.engine import Closing, one_line


class LetterKind(StrEnum):
    ACKNOWLEDGEMENT = "acknowledgement"
    MORE_TIME = "more_time"
    REFUSAL = "refusal"
    NOT_IDENTIFIED = "not_identified"


GREETING = "Hello,"
ANSWER_SUBJECT = "Your request {reference}: our answer"
RECEIVED_AND_ANSWERED = "We received your request {reference} on {received}, and this is our answer of {answered}."


@dataclass(frozen=True)
class LetterWords:
    """What every letter says: `case` is the case's name (2026-0042)."""

    merchant: str
    case: str
    received_on: dt.date
    reference: str = ""

    def said(self, language: str) -> dict[str, str]:
        """The values of its sentences."""
        return {
            "reference": f"{self.case} ({self.reference})" if self.reference else self.case,
            "received": formats.day_in_a_letter(self.received_on, language),
        }

    def closing(self, language: str) -> Closing:
        return Closing((catalogue_of(language).text("Kind regards,"), one_line(self.merchant)))


_COURT = "You have the right to lodge a complaint with a supervisory authority and to seek a judicial remedy."
_ANYWHERE = "You may complain to the authority that supervises data protection where you live."
REMEDIES: Mapping[Regime, tuple[str, ...]] = {
    Regime.EU: (_COURT,),
    Regime.UK: (_COURT,),
    Regime.CH: (_ANYWHERE,),
    Regime.CALIFORNIA: (_ANYWHERE,),
    Regime.FORTY_FIVE_DAYS: ("You may appeal against this decision by replying to this letter.", _ANYWHERE),
    Regime.BRAZIL: (_ANYWHERE,),
    Regime.CANADA: ("You have the right to complain to the Privacy Commissioner of Canada.",),
    Regime.QUEBEC: (_ANYWHERE,),
}
"""What a person who is not answered may do (Art. 12(4) GDPR; Va. Code 59.1-577(C); PIPEDA s. 8(7))."""

_TICKET = re.compile(r"(?=.*\d)[#A-Za-z0-9][A-Za-z0-9._/#-]{0,39}")
_SHORTEST_PART = 3


def remedies(regimes: Sequence[Regime]) -> tuple[str, ...]:
    """What the person may do; where an authority has been named, the sentence that names none is left out."""
    said = dict.fromkeys(sentence for regime in regimes for sentence in REMEDIES[regime])
    if any(_ANYWHERE not in REMEDIES[regime] for regime in regimes):
        said.pop(_ANYWHERE, None)
    return tuple(said)


def letter_language(*codes: str) -> str:
    """The first of the codes that the portal speaks (`de-AT` is `de`), else English."""
    bases = (code.strip().lower().replace("_", "-").partition("-")[0] for code in codes)
    return next((base for base in bases if base in LANGUAGES), ENGLISH)


def letter_reference(reference: str, values: Iterable[str]) -> str:
    """The merchant's reference when it reads as a ticket's number, else nothing.

    `values` is what the person is known by. A reference that holds a word or number of one, or is a part of one, is
    taken for theirs.
    """
    if not _TICKET.fullmatch(reference):
        return ""
    plain = _letters_and_digits(reference)
    spellings = ((value, value.partition("@")[0], *re.split(r"[\W_]+", value)) for value in values)
    parts = {_letters_and_digits(part) for each in spellings for part in each} - {""}
    theirs = any(plain in part or (len(part) >= _SHORTEST_PART and part in plain) for part in parts)
    return "" if theirs else reference


def _letters_and_digits(text: str) -> str:
    return "".join(char for char in text.casefold() if char.isalnum())


def letter_file_name(kind: LetterKind, case: str) -> str:
    """``2026-0042-more-time.txt``."""
    return f"{case}-{kind.replace('_', '-')}.txt"
