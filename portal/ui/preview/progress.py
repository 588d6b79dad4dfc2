"""An export under way: four steps, each with its time, moving by themselves."""

from __future__ import annotations

import datetime as dt

import streamlit as st

from portal.composition import Portal
from portal.errors import PortalError
from portal.exports import ExportView, State
from portal.identity import User
from portal.ui.common.acting import redraw_unless_asking
from portal.ui.common.badges import ASKING, CHECKING, FETCHING, Badge, badge_of
from portal.ui.common.notices import add_notice
from portal.ui.common.problems import request_id, show_problem
from portal.ui.common.times import size, span, step_time
from portal.ui.common.words import _
from portal.ui.preview.desktop_note import draw_desktop_note, say

POLL_SECONDS = 0.5
SLOW_SECONDS = 5  # shorter waits need no word when they are over
WAITED_FOR, TOLD = "_waited_for", "_waited_for_told"
DONE, NOW, LATER = ":material/check_circle:", ":material/pending:", ":material/circle:"


def follow(portal: Portal, user: User, view: ExportView) -> None:
    """Draw the steps until the export moves on, then redraw the whole page: badge, title and steps change together."""
    _steps_of(portal, user, view.id, badge_of(view))
    draw_desktop_note(view.id, under_way=True)


@st.fragment(run_every=POLL_SECONDS)
def _steps_of(portal: Portal, user: User, export_id: str, shown: Badge) -> None:
    view = portal.history.get(user, export_id)
    if badge_of(view) != shown:
        redraw_unless_asking()
    steps(view)
    st.caption(_("You may leave this page; the export goes on and is in Past exports."))
    if view.state is State.WAITING and view.vendor_request_id:
        request_id(view.vendor_request_id)
    if view.state is State.WAITING and st.button(_("Stop trying"), icon=":material/stop_circle:"):
        try:
            portal.decisions.stop_waiting(user, export_id)
        except Exception as error:  # it has moved on; the next drawing shows that
            if not isinstance(error, PortalError):
                raise
            show_problem(error)
        else:
            add_notice(_("Stopped. Nothing was sent."))
        st.rerun(scope="app")


def tell_in_title(view: ExportView) -> None:
    """Show the state in the title of the browser's tab, for readers in another tab (see `forget_waiting`)."""
    badge = badge_of(view)
    if view.running:
        st.session_state[WAITED_FOR] = view.id
        st.session_state.pop(TOLD, None)
        say(badge.step_label)
        st.set_page_config(page_title=_("… {state} – Privacy portal").format(state=badge.label))
    elif st.session_state.get(WAITED_FOR) == view.id:
        good = view.state is State.READY
        say(_("An export is ready") if good else _("An export has ended"))
        title = _("✓ {state} – Privacy portal") if good else _("! {state} – Privacy portal")
        st.set_page_config(page_title=title.format(state=badge.label))
        draw_desktop_note(view.id, under_way=False, ready=good)
        if not st.session_state.get(TOLD):
            st.session_state[TOLD] = True
            if _since(view.requested_at) > SLOW_SECONDS:
                words = _("The export you waited for: {state}").format(state=badge.label)
                st.toast(words, icon=":material/notifications:")


def forget_waiting(page: str) -> None:
    """On any other page the title is the usual one again."""
    if page != "preview":
        st.session_state.pop(WAITED_FOR, None)


def steps(view: ExportView) -> None:
    """Asking LoyaltyDog -> Fetching the file -> Sealing -> Checking; the one under way is the state's."""
    asked, fetched, checked = view.accepted_at, view.collected_at, view.inspected_at
    at = view.state
    now = badge_of(view).step_label
    asking = at not in (State.ACCEPTED, State.COLLECTED)
    _line(now if asking else _(ASKING), not asking, asking, step_time(view.requested_at, asked), _asking_words(view))
    fetching = at is State.ACCEPTED
    _line(_(FETCHING), at is State.COLLECTED, fetching, step_time(asked, fetched), _bytes_words(view))
    if fetching and view.expected_bytes:
        st.progress(min(1.0, view.fetched_bytes / view.expected_bytes), text=_bytes_words(view))
    _line(_("Sealing"), at is State.COLLECTED, fetching, "", _("as it arrives"))
    _line(_(CHECKING), bool(checked), at is State.COLLECTED, step_time(fetched, checked), "")


def _line(name: str, done: bool, now: bool, took: str, words: str) -> None:
    icon = DONE if done else NOW if now else LATER
    colour = "green" if done else "blue" if now else "gray"
    extra = " · ".join(part for part in (took, words if now else "") if part)
    st.markdown(f":{colour}[{icon}] {name}" + (f" :gray[· {extra}]" if extra else ""))


def _asking_words(view: ExportView) -> str:
    if view.state is not State.WAITING or view.retry_at is None:
        if view.sent_at is None:
            return ""
        return _("waiting for the answer, {span}").format(span=span(_since(view.sent_at)))
    left = (view.retry_at - dt.datetime.now(dt.UTC)).total_seconds()
    reason = (
        _("LoyaltyDog asked us to wait")
        if view.problem_code == "rate_limited"
        else _("LoyaltyDog could not be reached, nothing was sent")
    )
    return _("{reason}; asking again in {span}").format(reason=reason, span=span(left))


def _since(time: dt.datetime) -> float:
    return (dt.datetime.now(dt.UTC) - time).total_seconds()


def _bytes_words(view: ExportView) -> str:
    if view.expected_bytes:
        return _("{done} of {whole}").format(done=size(view.fetched_bytes), whole=size(view.expected_bytes))
    return size(view.fetched_bytes) if view.fetched_bytes else ""
