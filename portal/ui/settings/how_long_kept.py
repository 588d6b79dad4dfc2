"""The part of Settings that says how long cases that have ended are kept, and why so long."""

from __future__ import annotations

import streamlit as st

from portal.cases.retention import MONTHS, REASON_MAX
from portal.errors import InputErrors, PortalError
from portal.identity import User
from portal.runtime import get_portal
from portal.ui.common.notices import add_notice
from portal.ui.common.problems import field_problem, show_problem
from portal.ui.common.words import _, plural


def how_long_kept(user: User) -> None:
    st.header(_("How long closed cases are kept"))
    st.caption(
        _(
            "After that time, counted from the day a case ended, its notes, its letters, the person's name, what they "
            "are known by and the fingerprints of its files are destroyed. Its number, days and outcome stay, and a "
            "keyed code that tells when the same person asks again. Cases under Californian law are kept for two "
            "years at least."
        )
    )
    now = get_portal().case_retention.show(user)
    with st.form("how_long_kept"):
        months = st.number_input(_("Months"), MONTHS[0], MONTHS[-1], now.months, key="kept_months", width=200)
        reason = st.text_area(
            _("Why so long?"), value=now.reason, max_chars=REASON_MAX, key="kept_reason", height=90,
            placeholder=_("For example: claims about an answer can be raised for two years."),
            help=_("No law names a period. An authority asks for your reason."),
        )  # fmt: skip
        if not st.form_submit_button(_("Save the period"), icon=":material/save:"):
            return
    try:
        moved = get_portal().case_retention.save(user, months=int(months), reason=reason)
    except InputErrors as wrong:
        for problem in wrong.problems:
            field_problem(problem.message)
    except PortalError as error:
        show_problem(error)
    else:
        add_notice(_("Saved.") + " " + _moved(moved))
        st.rerun()


def _moved(moved: int) -> str:
    return plural("{n} closed case has another day now.", "{n} closed cases have another day now.", moved)
