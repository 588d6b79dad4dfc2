"""What may be done with an export's file: send it, take another copy, ask again, destroy it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import streamlit as st

from portal.composition import Portal
from portal.errors import PortalError
from portal.exports import ExportView, State
from portal.exports.core.download import DocumentKind, FileKind
from portal.identity import Permission, User, allows
from portal.preview import LARGE_BYTES
from portal.review.defaults import FIXED
from portal.review.views import ReviewState
from portal.ui.common import navigation
from portal.ui.common.acting import act_and_tell
from portal.ui.common.danger import Danger, ask_first
from portal.ui.common.file_link import file_link
from portal.ui.common.notices import add_notice
from portal.ui.common.problems import show_problem
from portal.ui.common.times import reader_zone, when
from portal.ui.common.words import _, later, sentence
from portal.ui.preview.card_safety import original_link
from portal.ui.preview.outcome import reorder_export
from portal.ui.preview.review.copy_check import (
    cannot_leave_out,
    copy_holds,
    draw_check_first,
    draw_undo,
    is_made,
)
from portal.ui.preview.review.review_words import SECOND_WORDS
from portal.ui.preview.review.reviewed import reviewed_export


def draw_actions(portal: Portal, user: User, view: ExportView, state: ReviewState | None) -> Any:
    """The next right thing, the other copies, and the rest. `state` is None where the file may not go out now. Gives
    the place beside them."""
    row = st.container(horizontal=True, vertical_alignment="center", key="actions")
    with row:
        if view.can_open and state is not None:
            _next_step(portal, user, view, state)
            with st.popover(_("Other copies"), icon=":material/file_copy:", key="other_copies"):
                _other_copies(portal, user, view, state)
        _more(portal, user, view)
        if state is not None:
            draw_undo(user, reviewed_export(portal, view), state)
        st.space("stretch")
    return row


def _next_step(portal: Portal, user: User, view: ExportView, state: ReviewState) -> None:
    """One primary button, which never gives out what nobody has looked at. Of a large file the first rows were listed:
    who stands further down is decided about by the same press."""
    if state.undecided or not state.listed_whole:
        if st.button(
            _("Make the copy to send"), type="primary", icon=":material/content_cut:",
            help=_("Leaves out and keeps what is chosen above. You may change it afterwards."),
        ):  # fmt: skip
            act_and_tell(lambda: portal.review.confirm_proposals(user, view.id), _("Decided as proposed."))
        return
    if state.needs_second is not None and state.approved_by is None:
        why = _(SECOND_WORDS[state.needs_second])
        if state.may_approve:
            st.text(why)
            if st.button(_("Approve the copy"), type="primary", icon=":material/how_to_reg:"):
                act_and_tell(lambda: portal.review.approve(user, view.id), _("The copy is approved."))
        else:
            st.text(f"{why} " + _("A colleague who did not decide here approves it on this page."))
        return
    file = reviewed_export(portal, view)
    if (view.size_bytes or 0) >= LARGE_BYTES and draw_check_first(user, file, state):
        return
    if copy_holds(user, file, state):
        file_link(
            _("Download to send"), navigation.file_address(view.id, FileKind.REDACTED), primary=True, icon="download",
            key="to_send", help=_("The copy for the customer, without what is left out."),
        )  # fmt: skip
    elif cannot_leave_out(file):
        _whole_or_nothing(portal, user, view, state)


def _whole_or_nothing(portal: Portal, user: User, view: ExportView, state: ReviewState) -> None:
    """Of a file whose values have no place that can be told, nothing is left out but card numbers in its tables."""
    if not state.left_out:
        file_link(
            _("Download spreadsheet"), navigation.file_address(view.id, FileKind.CSV), primary=True, icon="table",
            key="whole_spreadsheet", help=_("Its tables with everybody in them and card numbers shortened."),
        )  # fmt: skip
        st.text(_("Nothing can be left out of this file; its tables are given out instead."))
        return
    st.text(_("Nothing can be left out of this file: the portal cannot say where single values stand in it."))
    secret = any(group.kind in FIXED and not group.automatic for group in state.groups)
    if secret:
        st.text(_("It holds passwords or codes, so no copy of it is made."))
    elif st.button(
        _("Keep everybody"), type="primary", icon=":material/group:", key="keep_everybody",
        help=_("Weigh their rights first: the copy then names everybody who stands in the file."),
    ):  # fmt: skip
        act_and_tell(lambda: portal.review.keep_everybody(user, view.id), _("Everybody is kept."))


def left_out_link(view: ExportView) -> None:
    file_link(
        _("What was left out"), navigation.left_out_address(view.id, DocumentKind.HTML), icon="list_alt",
        key="left_out", help=_("A page for the customer: each place that is left out, and why."),
    )  # fmt: skip


def _other_copies(portal: Portal, user: User, view: ExportView, state: ReviewState) -> None:
    original_link(portal, user, view)
    whole_only = cannot_leave_out(reviewed_export(portal, view))
    if whole_only and state.left_out:
        st.caption(_("No other copy is made of it as long as something is to be left out."))
        return
    if not is_made(state):
        st.caption(_("The other copies are made once it is decided what is left out."))
        return
    file_link(
        _("Download spreadsheet"), navigation.file_address(view.id, FileKind.CSV), icon="table", key="spreadsheet",
        help=_("A CSV made from the copy to send, safe to open in a spreadsheet program."),
    )  # fmt: skip
    if (view.table_count or 0) > 1:
        file_link(
            _("Download workbook"), navigation.file_address(view.id, FileKind.XLSX), icon="table_chart", key="workbook",
            help=_("An XLSX made from the copy to send: a sheet a table, every cell as text."),
        )  # fmt: skip
    if state.left_out and not whole_only:
        file_link(
            _("List for programs"), navigation.left_out_address(view.id, DocumentKind.JSON), icon="data_object",
            key="left_out_json", help=_("What was left out, as a JSON file that a program reads."),
        )  # fmt: skip


class FileAct(StrEnum):
    """What stands under More."""

    ASK_AGAIN = "ask_again"
    DESTROY = "destroy"


FILE_ACT_WORDS: Mapping[FileAct, str] = {
    FileAct.ASK_AGAIN: later("Ask again"),
    FileAct.DESTROY: later("Destroy file"),
}


def _more(portal: Portal, user: User, view: ExportView) -> None:
    may = {
        FileAct.ASK_AGAIN: allows(user.role, Permission.EXPORT_CREATE) and view.state is not State.ATTENTION,
        FileAct.DESTROY: allows(user.role, Permission.EXPORT_DESTROY),
    }
    offered = [act for act, there in may.items() if there]
    if not offered:
        return
    act = st.menu_button(
        _("More"), offered, icon=":material/more_horiz:", key="more_acts",
        format_func=lambda act: _(FILE_ACT_WORDS[act]),
    )  # fmt: skip
    if act is FileAct.ASK_AGAIN:
        reorder_export(portal, user, view.id)
    elif act is FileAct.DESTROY:
        _confirm_destroy(portal, user, view)


def _confirm_destroy(portal: Portal, user: User, view: ExportView) -> None:
    def destroy() -> None:
        try:
            portal.retention.destroy(user, view.id)
        except PortalError as error:
            show_problem(error)
            return
        st.session_state.pop("_preview", None)
        add_notice(_("The file was destroyed."))
        st.rerun()

    about = f"{view.customer} · {sentence(view.scope)} · {when(view.requested_at, reader_zone(user.time_zone))}"
    words = _("The file is destroyed here for good, with the key that locks it. The facts stay in Past exports.")
    ask_first(Danger("destroy", _("Destroy this file?"), [about], words, _("Destroy now")), destroy)
