"""Preview: see the file before anything is sent."""

from __future__ import annotations

import streamlit as st

from portal.errors import NotFound, PortalError, StepUpNeeded
from portal.exports import ExportView, State
from portal.identity import Permission, allows
from portal.preview import Preview, PreviewError
from portal.runtime import get_portal
from portal.ui import places
from portal.ui.file_facts import draw_actions, draw_checks, draw_facts
from portal.ui.file_tables import draw_tables
from portal.ui.outcome import draw_outcome, draw_release, draw_timeline
from portal.ui.problems import show_problem
from portal.ui.progress import follow
from portal.ui.session import the_user
from portal.ui.step_up import draw_step_up
from portal.ui.times import reader_zone
from portal.ui.words import _

portal = get_portal()
user = the_user()
zone = reader_zone(user.time_zone)


def nothing_chosen() -> None:
    st.info(_("Choose an export to look at it here before it is sent."), icon=":material/table_view:")
    with st.container(horizontal=True):
        if st.button(_("Past exports"), type="primary", icon=":material/history:"):
            st.switch_page(places.PAST_EXPORTS)
        if allows(user.role, Permission.EXPORT_CREATE) and st.button(_("New export"), icon=":material/add:"):
            st.switch_page(places.NEW_EXPORT)


def opened(view: ExportView) -> Preview | None:
    """The file, read once a session and kept in memory only while this export is on the screen."""
    kept = st.session_state.get("_preview")
    if kept is not None and kept[0] == (view.id, view.sha256):
        portal.exports.check_open(user, view.id)
        preview: Preview = kept[1]
        return preview
    st.session_state.pop("_preview", None)
    try:
        with st.spinner(_("Opening the sealed file …")):
            preview = portal.exports.open_preview(user, view.id)
    except PreviewError as error:
        st.error(error.message, icon=":material/error:")
        return None
    st.session_state["_preview"] = ((view.id, view.sha256), preview)
    return preview


def the_file(view: ExportView) -> None:
    if not allows(user.role, Permission.EXPORT_OPEN):
        st.info(_("Your role sees the facts of an export, not its contents."), icon=":material/visibility_off:")
        return
    try:
        preview = opened(view)
    except StepUpNeeded:
        st.session_state.pop("_preview", None)
        draw_step_up(portal, user)
        return
    except PortalError as error:
        st.session_state.pop("_preview", None)
        show_problem(error)
        return
    if view.verdict == "nobody":
        st.success(
            _("LoyaltyDog holds nothing for this customer here. That is an answer, not an error."),
            icon=":material/inbox:",
        )
    if preview is not None:
        draw_tables(portal, user, view, preview)


def draw(view: ExportView) -> None:
    draw_facts(portal, user, view, zone)
    if st.session_state.pop("_prove_for", None) == view.id and not view.holds_file:  # an open file asks by itself
        draw_step_up(portal, user)
    if view.running:
        follow(portal, user, view.id)
        return
    if view.state not in (State.READY, State.EXPIRED) or not view.holds_file:
        draw_outcome(portal, user, view)
    if view.holds_file:
        draw_actions(portal, user, view)
        draw_checks(view)
        if view.state is State.ATTENTION:
            draw_release(portal, user, view)
        if view.can_open or (view.state is State.ATTENTION and allows(user.role, Permission.EXPORT_RELEASE)):
            the_file(view)
    with st.expander(_("Timeline"), icon=":material/timeline:", key="timeline", on_change="rerun") as timeline:
        if timeline.open:
            draw_timeline(portal.exports.timeline(user, view.id), zone)


st.title(_("Preview"))
export_id = places.chosen_export()
if export_id is None:
    nothing_chosen()
else:
    try:
        draw(portal.exports.get(user, export_id))
    except NotFound as missing:
        show_problem(missing)
        nothing_chosen()
