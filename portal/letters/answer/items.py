"""Each item of the profile as blocks of a letter: the merchant's words, and what the case and code lists add."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from portal.language import formats
from portal.letters.answer import wording
from portal.letters.answer.facts import AnswerFacts
from portal.letters.engine import Block, Listing, Paragraph, Sentences, one_line
from portal.letters.profile.authorities import AUTHORITIES, in_country
from portal.letters.profile.checks import third_countries
from portal.letters.profile.items import OWN_COUNTRIES, DataCategory, LetterLaw, ProfileItem, Safeguard, laws_in
from portal.letters.profile.model import ByLanguage, Profile, Recipient, said_in
from portal.letters.words import remedies


@dataclass(frozen=True)
class ItemBlocks:
    """One method an item, named by its code."""

    profile: Profile
    facts: AnswerFacts
    say: Sentences

    def controller(self) -> Iterator[Block]:
        return self._texts(ProfileItem.CONTROLLER)

    def dpo(self) -> Iterator[Block]:
        return self._texts(ProfileItem.DPO)

    def rights(self) -> Iterator[Block]:
        yield Paragraph(self.say(*wording.RIGHTS))
        yield from self._texts(ProfileItem.RIGHTS)

    def automated(self) -> Iterator[Block]:
        return self._texts(ProfileItem.AUTOMATED)

    def mistakes(self) -> Iterator[Block]:
        return self._texts(ProfileItem.MISTAKES)

    def purposes(self) -> Iterator[Block]:
        yield from self._by_category(ProfileItem.PURPOSES)
        based = [
            self.say(wording.CATEGORY_WORDS[one]) + ". " + self.say(wording.BASES[basis], law=self._law_name())
            for one in self._categories()
            if (basis := self.profile.bases.get(one)) is not None
        ]
        if based:
            yield Listing("", tuple(based))

    def categories(self) -> Iterator[Block]:
        counted = {one.code: one.records for one in self.facts.categories}
        yield Listing("", tuple(
            self.say(
                wording.COUNTED, category=self.say(wording.CATEGORY_WORDS[code]),
                records=formats.number(counted[code], self.say.language),
            )
            for code in self._categories()
        ))  # fmt: skip
        yield from self._by_category(ProfileItem.CATEGORIES)

    def storage(self) -> Iterator[Block]:
        return self._by_category(ProfileItem.STORAGE)

    def source(self) -> Iterator[Block]:
        yield from self._by_category(ProfileItem.SOURCE)
        if self.facts.sender_names:
            names = ", ".join(one_line(name) for name in self.facts.sender_names)
            yield Paragraph(self.say(wording.SENT_BY, names=names))

    def recipients(self) -> Iterator[Block]:
        found = self._recipients()
        if self.profile.recipients and not found:
            yield Paragraph(self.say(wording.NO_RECIPIENT))
        if found and self.profile.kinds_only is not None:
            yield Paragraph(self.say(wording.KINDS_ONLY[self.profile.kinds_only]))
            yield Listing("", tuple(dict.fromkeys(self.say(wording.ROLES[one.role]) for one in found)))
        elif found:
            yield Listing("", tuple(map(self._named, found)))
        yield from self._texts(ProfileItem.RECIPIENTS)

    def third_countries(self) -> Iterator[Block]:
        abroad = [one for one in self._recipients() if one in third_countries(self.profile, self._laws())]
        if abroad:
            yield Listing("", tuple(dict.fromkeys(self._protected(one) for one in abroad)))
        elif not self.profile.item(ProfileItem.THIRD_COUNTRIES).not_applicable:
            yield Paragraph(self.say(*(wording.NO_THIRD_COUNTRY[law] for law in self._laws())))
        yield from self._texts(ProfileItem.THIRD_COUNTRIES)

    def complaint(self) -> Iterator[Block]:
        yield Paragraph(self.say(*remedies(self.facts.regimes)))
        reached = frozenset[str]().union(*(OWN_COUNTRIES[law] for law in self._laws()))
        codes = [code for code in self.profile.authorities if AUTHORITIES[code].country in reached]
        if self.facts.country not in {AUTHORITIES[code].country for code in codes}:
            codes.append(in_country(self.facts.country))
        named = [AUTHORITIES[code] for code in dict.fromkeys(filter(None, codes))]
        lines = (f"{one.name}, {formats.territory(one.country, self.say.language)}, {one.web}" for one in named)
        if named:
            yield Listing("", tuple(lines))
        yield from self._texts(ProfileItem.COMPLAINT)

    def _laws(self) -> tuple[LetterLaw, ...]:
        return laws_in(self.facts.regimes)

    def _law_name(self) -> str:
        return ", ".join(self.say(wording.LAW_NAMES[law]) for law in self._laws())

    def _categories(self) -> list[DataCategory]:
        """Those that occur, in the order of the list."""
        counted = {one.code for one in self.facts.categories if one.records > 0}
        return [one for one in DataCategory if one in counted]

    def _recipients(self) -> list[Recipient]:
        theirs = self.facts.recipients
        return [one for one in self.profile.recipients if theirs is None or one.name in theirs]

    def _named(self, one: Recipient) -> str:
        country = formats.territory(one.country, self.say.language)
        since = (wording.SINCE,) if one_line(one.since) else ()
        told = (wording.ROLES[one.role], *since)
        return self.say(wording.NAMED, *told, name=one.name, country=country, since=one.since)

    def _protected(self, one: Recipient) -> str:
        kinds = self.profile.kinds_only is not None
        country = formats.territory(one.country, self.say.language)
        name = (country,) if kinds else (one_line(one.name), country)
        told = [", ".join(name) + "."]
        if one.safeguard is not Safeguard.NONE:
            told.append(self.say(wording.SAFEGUARDS[one.safeguard], law=self._law_name()))
        if one.copy_at:
            told.append(self.say(wording.COPY_AT, place=one.copy_at))
        return " ".join(told)

    def _texts(self, item: ProfileItem) -> Iterator[Block]:
        text = self.profile.item(item)
        if text.not_applicable:
            yield Paragraph(self.say(wording.NOT_APPLICABLE))
        yield from self._words(text.not_applicable or text.texts)

    def _by_category(self, item: ProfileItem) -> Iterator[Block]:
        """The words for all, then those of each category that occurs and has its own."""
        yield from self._texts(item)
        own = self.profile.item(item).own
        for category in self._categories():
            if (found := said_in(own.get(category, {}), self.say.language, self.profile.language))[0]:
                words, language = found
                yield Listing(self.say(wording.CATEGORY_WORDS[category]), (one_line(words),), self._other(language))

    def _words(self, texts: ByLanguage) -> Iterator[Block]:
        words, language = said_in(texts, self.say.language, self.profile.language)
        if words:
            for part in filter(None, map(one_line, words.splitlines())):
                yield Paragraph(part, self._other(language))

    def _other(self, language: str) -> str:
        return "" if language == self.say.language else language
