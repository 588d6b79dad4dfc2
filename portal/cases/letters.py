"""The letters of a case as plain text: receipt, more time, refusal, not identified.

A letter is built of sentences that the catalogues translate. It says days, the case's name and reasons, never who the
person is: the greeting names nobody, and a reference that could be a person's own value is left out.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

from portal.cases.clock.regimes import Regime
from portal.cases.facts import ExtensionReason, RefusalReason, Right
from portal.errors import InputError
from portal.language import ENGLISH, LANGUAGES, catalogue_of, formats

LETTER_MAX = 20_000


class LetterKind(StrEnum):
    ACKNOWLEDGEMENT = "acknowledgement"
    MORE_TIME = "more_time"
    REFUSAL = "refusal"
    NOT_IDENTIFIED = "not_identified"


@dataclass(frozen=True)
class LetterFacts:
    """What a letter says. `case` is the case's name (2026-0042), `answer_by` the day by which an answer comes,
    `regimes` the laws of the case. More time needs `until` and its reason, a refusal its reason; `right` is the
    one demand that is refused, where the person asks for more."""

    merchant: str
    case: str
    received_on: dt.date
    answer_by: dt.date
    reference: str = ""
    until: dt.date | None = None
    reason: ExtensionReason | RefusalReason | None = None
    regimes: tuple[Regime, ...] = (Regime.EU,)
    right: Right | None = None


SUBJECTS: Mapping[LetterKind, str] = {
    LetterKind.ACKNOWLEDGEMENT: "Your request {reference}: received",
    LetterKind.MORE_TIME: "Your request {reference}: we need more time",
    LetterKind.REFUSAL: "Your request {reference}: our decision",
    LetterKind.NOT_IDENTIFIED: "Your request {reference}: we could not identify you",
}
SENTENCES: Mapping[LetterKind, tuple[str, ...]] = {
    LetterKind.ACKNOWLEDGEMENT: ("You will have our answer by {answer_by}.",),  # and nothing else (CASE-4)
    LetterKind.MORE_TIME: ("We need more time: you will have our answer by {until}.",),
    LetterKind.REFUSAL: ("We have decided not to act on it.",),
    LetterKind.NOT_IDENTIFIED: (
        "We could not make sure that it comes from the person whose data it is about, so we cannot answer it.",
        "To go on we need something that shows that you are this person: please reply to this letter.",
        "Please send no copy of an identity document unless we ask for one.",
    ),
}
"""What follows the day of receipt."""

REASONS: Mapping[ExtensionReason, str] = {
    ExtensionReason.COMPLEXITY: "The reason is that your request is complex.",
    ExtensionReason.MANY_REQUESTS: "The reason is the number of requests that you have made.",
}
REFUSALS: Mapping[RefusalReason, str] = {
    RefusalReason.UNFOUNDED: "The reason is that it is manifestly unfounded.",
    RefusalReason.EXCESSIVE: "The reason is that it is manifestly excessive.",
    RefusalReason.IDENTITY: "The reason is that we could not make sure that the data are yours.",
    RefusalReason.OTHERS_RIGHTS: (
        "The reason is that acting on it would adversely affect the rights and freedoms of others."
    ),
}
_COURT = "You have the right to lodge a complaint with a supervisory authority and to seek a judicial remedy."
_ANYWHERE = "You may complain to the authority that supervises data protection where you live."
PARTS: Mapping[Right, str] = {
    Right.ACCESS: "This is about the copy of your data.",
    Right.PORTABILITY: "This is about the copy to take elsewhere.",
    Right.ERASURE: "This is about the erasure of your data.",
    Right.RECTIFICATION: "This is about the correction of your data.",
    Right.RESTRICTION: "This is about restricting the use of your data.",
    Right.OBJECTION: "This is about your objection.",
    Right.CONSENT_WITHDRAWAL: "This is about the consent you withdrew.",
}
"""What a refusal of one demand is about, where the person asks for more."""
_REST = "About the rest of your request you will hear separately."

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


def letter_text(kind: LetterKind, facts: LetterFacts, language: str) -> str:
    """Subject line, greeting, body and closing. Raises ValueError when the letter lacks its day or reason."""
    words = catalogue_of(language)
    said = {
        "reference": f"{facts.case} ({facts.reference})" if facts.reference else facts.case,
        "received": formats.day_in_a_letter(facts.received_on, words.language),
        "answer_by": formats.day_in_a_letter(facts.answer_by, words.language),
        "until": formats.day_in_a_letter(facts.until, words.language) if facts.until is not None else "",
    }
    if (kind is LetterKind.MORE_TIME) is not bool(said["until"]):
        raise ValueError("a letter about more time, and no other, names a new day")
    paragraphs = (
        (SUBJECTS[kind],),
        ("Hello,",),
        (
            "We received your request {reference} on {received}.",
            *_part(kind, facts.right),
            *SENTENCES[kind],
            *_reason(kind, facts.reason),
            *((_REST,) if facts.right else ()),
        ),
        _remedies(kind, facts.regimes),
    )
    told = [" ".join(words.text(one).format(**said) for one in paragraph) for paragraph in paragraphs if paragraph]
    closing = "\n".join((words.text("Kind regards,"), " ".join(facts.merchant.split())))
    return "\n\n".join([*told, closing])


def _part(kind: LetterKind, right: Right | None) -> tuple[str, ...]:
    if right is None:
        return ()
    if kind is not LetterKind.REFUSAL:
        raise ValueError(f"{kind} is about the whole request")
    return (PARTS[right],)


def _reason(kind: LetterKind, reason: ExtensionReason | RefusalReason | None) -> tuple[str, ...]:
    match kind, reason:
        case LetterKind.MORE_TIME, ExtensionReason():
            return (REASONS[reason],)
        case LetterKind.REFUSAL, RefusalReason():
            return (REFUSALS[reason],)
        case LetterKind.ACKNOWLEDGEMENT | LetterKind.NOT_IDENTIFIED, None:
            return ()
    raise ValueError(f"{kind} with the reason {reason}")


def _remedies(kind: LetterKind, regimes: Sequence[Regime]) -> tuple[str, ...]:
    """Where an authority has been named, the sentence that names none is left out."""
    if kind is LetterKind.ACKNOWLEDGEMENT:
        return ()
    if kind is LetterKind.MORE_TIME:  # Canada's notice of more time says it as well (PIPEDA s. 8(4))
        regimes = [regime for regime in regimes if regime is Regime.CANADA]
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
    parts = {_letters_and_digits(part) for value in values for part in (value, *re.split(r"[\W_]+", value))} - {""}
    theirs = any(plain in part or (len(part) >= _SHORTEST_PART and part in plain) for part in parts)
    return "" if theirs else reference


def _letters_and_digits(text: str) -> str:
    return "".join(char for char in text.casefold() if char.isalnum())


def letter_file_name(kind: LetterKind, case: str) -> str:
    """``2026-0042-more-time.txt``."""
    return f"{case}-{kind.replace('_', '-')}.txt"


def letter_sha256(text: str) -> str:
    """Of the letter's UTF-8 bytes, as they are saved."""
    return sha256(text.encode("utf-8")).hexdigest()


def sha256_of_sent(letter: str) -> str:
    """SHA-256 of a letter as it went out. Raises InputError(field="letter") for what cannot be one."""
    if not letter.strip() or len(letter) > LETTER_MAX:
        raise InputError(f"A letter has at most {LETTER_MAX} characters, and at least one.", field="letter")
    try:
        return letter_sha256(letter)
    except UnicodeEncodeError:  # half of a surrogate pair
        raise InputError("The letter holds a character that cannot be written.", field="letter") from None
