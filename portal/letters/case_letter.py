"""The letters that say how a case stands: receipt, more time, refusal, not identified."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from portal.cases.clock.regimes import Regime
from portal.cases.facts import ExtensionReason, RefusalReason, Right
from portal.language import catalogue_of, formats
from portal.letters.engine import Block, Paragraph, Rendered, Sentences, rendered
from portal.letters.words import GREETING, LetterKind, LetterWords, remedies


@dataclass(frozen=True)
class LetterFacts:
    """What a letter says. `answer_by` is the day by which an answer comes, `regimes` the laws of the case. More time
    needs `until` and its reason, a refusal its reason; `right` is the one demand that is refused, where the person asks
    for more."""

    words: LetterWords
    answer_by: dt.date
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


def case_letter(kind: LetterKind, facts: LetterFacts, language: str) -> Rendered:
    """Subject line, greeting, body and closing. Raises ValueError when the letter lacks its day or reason."""
    language = catalogue_of(language).language
    if (kind is LetterKind.MORE_TIME) is not (facts.until is not None):
        raise ValueError("a letter about more time, and no other, names a new day")
    say = Sentences(language, {
        **facts.words.said(language),
        "answer_by": formats.day_in_a_letter(facts.answer_by, language),
        **({"until": formats.day_in_a_letter(facts.until, language)} if facts.until is not None else {}),
    })  # fmt: skip
    body = (
        "We received your request {reference} on {received}.",
        *_part(kind, facts.right),
        *SENTENCES[kind],
        *_reason(kind, facts.reason),
        *((_REST,) if facts.right else ()),
    )
    blocks: list[Block] = [Paragraph(say(GREETING)), Paragraph(say(*body))]
    if told := _remedies(kind, facts.regimes):
        blocks.append(Paragraph(say(*told)))
    return rendered(say(SUBJECTS[kind]), [*blocks, facts.words.closing(language)])


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
    if kind is LetterKind.ACKNOWLEDGEMENT:
        return ()
    if kind is LetterKind.MORE_TIME:  # Canada's notice of more time says it as well (PIPEDA s. 8(4))
        regimes = [regime for regime in regimes if regime is Regime.CANADA]
    return remedies(regimes)
