"""Codes and tokens: how they are made, read and kept."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.delivery import codes, limits, tokens

pytestmark = pytest.mark.keeps("DLV-2", "DLV-3")
CODES = st.text(codes.ALPHABET, min_size=10, max_size=10).filter(lambda code: len(set(code)) >= codes.FEWEST_DIFFERENT)
LOOKALIKES = {"0": "0oO", "1": "1iIlL"}


@given(CODES, st.data())
def test_a_code_is_read_however_a_person_writes_it(code: str, data: st.DataObject) -> None:
    written = "".join(
        data.draw(st.sampled_from(LOOKALIKES.get(letter, letter + letter.lower())))
        + data.draw(st.sampled_from(["", " ", "-", "\u2011", "\u2013", " - "]))
        for letter in codes.shown(code).replace("-", "")
    )
    assert codes.read_code(written) == code


@given(st.text(max_size=40))
def test_whatever_is_typed_is_a_code_of_the_alphabet_or_none(typed: str) -> None:
    found = codes.read_code(typed)
    assert found is None or (len(found) == codes.LENGTH and set(found) <= set(codes.ALPHABET))
    mailed = codes.read_mail_code(typed)
    assert mailed is None or (len(mailed) == codes.MAIL_DIGITS and mailed.isascii() and mailed.isdigit())


@pytest.mark.parametrize("filler", ["0000000000", "aaaaaaaaaa", "1111100000", "xyxyxyxyxy", "test", "", "\x00" * 10])
def test_what_robots_type_is_no_code(filler: str) -> None:
    assert codes.read_code(filler) is None


def test_made_codes_are_read_back_and_never_repeat() -> None:
    made = [codes.new_code() for _ in range(2_000)]
    assert len(set(made)) == len(made) and all(codes.read_code(codes.shown(code)) == code for code in made)
    assert {letter for code in made for letter in code} == set(codes.ALPHABET)


@given(CODES, CODES)
def test_the_prf_tells_codes_deliveries_kinds_and_keys_apart(one: str, other: str) -> None:
    key, kept = codes.new_key(), codes.prf("ab" * 32, "d" * 32, "told", one)
    assert codes.same(kept, codes.prf("ab" * 32, "d" * 32, "told", one))
    assert codes.same(kept, codes.prf("ab" * 32, "d" * 32, "told", other)) is (one == other)
    for changed in (("ab" * 32, "e" * 32, "told"), ("ab" * 32, "d" * 32, "mailed"), (key, "d" * 32, "told")):
        assert not codes.same(kept, codes.prf(*changed, one))


def test_tokens_have_256_bits_and_no_two_are_alike() -> None:
    made = {tokens.new_token() for _ in range(1_000)}
    assert len(made) == 1_000 and all(tokens.is_token(token) and len(token) == 43 for token in made)
    assert not any(tokens.is_token(text) for text in ("", "x" * 42, "x" * 44, "x" * 42 + "/", "x" * 42 + "\n"))


@given(st.integers(0, 40))
def test_only_every_fifth_wrong_code_waits_and_longer_each_time(wrong: int) -> None:
    wait = limits.wait_after(wrong)
    assert bool(wait) is (wrong > 0 and wrong % 5 == 0)
    assert not wait or wait == limits.FIRST_WAIT * 2 ** (wrong // 5 - 1)


@given(st.integers(0, 5), st.integers(0, 5))
def test_never_more_than_two_at_once_nor_three_in_all(completed: int, running: int) -> None:
    assert limits.may_begin(completed, running) is (running < 2 and completed + running < 3)
