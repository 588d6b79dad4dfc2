"""Errors on the page: what happened, what to do, and a reference that finds it in the log."""

from __future__ import annotations

from typing import Protocol

import streamlit as st

from portal.errors import InputError, InputErrors, PortalError, StepUpNeeded
from portal.exports.core.vendor_refusal import short_words
from portal.log import log
from portal.ui.common.words import _, plain, sentence

PROOF_WANTED = "_proof_wanted"
"""Session-state key, set while an act waits for a proof of identity; `portal.ui.account.step_up` draws the form."""


class HasNextStep(Protocol):
    """Any error of ours or of the API client: words for the person, a code and a detail for the log."""

    message: str
    next_step: str
    code: str
    detail: str


def show_problem(error: HasNextStep) -> None:
    """Draw an error as a panel and log it without anything personal.

    Where only a recent proof of identity is missing, the page is drawn again with the form for it instead.
    """
    if isinstance(error, StepUpNeeded):
        st.session_state[PROOF_WANTED] = True
        st.rerun()
    reference = error.reference if isinstance(error, PortalError) else ""
    log.info("page.problem", code=error.code, reference=reference, detail=error.detail)
    lines = plain(f"{sentence(error.message)} {sentence(error.next_step)}".strip())
    if reference and not isinstance(error, InputError | InputErrors):  # a wrong input needs no look-up in the log
        lines += "  \n" + _("Reference: {reference}").format(reference=plain(reference))
    st.error(lines, icon=":material/error:")
    said = short_words(getattr(error, "vendor_says", None))
    if said:
        st.text(_("LoyaltyDog says: “{words}”").format(words=said))
    asked = getattr(error, "request_id", None)  # an error of the API client
    if asked:
        request_id(asked)


def request_id(value: str) -> None:
    """The id by which LoyaltyDog's support finds a request, to be copied; not personal."""
    st.caption(_("Request ID for LoyaltyDog's support"))
    st.code(value, language=None)


def field_problem(message: str) -> None:
    """The sentence beside a field."""
    st.error(plain(sentence(message)), icon=":material/edit:")
