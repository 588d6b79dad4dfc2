"""What is missing from a profile (PKG-11), told item by item. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from portal.cases.clock.regimes import Regime
from portal.errors import PortalError
from portal.letters.engine import one_line
from portal.letters.profile.authorities import AUTHORITIES
from portal.letters.profile.items import (
    AT_LEAST_20,
    BY_CATEGORY,
    MAY_NOT_APPLY,
    OWN_COUNTRIES,
    DataCategory,
    LetterLaw,
    ProfileItem,
    Safeguard,
    named_laws,
)
from portal.letters.profile.model import ByLanguage, ItemText, Profile, Recipient, said_in

SHORTEST = 20
TEXT_MAX = 2_000
_PLACEHOLDER = re.compile(
    r"\b(?:TODO|FIXME|TBD|XXX+|TBC)\b|\{\{|\}\}|\{%|\$\{|\{\w*\}|<[^<>\n]{1,60}>|lorem ipsum|_{3,}"
    r"|\[[^\[\]\n]*(?:insert|your|name|address|company|date|hier|ici|aquí|qui|hier in)[^\[\]\n]*\]",
    re.I,
)
_NEEDED = re.compile(
    r"as long as (?:it |this |that |they )?(?:is |are )?(?:necessary|needed|required|we need)"
    r"|solange (?:es |sie |dies |wie )?(?:nötig|notwendig|erforderlich)|so lange wie (?:nötig|notwendig|erforderlich)"
    r"|(?:aussi long\w* que|tant que) (?:cela est |c’est |c'est )?nécessaire"
    r"|(?:mientras|tanto tiempo como|el tiempo que) (?:sea |fuera )?(?:necesario|preciso)"
    r"|(?:finché|fino a quando|per il tempo) (?:è |sia )?necessari\w"
    r"|zo ?lang (?:als )?(?:dat |dit |het )?(?:nodig|noodzakelijk)",
    re.I,
)
_CRITERION = re.compile(
    r"\d|\b(?:until|after|once|when|end\w*|clos\w+|year\w*|month\w*|bis|nach|sobald|ende\w*|jahr\w*|monat\w*|jusqu\w*"
    r"|après|fin|dès|ans|mois|hasta|después|cuando|años?|meses|fino al\w*|dopo|anni|mesi|tot|na|einde|jaar|jaren"
    r"|maand\w*)\b",
    re.I,
)


class Why(StrEnum):
    """Finished sentences: they are shown beside the item."""

    EMPTY = "Nothing is written here yet."
    SHORT = "This is too short to tell anybody something: write at least 20 characters."
    LONG = "This is too long: write at most 2,000 characters."
    PLACEHOLDER = "A placeholder is still in the text."
    NO_PERIOD = "“As long as necessary” alone is no answer: give a period, or what it depends on."
    NO_AUTHORITY = "Choose the authority to which a person may complain."
    NO_SAFEGUARD = "A recipient is in another country: say what protects the data there."
    APPLIES = "This cannot be left out: it holds for everybody who keeps data of customers."
    ABROAD = "A recipient is in another country, so this does apply."
    NO_COUNTRY = "Each recipient needs a name and a country."


@dataclass(frozen=True)
class Missing:
    """One item and the sentence that says what it lacks."""

    item: ProfileItem
    why: Why


class ProfileIncomplete(PortalError):
    """A letter cannot be written before these items are there. `missing` has all of them."""

    code = "profile_incomplete"
    message = "What your letters say is not complete yet."
    next_step = "A manager fills in what is missing under Settings, What your letters say."

    def __init__(self, missing: Iterable[Missing]) -> None:
        self.missing = tuple(missing)
        super().__init__(detail=", ".join(f"{one.item}: {one.why.name.lower()}" for one in self.missing))


def missing(profile: Profile, regimes: Iterable[Regime], language: str) -> tuple[Missing, ...]:
    """At most one a item, in the order of the items. Words in another language than `language` count: the letter shows
    that they are."""
    laws = named_laws(regimes)
    found = ((item, _lacks(profile, item, laws, language)) for item in ProfileItem)
    return tuple(Missing(item, why) for item, why in found if why is not None)


def _lacks(profile: Profile, item: ProfileItem, laws: tuple[LetterLaw, ...], language: str) -> Why | None:
    text = profile.item(item)
    if (wrong := next(faults(item, text), None)) is not None:
        return wrong
    match item:
        case ProfileItem.RECIPIENTS if profile.recipients:
            return _wrong_recipient(profile.recipients)
        case ProfileItem.THIRD_COUNTRIES if abroad := third_countries(profile, laws or (LetterLaw.EU,)):
            if text.not_applicable:
                return Why.ABROAD
            return None if all(one.safeguard is not Safeguard.NONE for one in abroad) else Why.NO_SAFEGUARD
        case ProfileItem.COMPLAINT:
            return _without_authority(profile, text, laws)
        case ProfileItem.CATEGORIES | ProfileItem.PURPOSES | ProfileItem.STORAGE | ProfileItem.SOURCE:
            return None if _says(text.not_applicable) or _covers(text) else Why.EMPTY
    return None if _says(text.texts) or _says(text.not_applicable) else Why.EMPTY


def _wrong_recipient(recipients: tuple[Recipient, ...]) -> Why | None:
    if not all(one_line(one.name) and len(one.country) == 2 for one in recipients):
        return Why.NO_COUNTRY
    if any(has_placeholder(text) for one in recipients for text in (one.name, one.since, one.copy_at)):
        return Why.PLACEHOLDER
    return None


def _covers(text: ItemText) -> bool:
    """Words for every category, or one for all."""
    return _says(text.texts) or all(_says(text.own.get(category, {})) for category in DataCategory)


def _says(texts: ByLanguage) -> bool:
    return bool(said_in(texts, "", "")[0])


def _without_authority(profile: Profile, text: ItemText, laws: tuple[LetterLaw, ...]) -> Why | None:
    """Outside the EU and the UK the merchant names it in its own words."""
    if not laws:
        return None if _says(text.texts) or profile.authorities else Why.NO_AUTHORITY
    countries = {AUTHORITIES[code].country for code in profile.authorities if code in AUTHORITIES}
    return None if all(countries & OWN_COUNTRIES[law] for law in laws) else Why.NO_AUTHORITY


def third_countries(profile: Profile, laws: tuple[LetterLaw, ...]) -> tuple[Recipient, ...]:
    """The recipients in a country that one of the laws does not reach."""
    return tuple(one for one in profile.recipients if any(one.country not in OWN_COUNTRIES[law] for law in laws))


def faults(item: ProfileItem, text: ItemText) -> Iterator[Why]:
    """What may not be saved, whatever else is there."""
    if text.not_applicable and item not in MAY_NOT_APPLY:
        yield Why.APPLIES
    for words in text.not_applicable.values():
        yield from _wrong(words)
    for texts in (text.texts, *(text.own.values() if item in BY_CATEGORY else ())):
        for words in texts.values():
            yield from _wrong(words)
            if item in AT_LEAST_20 and len(one_line(words)) < SHORTEST:
                yield Why.SHORT
            if item is ProfileItem.STORAGE and _NEEDED.search(words) and not _CRITERION.search(words):
                yield Why.NO_PERIOD


def _wrong(words: str) -> Iterator[Why]:
    if not one_line(words):
        yield Why.EMPTY
    if len(words) > TEXT_MAX:
        yield Why.LONG
    if has_placeholder(words):
        yield Why.PLACEHOLDER


def has_placeholder(words: str) -> bool:
    return _PLACEHOLDER.search(words) is not None
