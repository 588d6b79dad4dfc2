"""Preview: see the file before anything is sent."""

from __future__ import annotations

from functools import partial

import streamlit as st

from portal.errors import NotFound, PortalError, StepUpNeeded
from portal.exports import ExportView, State
from portal.identity import Permission, allows
from portal.preview import LARGE_BYTES, Preview, PreviewError, Reading
from portal.review.views import ReviewState
from portal.runtime import get_portal
from portal.ui.account.session import current_user
from portal.ui.account.step_up import draw_step_up
from portal.ui.common import navigation
from portal.ui.common.acting import redraw_unless_asking
from portal.ui.common.problems import show_problem
from portal.ui.common.times import reader_zone
from portal.ui.common.words import _, number, plain, sentence
from portal.ui.preview.answers import draw_answer
from portal.ui.preview.comparison import draw_comparison
from portal.ui.preview.details import draw_details
from portal.ui.preview.file_copies import draw_actions, left_out_link
from portal.ui.preview.file_facts import checks_hold, draw_checks, draw_facts
from portal.ui.preview.file_tables import draw_tables, forget_search
from portal.ui.preview.outcome import draw_outcome, draw_release, draw_released, release_of
from portal.ui.preview.progress import follow, tell_in_title
from portal.ui.preview.review.copies_shown import draw_copies
from portal.ui.preview.review.copy_check import draw_copy_check
from portal.ui.preview.review.differing import draw_differing
from portal.ui.preview.review.people import draw_people, draw_people_line
from portal.ui.preview.review.reviewed import reviewed_export

portal = get_portal()
user = current_user()
zone = reader_zone(user.time_zone)


def draw_choice() -> None:
    st.info(_("Choose an export to look at it here before it is sent."), icon=":material/table_view:")
    with st.container(horizontal=True):
        if st.button(_("Past exports"), type="primary", icon=":material/history:"):
            st.switch_page(navigation.PAST_EXPORTS)
        if allows(user.role, Permission.EXPORT_CREATE) and st.button(_("New export"), icon=":material/add:"):
            st.switch_page(navigation.NEW_EXPORT)


def opened(view: ExportView) -> Preview | None:
    """The file, read once a session and kept only while this export is on the screen; a large one as far as it is
    read."""
    kept = st.session_state.get("_preview")
    if kept is not None and kept[0] == (view.id, view.sha256):
        portal.files.check_open(user, view.id)
        return current_preview(view, kept[1])
    close_file()
    try:
        with st.spinner(_("Opening the sealed file …")):
            if (view.size_bytes or 0) < LARGE_BYTES:
                found: Preview | Reading = portal.files.open_preview(user, view.id)
            else:
                found = portal.files.open_reading(user, view.id)
                found.first()
                found.go_on()
    except PreviewError as error:
        st.error(plain(sentence(error.message)), icon=":material/error:")
        return None
    st.session_state["_preview"] = ((view.id, view.sha256), found)
    return current_preview(view, found)


def close_file() -> None:
    """Drop the file from memory and cancel its reading."""
    kept = st.session_state.pop("_preview", None)
    if kept is not None and isinstance(kept[1], Reading):
        kept[1].cancel()
    forget_search()


def current_preview(view: ExportView, found: Preview | Reading) -> Preview | None:
    if isinstance(found, Preview):
        return found
    try:
        preview = found.snapshot()
    except PreviewError as error:
        st.error(plain(sentence(error.message)), icon=":material/error:")
        return None
    if preview.still_reading:
        follow_reading(found)
    return preview


@st.fragment(run_every=1)
def follow_reading(reading: Reading) -> None:
    """Progress of reading a large file; redraws the page when it is done."""
    if reading.finished:
        redraw_unless_asking()
    rows = 0 if reading.error is not None else reading.snapshot().row_count
    words = _("Reading on: {n} rows so far. Search finds more when all of it is read.").format(n=number(rows))
    st.progress(reading.progress, text=words)


