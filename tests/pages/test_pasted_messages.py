"""A customer's whole message pasted into the field: the address in it, and never a part of another one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.exports.form.request import check_email
from portal.ui.form.pasted import addresses_in, is_more_than_an_address

LOCAL = st.from_regex(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]{1,20}(\.[A-Za-z0-9+_'-]{1,10})?", fullmatch=True)
DOMAIN = st.sampled_from(["example.com", "shop.example.org", "EXAMPLE.net", "münchen.example"])
ODD = st.text(max_size=60).filter(lambda text: "@" not in text)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Jane <jane@example.com> wrote:", ["jane@example.com"]),
        ("From: Jane Doe [mailto:jane@example.com] Sent: Monday", ["jane@example.com"]),
        ("Write to jane@example.com, or JANE@example.com.", ["jane@example.com"]),
        ("straße@example.com, strasse@example.com", ["straße@example.com", "strasse@example.com"]),
        ("jane@example.com's card", ["jane@example.com"]),
        ("'jane@example.com' *jim@example.org*", ["jane@example.com", "jim@example.org"]),
        ("Me, o'brien@example.com!", ["o'brien@example.com"]),
        ("https://user@example.com/ and jane@", []),
        ("two@signs@example.com", []),
        ("no address here", []),
        ("a\u200bjane@example.com", []),
        ("„jane@example.com“、jim@example.org", ["jane@example.com", "jim@example.org"]),
    ],
)
def test_addresses_are_found_whole_and_once(text: str, found: list[str]) -> None:
    assert list(addresses_in(text)) == found


@given(st.text(max_size=400))
def test_any_text_gives_addresses_that_may_be_sent_or_none(text: str) -> None:
    for address in addresses_in(text):
        assert check_email(address) == address
        assert "@" in text


@given(ODD, LOCAL, DOMAIN, ODD)
def test_an_address_between_blanks_is_found_as_it_stands_or_not_at_all(
    before: str, local: str, domain: str, after: str
) -> None:
    """Never a shorter one: that would be somebody else."""
    found = addresses_in(f"{before} {local}@{domain} {after}")
    assert len(found) <= 1
    for address in found:
        assert address.rpartition("@")[0] in {local, local.strip("'*_`|")}
        assert address.rpartition("@")[2] == domain.lower()


def test_only_the_first_part_of_a_very_long_text_is_read() -> None:
    assert addresses_in("x " * 20_000 + "jane@example.com") == ()
    assert len(addresses_in(" ".join(f"c{n}@example.com" for n in range(500)))) == 20


def test_a_single_word_is_left_to_the_check_of_the_field() -> None:
    assert not is_more_than_an_address(" jane@example.com ")
    assert is_more_than_an_address("Jane <jane@example.com>")
