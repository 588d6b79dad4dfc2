"""Today: what needs a person, three numbers, what happened lately."""

from __future__ import annotations

import datetime as dt

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from portal.cases.services.views import CaseFilter, CaseRow
from portal.cases.states import CaseState
from portal.errors import PortalError
from portal.exports import ExportView
from portal.exports.history.dashboard import Today
from portal.identity import Permission, allows
from portal.runtime import get_portal
from portal.ui.account.session import current_user
from portal.ui.cases.case_table import SOON_DAYS, due_said
from portal.ui.cases.case_words import STATE_BADGES
from portal.ui.cases.messages.case_messages import draw_unread
from portal.ui.cases.sending.waiting import draw_waiting_deliveries
from portal.ui.cases.why_days import draw_why_days
from portal.ui.common import navigation
from portal.ui.common.badges import BADGES, badge_of
from portal.ui.common.charts import figures_of_today, outcomes_by_day
from portal.ui.common.page_head import NEW_EXPORT_KEYS
from portal.ui.common.problems import show_problem
from portal.ui.common.refresh_throttle import mark_of, skip_refresh_for
from portal.ui.common.times import expires_in, reader_zone
from portal.ui.common.words import _, number, plain, sentence
from portal.ui.help.tour import draw_tour
from portal.ui.history.export_table import days_of_exports, expiries_good_for, export_table
from portal.ui.preview.answers import draw_answer_figures, standing_said
from portal.ui.preview.card_safety import request_said

portal = get_portal()
user = current_user()
zone = reader_zone(user.time_zone)
FEW = 3
MOST_LISTED = 10
MOST_UNFOLDED = 5

left, right = st.columns([3, 2], vertical_alignment="bottom")
left.title(_("Today"))
left.caption(_("What needs you, and what happened lately."))
with right.container(horizontal=True, horizontal_alignment="right"):
    if allows(user.role, Permission.CASE_WORK) and st.button(_("New case"), icon=":material/create_new_folder:"):
        st.switch_page(navigation.NEW_CASE)
    if allows(user.role, Permission.EXPORT_CREATE) and st.button(
        _("New export"), type="primary", icon=":material/add:", shortcut=NEW_EXPORT_KEYS
    ):
        st.switch_page(navigation.NEW_EXPORT)
draw_tour(user)


def first_of(shown: int, all_of_them: int, where: str) -> None:
    """A list that is not whole says so, for the number above it counts all."""
    if shown < all_of_them:
        words = _("The first {shown} of {all} are listed; {page} has them all.")
        st.caption(words.format(shown=number(shown), all=number(all_of_them), page=where))


class Room:
    """How many lines stand unfolded in this drawing: a small cause unfolds by itself while they are few."""

    def __init__(self) -> None:
        self.left = MOST_UNFOLDED

    def cause(self, words: str, count: int, *, key: str) -> DeltaGenerator:
        """One line a cause with its count."""
        unfolded = count <= min(FEW, self.left)
        self.left -= count if unfolded else 0
        return st.expander(f"{plain(words)} · {number(count)}", expanded=unfolded, key=f"cause_{key}")


def due_cases(room: Room) -> dict[str, str]:
    """Cases by what they need: those over their day, those near it, those whose person is not recognised yet. Gives
    what is said of the day of each, by the case's id."""
    days: dict[str, str] = {}
    for words, key, wanted in case_causes():
        count = portal.case_register.count(user, wanted)
        if not count:
            continue
        with room.cause(words, count, key=key):
            rows = portal.case_register.list(user, wanted, size=MOST_LISTED).rows
            first_of(len(rows), count, _("Cases"))
            for row in rows:
                case_line(row, key)
                days[row.id] = f"{row.name} · {due_said(row, today())}"
    return days


def case_causes() -> tuple[tuple[str, str, CaseFilter], ...]:
    unsettled = frozenset({CaseState.RECEIVED, CaseState.IDENTIFYING})
    soon = today() + dt.timedelta(days=SOON_DAYS)
    return (
        (_("Overdue"), "overdue", CaseFilter(due_until=today() - dt.timedelta(days=1))),
        (_("Due within 7 days"), "due", CaseFilter(due_since=today(), due_until=soon)),
        (_("Identity not settled"), "identity", CaseFilter(states=unsettled, due_since=soon + dt.timedelta(days=1))),
    )


def today() -> dt.date:
    return dt.datetime.now(zone).date()


def case_line(row: CaseRow, key: str) -> None:
    words, button = st.columns([6, 1], vertical_alignment="center")
    with words.container(horizontal=True, vertical_alignment="center"):
        st.badge(STATE_BADGES[row.state].label, icon=STATE_BADGES[row.state].icon, color=STATE_BADGES[row.state].colour)
        st.text(
            " · ".join(filter(None, (due_said(row, today()), row.name, row.person, row.reference))), width="content"
        )
    if button.button(_("Open"), key=f"case-{key}-{row.id}", width="stretch"):
        navigation.go_to_case(row.id)


