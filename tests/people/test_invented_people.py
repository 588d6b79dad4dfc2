"""Invented people of a merchant (`bench/people.py`), fewer: no stranger is taken in, nearly all own are found."""

from __future__ import annotations

import pytest

from bench.people import LIVES, WANTED_OWN, Inventor, measure


@pytest.mark.parametrize("seed", [7, 11, 23])
def test_no_strangers_record_is_taken_and_own_ones_are_found(seed: int) -> None:
    result = measure(200, seed)
    assert not +result.strangers, result.strangers
    assert result.share >= WANTED_OWN, (result.own, result.found)
    assert set(result.own) == set(LIVES)


def test_the_same_seed_invents_the_same_people() -> None:
    one, other = Inventor(7).invent(60), Inventor(7).invent(60)
    assert one.records == other.records and one.asks == other.asks
