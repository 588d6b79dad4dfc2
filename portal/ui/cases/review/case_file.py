"""One file of a case under review, on a page of the case: who else is in it, what is left out, what goes out."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from portal.composition import Portal
from portal.errors import PortalError, StepUpNeeded
from portal.identity import Permission, User, allows
from portal.preview import Preview, Table
from portal.preview.card_masking import FileMask, mask_of_file, without_card_numbers
from portal.review.kinds import Whole
from portal.review.of_case.views import CaseFileView
from portal.review.views import ReviewState
from portal.ui.account.step_up import draw_step_up
from portal.ui.cases.review.copy import draw_copy
from portal.ui.cases.review.file_words import facts_of, name_of, standing_of
from portal.ui.cases.review.text_parts import draw_text
from portal.ui.cases.review.whole import draw_approve, draw_whole, draw_whole_popover
from portal.ui.common import navigation
from portal.ui.common.acting import act_and_tell
from portal.ui.common.problems import show_problem
from portal.ui.common.words import _, number, plain
from portal.ui.preview.card_safety import ShownCards
from portal.ui.preview.review.cell_acts import draw_cell_acts
from portal.ui.preview.review.copy_check import cannot_leave_out, copy_holds, draw_copy_check, draw_undo
from portal.ui.preview.review.marked import Others, others_in
from portal.ui.preview.review.people import draw_people, draw_people_line, gone_to
from portal.ui.preview.review.review_words import SECOND_WORDS
from portal.ui.preview.review.reviewed import Reviewed
from portal.ui.preview.table_view import Page, draw_empty, draw_record, draw_rows, rows_of_page

OPENED = "_case_file"
"""In the session's state: the file that is on the screen, with its masks. The next one takes its place."""
MOST_TABLES = 12


@dataclass(frozen=True)
class _Opened:
    preview: Preview
    cards: ShownCards
    others: Others


def draw_case_file(portal: Portal, user: User, case_id: str, view: CaseFileView) -> None:
    """Only what a role may open."""
    left, right = st.columns([3, 1], vertical_alignment="center")
    left.title(_("Review a file"))
    with right.container(horizontal=True, horizontal_alignment="right"):
        st.page_link(
            navigation.CASE, label=_("The case"), icon=":material/folder_open:",
            query_params={navigation.CASE_PARAMETER: case_id},
        )  # fmt: skip
    st.text(name_of(view))
    st.caption(plain(f"{facts_of(view)} · {standing_of(view)}"))
    if not allows(user.role, Permission.EXPORT_OPEN):
        st.info(_("Your role sees the facts of a file, not its contents."), icon=":material/visibility_off:")
        return
    if view.destroyed:
        st.info(_("This file was destroyed when its time was over."), icon=":material/delete:")
        return
    try:
        if view.whole is Whole.BY_PLACE:
            _draw_by_place(portal, user, case_id, view)
        else:
            draw_whole(portal, user, case_id, view)
    except StepUpNeeded:
        st.session_state.pop(OPENED, None)
        draw_step_up(portal, user)
    except PortalError as error:
        show_problem(error)


def _draw_by_place(portal: Portal, user: User, case_id: str, view: CaseFileView) -> None:
    opened = _opened(portal, user, case_id, view)
    file = Reviewed(view.id, view.sha256, portal.case_review)
    state = portal.case_review.state(user, view.id)
    draw_people_line(state)
    draw_people(user, file, state, leads=opened.preview.record_kind != "text")
    with st.container(horizontal=True, vertical_alignment="center", key="case_file_acts"):
        _next_step(user, file, state)
        draw_whole_popover(portal, user, case_id, view)
        draw_undo(user, file, state)
    draw_copy_check(file, state)
    if opened.preview.record_kind == "text":
        draw_text(user, file, opened.preview, len(state.decisions))
    else:
        _tables(user, file, opened, state)
    if view.settled:
        draw_copy(portal, user, case_id, view)


