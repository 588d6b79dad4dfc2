"""What becomes of a file as one: sent as it is, left out, or replaced by a file that the merchant redacted."""

from __future__ import annotations

from functools import partial
from typing import Any

import streamlit as st

from portal.composition import Portal
from portal.identity import Permission, User, allows
from portal.redaction.reasons import Reason
from portal.review.kinds import FileOf, Whole
from portal.review.of_case.views import CaseFileView, Replacement
from portal.systems.media import Media
from portal.ui.cases.systems.attach_file import draw_replace_file
from portal.ui.cases.systems.attached_file import MEDIA_WORDS
from portal.ui.common.acting import act_and_tell
from portal.ui.common.file_link import file_link
from portal.ui.common.notices import add_notice
from portal.ui.common.times import size
from portal.ui.common.words import _, plain
from portal.ui.preview.review.cell_acts import law_box
from portal.ui.preview.review.review_words import REASON_WORDS, SECOND_WORDS
from portal.ui.preview.review.reviewed import Reviewed


def draw_whole(portal: Portal, user: User, case_id: str, view: CaseFileView) -> None:
    """Of a file without places, and of one about which it was decided as one."""
    file = Reviewed(view.id, view.sha256, portal.case_review)
    if view.whole is Whole.UNDECIDED:
        st.text(_("Single places of this file cannot be left out here. Look at it, then say what becomes of it."))
    if view.file is FileOf.SYSTEM:
        file_link(_("Download"), f"/cases/{case_id}/files/{view.id}", icon="download", key=f"whole-{view.id}")
    if view.second is not None and not view.approved:
        draw_approve(user, file, _(SECOND_WORDS[view.second]), may=view.may_approve)
    if view.last_decision and st.button(
        _("Undo"), type="tertiary", icon=":material/undo:", key="undo_decision"
    ):  # fmt: skip
        act_and_tell(
            partial(portal.case_review.undo, user, view.id, view.last_decision), _("The last decision was taken back.")
        )
    if not view.reviewable:
        _send(portal, user, case_id, view)
    with st.container(border=True, key="whole_out"):
        _leave_out(portal, user, case_id, view)
    if view.file is FileOf.SYSTEM:
        with st.container(border=True, key="whole_replaced"):
            _replace(portal, user, case_id, view)


def draw_whole_popover(portal: Portal, user: User, case_id: str, view: CaseFileView) -> None:
    """Of a file with places."""
    with st.popover(_("All of it"), icon=":material/draft:", key="whole_of_it"):
        _leave_out(portal, user, case_id, view)
        if view.file is FileOf.SYSTEM:
            _replace(portal, user, case_id, view)


def draw_approve(user: User, file: Reviewed, why: str, *, may: bool) -> None:
    if not may:
        st.text(f"{why} " + _("A colleague who did not decide here approves it on this page."))
        return
    if st.button(
        _("Approve the copy"), type="primary", icon=":material/how_to_reg:", help=why, key="case_file_approve"
    ):
        act_and_tell(lambda: file.service.approve(user, file.id), _("The copy is approved."))


def _send(portal: Portal, user: User, case_id: str, view: CaseFileView) -> None:
    if view.whole is Whole.SENT:
        return
    if st.button(_("Send it as it is"), key="whole_send", icon=":material/outgoing_mail:"):
        act_and_tell(
            partial(portal.case_files.decide_whole, user, case_id, view.id, Whole.SENT),
            _("Decided: it goes out as it is."),
        )


def _reason(view: CaseFileView, key: str) -> tuple[Reason | None, str]:
    """With the section of the law, where that is the reason."""
    reason = st.selectbox(
        _("Why is it left out?"), list(Reason), index=None, format_func=lambda one: _(REASON_WORDS[one]),
        key=f"{key}-{view.id}", placeholder=_("Choose a reason"), width=320,
    )  # fmt: skip
    return reason, law_box(f"{key}-section-{view.id}") if reason is Reason.EXEMPT_NATIONAL else ""


def _leave_out(portal: Portal, user: User, case_id: str, view: CaseFileView) -> None:
    if view.whole is Whole.LEFT_OUT:
        return
    st.text(_("Leave all of it out"))
    reason, section = _reason(view, "whole-why")
    if st.button(_("Leave it out"), key="whole_leave_out", icon=":material/content_cut:", disabled=reason is None):
        act_and_tell(
            partial(portal.case_files.decide_whole, user, case_id, view.id, Whole.LEFT_OUT, reason, section),
            _("Decided: it is left out."),
        )


def _replace(portal: Portal, user: User, case_id: str, view: CaseFileView) -> None:
    """A file is given, looked at, and then chosen; the one it stands for stays until its time is over."""
    st.text(_("Send a file that you redacted instead"))
    st.caption(_("This one stays here until its time is over, and is not sent."))
    given = view.replacement
    if given is not None:
        _given(portal, user, case_id, view, given)
    if allows(user.role, Permission.EXPORT_CREATE):
        _told(draw_replace_file(case_id, view.id))


def _given(portal: Portal, user: User, case_id: str, view: CaseFileView, given: Replacement) -> None:
    st.text(f"⤷ {given.name} · {_(MEDIA_WORDS[Media(given.media)])} · {size(given.size_bytes)}")
    file_link(_("Look at it"), f"/cases/{case_id}/files/{given.id}", icon="download", key=f"given-{given.id}")
    if view.replaced_by == given.sha256:
        return
    reason, section = _reason(view, "replaced-why")
    if st.button(
        _("Send this one instead"), key="whole_replace", icon=":material/swap_horiz:", disabled=reason is None
    ):
        act_and_tell(
            partial(portal.case_files.decide_whole, user, case_id, view.id, Whole.REPLACED, reason, section),
            _("Decided: the redacted file goes out instead."),
        )


def _told(told: dict[str, Any] | None) -> None:
    if not told:
        return
    for problem in told.get("problems") or []:
        st.warning(plain(str(problem)[:300]), icon=":material/warning:")
    if told.get("sent"):
        add_notice(_("The file is here. Look at it, then choose it."))
        st.rerun()
