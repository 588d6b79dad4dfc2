"""A long reference in the list of exports: both ends, and always as much of it as tells it from the others."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from portal.ui.history.export_table import MOST_LETTERS, told_apart

LONG = "TICKET-2026-000000000000004711-complaint-about-gift-card"


def test_both_ends_of_a_long_reference_are_shown_and_a_short_one_whole() -> None:
    shown = told_apart([LONG, LONG + "s", "R1", ""])
    assert shown == ["TICKET-202…t-gift-card", "TICKET-202…-gift-cards", "R1", ""]
    assert max(map(len, shown)) == MOST_LETTERS


@given(
    st.lists(
        st.text(alphabet="ab-7", max_size=100) | st.integers(0, 90).map(lambda at: "a" * at + "b" + "a" * (90 - at))
    )
)
def test_two_references_that_differ_never_look_the_same(references: list[str]) -> None:
    shown = told_apart(references)
    assert len(set(shown)) == len(set(references))
    assert all(len(short) <= max(len(whole), MOST_LETTERS) for short, whole in zip(shown, references, strict=True))
