"""An export under way: four steps, each with its time, moving by themselves."""

from __future__ import annotations

import datetime as dt

import streamlit as st

from portal.composition import Portal
from portal.exports import ExportView, State
from portal.identity import User
from portal.ui.badges import badge_of
from portal.ui.desktop_note import draw_desktop_note, say
from portal.ui.problems import request_id, show_problem
from portal.ui.times import size, span, step_time
from portal.ui.words import _

POLL_SECONDS = 0.5
SLOW_SECONDS = 5  # shorter waits need no word when they are over
WAITED_FOR, TOLD = "_waited_for", "_waited_for_told"
DONE, NOW, LATER = ":material/check_circle:", ":material/pending:", ":material/circle:"


def follow(portal: Portal, user: User, export_id: str) -> None:
    """Draw the steps until the export ends, then let the whole page show the end."""
    _steps_of(portal, user, export_id)
    draw_desktop_note(export_id, under_way=True)


@st.fragment(run_every=POLL_SECONDS)
def _steps_of(portal: Portal, user: User, export_id: str) -> None:
    view = portal.exports.get(user, export_id)
    if not view.running:
        st.rerun(scope="app")
    steps(view)
    st.caption(_("You may leave this page; the export goes on and is in Past exports."))
    if view.state is State.WAITING and view.vendor_request_id:
        request_id(view.vendor_request_id)
    if view.state is State.WAITING and st.button(_("Stop trying"), icon=":material/stop_circle:"):
        try:
            portal.exports.stop_waiting(user, export_id)
        except Exception as error:  # moved on meanwhile: the next drawing says so
            from portal.errors import PortalError

            if not isinstance(error, PortalError):
                raise
            show_problem(error)
        st.rerun(scope="app")


def tell_in_title(view: ExportView) -> None:
    """The browser's tab says how it stands, for whoever works in another one while it runs (see `forget_waiting`)."""
    said = badge_of(view).said
    if view.running:
        st.session_state[WAITED_FOR] = view.id
        st.session_state.pop(TOLD, None)
        st.set_page_config(page_title=_("… {state} – Privacy portal").format(state=said))
    elif st.session_state.get(WAITED_FOR) == view.id:
        good = view.state is State.READY
        title = _("✓ {state} – Privacy portal") if good else _("! {state} – Privacy portal")
        st.set_page_config(page_title=title.format(state=said))
        draw_desktop_note(view.id, under_way=False, ready=good)
        if not st.session_state.get(TOLD):
            st.session_state[TOLD] = True
            if _since(view.requested_at) > SLOW_SECONDS:
                st.toast(_("The export you waited for: {state}").format(state=said), icon=":material/notifications:")


def forget_waiting(page: str) -> None:
    """On any other page the title is the usual one again."""
    if page != "preview":
        st.session_state.pop(WAITED_FOR, None)


def steps(view: ExportView) -> None:
    """Asking LoyaltyDog -> Fetching the file -> Sealing -> Checking."""
    asked, fetched, checked = view.accepted_at, view.collected_at, view.inspected_at
    say(_("Checking") if fetched else _("Fetching the file") if asked else _("Asking LoyaltyDog"))
    _line(_("Asking LoyaltyDog"), bool(asked), not asked, step_time(view.requested_at, asked), _asking_words(view))
    _line(
        _("Fetching the file"),
        bool(fetched),
        bool(asked and not fetched),
        step_time(asked, fetched),
        _bytes_words(view),
    )
    if asked and not fetched and view.expected_bytes:
        st.progress(min(1.0, view.fetched_bytes / view.expected_bytes), text=_bytes_words(view))
    _line(_("Sealing"), bool(fetched), bool(asked and not fetched), "", _("as it arrives") if not fetched else "")
    _line(_("Checking"), bool(checked), bool(fetched and not checked), step_time(fetched, checked), "")


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
