"""Each copy as it will be sent: made, read again by the portal, and how it begins."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from portal.composition import Portal
from portal.errors import PortalError
from portal.exports import ExportView
from portal.exports.core.download import FileKind
from portal.identity import User
from portal.preview.raw import displayable
from portal.review.views import CopyCheck, CopyHead, ReviewState
from portal.ui.common.problems import show_problem
from portal.ui.common.times import size
from portal.ui.common.words import _, number, plain, plural
from portal.ui.preview.answer_words import COPY_WORDS
from portal.ui.preview.review.copy_check import cannot_leave_out, is_made
from portal.ui.preview.review.plain_text import draw_plain_text
from portal.ui.preview.review.reviewed import reviewed_export

LOOKED_AT = "_copy_looked_at"
"""In the session's state: the copy on the screen, by file, kind, decisions and whether it holds card numbers."""
UNSCROLLED = 8


def draw_copies(portal: Portal, user: User, view: ExportView, state: ReviewState) -> None:
    """Folded; a copy is made when it is opened."""
    kinds = kinds_of(portal, view, state)
    if not kinds:
        return
    with st.expander(
        _("Look at the copies"), icon=":material/preview:", key=f"copies-{view.id}", on_change="rerun"
    ) as copies:
        if not copies.open:
            return
        kind = st.radio(
            _("Look at the copies"), kinds, format_func=lambda one: _(COPY_WORDS[one]), horizontal=True,
            key=f"copies-kind-{view.id}", label_visibility="collapsed",
        )  # fmt: skip
        try:
            check = _checked(portal, user, view, state, kind)
        except PortalError as error:
            show_problem(error)
            return
        _draw_check(check)
        if check.sound and check.head is not None:
            _draw_head(check.head, f"{view.id}-{kind}")


def kinds_of(portal: Portal, view: ExportView, state: ReviewState) -> list[FileKind]:
    """The copies that may be taken out now, the one to send first."""
    whole_only = cannot_leave_out(reviewed_export(portal, view))
    if not is_made(state) or (whole_only and state.left_out):
        return []
    kinds = [] if whole_only else [FileKind.REDACTED]
    return [*kinds, FileKind.CSV, *([FileKind.XLSX] if (view.table_count or 0) > 1 else [])]


def _checked(portal: Portal, user: User, view: ExportView, state: ReviewState, kind: FileKind) -> CopyCheck:
    """Made once for what is decided and may be seen: who lost the permission for card numbers gets another copy."""
    decided = tuple((one.number, one.undone) for one in state.decisions)
    key = (view.id, view.sha256, kind, decided, portal.card_access.state(user, view.id).shown)
    kept = st.session_state.get(LOOKED_AT)
    if kept is None or kept[0] != key:
        with st.spinner(_("Making the copy and reading it again …")):
            kept = st.session_state[LOOKED_AT] = (key, portal.review.check_copy(user, view.id, kind, show=True))
    check: CopyCheck = kept[1]
    return check


def _draw_check(check: CopyCheck) -> None:
    st.caption(_("Made, read again by the portal and compared with what it was made from."))
    with st.container(horizontal=True, key="copy_facts"):
        for holds, words in (
            (check.rows, _("Rows")),
            (check.columns, _("Columns")),
            (check.cells, _("Leading zeros: {n}").format(n=number(check.leading_zeros))),
            (check.cells, _("Numbers of 16 digits and more: {n}").format(n=number(check.long_numbers))),
            (bool(check.encoding), _("Text in {name}").format(name=check.encoding.partition(" ")[0])),
        ):
            sign = ":green[:material/check_circle:]" if holds else ":orange[:material/warning:]"
            st.markdown(f"{sign} {plain(words)}", width="content")
        st.text(size(check.size), width="content")
    if not check.sound:
        st.error(_("The copy does not read as it should, so it is not given out."), icon=":material/error:")
    if check.like_markers:
        st.text(
            plural(
                "{n} value of the file itself reads like one that was left out.",
                "{n} values of the file itself read like ones that were left out.",
                check.like_markers,
            )
        )


def _draw_head(head: CopyHead, key: str) -> None:
    if head.text:
        draw_plain_text(displayable(head.text), key=f"copy-text-{key}")
    for at, sheet in enumerate(head.sheets):
        st.text(displayable(sheet.name))
        names, *rows = [[displayable(cell) for cell in row] for row in sheet.rows] or [[]]
        frame = pd.DataFrame(
            [row[: len(names)] for row in rows], columns=pd.Index(_different(names), dtype=object), dtype=object
        )
        st.dataframe(
            frame, hide_index=True, height="content" if len(frame) <= UNSCROLLED else 300, key=f"copy-sheet-{key}-{at}",
            alt=_("The first rows of the sheet {name}.").format(name=displayable(sheet.name)),
        )  # fmt: skip
    if not head.whole:
        st.caption(_("The beginning of it; the copy has more."))


def _different(names: list[str]) -> list[str]:
    """A table on a screen names each column once."""
    seen: set[str] = set()
    found = []
    for at, name in enumerate(names, 1):
        found.append(name if name not in seen else f"{name} ({at})")
        seen.add(found[-1])
    return found
