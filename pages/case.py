"""Case: one person's request, step by step, with the next sensible act."""

from __future__ import annotations

import datetime as dt
from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from portal.cases.services.views import CaseView
from portal.cases.states import OPEN_STATES
from portal.errors import NotFound
from portal.identity import Permission, allows
from portal.runtime import get_portal
from portal.sources.views import SourceList
from portal.storage.blobs import StorageTrouble
from portal.ui.account.session import current_user
from portal.ui.cases.case_acts import draw_more, mark_done, take_back
from portal.ui.cases.case_before import draw_asked_before
from portal.ui.cases.case_head import Step, draw_head, draw_steps, open_step
from portal.ui.cases.case_history import draw_notes, draw_timeline
from portal.ui.cases.case_matches import draw_matches
from portal.ui.cases.case_package import draw_package, package_state, packed
from portal.ui.cases.case_print import case_as_html, print_file_name
from portal.ui.cases.case_steps import draw_collect, draw_demands, draw_waiting
from portal.ui.cases.identity.identity_step import draw_identity
from portal.ui.cases.messages.case_messages import draw_messages
from portal.ui.cases.review.case_review import draw_review, files_of
from portal.ui.cases.sending.case_send import deliveries_of, draw_send, locked, sent
from portal.ui.cases.sending.waiting import draw_breaches
from portal.ui.common import navigation
from portal.ui.common.file_link import text_link
from portal.ui.common.problems import show_problem
from portal.ui.common.times import reader_zone
from portal.ui.common.words import _, plain

portal = get_portal()
user = current_user()
zone = reader_zone(user.time_zone)


def draw_choice() -> None:
    st.info(_("Choose a case to see where it stands."), icon=":material/folder_open:")
    if st.button(_("Cases"), type="primary", icon=":material/folder_open:"):
        st.switch_page(navigation.CASES)


def draw_with(view: CaseView) -> None:
    """Who has the case; one click takes it."""
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="right"):
        st.text(_("With: {name}").format(name=view.row.assignee or "–"), width="content")
        if view.may and view.assignee_id != user.account_id and st.button(_("Take it"), key="case_take"):
            portal.case_file.assign(user, view.row.id, user.account_id)
            st.rerun()
        draw_more(portal, user, view)


def draw_print(view: CaseView) -> None:
    """The case as one page for the file: facts only."""
    page = case_as_html(view, user.merchant_name, dt.datetime.now(zone), zone)
    with st.container(horizontal=True, horizontal_alignment="right"):
        text_link(
            _("Save as one page to print"), page, file_name=print_file_name(view), media="text/html", icon="print",
            key="case_print",
        )  # fmt: skip


def compare(case_id: str) -> None:
    """Look whose records came since the last look. What cannot be read just now waits for the next one."""
    try:
        portal.case_matches.compare(user, case_id)
    except StorageTrouble as trouble:
        show_problem(trouble)


def collected(sources: SourceList) -> DeltaGenerator:
    """Where what is settled is folded away, so that the open step is on the screen."""
    words = _("Collected: {n} of {all} settled").format(n=sources.settled_count, all=len(sources.lines))
    return st.expander(plain(words), icon=":material/check:", key="case_collected")


def draw(view: CaseView) -> None:
    left, right = st.columns([3, 2], vertical_alignment="bottom")
    left.title(plain(view.row.name))
    with right:
        draw_with(view)
    draw_head(portal, user, view)
    draw_breaches(portal, user, view.row.id)
    draw_asked_before(portal, user, view.row.id)
    exports = portal.history.of_case(user, view.row.id)
    compare(view.row.id)
    sources = portal.case_sources.lines(user, view.row.id)
    files = files_of(portal, user, view.row.id)
    package = package_state(portal, user, view, sources)
    ready = packed(package)
    deliveries = deliveries_of(portal, user, view, packed=ready)
    draw_steps(view, sources, files, packed=ready, sent=sent(deliveries))
    main, aside = st.columns([3, 2], gap="large")
    with main:
        draw_waiting(portal, user, view)
        step = open_step(view, sources, files, packed=ready)
        draw_identity(portal, user, view, leads=step is Step.IDENTITY, again=locked(deliveries))
        over = step is Step.PACKAGE or ready
        with collected(sources) if over else st.container(key="case_collected"):
            draw_collect(portal, user, view, exports, sources, leads=step is Step.COLLECT)
            draw_matches(portal, user, view.row.id, portal.case_matches.shown(user, view.row.id))
        if view.hidden:
            st.info(_("Nothing of the person's data is shown until it is settled who asks."), icon=":material/lock:")
        else:
            draw_review(user, files, leads=step is Step.REVIEW)
        if package is not None:
            draw_package(portal, user, view, package, leads=step is Step.PACKAGE)
        if deliveries is not None:
            draw_send(portal, user, view, deliveries, leads=step is Step.SEND)
        works = allows(user.role, Permission.CASE_WORK) and view.row.state in OPEN_STATES
        draw_demands(view, partial(mark_done, portal, user, view) if works else None)
    with aside:
        draw_messages(portal, user, view.row.id, zone)
        draw_notes(portal, user, view, zone)
    draw_print(view)
    question = take_back(portal, user, view) if allows(user.role, Permission.CASE_WORK) else None
    draw_timeline(view, zone, question, portal.case_mails.of_case(user, view.row.id))


case_id = navigation.chosen_case()
if case_id is None:
    st.title(_("Case"))
    draw_choice()
else:
    try:
        draw(portal.case_register.show(user, case_id))
    except NotFound as missing:
        st.title(_("Case"))
        show_problem(missing)
        draw_choice()
