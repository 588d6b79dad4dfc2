"""Proof again of who is here, when the last one is older than the limit (SEC-39)."""

from __future__ import annotations

import time

import streamlit as st

from portal.errors import PortalError
from portal.identity import User
from portal.identity.tickets import TICKET_SECONDS
from portal.runtime import Portal
from portal.ui.problems import show_problem
from portal.ui.words import _
from portal.web import bridge
from portal.web.auth_routes import RENEW_PATH

RENEWAL = "_renewal"


def draw_step_up(portal: Portal, user: User) -> None:
    """A small form; reruns the page when the proof is good."""
    ways = portal.identity.step_up_ways(user)
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
        ticket = portal.identity.confirm_identity(
            user, answer, browser=str(st.user.get("browser") or ""), socket=bridge.this_socket()
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
