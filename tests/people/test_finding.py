"""Telling people apart: what fits, what never widens, and that a name finds nobody."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.cases.services.intake import IdentifierKind
from portal.people.finding import (
    Candidate,
    Clue,
    ClueKind,
    FoundCard,
    Told,
    best_clue,
    cards_meant,
    fits,
    narrowed,
    tells_apart,
)

K = ClueKind
DAY = dt.datetime(2026, 11, 3, 9, tzinfo=dt.UTC)


def card(last_four: str = "4711", **given: object) -> FoundCard:
    return FoundCard(id=f"card{last_four}", last_four=last_four, **given)  # type: ignore[arg-type]


def somebody(key: str = "0", **given: object) -> Candidate:
    values: dict[str, object] = {
        "customer_id": "C-1", "emails": ("ada@example.com",), "phones": ("+44 20 7946 0018",), "initials": "A. Q.",
        "cards": (card(),),
    }  # fmt: skip
    return Candidate(key, **{**values, **given})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        (K.EMAIL, "ada@example.com", True),
        (K.EMAIL, " ADA@Example.com ", True),
        (K.EMAIL, "a.da@example.com", False),
        (K.EMAIL, "ada+shop@example.com", False),
        (K.EMAIL, "ada", False),
        (K.EMAIL, "", False),
        (K.PHONE, "0044 20 79460018", True),
        (K.PHONE, "+44 20 7946 0019", False),
        (K.PHONE, "0018", False),
        (K.CUSTOMER_ID, "C-1", True),
        (K.CUSTOMER_ID, "c-1", False),
        (K.CUSTOMER_ID, "", False),
        (K.CARD_ID, "card4711", True),
        (K.LAST_FOUR, "4711", True),
        (K.LAST_FOUR, "4712", False),
        (K.LAST_FOUR, "711", False),
        (K.LAST_FOUR, "A. Q.", False),
        (K.CARD_NUMBER, "6006 4912 3456 4711", True),
    ],
)
def test_a_clue_fits_by_the_form_in_which_it_is_compared(kind: ClueKind, value: str, expected: bool) -> None:
    assert fits(somebody(), Clue(kind, value)) is expected


def test_an_email_is_compared_composed(subject: str = "zoe\u0308@example.com") -> None:
    assert fits(somebody(emails=("zo\u00eb@example.com",)), Clue(K.EMAIL, subject))


def test_what_a_customer_lacks_fits_nothing() -> None:
    bare = Candidate("0")
    assert not any(fits(bare, Clue(kind, value)) for kind in K for value in ("", "0", "ada@example.com", "123456"))


EMAILS = st.sampled_from(["ada@example.com", "ADA@example.com", "bo@example.com", "straße@example.com", ""])
PHONES = st.sampled_from(["+44 20 7946 0018", "00442079460018", "+1 202 555 0106", "12"])
IDS = st.sampled_from(["C-1", "C-2", ""])
LAST = st.sampled_from(["4711", "4712", "0000"])
CARDS = st.builds(FoundCard, id=IDS, last_four=LAST)
CANDIDATES = st.lists(
    st.builds(
        Candidate, key=st.just("0"), customer_id=IDS, emails=st.lists(EMAILS, max_size=2).map(tuple),
        phones=st.lists(PHONES, max_size=2).map(tuple), initials=st.just("A. Q."),
        cards=st.lists(CARDS, max_size=3).map(tuple),
    ),
    max_size=6,
)  # fmt: skip
CLUES = st.one_of(
    st.builds(Clue, st.just(K.EMAIL), EMAILS | st.text(max_size=8)),
    st.builds(Clue, st.just(K.PHONE), PHONES | st.text(max_size=8)),
    st.builds(Clue, st.sampled_from([K.CUSTOMER_ID, K.CARD_ID]), IDS),
    st.builds(Clue, st.sampled_from([K.LAST_FOUR, K.CARD_NUMBER]), LAST | st.text(max_size=8)),
)


@given(CANDIDATES, st.lists(CLUES, min_size=1, max_size=4), CLUES)
def test_a_further_clue_never_widens(found: list[Candidate], clues: list[Clue], further: Clue) -> None:
    before, after = narrowed(found, clues), narrowed(found, [*clues, further])
    assert set(map(id, after)) <= set(map(id, before))


@given(CANDIDATES, st.permutations(["a", "b", "c"]), st.lists(CLUES, min_size=3, max_size=3))
def test_the_order_of_clues_does_not_matter(found: list[Candidate], order: Sequence[str], clues: list[Clue]) -> None:
    named = dict(zip("abc", clues, strict=True))
    assert narrowed(found, [named[name] for name in order]) == narrowed(found, clues)


@given(CANDIDATES, st.text(alphabet=st.characters(exclude_categories=("Nd",)), max_size=20))
def test_a_name_alone_never_gives_a_candidate(found: list[Candidate], name: str) -> None:
    assert narrowed(found, []) == ()
    called_so = [somebody(initials=name, emails=(f"{name}@example.com",)), *found]
    kinds = (K.EMAIL, K.PHONE, K.LAST_FOUR, K.CARD_NUMBER)
    assert not any(narrowed(called_so, [Clue(kind, name)]) for kind in kinds if "@" not in name)


@pytest.mark.parametrize(
    ("kinds", "best"),
    [
        ((K.PHONE, K.LAST_FOUR), K.LAST_FOUR),
        ((K.LAST_FOUR, K.EMAIL, K.PHONE), K.EMAIL),
        ((K.EMAIL, K.CARD_NUMBER), K.CARD_NUMBER),
        ((K.CUSTOMER_ID, K.CARD_ID), None),
        ((), None),
    ],
)
def test_the_most_telling_clue_is_searched_by(kinds: tuple[ClueKind, ...], best: ClueKind | None) -> None:
    found = best_clue(Clue(kind, "x") for kind in kinds)
    assert (found.kind if found else None) == best


def test_only_the_cards_that_end_as_told_are_meant() -> None:
    two = somebody(cards=(card("4711"), card("4712")))
    assert [c.last_four for c in cards_meant(two, [Clue(K.LAST_FOUR, "4712")])] == ["4712"]
    assert len(cards_meant(two, [Clue(K.EMAIL, "ada@example.com")])) == 2


@pytest.mark.parametrize(
    ("mine", "theirs", "told", "apart"),
    [
        ({"balance": "12.50"}, {"balance": "3.00"}, Told.BALANCE, True),
        ({"balance": "12.50"}, {"balance": "12.50"}, Told.BALANCE, False),
        ({"balance": "12.50"}, {}, Told.BALANCE, False),
        ({}, {"balance": "3.00"}, Told.BALANCE, False),
        ({"program_id": "a"}, {"program_id": "b"}, Told.PROGRAM, True),
        ({"last_change": DAY}, {"last_change": DAY + dt.timedelta(hours=2)}, Told.LAST_CHANGE, False),
        ({"last_change": DAY}, {"last_change": DAY + dt.timedelta(days=2)}, Told.LAST_CHANGE, True),
    ],
)
def test_what_was_told_counts_only_where_all_others_are_known_to_differ(
    mine: dict[str, object], theirs: dict[str, object], told: Told, apart: bool
) -> None:
    one, other = somebody("0", cards=(card(**mine),)), somebody("1", cards=(card(**theirs),))
    assert tells_apart(one, [other], told, [Clue(K.LAST_FOUR, "4711")]) is apart


def test_a_customer_brings_what_is_theirs_alone_and_a_card_only_without_it() -> None:
    assert [kind for kind, _value in somebody().identifiers] == [
        IdentifierKind.CUSTOMER_ID, IdentifierKind.EMAIL, IdentifierKind.PHONE,
    ]  # fmt: skip
    held_by_nobody = Candidate("0", cards=(card(),))
    assert [(kind, value.get_secret_value()) for kind, value in held_by_nobody.identifiers] == [
        (IdentifierKind.CARD_ID, "card4711")
    ]
    assert "ada" not in repr(somebody()) and "C-1" not in repr(somebody())
