"""What deliveries wait for: on Today a line each, on the case an answer that reached somebody else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from portal.composition import Portal
from portal.delivery.kinds import BreachState
from portal.delivery.views import BreachView, TaskKind
from portal.identity import Permission, User, allows
from portal.ui.common import navigation
from portal.ui.common.acting import act_and_tell
from portal.ui.common.times import reader_zone, when
from portal.ui.common.words import _, later, plain, plural

TASK_WORDS: Mapping[TaskKind, str] = {
    TaskKind.UNOPENED: later("Never opened"),
    TaskKind.LOCKED: later("Locked after wrong codes"),
    TaskKind.NOT_MAILED: later("The mail was not taken"),
    TaskKind.LETTER: later("A letter did not arrive: tell it another way and note it"),
}
MOST_LISTED = 10


def draw_waiting_deliveries(portal: Portal, user: User, cause: Callable[..., DeltaGenerator]) -> None:
    """`cause(words, count, key=…)` gives the part of the page that a kind is listed in. The most pressing first."""
    zone = reader_zone(user.time_zone)
    breaches = portal.deliveries.open_breaches(user)
    if breaches:
        with cause(_("An answer reached somebody else"), len(breaches), key="breaches"):
            for one in breaches[:MOST_LISTED]:
                by = _("Report it by {when}").format(when=when(one.report_by, zone))
                _line(one.case_id, f"{one.case_name} · {by}", f"breach-{one.id}")
    tasks = portal.deliveries.open_tasks(user)
    if tasks:
        with cause(_("Answers that did not arrive"), len(tasks), key="undelivered"):
            for task in tasks[:MOST_LISTED]:
                said = _("since {when}").format(when=when(task.since, zone))
                _line(
                    task.case_id, f"{task.case_name} · {_(TASK_WORDS[task.kind])}, {said}", f"task-{task.delivery_id}"
                )


def _line(case_id: str, words: str, key: str) -> None:
    said, button = st.columns([6, 1], vertical_alignment="center")
    said.text(words)
    if button.button(_("Open"), key=key, width="stretch"):
        navigation.go_to_case(case_id)


def draw_breaches(portal: Portal, user: User, case_id: str) -> None:
    """On the case: until when it has to be reported, and what a manager records about it (Art. 33 GDPR)."""
    for one in portal.deliveries.open_breaches(user):
        if one.case_id == case_id:
            _breach(portal, user, one)


def _breach(portal: Portal, user: User, one: BreachView) -> None:
    zone = reader_zone(user.time_zone)
    words = _("Somebody said on the link's page that this answer is not theirs, {when}. The link is dead.").format(
        when=when(one.aware_at, zone)
    )
    words += " " + (
        plural("It was fetched whole {n} time.", "It was fetched whole {n} times.", one.fetched)
        if one.fetched
        else _("It was never fetched.")
    )
    words += " " + _("If it is a risk for the person, tell the authority by {when}.").format(
        when=when(one.report_by, zone)
    )
    st.error(plain(words), icon=":material/gpp_bad:")
    if not allows(user.role, Permission.CASE_DECIDE):
        st.caption(_("A manager records what was done about it."))
        return
    with st.container(horizontal=True):
        if st.button(_("It was reported"), key=f"breach_reported_{one.id}"):
            _settle(portal, user, one, BreachState.REPORTED)
        if st.button(_("It need not be reported"), key=f"breach_not_reportable_{one.id}"):
            _settle(portal, user, one, BreachState.NOT_REPORTABLE)


def _settle(portal: Portal, user: User, one: BreachView, outcome: BreachState) -> None:
    act_and_tell(partial(portal.deliveries.settle_breach, user, one.case_id, one.id, outcome), _("Recorded."))
