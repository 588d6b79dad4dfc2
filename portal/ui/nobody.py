"""A page nobody is signed in to."""

from __future__ import annotations

import streamlit as st

BOUND_TO = "_session_hash"
"""In a tab's state: the login session whose person it belongs to."""


def forget_person() -> None:
    """Nothing of a person stays in the state of a tab that is nobody's (SEC-32)."""
    if st.session_state.get(BOUND_TO) is not None:
        st.session_state.clear()
