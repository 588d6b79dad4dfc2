"""The merchant's programs by name, asked of LoyaltyDog at most every few minutes a session."""

from __future__ import annotations

import datetime as dt

import streamlit as st

from portal.composition import Portal
from portal.identity import User
from portal.ui.common.words import _

PROGRAMS_KEPT_SECONDS = 300


def program_names(portal: Portal, user: User) -> dict[str, str]:
    """id -> name. Raises PortalError, LoyaltyDogError."""
    kept = st.session_state.get("_programs")
    now = dt.datetime.now(dt.UTC)
    if kept is None or (now - kept[0]).total_seconds() > PROGRAMS_KEPT_SECONDS:
        with st.spinner(_("Asking LoyaltyDog for the programs …")):
            kept = (now, {p.id: p.name for p in portal.lookups.programs(user)})
        st.session_state["_programs"] = kept
    found: dict[str, str] = kept[1]
    return found
