"""What tells the practice merchant from a real one on every page."""

from __future__ import annotations

import streamlit as st

from portal.ui.common.words import _


def practice_strip() -> None:
    st.badge(
        _("Practice merchant: everyone here is invented"), icon=":material/science:", color="orange", width="stretch"
    )
