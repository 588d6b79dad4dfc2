"""The step Review on the case page: every file that the answer is made of, and how far each is decided."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from portal.composition import Portal
from portal.identity import Permission, User, allows
from portal.review.kinds import FileOf
from portal.review.of_case.views import CaseFileView
from portal.storage.blobs import StorageTrouble
from portal.ui.cases.review.file_words import facts_of, name_of, open_files, sign_of, standing_of, summed_up
from portal.ui.common import navigation
from portal.ui.common.problems import show_problem
from portal.ui.common.words import _, plain, plural

MOST_DECIDED = 6
"""So many files that wait for nobody stand among the others; more are folded away together."""


def files_of(portal: Portal, user: User, case_id: str) -> tuple[CaseFileView, ...]:
    """What cannot be read just now is not listed: the next look reads it."""
    try:
        return portal.case_files.of_case(user, case_id)
    except StorageTrouble as trouble:
        show_problem(trouble)
        return ()


def draw_review(user: User, files: Sequence[CaseFileView], *, leads: bool) -> None:
    """`leads`: this is the open step, so its button is the primary one."""
    st.header(_("Review"))
    if not files:
        st.caption(_("No files yet. What is collected, and what you attach, is reviewed here before it is sent."))
        return
    opens = allows(user.role, Permission.EXPORT_OPEN)
    waiting = open_files(files)
    done = [one for one in files if one not in waiting]
    for one in waiting:
        _line(one, opens=opens)
    shown = done if len(done) <= MOST_DECIDED else []
    for one in shown:
        _line(one, opens=opens)
    if len(done) > len(shown):
        with st.expander(plural("{n} file more: decided", "{n} files more: decided", len(done))):
            for one in done:
                _line(one, opens=opens)
    words = summed_up(files) or _("Every file is decided. What stays out is counted in the letter.")
    st.caption(plain(words))
    first = next((one for one in waiting if not one.waits), None)
    if first is not None and opens and st.button(
        _("Review the next file"), key="case_review_next", type="primary" if leads else "secondary",
        icon=":material/content_cut:",
    ):  # fmt: skip
        _go(first)


def _line(view: CaseFileView, *, opens: bool) -> None:
    with (
        st.container(key=f"case_review_{view.id}", gap="xxsmall"),
        st.container(horizontal=True, vertical_alignment="center", gap="small"),
    ):
        st.text(f"{sign_of(view)} {name_of(view)}", width="stretch")
        st.text(f"{facts_of(view)} · {standing_of(view)}", width="content")
        if opens and not view.destroyed and st.button(_("Look"), key=f"case_review_look_{view.id}", type="tertiary"):
            _go(view)


def _go(view: CaseFileView) -> None:
    if view.file is FileOf.EXPORT:
        navigation.go_to_export(view.id)
    navigation.go_to_case_file(view.id)
