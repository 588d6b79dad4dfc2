"""Where a link goes: typed twice, slips asked about, both forms of a domain shown (MAIL-8)."""

from __future__ import annotations

import pytest

from portal.delivery.giving.addresses import Hint, looked_at, one_slip, typed_twice
from portal.errors import InputError

pytestmark = pytest.mark.keeps("MAIL-8")


def test_an_address_is_kept_as_it_was_typed_first() -> None:
    assert typed_twice(" Ada@Example.com\u200b", "ada@example.COM") == "Ada@Example.com"


@pytest.mark.parametrize(
    ("to", "again", "field"),
    [
        ("ada@example.com", "ada@example.org", "to_again"),
        ("ada@example.com", "", "to_again"),
        ("ada", "ada", "to"),
        ("a" * 250 + "@example.com", "a" * 250 + "@example.com", "to"),
        ("ada@example.com\nbcc: eve@example.com", "ada@example.com", "to"),
        ("ada@example.com, eve@example.com", "ada@example.com", "to"),
    ],
)
def test_what_is_not_one_address_twice_is_refused(to: str, again: str, field: str) -> None:
    with pytest.raises(InputError) as refused:
        typed_twice(to, again)
    assert refused.value.field == field


@pytest.mark.parametrize(
    "typed", ["gmial.com", "gmail.co", "gmaill.com", "gnail.com", "outlok.de", "web.dee", "grnail.com", "gmai1.com"]
)
def test_a_near_miss_of_a_known_domain_is_asked_about(typed: str) -> None:
    assert Hint.TYPO in looked_at(f"ada@{typed}").hints


@pytest.mark.parametrize("address", ["ada@gmail.com", "ada@gmx.net", "ada@example.com", "ada@web.de"])
def test_an_ordinary_address_has_no_hint(address: str) -> None:
    assert looked_at(address).hints == ()


def test_a_domain_outside_ascii_is_shown_in_both_forms() -> None:
    for typed in ("ada@müller.example", "ada@xn--mller-kva.example"):
        found = looked_at(typed)
        assert (found.readable, found.on_the_wire) == ("ada@müller.example", "ada@xn--mller-kva.example")
        assert found.hints == (Hint.FOREIGN,)


def test_letters_that_only_look_latin_are_pointed_out() -> None:
    assert Hint.MIXED in looked_at("ada@ex\u0430mple.com").hints
    assert Hint.MIXED in looked_at("\u0430da@example.com").hints
    assert Hint.FOREIGN in looked_at("ada@\u0430\u0440\u0440\u04cf\u0435.example").hints  # all of one script


def test_one_slip_is_one_letter_or_two_that_changed_places() -> None:
    assert [one_slip(word, "gmail") for word in ("gmal", "gmaill", "gmoil", "gmial", "gmail", "gamil", "gmali")] == [
        True, True, True, True, False, True, True,
    ]  # fmt: skip
    assert not one_slip("gmx", "web") and not one_slip("", "gmail")
