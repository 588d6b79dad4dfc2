"""Questions to the person about their own file: what to ask, and a field for what they say. Nothing of the file is
drawn."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Literal

import streamlit as st

from portal.cases.facts import KnownFact
from portal.composition import Portal
from portal.identity import User
from portal.recognition.knowledge.asked import MOST_CHARACTERS
from portal.recognition.knowledge.service import Asking, QuestionState
from portal.ui.cases.case_words import KNOWN_WORDS
from portal.ui.common.acting import act_and_tell
from portal.ui.common.words import _, later, plural

FORM_HINTS: Mapping[KnownFact, str] = {
    KnownFact.EMAIL: "",
    KnownFact.CUSTOMER_ID: "",
    KnownFact.CARD: later("Four digits"),
    KnownFact.PHONE: "",
    KnownFact.LAST_PURCHASE: later("Month and year, such as 3/2026"),
    KnownFact.BALANCE: later("About how much"),
    KnownFact.SHOP: "",
    KnownFact.ACTIVATED: later("Month and year, such as 3/2026"),
    KnownFact.PROGRAM: "",
    KnownFact.POSTCODE: "",
    KnownFact.BIRTHDAY: "",
}
QUESTION_WORDS: Mapping[KnownFact, str] = {
    **KNOWN_WORDS,
    KnownFact.CARD: later("Last four digits of a card"),
    KnownFact.LAST_PURCHASE: later("Month of the last purchase"),
    KnownFact.BALANCE: later("Left on all cards together"),
    KnownFact.ACTIVATED: later("Month in which a card was activated"),
    KnownFact.PROGRAM: later("Name of a card's program"),
}


def may_ask(state: QuestionState) -> bool:
    return state.standing in (Asking.READY, Asking.OPEN)


def draw_questions(portal: Portal, user: User, case_id: str, state: QuestionState, *, leads: bool) -> None:
    kind: Literal["primary", "secondary"] = "primary" if leads else "secondary"
    if state.standing is Asking.READY:
        st.caption(_("Once they are asked, the case shows nothing of the person's data until it is settled who asks."))
        if st.button(_("Ask questions"), key="case_questions_begin", type=kind, icon=":material/quiz:"):
            act_and_tell(
                partial(portal.case_questions.begin, user, case_id), _("Ask the person, and enter what they say.")
            )
        return
    with st.form("case_questions", border=False, clear_on_submit=True):
        st.text(_("Ask the person and enter what they say. You are told right or wrong, and no more."))
        answers = {
            fact: st.text_input(
                _(QUESTION_WORDS[fact]), key=f"case_question_{fact}", max_chars=MOST_CHARACTERS, autocomplete="off",
                placeholder=_(FORM_HINTS[fact]) if FORM_HINTS[fact] else None,
            )
            for fact in state.questions
        }  # fmt: skip
        st.caption(plural("{n} try is left.", "{n} tries are left.", state.tries_left))
        if st.form_submit_button(_("Check the answers"), type=kind, icon=":material/check:"):
            act_and_tell(
                partial(portal.case_questions.check, user, case_id, answers), _("It is them: enough answers are right.")
            )
