"""Confirms an act in a toast after the next redraw."""

from __future__ import annotations

import streamlit as st

from portal.ui.common.words import plain

TOLD = "_told"


def add_notice(words: str) -> None:
    """Keep the words until the next redraw, as an act ends with a rerun or another page."""
    st.session_state.setdefault(TOLD, []).append(words)


def show_notice() -> None:
    for words in st.session_state.pop(TOLD, []):
        st.toast(plain(words), icon=":material/check_circle:")
