"""Today: what needs a person, three numbers, what happened lately."""

from __future__ import annotations

import datetime as dt

import streamlit as st

from portal.errors import PortalError
from portal.exports import ExportView
from portal.exports.history.dashboard import Today
from portal.identity import Permission, allows
from portal.runtime import get_portal
from portal.ui.account.session import current_user
from portal.ui.common import navigation
from portal.ui.common.badges import badge_of
from portal.ui.common.charts import ages_of_open, figures_of_today, outcomes_by_day
from portal.ui.common.page_head import NEW_EXPORT_KEYS
from portal.ui.common.problems import show_problem
from portal.ui.common.refresh_throttle import mark_of, skip_refresh_for
from portal.ui.common.times import expires_in, reader_zone
from portal.ui.common.words import _, number, sentence
from portal.ui.help.tour import draw_tour
from portal.ui.history.export_table import expiries_good_for, export_table
from portal.ui.preview.answers import draw_answer_figures

portal = get_portal()
user = current_user()
zone = reader_zone(user.time_zone)
FIGURES_SECONDS = 900  # nothing in them changes by the clock but the day

left, right = st.columns([3, 1], vertical_alignment="bottom")
left.title(_("Today"))
left.caption(_("What needs you, and what happened lately."))
if allows(user.role, Permission.EXPORT_CREATE) and right.button(
    _("New export"), type="primary", icon=":material/add:", width="stretch", shortcut=NEW_EXPORT_KEYS
):
    st.switch_page(navigation.NEW_EXPORT)
draw_tour(user)


def first_of(shown: int, all_of_them: int) -> None:
    """A list that is not whole says so, for the number above it counts all."""
    if shown < all_of_them:
        words = _("The first {shown} of {all} are listed; Past exports has them all.")
        st.caption(words.format(shown=number(shown), all=number(all_of_them)))


def to_decide(rows: tuple[ExportView, ...], waiting: int) -> None:
    st.header(_("Waiting for a decision"))
    first_of(len(rows), waiting)
    if not rows:
        st.caption(_("Nothing waits for you. Failures and exports that need a decision appear here."))
    for row in rows:
        with st.container(border=True, key=f"decide-{row.id}"):
            words, button = st.columns([6, 1], vertical_alignment="center")
            with words.container(horizontal=True, vertical_alignment="center"):
                badge = badge_of(row)
                st.badge(badge.said, icon=badge.icon, color=badge.colour)
                st.text(f"{row.customer} · {sentence(row.scope)}", width="content")
                st.text(sentence(row.problem), width="content")
            if button.button(_("Look"), key=f"look-{row.id}", width="stretch"):
                navigation.go_to_export(row.id)


def refresh(export_id: str) -> None:
    try:
        portal.submissions.refresh(user, export_id)
    except PortalError as error:
        st.session_state["_today_problem"] = error
    else:
        st.toast(_("Asked again: a fresh link and file are on their way."), icon=":material/check_circle:")


def expiring(rows: tuple[ExportView, ...], count: int) -> None:
    st.header(_("Expiring within 24 hours"))
    first_of(len(rows), count)
    if not rows:
        st.caption(_("No link expires within a day."))
    for row in rows:
        with st.container(border=True, key=f"expiring-{row.id}"):
            words, buttons = st.columns([3, 2], vertical_alignment="center")
            with words.container(horizontal=True, vertical_alignment="center"):
                left = expires_in(row.seconds_left(dt.datetime.now(dt.UTC)))
                st.badge(left, icon=":material/timer:", color="orange")
                st.text(f"{row.customer} · {sentence(row.scope)}", width="content")
            with buttons.container(horizontal=True, horizontal_alignment="right"):
                if allows(user.role, Permission.EXPORT_CREATE):
                    st.button(
                        _("Refresh"), key=f"refresh-{row.id}", icon=":material/refresh:",
                        on_click=refresh, args=(row.id,),
                        help=_("Ask again with the same filters: a fresh link and file."),
                    )  # fmt: skip
                if st.button(_("Open preview"), key=f"open-{row.id}"):
                    navigation.go_to_export(row.id)


@st.fragment(run_every=4)
def live() -> None:
    mark = mark_of(user.merchant_id)
    problem = st.session_state.pop("_today_problem", None)
    if problem is not None:
        show_problem(problem)
    today: Today = portal.dashboard.today(user)
    skip_refresh_for(expiries_good_for([*today.expiring_soon, *today.latest]), user.merchant_id, mark)
    with st.container(horizontal=True):  # side by side as they fit: two on a phone
        st.metric(_("Open"), number(today.open), border=True, help=_("Under way, or waiting for a decision."))
        st.metric(_("Ready"), number(today.ready), border=True, help=_("May be opened; the link still lives."))
        st.metric(_("Expiring"), number(today.expiring), border=True, help=_("The link dies within 24 hours."))
    if today.deciding or today.expiring_soon or today.latest:
        to_decide(today.deciding, today.waiting)
        if today.expiring_soon:
            expiring(today.expiring_soon, today.expiring)
    if today.by_day:
        outcomes_by_day(today.by_day)
    if today.open:
        ages_of_open(today.ages)
    st.header(_("Latest exports"))
    if not today.latest:
        st.info(
            _("No exports yet. Your merchant's last ten appear here once somebody has asked for one."),
            icon=":material/inbox:",
        )
        return
    chosen = export_table(today.latest, zone, key="today_table")
    if chosen is not None:
        navigation.go_to_export(chosen)


live()


@st.fragment(run_every=60)
def pictures() -> None:
    """Slower than the lists above: they look back for weeks."""
    skip_refresh_for(FIGURES_SECONDS, user.merchant_id, mark_of(user.merchant_id))
    figures = portal.dashboard.figures(user)
    if not figures.by_program and not figures.answers.open:
        return
    draw_answer_figures(figures.answers)
    figures_of_today(figures)


pictures()
