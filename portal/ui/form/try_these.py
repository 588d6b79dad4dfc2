"""Customers worth trying on the practice merchant; one click fills the form."""

from __future__ import annotations

import streamlit as st

from portal.identity import User
from portal.practice.invented.people import PEOPLE
from portal.practice.invented.situations import SITUATIONS, Situation
from portal.ui.common.words import _, plain, sentence

FIRST_MERCHANT = "Brook & Bean Coffee"
FIRST_TO_TRY = (
    "ordinary", "many_cards", "none_found", "two_people", "slow", "rate_limited", "expired", "refused", "cut_off",
)  # fmt: skip


def try_these(user: User) -> None:
    number = "one" if user.merchant_name == FIRST_MERCHANT else "two"
    mine = {situation.key: situation for situation in SITUATIONS if situation.merchant == number}
    first = [mine.pop(key) for key in FIRST_TO_TRY if key in mine] or [mine.popitem()[1]]
    with st.container(border=True, key="try_these"):
        st.header(_("Try these"))
        st.caption(_("Invented customers, each for one thing that can happen. Press a name to fill the form."))
        for situation in first:
            _line(situation)
        if mine:
            with st.expander(_("More to try"), icon=":material/science:"):
                for situation in mine.values():
                    _line(situation)
        if number == "one":
            with st.expander(_("For a complete answer"), icon=":material/checklist:"):
                st.caption(_("People whose data lie apart: collect everything in their case."))
                for person in PEOPLE:
                    _line(person)


def fill_form(situation: Situation) -> None:
    """What a person would enter for this customer, into the fields of New export."""
    st.session_state["find_by"] = "Email"
    st.session_state["customer_email"] = situation.email
    st.session_state["format"] = situation.format.upper()
    st.session_state["limit_to"] = "Everything"
    st.session_state.pop("_problems", None)


def _line(situation: Situation) -> None:
    """The button bears the customer's own name, so that each is called differently."""
    with st.container(gap="xxsmall"):
        st.button(
            plain(sentence(situation.title)), key=f"try-{situation.key}", on_click=fill_form, args=(situation,),
            icon=":material/edit:",
        )  # fmt: skip
        st.caption(plain(sentence(situation.what_happens)))