def draw_file(view: ExportView) -> None:
    """Who else is in it, what may be done, its tables; for a manager's decision the records that differ."""
    released = release_of(portal, user, view)
    if released is not None:
        draw_released(released, zone)
    if not allows(user.role, Permission.EXPORT_OPEN):
        draw_checks(view, overruled=released is not None)
        st.info(_("Your role sees the facts of an export, not its contents."), icon=":material/visibility_off:")
        return
    try:
        preview = opened(view)
    except StepUpNeeded:
        close_file()
        draw_checks(view, overruled=released is not None)
        draw_actions(portal, user, view, None)
        draw_step_up(portal, user)
        return
    except PortalError as error:
        close_file()
        show_problem(error)
        return
    if view.verdict == "nobody" and view.state is not State.ATTENTION:
        st.success(
            _("LoyaltyDog holds nothing for this customer here. That is an answer, not an error."),
            icon=":material/inbox:",
        )
    review = review_of(view) if preview is not None else None
    draw_findings(view, review, overruled=released is not None)
    if view.state is State.ATTENTION and preview is not None:
        draw_differing(portal, user, view, preview)
        draw_release(portal, user, view)
    beside = draw_actions(portal, user, view, review)
    draw_copy_check(reviewed_export(portal, view), review, partial(left_out_link, view))
    if preview is not None:
        draw_tables(portal, user, view, preview, review, beside)
        if review is not None:
            draw_copies(portal, user, view, review)
        draw_comparison(portal, user, view, zone)


def review_of(view: ExportView) -> ReviewState | None:
    """What is decided about the file; None for one that a manager has to decide about first."""
    if not view.can_open:
        return None
    try:
        return portal.review.state(user, view.id)
    except PortalError as error:
        show_problem(error)
        return None


def draw_findings(view: ExportView, review: ReviewState | None, *, overruled: bool) -> None:
    """Left who else is in the file, right the checks."""
    if review is None or not checks_hold(view):
        draw_checks(view, overruled=overruled)
        if review is not None:
            draw_people_line(review)
    else:
        left, right = st.columns([3, 2], vertical_alignment="center")
        with left:
            draw_people_line(review)
        with right:
            draw_checks(view)
    if review is not None:
        draw_people(user, reviewed_export(portal, view), review)


def draw(view: ExportView) -> None:
    draw_facts(portal, user, view, zone)
    if view.running:
        follow(portal, user, view)
        return
    if view.hidden:
        st.info(_("Nothing of the person's data is shown until it is settled who asks."), icon=":material/lock:")
        draw_answer(portal, user, view, zone)
        return
    draw_not_settled(view)
    if view.state not in (State.READY, State.EXPIRED) or not view.holds_file:
        draw_outcome(portal, user, view)
    if view.can_open or (view.state is State.ATTENTION and allows(user.role, Permission.EXPORT_RELEASE)):
        draw_file(view)
    elif view.holds_file:
        draw_checks(view)
    draw_answer(portal, user, view, zone)
    draw_details(portal, user, view, zone)


def draw_not_settled(view: ExportView) -> None:
    """What is missing before a package goes out, while the file may be looked at already."""
    if view.can_open and (missing := portal.case_register.show(user, view.case_id).recognition.missing):
        said = " ".join(sentence(one.words) for one in missing)
        st.caption(plain(f"{said} {_('Until then no package goes out.')}"))


def draw_title(view: ExportView) -> None:
    with st.container(gap=None):  # what only speaks to the browser takes no room
        left, right = st.columns([3, 1], vertical_alignment="center")
        left.title(_("Preview"))
        with right.container(horizontal=True, horizontal_alignment="right"):
            st.page_link(
                navigation.CASE, label=_("The case"), icon=":material/folder_open:",
                query_params={navigation.CASE_PARAMETER: view.case_id},
            )  # fmt: skip
        tell_in_title(view)


export_id = navigation.chosen_export()
if export_id is None:
    st.title(_("Preview"))
    draw_choice()
else:
    try:
        shown = portal.history.get(user, export_id)
        draw_title(shown)
        draw(shown)
    except NotFound as missing:
        st.title(_("Preview"))
        show_problem(missing)
        draw_choice()
