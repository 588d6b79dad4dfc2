"""Where Help opens: a closed list of questions, and the one that belongs to each page."""

from __future__ import annotations

from typing import Final

import streamlit as st

from portal.ui.common import navigation
from portal.ui.common.words import _, later

QUESTIONS: Final[dict[str, str]] = {
    "purpose": later("What is this portal for?"),
    "identity": later("Whose request is it, and how do I know it is really them?"),
    "which": later("Email or customer ID: which one do I enter?"),
    "states": later("What do the states mean, and whose turn is it?"),
    "expiry": later("What expires: the link or the copy?"),
    "checks": later("Why did the check stop a file?"),
    "sending": later("How do I send the data safely?"),
    "answer": later("When is the answer due, and how do I say that it was sent?"),
    "trouble": later("What do I do with unknown, refused or failed exports?"),
    "erasure": later("Someone wants their data erased, not copied. What now?"),
    "trail": later("Who sees what I did?"),
    "roles": later("Who may do what here?"),
    "connection": later("How does the portal reach LoyaltyDog?"),
}
"""Id -> question, in English, in the order they are read. The ids are what an address may name."""

QUESTION_OF_PAGE: Final[dict[str, str]] = {
    "": "states",
    "cases": "answer",
    "case": "answer",
    "case_file": "sending",
    "new_case": "identity",
    "new_export": "which",
    "past_exports": "expiry",
    "preview": "checks",
    "audit_trail": "trail",
    "accounts": "roles",
    "settings": "connection",
    "your_account": "trail",
}


def chosen_question() -> str | None:
    """The question the address names; anything that is no id of ours counts as none."""
    asked = navigation.requested_topic()
    return asked if asked in QUESTIONS else None


def help_link(question: str, *, label: str | None = None) -> None:
    """A link to Help, opened at one question."""
    st.page_link(
        navigation.HELP,
        label=label or _("Help"),
        icon=":material/help:",
        help=_(QUESTIONS[question]),
        query_params={navigation.HELP_PARAMETER: question},
    )