def _opened(portal: Portal, user: User, case_id: str, view: CaseFileView) -> _Opened:
    """Read and audited once for as long as it is on the screen; that the person still may is checked each time."""
    kept = st.session_state.get(OPENED)
    if kept is not None and kept[0] == (view.id, view.sha256):
        portal.case_files.check_open(user, case_id, view.id)
    else:
        with st.spinner(_("Opening the sealed file …")):
            preview = portal.case_files.open_preview(user, case_id, view.id)
            others = others_in(preview, portal.case_files.asked_person(user, case_id, view.id))
            kept = st.session_state[OPENED] = ((view.id, view.sha256), _Opened(preview, _shown(preview), others))
    found: _Opened = kept[1]
    return found


def _shown(preview: Preview) -> ShownCards:
    mask: FileMask = mask_of_file(preview)
    masked = without_card_numbers(preview, mask)
    return ShownCards(masked, mask, dict(zip((table.name for table in preview.tables), masked.tables, strict=True)))


def _next_step(user: User, file: Reviewed, state: ReviewState) -> None:
    """One primary button, until nothing waits."""
    if state.undecided:
        if st.button(
            _("Decide as proposed"), type="primary", icon=":material/content_cut:", key="case_file_confirm",
            help=_("Leaves out and keeps what is chosen above. You may change it afterwards."),
        ):  # fmt: skip
            act_and_tell(lambda: file.service.confirm_proposals(user, file.id), _("Decided as proposed."))
    elif state.needs_second is not None and state.approved_by is None:
        draw_approve(user, file, _(SECOND_WORDS[state.needs_second]), may=state.may_approve)
    elif copy_holds(user, file, state):
        st.markdown(f":green[:material/check_circle:] {_('Decided: it goes out with the answer.')}")
    elif cannot_leave_out(file):
        st.text(_("Nothing can be left out of this file: the portal cannot say where single values stand in it."))


def _tables(user: User, file: Reviewed, opened: _Opened, state: ReviewState) -> None:
    tables = opened.preview.tables[:MOST_TABLES]
    if not tables:
        st.info(_("No rows."), icon=":material/inbox:")
        return
    first_marked = bool(opened.others.listed) and st.toggle(_("Marked columns first"), key=f"marked-first-{file.id}")
    names = [
        f"{plain(opened.cards.of(table).name[:60])} ({number(table.row_count)})" for table in tables
    ]  # fmt: skip
    times, gone = gone_to(file.id)
    first = next((at for at, table in enumerate(tables) if gone is not None and table.name == gone.table), 0)
    if len(tables) == 1:
        _table(user, file, opened, state, tables[0], marked_first=first_marked)
    else:
        key = f"tabs-{file.id}-{times}"
        for tab, table in zip(st.tabs(names, key=key, default=names[first], on_change="rerun"), tables, strict=True):
            if tab.open:
                with tab:
                    _table(user, file, opened, state, table, marked_first=first_marked)
    if len(opened.preview.tables) > MOST_TABLES:
        st.caption(_("The first {n} tables. Download the file to see all of them.").format(n=number(MOST_TABLES)))


def _table(
    user: User, file: Reviewed, opened: _Opened, state: ReviewState, table: Table, *, marked_first: bool
) -> None:
    shown = opened.cards.of(table)
    if not table.row_count:
        draw_empty(shown, searched=False)
        return
    slot, below = st.container(), st.container()
    rows = rows_of_page(file.id, table, shown, None, below)
    page = Page(table, rows, opened.others.on(table, rows), file.service.marks(user, file.id, table.name, rows))
    key = f"grid-{file.id}-{shown.name}-{rows[0]}-{len(state.decisions)}"
    with slot:
        if table.row_count == 1:
            chosen = draw_record(page, shown, key, choose=True)
        else:
            chosen = draw_rows(page, shown, key, marked_first=marked_first, choose=True)
        if chosen:
            draw_cell_acts(user, file, opened.cards, table, chosen)
