"""Proof again of who is here, when the last one is older than the limit (SEC-39)."""

from __future__ import annotations

import streamlit as st

from portal.errors import PortalError
from portal.identity import User
from portal.runtime import Portal
from portal.ui.problems import show_problem
from portal.ui.words import _


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
        portal.identity.confirm_identity(user, answer)
    except PortalError as error:
        show_problem(error)
    else:
        st.rerun()
