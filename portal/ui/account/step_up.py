"""Proof again of who is here, when the last one is older than the limit (SEC-39)."""

from __future__ import annotations

import time

import streamlit as st

from portal.composition import Portal
from portal.errors import PortalError, StepUpNeeded
from portal.identity import User, require_fresh_proof
from portal.identity.tickets import TICKET_SECONDS
from portal.ui.common.problems import PROOF_WANTED, show_problem
from portal.ui.common.words import _
from portal.web.gate.access import RENEW_PATH
from portal.web.streamlit import page_run

RENEWAL = "_renewal"


def draw_step_up_if_wanted(portal: Portal, user: User, page: str) -> None:
    """At the head of `page`: the form while something there waits for a proof; then, once, the word to go on."""
    wanted = st.session_state.get(PROOF_WANTED)
    if wanted is True:
        wanted = st.session_state[PROOF_WANTED] = page
    if wanted is None:
        return
    if wanted != page:  # the person went elsewhere instead
        del st.session_state[PROOF_WANTED]
    elif proof_is_fresh(portal, user):
        del st.session_state[PROOF_WANTED]
        st.success(_("Confirmed. Do it once more: it goes through now."), icon=":material/lock_open:")
    else:
        _draw_form(portal, user)


def proof_is_fresh(portal: Portal, user: User) -> bool:
    """Whether the last proof is recent enough for contents, destroying and managing."""
    try:
        require_fresh_proof(user, portal.settings)
    except StepUpNeeded:
        return False
    return True


def draw_step_up(portal: Portal, user: User) -> None:
    """The form in the place of what it opens, unless it stands at the page's head already."""
    if st.session_state.get(PROOF_WANTED) is None:
        _draw_form(portal, user)


def _draw_form(portal: Portal, user: User) -> None:
    """A small form; reruns the page when the proof is good."""
    ways = portal.step_up.step_up_methods(user)
    if not ways:
        st.info(_("Sign out and in again to open this."), icon=":material/lock:")
        return
    label = _("Password or 6-digit code") if "code" in ways else _("Password")
    with st.form("step_up", border=True):
        st.markdown(_("**Confirm it is still you.** Customers' data opens only with a recent proof."))
        answer = st.text_input(label, type="password", autocomplete="current-password", max_chars=200)
        if not st.form_submit_button(_("Confirm"), type="primary", icon=":material/lock_open:"):
            return
    try:
        ticket = portal.step_up.confirm_identity(
            user, answer, browser=str(st.user.get("browser") or ""), socket=page_run.current_socket()
        )
    except PortalError as error:
        show_problem(error)
    else:
        if ticket:
            st.session_state[RENEWAL] = (ticket, time.monotonic())
        st.rerun()


def fetch_new_cookie() -> None:
    """Let the browser fetch the session's new cookie value, which only an answer over HTTP can set (SEC-33).

    Drawn until the ticket is stale: the same picture again is not fetched again.
    """
    ticket, since = st.session_state.get(RENEWAL, ("", 0.0))
    if not ticket:
        return
    if time.monotonic() - since > TICKET_SECONDS:
        del st.session_state[RENEWAL]
        return
    st.markdown(f"![]({RENEW_PATH}?ticket={ticket})")
