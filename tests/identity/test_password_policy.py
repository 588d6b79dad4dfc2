from __future__ import annotations

import secrets
import unicodedata

import bcrypt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.errors import InputError
from portal.identity.factors import passwords

pytestmark = pytest.mark.keeps("SEC-36")

CONTEXT = ("ann.carter@brookside.example", "Ann Carter", "Brookside Bakery")


@pytest.mark.keeps("ASVS-6.2.5")
@pytest.mark.parametrize(
    "password",
    ["violet-tractor-pond-91", "3f9a1c-77be02-aa91d0", "Zwölf Möwen üben Chor", "x" * 7 + " kettle drum orbit"],
)
def test_a_long_unrelated_password_is_accepted_without_composition_rules(password: str) -> None:
    passwords.check_policy(password, context=CONTEXT)


@pytest.mark.keeps("ASVS-6.2.4", "ASVS-6.2.11")
@pytest.mark.parametrize(
    "password",
    [
        "passwordpassword123",
        "P4ssw0rd!P4ssw0rd!",
        "correct horse battery staple",
        "qwertyuiopasdfghjkl",
        "123456789012345",
        "aaaaaaaaaaaaaaaaaa",
        "abcabcabcabcabcabc",
        "brookside bakery 1",
        "ann-carter-ann-carter",
        "LoyaltyDog giftcard 2026"[:-4],
    ],
)
def test_a_guessable_password_is_refused_whatever_its_length(password: str) -> None:
    with pytest.raises(InputError, match="field password"):
        passwords.check_policy(password, context=CONTEXT)


@pytest.mark.keeps("ASVS-6.2.1")
@pytest.mark.parametrize(("password", "good"), [("k7#" * 4 + "ab", False), ("k7#qv9!mzp2&wx4", True)])
def test_fourteen_characters_are_too_few_and_fifteen_are_enough(password: str, good: bool) -> None:
    if good:
        passwords.check_policy(password)
    else:
        with pytest.raises(InputError):
            passwords.check_policy(password)


@pytest.mark.keeps("ASVS-6.2.8", "ASVS-6.2.9")
def test_seventy_two_bytes_are_the_limit_and_nothing_is_ever_cut() -> None:
    seed = secrets.token_urlsafe(60)[:72]
    passwords.check_policy(seed)
    for too_long in (seed + "x", "é" * 37):
        with pytest.raises(InputError, match="password"):
            passwords.check_policy(too_long)


def test_a_password_over_72_bytes_does_not_match_its_beginning() -> None:
    exact = secrets.token_urlsafe(60)[:72]
    hashed = passwords.hash_password(exact)
    assert passwords.matches(exact, hashed)
    assert not passwords.matches(exact + "tail", hashed)


def test_hashes_are_the_format_and_cost_of_streamlit_authenticator() -> None:
    from streamlit_authenticator.utilities.hasher import Hasher

    hashed = passwords.hash_password("violet-tractor-pond-91")
    assert hashed.startswith("$2b$12$")
    assert Hasher.is_hash(hashed)
    assert Hasher.check_pw("violet-tractor-pond-91", hashed)


@pytest.mark.parametrize("stored", ["", "plain text", "$2b$04$" + "a" * 53, "$2b$31$" + "a" * 53])
def test_nothing_matches_an_account_without_a_usable_hash(stored: str) -> None:
    assert not passwords.matches("violet-tractor-pond-91", stored)


@pytest.mark.parametrize("odd", ["\ud800" * 20, "with\x00null-and-more-letters", "", "x" * 100_000])
def test_odd_input_is_only_ever_a_wrong_password(odd: str, password_hash: str) -> None:
    assert not passwords.matches(odd, password_hash)


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_accepted_or_refused_with_the_field_named(text: str) -> None:
    try:
        passwords.check_policy(text, context=CONTEXT)
    except InputError as problem:
        assert problem.field == "password"
    else:
        assert len(text) >= 15
        assert len(text.encode("utf-8", "surrogatepass")) <= 72


COMPOSED, DECOMPOSED = "Zw\u00f6lf M\u00f6wen \u00fcben Chor", "Zwo\u0308lf Mo\u0308wen u\u0308ben Chor"


@pytest.mark.parametrize("chosen", [COMPOSED, DECOMPOSED])
@pytest.mark.parametrize("typed", [COMPOSED, DECOMPOSED])
def test_a_letter_with_an_accent_matches_however_the_keyboard_sends_it(chosen: str, typed: str) -> None:
    assert passwords.matches(typed, passwords.hash_password(chosen))


def test_a_hash_from_before_normalising_still_matches() -> None:
    old = bcrypt.hashpw(DECOMPOSED.encode(), bcrypt.gensalt(10)).decode()
    assert passwords.matches(DECOMPOSED, old)
    assert not passwords.matches(DECOMPOSED + "x", old)


def test_a_password_is_judged_by_the_length_it_is_hashed_with() -> None:
    text = "o\u0308" * 8 + "u\u0308" * 7 + "zqx"
    assert len(text) > 30
    passwords.check_policy(text)
    with pytest.raises(InputError):
        passwords.check_policy("o\u0308" * 8)


@pytest.mark.parametrize("letters", ["\ufb01", "\u2460", "\uff21"])
def test_letters_that_only_look_alike_stay_apart(letters: str) -> None:
    """NFC, not NFKC: a ligature, a circled or a full-width letter is not what it looks like."""
    plain = unicodedata.normalize("NFKC", letters)
    assert not passwords.matches("violet-tractor-" + plain, passwords.hash_password("violet-tractor-" + letters))


def test_the_stand_in_for_what_bcrypt_cannot_take_opens_nothing() -> None:
    assert not passwords.matches("x" * 73, passwords.hash_password(passwords.UNUSABLE))
    assert not passwords.matches(passwords.UNUSABLE, passwords.hash_password(passwords.UNUSABLE))
