"""State of a page without a session."""

from __future__ import annotations

import streamlit as st

BOUND_TO = "_session_hash"
"""In a tab's state: the login session whose person it belongs to."""


def forget_person() -> None:
    """Clear a person's data from the state of a signed-out tab (SEC-32)."""
    if st.session_state.get(BOUND_TO) is not None:
        st.session_state.clear()
