"""A profile as a value: frozen, and written to JSON and read back without loss."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from pydantic import TypeAdapter

from portal.language import ENGLISH
from portal.letters.profile.items import DataCategory, KindsOnly, LegalBasis, ProfileItem, RecipientRole, Safeguard

ByLanguage = Mapping[str, str]


@dataclass(frozen=True)
class ItemText:
    """The merchant's words for one item, by language. `own` are those for one category, where they differ;
    `not_applicable` why there is nothing to say, which then stands instead."""

    texts: ByLanguage = field(default_factory=dict)
    own: Mapping[DataCategory, ByLanguage] = field(default_factory=dict)
    not_applicable: ByLanguage = field(default_factory=dict)

    @property
    def empty(self) -> bool:
        return not (self.texts or self.own or self.not_applicable)


@dataclass(frozen=True)
class Recipient:
    """`country`: its two letters. `since`: year or day, in the merchant's words. `copy_at`: where the clauses that
    protect the data can be had."""

    name: str
    role: RecipientRole
    country: str
    since: str = ""
    safeguard: Safeguard = Safeguard.NONE
    copy_at: str = ""


@dataclass(frozen=True)
class Profile:
    """One version. `language` is the one in which every item is there; `version` 0 was never saved. `authorities`:
    codes of `portal.letters.profile.authorities`. `bases` may leave categories out."""

    language: str = ENGLISH
    items: Mapping[ProfileItem, ItemText] = field(default_factory=dict)
    bases: Mapping[DataCategory, LegalBasis] = field(default_factory=dict)
    recipients: tuple[Recipient, ...] = ()
    kinds_only: KindsOnly | None = None
    authorities: tuple[str, ...] = ()
    version: int = 0

    def item(self, item: ProfileItem) -> ItemText:
        return self.items.get(item, ItemText())

    def with_item(self, item: ProfileItem, text: ItemText) -> Profile:
        items = {one: self.items[one] for one in ProfileItem if one in self.items and one is not item}
        return replace(self, items=items if text.empty else items | {item: text})


_AS_JSON = TypeAdapter(Profile)


def to_json(profile: Profile) -> str:
    return _AS_JSON.dump_json(profile).decode()


def from_json(text: str) -> Profile:
    """Raises ValueError for what is no profile."""
    return _AS_JSON.validate_json(text)


def said_in(texts: ByLanguage, language: str, first: str) -> tuple[str, str]:
    """The words and their language: the one asked for, else the profile's first, else any; two empty texts for none."""
    for code in (language, first, *texts):
        if texts.get(code, "").strip():
            return texts[code], code
    return "", ""
