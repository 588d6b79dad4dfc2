"""Which language somebody gets, and how numbers and dates are written in it."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.language import LANGUAGES, best_language, formats, known_or_english

A_TIME = dt.datetime(2026, 3, 5, 14, 5)


@pytest.mark.parametrize(
    ("asked", "given_"),
    [
        ("de-AT,de;q=0.9,en;q=0.8", "de"),
        ("pl-PL,pl;q=0.9,fr;q=0.5,en;q=0.4", "fr"),
        ("en-GB,en;q=0.9,de;q=0.8", "en"),
        ("ja", "en"),
        ("", "en"),
        ("*", "en"),
        ("nl;q=0, it;q=0.1", "it"),
        ("es_MX", "es"),
        ("fr;q=nonsense, nl;q=0.3", "nl"),
        ("it;q=7, nl;q=0.3", "nl"),
    ],
)
def test_a_browser_gets_the_language_it_likes_best_of_those_spoken(asked: str, given_: str) -> None:
    assert best_language(asked) == given_


@given(st.text(max_size=600))
def test_whatever_a_browser_says_it_gets_a_language_that_is_spoken(asked: str) -> None:
    assert best_language(asked) in LANGUAGES
    assert known_or_english(asked) in LANGUAGES


def test_language_codes_are_two_letters_for_the_page_shell_is_rewritten_in_place() -> None:
    assert all(len(code) == 2 and code.isascii() for code in LANGUAGES)


def test_numbers_are_written_as_each_language_does() -> None:
    written = {code: formats.number(1234567.5, code, 1) for code in LANGUAGES}
    assert written == {
        "en": "1,234,567.5",
        "de": "1.234.567,5",
        "fr": "1\u202f234\u202f567,5",
        "es": "1.234.567,5",
        "it": "1.234.567,5",
        "nl": "1.234.567,5",
    }


def test_dates_are_written_as_each_language_does() -> None:
    written = {code: formats.moment(A_TIME, code) for code in LANGUAGES}
    assert written == {
        "en": "5 Mar 2026, 14:05",
        "de": "5. März 2026, 14:05",
        "fr": "5 mars 2026, 14:05",
        "es": "5 mar 2026, 14:05",
        "it": "5 mar 2026, 14:05",
        "nl": "5 mrt 2026, 14:05",
    }


def test_a_letters_day_has_its_month_in_full() -> None:
    assert {code: formats.day_in_a_letter(dt.date(2026, 4, 5), code) for code in LANGUAGES} == {
        "en": "5 April 2026",
        "de": "5. April 2026",
        "fr": "5 avril 2026",
        "es": "5 de abril de 2026",
        "it": "5 aprile 2026",
        "nl": "5 april 2026",
    }


def test_days_and_shares_are_written_as_each_language_does() -> None:
    assert formats.day_of_year(A_TIME.date(), "de") == "5. März"
    assert formats.percent(0.256, "en") == "26 %"
    assert formats.percent(0.256, "fr").replace("\u202f", " ").replace("\xa0", " ") == "26 %"
    assert set(formats.DATE_FIELDS) == set(LANGUAGES)


@given(st.integers(-(10**15), 10**15), st.sampled_from(sorted(LANGUAGES)))
def test_a_number_keeps_its_digits_in_every_language(n: int, language: str) -> None:
    digits = "".join(c for c in formats.number(n, language) if c.isdigit())
    assert int(digits) == abs(n)
