"""Every worked example: the dates of the clock are those of the vectors, and each can say why."""

from __future__ import annotations

import pytest

from portal.cases.clock.lines import DATES, answer_line

pytestmark = pytest.mark.keeps("LAW-2", "LAW-4")

INPUTS = ("id", "received", "time_zone", "regime", "calendar", "events")


def test_a_vector_gives_its_dates(vector: dict[str, str]) -> None:
    answer = answer_line({name: vector[name] for name in INPUTS})
    assert {name: answer[name] or "" for name in DATES} == {name: vector[name] for name in DATES}


def test_a_vector_says_why_each_of_its_dates_is_so(vector: dict[str, str]) -> None:
    """Every day that is answered stands in a sentence, written out."""
    answer = answer_line({name: vector[name] for name in INPUTS})
    text = " ".join(answer["why"])
    for name in DATES:
        if answer[name] is not None:
            year, month, day = answer[name].split("-")
            written = f"{int(day)} {'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split()[int(month) - 1]} {year}"
            assert written in text, name


def test_a_line_with_all_columns_of_the_vectors_is_taken_as_it_stands(vector: dict[str, str]) -> None:
    assert answer_line(vector)["target_on"] == vector["target_on"]
