"""The letter of an answer: each item of Art. 15(1)(a) to (h) and (2), or why it does not apply; else no letter."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from portal.language import catalogue_of, formats
from portal.letters.answer import wording
from portal.letters.answer.facts import AnswerFacts, Outcome, Searched
from portal.letters.answer.items import ItemBlocks
from portal.letters.engine import Block, Heading, Listing, Paragraph, Rendered, Sentences, rendered
from portal.letters.left_out import left_out_listing
from portal.letters.nothing import LEFT_BEHIND, OTHERWISE, RECORD_KEPT, WHERE
from portal.letters.profile.checks import ProfileIncomplete, missing
from portal.letters.profile.items import ProfileItem
from portal.letters.profile.model import Profile
from portal.letters.words import ANSWER_SUBJECT, GREETING, RECEIVED_AND_ANSWERED, LetterWords, remedies

SAID: Mapping[Outcome, tuple[ProfileItem, ...]] = {
    Outcome.YES: tuple(ProfileItem),
    Outcome.PARTLY: tuple(ProfileItem),
    Outcome.NOTHING: (
        ProfileItem.CONTROLLER, ProfileItem.DPO, ProfileItem.RIGHTS, ProfileItem.COMPLAINT, ProfileItem.MISTAKES,
    ),
}  # fmt: skip
"""Of whom nothing is held, Art. 15(1) owes the confirmation and no more."""


def answer_letter(profile: Profile, facts: AnswerFacts, language: str) -> Rendered:
    """Raises ProfileIncomplete, naming each item that the letter needs and the profile lacks."""
    language = catalogue_of(language).language
    said = SAID[facts.outcome]
    if lacks := [one for one in missing(profile, facts.regimes, language) if one.item in said]:
        raise ProfileIncomplete(lacks)
    words = LetterWords(facts.merchant, facts.case, facts.received_on, facts.reference)
    say = Sentences(language, {
        **words.said(language), "answered": formats.day_in_a_letter(facts.answered_on, language),
    })  # fmt: skip
    items = ItemBlocks(profile, facts, say)
    sections: dict[ProfileItem, Callable[[], Iterator[Block]]] = {
        item: getattr(items, item.value) for item in ProfileItem
    }
    body: list[Block] = []
    for item in said:
        body += [Heading(say(wording.HEADINGS[item])), *sections[item]()]
    body += [*_kept(facts, say), Paragraph(say(wording.VERSION, version=str(profile.version)))]
    blocks = [Paragraph(say(GREETING)), *_opening(facts, say), *_other_languages(body, say), *body]
    return rendered(say(ANSWER_SUBJECT), [*blocks, words.closing(language)])


def _other_languages(body: Sequence[Block], say: Sentences) -> Iterator[Block]:
    """Said once, before the first words that the profile has in no other language."""
    spoken = (one.language for one in body if isinstance(one, Paragraph | Listing))
    names = [formats.language_name(code, say.language) for code in dict.fromkeys(filter(None, spoken))]
    if names:
        yield Paragraph(say(wording.ONLY_IN, language=", ".join(names)))


def _opening(facts: AnswerFacts, say: Sentences) -> Iterator[Block]:
    told = [say(RECEIVED_AND_ANSWERED)]
    if facts.extended_until is not None:
        told.append(say(wording.MORE_TIME, until=formats.day_in_a_letter(facts.extended_until, say.language)))
    yield Paragraph(" ".join([*told, say(wording.CONFIRMATION[facts.outcome])]))
    yield Listing(say(WHERE), tuple(dict.fromkeys(_searched(one, say) for one in facts.searched)))
    if facts.outcome is Outcome.NOTHING:
        yield Paragraph(say(*OTHERWISE))
        yield Paragraph(say(*LEFT_BEHIND))
    if facts.outcome is Outcome.PARTLY:
        yield Heading(say(wording.LEFT_OUT_HEADING))
        yield left_out_listing(say, facts.left_out, title=False)
        yield Paragraph(say(*remedies(facts.regimes)))


def _searched(one: Searched, say: Sentences) -> str:
    by = (wording.SEARCHED_BY,) if one.asked_by_masked else ()
    when = formats.day_in_a_letter(one.on, say.language)
    return say(
        wording.SEARCHED_ON, *by, wording.SEARCHED[one.outcome], name=one.name, by=one.asked_by_masked, when=when
    )


def _kept(facts: AnswerFacts, say: Sentences) -> Iterator[Block]:
    told = []
    if facts.package_kept_until is not None:
        told.append(say(wording.PACKAGE_KEPT, until=formats.day_in_a_letter(facts.package_kept_until, say.language)))
    if facts.record_kept_months is not None:
        told.append(say(RECORD_KEPT, months=str(facts.record_kept_months)))
    if told:
        yield Heading(say(wording.KEPT_HEADING))
        yield Paragraph(" ".join(told))
