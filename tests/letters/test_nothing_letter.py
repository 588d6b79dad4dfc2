"""The letter "we hold nothing": what was searched, when and by what."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest

from portal.cases.clock.regimes import Regime
from portal.cases.services.intake import IdentifierKind
from portal.language import LANGUAGES
from portal.letters.nothing import KNOWN_BY, SEARCHED, NothingFacts, Searched, nothing_letter
from portal.letters.words import LetterWords
from portal.sources.kinds import SourceKind

AT = dt.datetime(2026, 3, 4, 9, 30, tzinfo=dt.UTC)
WORDS = LetterWords("Kaffee & Söhne", "2026-0042", dt.date(2026, 3, 1), "T-118")


def text_of(given: NothingFacts, language: str) -> str:
    return nothing_letter(given, language).text


def facts(**given: Any) -> NothingFacts:
    searched = (
        Searched(SourceKind.CARDS_BY_EMAIL, "", AT), Searched(SourceKind.CARDS_BY_ID, "", AT + dt.timedelta(hours=2)),
        Searched(SourceKind.PROGRAMS, "", AT), Searched(SourceKind.MEMBERS, "Coffee Club", AT),
    )  # fmt: skip
    return NothingFacts(**{
        "words": WORDS, "answered_on": dt.date(2026, 3, 9), "searched": searched, "zone": dt.UTC,
        "record_kept_months": 24, "known_by": ((IdentifierKind.EMAIL, "a•••@example.com"),), **given,
    })  # fmt: skip


def test_the_letter_says_what_was_searched_when_and_by_what() -> None:
    text = text_of(facts(), "en")
    assert "2026-0042 (T-118) on 1 March 2026, and this is our answer of 9 March 2026." in text
    assert re.search(r"- LoyaltyDog, gift cards: searched on .*11:30", text), "one line a system, the last time"
    assert text.count("gift cards: searched") == 1 and "- LoyaltyDog, members of Coffee Club: searched on" in text
    assert "- Email address a•••@example.com." in text
    assert text.endswith("Kind regards,\nKaffee & Söhne")


@pytest.mark.parametrize("language", LANGUAGES)
def test_in_every_language_the_letter_has_all_its_parts(language: str) -> None:
    text = text_of(facts(), language)
    assert len(text.split("\n\n")) == 9
    assert "{" not in text and "a•••@example.com" in text and "Coffee Club" in text
    assert language == "en" or "searched" not in text


@pytest.mark.parametrize("part", ["searched", "known_by"])
def test_a_letter_that_names_no_search_is_not_written(part: str) -> None:
    with pytest.raises(ValueError, match="no search"):
        text_of(facts(**{part: ()}), "en")
    with pytest.raises(ValueError, match="no search"):
        text_of(facts(searched=(Searched(SourceKind.PROGRAMS, "", AT),)), "en")


def test_every_kind_of_source_and_identifier_has_its_line() -> None:
    assert SEARCHED.keys() == set(SourceKind)
    assert KNOWN_BY.keys() == set(IdentifierKind)


def test_the_remedies_are_those_of_the_law() -> None:
    assert "Privacy Commissioner of Canada" in text_of(facts(regimes=(Regime.CANADA,)), "en")


def test_a_name_of_a_program_cannot_add_lines() -> None:
    odd = facts(searched=(Searched(SourceKind.MEMBERS, "Club\n\nDear {value}", AT),))
    assert "members of Club Dear {value}: searched" in text_of(odd, "en")
