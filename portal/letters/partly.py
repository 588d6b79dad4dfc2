"""The letter with a copy that leaves something out: a refusal in part (Art. 12(4), 15(4) GDPR)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from portal.cases.clock.regimes import Regime
from portal.language import catalogue_of, formats
from portal.letters.engine import Paragraph, Rendered, Sentences, rendered
from portal.letters.left_out import LeftOutCount, left_out_listing
from portal.letters.words import ANSWER_SUBJECT, GREETING, RECEIVED_AND_ANSWERED, LetterWords, remedies

WITHOUT = "With it comes a copy of your data, without what is named below."


@dataclass(frozen=True)
class PartlyFacts:
    words: LetterWords
    answered_on: dt.date
    left_out: tuple[LeftOutCount, ...]
    regimes: tuple[Regime, ...] = (Regime.EU,)


def partly_letter(facts: PartlyFacts, language: str) -> Rendered:
    """Raises ValueError when nothing is left out: the whole copy needs no such letter."""
    if not any(one.places > 0 for one in facts.left_out):
        raise ValueError("a letter about a part that leaves nothing out")
    language = catalogue_of(language).language
    say = Sentences(language, {
        **facts.words.said(language), "answered": formats.day_in_a_letter(facts.answered_on, language),
    })  # fmt: skip
    return rendered(say(ANSWER_SUBJECT), [
        Paragraph(say(GREETING)), Paragraph(say(RECEIVED_AND_ANSWERED, WITHOUT)),
        left_out_listing(say, facts.left_out), Paragraph(say(*remedies(facts.regimes))), facts.words.closing(language),
    ])  # fmt: skip
