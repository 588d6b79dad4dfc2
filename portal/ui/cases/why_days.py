"""Why each of the days in a list is the day: behind one button, since a table's cell holds no button."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from portal.composition import Portal
from portal.errors import PortalError
from portal.identity import User
from portal.ui.cases.case_words import steps_said
from portal.ui.common.problems import show_problem
from portal.ui.common.words import _


def draw_why_days(portal: Portal, user: User, cases: Mapping[str, str], *, key: str) -> None:
    """`cases`: how the list calls each case, by its id. The steps of one are read when somebody asks for them."""
    if not cases:
        return
    with st.popover(
        _("Why this day?"), icon=":material/info:", key=f"why_days_{key}", on_change="rerun", width="content"
    ) as opened:
        if not opened.open:
            return
        chosen = st.selectbox(_("Case"), list(cases), key=f"why_days_of_{key}", format_func=lambda one: cases[one])
        if chosen is None:
            return
        try:
            st.text(steps_said(portal.case_register.show(user, chosen).clock.why))
        except PortalError as error:
            show_problem(error)
