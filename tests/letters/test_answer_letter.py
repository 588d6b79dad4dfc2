"""The letter of an answer: each item of Art. 15 is in it or said not to apply, or there is no letter."""

from __future__ import annotations

import dataclasses
import datetime as dt
import html
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.cases.clock.regimes import Regime
from portal.language import LANGUAGES
from portal.letters.answer import wording
from portal.letters.answer.example import example_facts
from portal.letters.answer.facts import AnswerFacts, CategoryCount, Outcome, Searched, SearchOutcome
from portal.letters.answer.letter import answer_letter
from portal.letters.left_out import LEFT_OUT, LeftOutCount
from portal.letters.profile.checks import Missing, ProfileIncomplete, Why
from portal.letters.profile.items import DataCategory, KindsOnly, ProfileItem, Safeguard
from portal.letters.profile.model import ItemText, Profile
from portal.practice_profile import practice_profile
from portal.redaction.reasons import Reason

TODAY = dt.date(2026, 3, 20)
SHOP = "Kaffee & Söhne"


def facts(**given: Any) -> AnswerFacts:
    return dataclasses.replace(example_facts(SHOP, (Regime.EU,), TODAY), **given)


def profile(**given: Any) -> Profile:
    return dataclasses.replace(practice_profile(), version=3, **given)


def without(item: ProfileItem) -> Profile:
    """The profile as it was before somebody filled this item in."""
    bare = profile().with_item(item, ItemText())
    match item:
        case ProfileItem.RECIPIENTS:
            return dataclasses.replace(bare, recipients=())
        case ProfileItem.THIRD_COUNTRIES:
            return dataclasses.replace(bare, recipients=tuple(one for one in bare.recipients if one.country == "IE"))
        case ProfileItem.COMPLAINT:
            return dataclasses.replace(bare, authorities=())
    return bare


@pytest.mark.keeps("LAW-6")
@pytest.mark.parametrize("item", ProfileItem)
def test_without_any_one_item_there_is_no_letter(item: ProfileItem) -> None:
    with pytest.raises(ProfileIncomplete) as refused:
        answer_letter(without(item), facts(), "en")
    assert item in [one.item for one in refused.value.missing]
    assert {one.item for one in refused.value.missing} <= {item, ProfileItem.THIRD_COUNTRIES}
    assert item.value in refused.value.detail


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("regime", [Regime.EU, Regime.UK])
def test_every_item_has_its_heading_and_something_under_it(language: str, regime: Regime) -> None:
    told = answer_letter(profile(), facts(regimes=(regime,)), language)
    parts = re.split(r"<h2>(.*?)</h2>", told.html)[1:]
    said = dict(zip(parts[::2], parts[1::2], strict=True))
    assert len(said) == len(ProfileItem)
    assert all(re.sub(r"<[^>]+>", "", body).strip() for body in said.values())
    assert not re.search(r"\{\w*\}|\{\{|None|\b30\b", told.text), told.text


@pytest.mark.parametrize("item", [one for one in ProfileItem if one is not ProfileItem.THIRD_COUNTRIES])
def test_an_item_is_said_not_to_apply_only_where_the_law_has_it_so(item: ProfileItem) -> None:
    given = without(item).with_item(item, ItemText(not_applicable={"en": "We have no such thing here."}))
    given = given.with_item(ProfileItem.THIRD_COUNTRIES, ItemText({"en": "Nothing else leaves the country."}))
    if item in (ProfileItem.DPO, ProfileItem.RECIPIENTS, ProfileItem.SOURCE, ProfileItem.AUTOMATED):
        text = answer_letter(given, facts(), "en").text
        assert "This does not apply here:\n\nWe have no such thing here." in text
    else:
        with pytest.raises(ProfileIncomplete):
            answer_letter(given, facts(), "en")


def test_only_what_this_person_has_is_told() -> None:
    shown = answer_letter(profile(), facts(categories=(CategoryCount(DataCategory.CARDS, 2),)), "en").text
    assert "Gift cards. Number of entries: 2." in shown and "Purchases and top-ups" not in shown
    assert "six years" not in shown, "how long payments are kept does not concern somebody who made none"
    assert "six years" in answer_letter(profile(), facts(), "en").text


def test_recipients_are_named_and_only_those_of_this_person() -> None:
    all_named = answer_letter(profile(), facts(), "en").text
    assert "Pocket Wallet Inc (invented), United States." in all_named and "Since: 2022." in all_named
    some = answer_letter(profile(), facts(recipients=("LoyaltyDog (practice)",)), "en").text
    assert "LoyaltyDog (practice), Ireland" in some and "Pocket Wallet" not in some
    assert "None of these recipients is outside the European Economic Area." in some


@pytest.mark.keeps("LAW-7")
@pytest.mark.parametrize("why", KindsOnly)
def test_kinds_instead_of_names_come_with_the_reason(why: KindsOnly) -> None:
    text = answer_letter(profile(kinds_only=why), facts(), "en").text
    assert wording.KINDS_ONLY[why] in text and "It keeps cards on phones." in text
    assert "Pocket Wallet" not in text and "Ledger" not in text