def to_decide(shown: Today, room: Room) -> None:
    """Failures and exports that need a decision, by what happened."""
    if not shown.causes:
        st.caption(_("Nothing waits for a decision. Failures and files that need a manager appear here."))
    for one in shown.causes:
        words = f"{BADGES[one.state].label}: {sentence(one.problem)}"
        with room.cause(words, one.count, key=f"decide_{one.key}"):
            listed = shown.listed(one)
            first_of(len(listed), one.count, _("Past exports"))
            for row in listed:
                export_line(row)


def card_requests(room: Room) -> None:
    """Colleagues who wait for a second person: a manager's to allow or refuse, on the preview."""
    waiting = portal.card_access.waiting(user) if allows(user.role, Permission.EXPORT_RELEASE) else ()
    if not waiting:
        return
    with room.cause(_("Card numbers asked for"), len(waiting), key="cards"):
        first_of(min(MOST_LISTED, len(waiting)), len(waiting), _("Past exports"))
        for request in waiting[:MOST_LISTED]:
            words, button = st.columns([6, 1], vertical_alignment="center")
            words.text(request_said(request))
            if button.button(_("Look"), key=f"cards-look-{request.id}", width="stretch"):
                navigation.go_to_export(request.export_id)


def export_line(row: ExportView) -> None:
    with st.container(key=f"decide-{row.id}"):
        words, button = st.columns([6, 1], vertical_alignment="center")
        with words.container(horizontal=True, vertical_alignment="center"):
            badge = badge_of(row)
            st.badge(badge.label, icon=badge.icon, color=badge.colour)
            parts = (standing_said(row, today()), row.customer, row.reference, sentence(row.scope))
            st.text(" · ".join(filter(None, parts)), width="content")
        if button.button(_("Look"), key=f"look-{row.id}", width="stretch"):
            navigation.go_to_export(row.id)


def refresh(export_id: str) -> None:
    try:
        portal.submissions.refresh(user, export_id)
    except PortalError as error:
        st.session_state["_today_problem"] = error
    else:
        st.toast(_("Asked again: a fresh link and file are on their way."), icon=":material/check_circle:")


def expiring(rows: tuple[ExportView, ...], count: int, room: Room) -> None:
    with room.cause(_("Expiring within 24 hours"), count, key="expiring"):
        first_of(len(rows), count, _("Past exports"))
        for row in rows:
            expiring_line(row)


def expiring_line(row: ExportView) -> None:
    with st.container(key=f"expiring-{row.id}"):
        words, buttons = st.columns([3, 2], vertical_alignment="center")
        with words.container(horizontal=True, vertical_alignment="center"):
            left = expires_in(row.seconds_left(dt.datetime.now(dt.UTC)))
            st.badge(left, icon=":material/timer:", color="orange")
            parts = (standing_said(row, today()), row.customer, row.reference, sentence(row.scope))
            st.text(" · ".join(filter(None, parts)), width="content")
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
    shown: Today = portal.dashboard.today(user)
    skip_refresh_for(expiries_good_for([*shown.expiring_soon, *shown.latest]), user.merchant_id, mark)
    overdue, due, _identity = (portal.case_register.count(user, wanted) for _words, _key, wanted in case_causes())
    with st.container(horizontal=True):  # side by side as they fit: two on a phone
        st.metric(_("Overdue"), number(overdue), border=True)
        st.metric(_("Due within 7 days"), number(due), border=True)
        st.metric(_("Waiting for a decision"), number(shown.waiting), border=True)
    room = Room()
    draw_waiting_deliveries(portal, user, room.cause)
    draw_unread(portal, user, room.cause)
    days = days_of_exports([*shown.deciding, *shown.latest], today()) | due_cases(room)
    card_requests(room)
    if shown.latest:
        to_decide(shown, room)
    if shown.expiring_soon:
        expiring(shown.expiring_soon, shown.expiring, room)
    if shown.by_day:
        outcomes_by_day(shown.by_day)
    if not shown.latest:
        st.info(
            _("No exports yet. Your merchant's last ten appear here once somebody has asked for one."),
            icon=":material/inbox:",
        )
        draw_why_days(portal, user, days, key="today")
        return
    draw_why_days(portal, user, days, key="today")
    with st.expander(_("Latest exports"), icon=":material/history:", expanded=room.left == MOST_UNFOLDED, key="latest"):
        chosen = export_table(shown.latest, zone, key="today_table")
    if chosen is not None:
        navigation.go_to_export(chosen)


live()


with st.expander(_("Figures"), icon=":material/bar_chart:", key="figures", on_change="rerun") as figures_shown:
    if figures_shown.open:
        figures = portal.dashboard.figures(user)
        draw_answer_figures(figures.answers)
        figures_of_today(figures)
