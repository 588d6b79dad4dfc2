"""Markers speak the answer's language and are of one length for all places of a reason."""

from __future__ import annotations

import pytest

from portal.language import LANGUAGES
from portal.redaction.marker_words import MARKER_WORDS, MarkerWords
from portal.redaction.places import MARKER, Grain, marker
from portal.redaction.reasons import Reason


# RED-5
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("reason", Reason)
def test_the_markers_of_a_reason_are_of_one_length(reason: Reason, language: str) -> None:
    words = MarkerWords(language, staff=12)
    said = [
        words.words(reason, Grain.VALUE, who=who, card=card)
        for who, card in [(0, ""), (1, "123"), (9, "12345"), (10, "6006491234567890"), (12, "ABCD-1234-EFGH")]
    ]
    markers = {marker(number, one, width=4) for number, one in zip((1, 10, 99, 100, 1000), said, strict=True)}
    assert len({len(one) for one in markers}) == 1 and len(markers) == 5
    assert all(MARKER.fullmatch(one) for one in markers)


@pytest.mark.parametrize("language", [one for one in LANGUAGES if one != "en"])
def test_every_reason_has_words_of_its_own_in_the_language(language: str) -> None:
    english, other = MarkerWords(), MarkerWords(language)
    same = [one for one in Reason if english.words(one) == other.words(one)]
    assert not same
    assert set(MARKER_WORDS) == set(Reason)


def test_staff_are_the_same_number_for_the_same_person() -> None:
    words = MarkerWords(staff=10)
    assert words.words(Reason.STAFF, who=3) == "staff 03"
    assert words.words(Reason.STAFF) == "staff ??", "somebody whom no rule told apart"
    assert MarkerWords().words(Reason.STAFF) == "staff"


def test_of_a_number_left_out_whole_the_last_four_are_told_where_they_are_few_of_it() -> None:
    words = MarkerWords()
    assert words.words(Reason.BEARER_VALUE, card="6006491234567890") == "card number ending 7890"
    assert words.words(Reason.BEARER_VALUE, card="12345") == "card number ending ****"
    assert words.words(Reason.BEARER_VALUE, Grain.SPAN, card="6006491234567890") == "card number"