def test_what_protects_data_abroad_depends_on_the_law() -> None:
    eu = answer_letter(profile(), facts(), "en").text
    assert "Art. 46 GDPR" in eu and "privacy@brookandbean.example.com" in eu
    assert "Ledger" in eu and "Paper Plane Mail (invented), Ireland. The law" not in eu
    uk = answer_letter(profile(), facts(regimes=(Regime.UK,)), "en").text
    assert "Paper Plane Mail (invented), Ireland. The law there" in uk and "(Art. 45 UK GDPR)" in uk
    irish = [one for one in profile().recipients if one.country == "IE"]
    bare = tuple(dataclasses.replace(one, safeguard=Safeguard.NONE) for one in irish)
    with pytest.raises(ProfileIncomplete) as refused:
        answer_letter(profile(recipients=bare), facts(regimes=(Regime.UK,)), "en")
    assert refused.value.missing == (Missing(ProfileItem.THIRD_COUNTRIES, Why.NO_SAFEGUARD),)


@pytest.mark.parametrize(
    ("regime", "country", "said", "not_said"),
    [
        (Regime.EU, "", ["Data Protection Commission"], ["Information Commissioner"]),
        (Regime.EU, "FR", ["Data Protection Commission", "cnil.fr"], []),
        (Regime.UK, "", ["Information Commissioner’s Office (ICO), United Kingdom, ico.org.uk"], ["Irish"]),
        (Regime.EU, "JP", ["Data Protection Commission"], ["Japan"]),
    ],
)
def test_the_authority_is_that_of_the_merchant_and_of_the_person(
    regime: Regime, country: str, said: list[str], not_said: list[str]
) -> None:
    text = answer_letter(profile(), facts(regimes=(regime,), country=country), "en").text
    assert all(one in text for one in said) and not any(one in text for one in not_said)


def test_words_in_another_language_are_shown_and_said_to_be_so() -> None:
    told = answer_letter(profile(), facts(), "fr")
    assert told.text.count("anglais") == 1 and '<p lang="en">' in told.html and '<ul lang="en">' in told.html
    german = answer_letter(profile(), facts(), "de")
    assert "Englisch" not in german.text and "lang=" not in german.html


def test_a_part_left_out_is_counted_with_its_reason_and_remedy() -> None:
    left = (LeftOutCount(Reason.STAFF, 2), LeftOutCount(Reason.OTHER_PERSON, 3), LeftOutCount(Reason.STAFF, 1))
    text = answer_letter(profile(), facts(outcome=Outcome.PARTLY, left_out=left), "en").text
    assert f"{LEFT_OUT[Reason.STAFF]} Places: 3." in text and f"{LEFT_OUT[Reason.OTHER_PERSON]} Places: 3." in text
    assert text.count("judicial remedy") == 2 and "without what is named below" in text


def test_of_whom_nothing_is_held_the_letter_needs_no_purposes() -> None:
    nothing = facts(outcome=Outcome.NOTHING, categories=())
    bare = profile().with_item(ProfileItem.PURPOSES, ItemText())
    text = answer_letter(bare, nothing, "en").text
    assert "found no data about you" in text and wording.HEADINGS[ProfileItem.PURPOSES] not in text
    assert "we now keep the request" in text and wording.HEADINGS[ProfileItem.COMPLAINT] in text
    with pytest.raises(ProfileIncomplete):
        answer_letter(without(ProfileItem.CONTROLLER), nothing, "en")


def test_days_and_names_of_the_case_are_told() -> None:
    text = answer_letter(
        profile(), facts(
            reference="T-118", extended_until=dt.date(2026, 5, 4), sender_names=("Ada Example",),
            package_kept_until=dt.date(2026, 4, 19), record_kept_months=36,
            searched=(Searched("Till receipts", SearchOutcome.APART, "", TODAY),),
        ), "en",
    ).text  # fmt: skip
    for one in (
        "2026-0000 (T-118)", "4 May 2026", "Cards were sent to you by: Ada Example.", "until 19 April 2026",
        "for 36 months after it has ended",
        "- Till receipts: searched on 20 March 2026. You get a letter", "follows version 3 of",
        f"Kind regards,\n{SHOP}",
    ):  # fmt: skip
        assert one in text, one


@pytest.mark.parametrize("wrong", [
    {"outcome": Outcome.PARTLY}, {"left_out": (LeftOutCount(Reason.STAFF, 1),)}, {"searched": ()},
    {"outcome": Outcome.NOTHING}, {"categories": ()},
])  # fmt: skip
def test_facts_that_contradict_each_other_make_no_letter(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        facts(**wrong)


@given(st.text(min_size=20, max_size=60))
def test_a_merchants_words_are_never_markup(words: str) -> None:
    odd = f"<b onclick=x>{words}</b> {{{{ 7*7 }}}}"
    given = profile().with_item(ProfileItem.RIGHTS, ItemText({"en": f"{words} <i>now</i>"}))
    try:
        told = answer_letter(given, facts(merchant=odd), "en")
    except ProfileIncomplete:  # the text reads as a placeholder
        return
    assert set(re.findall(r"<([^\s/>]+)", told.html)) <= {"h1", "h2", "p", "ul", "li", "br"}
    assert html.unescape(told.html).count("49") == told.text.count("49")
