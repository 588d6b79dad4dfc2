"""What is missing from a profile, and what may not stand in one (PKG-11)."""

from __future__ import annotations

import dataclasses

import pytest

from portal.cases.clock.calendar_codes import EEA_STATES
from portal.cases.clock.regimes import Regime
from portal.letters.profile.authorities import AUTHORITIES
from portal.letters.profile.checks import Missing, Why, faults, missing
from portal.letters.profile.items import AT_LEAST_20, DataCategory, ProfileItem
from portal.letters.profile.model import ItemText, Profile, from_json, to_json
from portal.practice_profile import practice_profile

EU = (Regime.EU,)


def fault(item: ProfileItem, words: str) -> Why | None:
    return next(faults(item, ItemText({"en": words})), None)


def test_an_empty_profile_lacks_every_item_and_the_practice_one_none() -> None:
    assert [one.item for one in missing(Profile(), EU, "en")] == list(ProfileItem)
    for regimes in (EU, (Regime.UK,), (Regime.EU, Regime.UK), (Regime.CALIFORNIA,)):
        assert missing(practice_profile(), regimes, "en") == ()


@pytest.mark.parametrize("words", [
    "We use it for TODO and more than that", "Ask {{ name }} at our counter, please", "Kept for XXX years at our place",
    "{merchant} keeps it for two years here", "<your address> is where you find us", "[insert the period here] of time",
    "Lorem ipsum dolor sit amet, consectetur", "Write to ____________ at our address", "todo: say what we do with it",
])  # fmt: skip
@pytest.mark.parametrize("item", [ProfileItem.PURPOSES, ProfileItem.CONTROLLER])
def test_a_placeholder_is_never_saved(item: ProfileItem, words: str) -> None:
    assert fault(item, words) is Why.PLACEHOLDER


def test_ordinary_words_are_no_placeholder() -> None:
    for words in ("Size XXL and method of payment (card, cash) are kept.", "5 > 4, and write to a@shop.example.com."):
        assert fault(ProfileItem.PURPOSES, words) is None


@pytest.mark.parametrize("item", ProfileItem)
def test_too_short_a_text_is_refused_where_it_says_nothing(item: ProfileItem) -> None:
    assert fault(item, "19 letters, no more") is (Why.SHORT if item in AT_LEAST_20 else None)
    assert fault(item, "20 letters, no fewer") is None
    assert fault(item, " \n ") is Why.EMPTY
    assert fault(item, "word " * 401) is Why.LONG


@pytest.mark.parametrize("words", [
    "We keep your data as long as necessary.", "Your data are kept for as long as is needed for our purposes.",
    "Ihre Daten werden gespeichert, solange es nötig ist.", "Vos données sont gardées aussi longtemps que nécessaire.",
    "Sus datos se guardan mientras sea necesario.", "I Suoi dati sono conservati finché è necessario.",
    "Uw gegevens worden bewaard zolang dat nodig is.",
])  # fmt: skip
def test_as_long_as_necessary_alone_is_no_period(words: str) -> None:
    assert fault(ProfileItem.STORAGE, words) is Why.NO_PERIOD
    assert fault(ProfileItem.PURPOSES, words) is None


@pytest.mark.parametrize("words", [
    "As long as necessary for your card, then two years after your last visit.",
    "Solange es für den Vertrag nötig ist, danach 10 Jahre.", "For six years after the end of the year.",
])  # fmt: skip
def test_a_period_or_what_it_depends_on_is_enough(words: str) -> None:
    assert fault(ProfileItem.STORAGE, words) is None


def test_words_for_some_kinds_of_data_alone_are_not_enough() -> None:
    own = {one: {"en": "For six years after the end of the year."} for one in DataCategory}
    every = practice_profile().with_item(ProfileItem.STORAGE, ItemText(own=own))
    assert missing(every, EU, "en") == ()
    del own[DataCategory.MESSAGES]
    some = practice_profile().with_item(ProfileItem.STORAGE, ItemText(own=own))
    assert missing(some, EU, "en") == (Missing(ProfileItem.STORAGE, Why.EMPTY),)


@pytest.mark.parametrize(("regimes", "authorities", "enough"), [
    (EU, ("IE",), True), (EU, ("GB",), False), ((Regime.UK,), ("GB",), True), ((Regime.UK,), ("IE",), False),
    ((Regime.EU, Regime.UK), ("IE",), False), ((Regime.EU, Regime.UK), ("IE", "GB"), True), (EU, ("DE-BY",), True),
    ((Regime.CALIFORNIA,), (), False), ((Regime.CALIFORNIA,), ("GB",), True),
])  # fmt: skip
def test_the_authority_is_one_that_the_law_has(
    regimes: tuple[Regime, ...], authorities: tuple[str, ...], enough: bool
) -> None:
    given = dataclasses.replace(practice_profile(), authorities=authorities)
    expected = () if enough else (Missing(ProfileItem.COMPLAINT, Why.NO_AUTHORITY),)
    assert missing(given, regimes, "en") == expected


def test_a_recipient_abroad_makes_the_item_apply() -> None:
    given = practice_profile().with_item(
        ProfileItem.THIRD_COUNTRIES, ItemText(not_applicable={"en": "Nothing leaves the country."})
    )
    assert missing(given, EU, "en") == (Missing(ProfileItem.THIRD_COUNTRIES, Why.ABROAD),)


def test_each_country_of_the_eea_and_the_united_kingdom_has_its_authority() -> None:
    assert EEA_STATES | {"GB"} <= set(AUTHORITIES)
    for code, one in AUTHORITIES.items():
        assert one.country == code[:2] and one.name and "/" not in one.web and "." in one.web


def test_a_profile_is_read_back_as_it_was_written() -> None:
    given = practice_profile()
    assert from_json(to_json(given)) == given
    with pytest.raises(ValueError):
        from_json('{"items": {"no_such_item": {}}}')
