"""Cases: each person's request, the soonest due first."""

from __future__ import annotations

import datetime as dt
from typing import Final

import streamlit as st

from portal.cases.services.views import CaseFilter, CasePage, Place
from portal.cases.states import OPEN_STATES, CaseState
from portal.errors import PortalError
from portal.identity import Permission, allows
from portal.runtime import get_portal
from portal.ui.account.session import current_user
from portal.ui.cases.case_figures import draw_months
from portal.ui.cases.case_table import SOON_DAYS, case_table, due_said
from portal.ui.cases.case_words import STATE_BADGES
from portal.ui.cases.why_days import draw_why_days
from portal.ui.common import navigation
from portal.ui.common.problems import show_problem
from portal.ui.common.times import reader_zone
from portal.ui.common.words import _, later, number, plural

KEEP: Final = "session"
OPEN, DUE, OVERDUE, ENDED = later("Open"), later("Due within 7 days"), later("Overdue"), later("Ended")
WHICH = (OPEN, DUE, OVERDUE, ENDED)
UNFILTERED: Final[dict[str, object]] = {"cases_text": "", "cases_which": OPEN, "cases_states": [], "cases_mine": False}

portal = get_portal()
user = current_user()
today = dt.datetime.now(reader_zone(user.time_zone)).date()
may_work = allows(user.role, Permission.CASE_WORK)


def filters() -> CaseFilter:
    """The filter row; kept while one moves about."""
    search, which, states, mine = st.columns([4, 2, 2.6, 1.8], vertical_alignment="bottom")
    text = search.text_input(
        _("Search"), key="cases_text", max_chars=400, autocomplete="off", icon=":material/search:",
        placeholder=_("Whole email, customer ID or card, or a number like 2026-0042"), persist_state=KEEP,
    )  # fmt: skip
    chosen = which.selectbox(_("Which"), WHICH, key="cases_which", persist_state=KEEP, format_func=_)
    there = [state for state in CaseState if (state in OPEN_STATES) is (chosen != ENDED)]
    kept = [state for state in st.session_state.get("cases_states") or [] if state in there]
    if kept != st.session_state.get("cases_states"):
        st.session_state["cases_states"] = kept
    wanted = states.multiselect(
        _("Where it stands"), there, key="cases_states", persist_state=KEEP, placeholder=_("Anywhere"),
        format_func=lambda state: STATE_BADGES[state].label,
    )  # fmt: skip
    only_mine = mine.toggle(_("Only mine"), key="cases_mine", persist_state=KEEP)
    until = {DUE: today + dt.timedelta(days=SOON_DAYS), OVERDUE: today - dt.timedelta(days=1)}
    return CaseFilter(
        text=text or "",
        mine=only_mine,
        ended=chosen == ENDED,
        states=frozenset(wanted),
        due_until=until.get(chosen),
        due_since=today if chosen == DUE else None,
    )


def unfilter() -> None:
    for key, value in UNFILTERED.items():
        st.session_state[key] = value


def cursors(wanted: CaseFilter) -> list[Place | None]:
    """Cursors of the pages turned so far. Reset when the filter changes."""
    if st.session_state.get("_cases_filter") != wanted:
        st.session_state["_cases_filter"] = wanted
        st.session_state["_cases_cursors"] = [None]
        if wanted.text.strip():
            portal.case_register.note_search(user, wanted.text)
    way: list[Place | None] = st.session_state["_cases_cursors"]
    return way


def turn(page: CasePage, way: list[Place | None]) -> None:
    """Earlier and later pages."""
    if len(way) == 1 and page.after is None:
        return
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="center"):
        if st.button(_("Previous"), icon=":material/chevron_left:", disabled=len(way) == 1):
            way.pop()
            st.rerun()
        st.caption(_("Page {n}").format(n=number(len(way))))
        if st.button(_("Next"), icon=":material/chevron_right:", icon_position="right", disabled=page.after is None):
            way.append(page.after)
            st.rerun()


def nothing(wanted: CaseFilter) -> None:
    if wanted == CaseFilter():
        st.info(
            _("No open cases. A case is one person's request; an export that is asked for opens one by itself."),
            icon=":material/inbox:",
        )
        return
    st.info(_("Nothing matches. An email, ID or number must be whole."), icon=":material/search_off:")
    st.button(_("Clear filters"), icon=":material/filter_list_off:", on_click=unfilter)


left, right = st.columns([3, 1], vertical_alignment="bottom")
left.title(_("Cases"))
left.caption(_("One person's request each: what they ask for, when the answer is due, who has it."))
if may_work and right.button(_("New case"), type="primary", icon=":material/add:", width="stretch", key="cases_new"):
    st.switch_page(navigation.NEW_CASE)
wanted = filters()
way = cursors(wanted)
try:
    page = portal.case_register.list(user, wanted, after=way[-1])
except PortalError as error:
    show_problem(error)
else:
    if page.rows:
        chosen = case_table(page.rows, today, key=f"cases_table_{len(way)}")
        if chosen is not None:
            navigation.go_to_case(chosen)
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(plural("{n} case on this page. Click a row's box to open it.",
                              "{n} cases on this page. Click a row's box to open one.", len(page.rows)),
                       width="content")  # fmt: skip
            days = {row.id: f"{row.name} · {due_said(row, today)}" for row in page.rows}
            draw_why_days(portal, user, days, key="cases")
    else:
        nothing(wanted)
    turn(page, way)
with st.expander(_("Figures by month"), icon=":material/bar_chart:", key="cases_figures", on_change="rerun") as figures:
    if figures.open:
        draw_months(portal.case_figures.by_month(user))
st.page_link(navigation.YOUR_ACCOUNT, label=_("Due days in your calendar"), icon=":material/event:")
