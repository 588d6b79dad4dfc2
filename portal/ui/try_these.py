"""Customers worth trying on the practice merchant; one click fills the form."""

from __future__ import annotations

import streamlit as st

from portal.identity import User
from portal.practice.situations import SITUATIONS, Situation
from portal.ui.words import _, sentence

FIRST_MERCHANT = "Brook & Bean Coffee"


def try_these(user: User) -> None:
    number = "one" if user.merchant_name == FIRST_MERCHANT else "two"
    with st.container(border=True, height=520, key="try_these"):
        st.subheader(_("Try these"))
        st.caption(_("Invented customers, each for one thing that can happen."))
        for situation in SITUATIONS:
            if situation.merchant == number:
                _line(situation)


def _line(situation: Situation) -> None:
    def fill() -> None:
        st.session_state["find_by"] = "Email"
        st.session_state["customer_email"] = situation.email
        st.session_state["format"] = situation.format.upper()
        st.session_state["limit_to"] = "Everything"
        st.session_state.pop("_problems", None)

    words, button = st.columns([3, 1], vertical_alignment="center")
    words.markdown(f"**{sentence(situation.title)}**  \n:gray[{sentence(situation.what_happens)}]")
    button.button(_("Use"), key=f"try-{situation.key}", on_click=fill, width="stretch")
