"""The copy is made and read again before it may go out; what it still holds, and what takes the last decision back."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from portal.errors import PortalError
from portal.exports.core.download import FileKind
from portal.identity import User
from portal.review.files import NotByPlace
from portal.review.views import CopyCheck, ReviewState
from portal.ui.common.acting import act_and_tell
from portal.ui.common.notices import add_notice
from portal.ui.common.problems import show_problem
from portal.ui.common.words import _, plain, plural
from portal.ui.preview.review.review_words import undone_words
from portal.ui.preview.review.reviewed import Reviewed

CHECKED = "_copy_checked"
"""In the session's state: the copy that was read again, by file and decisions, and what was found; None for a file of
which single places cannot be left out."""


def draw_check_first(user: User, file: Reviewed, state: ReviewState) -> bool:
    """Of a large file, whose copy is made and read again when somebody asks for it: that takes a while. True while
    nobody did."""
    if _kept(file, state) is not None:
        return False
    if st.button(
        _("Check the copy"), type="primary", icon=":material/fact_check:",
        help=_("It is made, read again and searched for what is left out. With a large file this takes a while."),
    ):  # fmt: skip
        with st.spinner(_("Making the copy and reading it again …")):
            read_again = _read_again(user, file, state)
        if read_again:
            st.rerun()
    return True


def copy_holds(user: User, file: Reviewed, state: ReviewState) -> bool:
    """The copy was made and read again, and nothing that is left out stands in it; says what is wrong where not."""
    if not _read_again(user, file, state):
        return False
    check: CopyCheck | None = st.session_state[CHECKED][1]
    if check is None:
        return False
    if check.leaks:
        _same_text(user, file, check)
    elif not check.sound:
        st.error(_("The copy does not read as it should, so it is not given out."), icon=":material/error:")
    return check.sound


def _kept(file: Reviewed, state: ReviewState) -> tuple[object, CopyCheck | None] | None:
    kept: tuple[object, CopyCheck | None] | None = st.session_state.get(CHECKED)
    return kept if kept is not None and kept[0] == _key(file, state) else None


def _key(file: Reviewed, state: ReviewState) -> tuple[object, ...]:
    return (file.id, file.sha256, tuple((one.number, one.undone) for one in state.decisions))


def _read_again(user: User, file: Reviewed, state: ReviewState) -> bool:
    """Once for what is decided; says what kept it from that."""
    if _kept(file, state) is None:
        found: CopyCheck | None = None
        try:
            found = file.service.check_copy(user, file.id, FileKind.REDACTED)
        except NotByPlace:
            pass
        except PortalError as error:
            show_problem(error)
            return False
        st.session_state[CHECKED] = (_key(file, state), found)
    return True


def _same_text(user: User, file: Reviewed, check: CopyCheck) -> None:
    """What is left out at one place and kept at another: a person says that it may stay there."""
    numbers = sorted({number for each in check.leaks.values() for number in each})
    st.text(
        plural(
            "{n} thing that is left out also stands at a place that is kept.",
            "{n} things that are left out also stand at places that are kept.",
            len(numbers),
        )
    )
    if st.button(
        _("It may stay there"), type="primary", key="same_text",
        help=_("Or leave it out there as well: choose the values in the tables."),
    ):  # fmt: skip
        act_and_tell(lambda: file.service.allow_same_text(user, file.id, numbers), _("Noted: it may stay there."))


def cannot_leave_out(file: Reviewed) -> bool:
    """A copy was tried, and single places of the file cannot be told."""
    kept = st.session_state.get(CHECKED)
    return kept is not None and kept[0][:2] == (file.id, file.sha256) and kept[1] is None


def is_made(state: ReviewState) -> bool:
    """Everything is decided, and approved where that is needed: there is a copy."""
    waits = state.undecided or not state.listed_whole
    return not waits and (state.needs_second is None or state.approved_by is not None)


def draw_copy_check(file: Reviewed, state: ReviewState | None, link: Callable[[], None] | None = None) -> None:
    """Below the acts: that the copy was read again after it was made, and the `link` to the list that goes with it."""
    if state is None or not is_made(state):
        return
    kept = st.session_state.get(CHECKED)
    check: CopyCheck | None = kept[1] if kept is not None and kept[0][:2] == (file.id, file.sha256) else None
    left_out = check.left_out if check is not None else state.left_out
    if cannot_leave_out(file) or (check is not None and not check.sound):
        return
    with st.container(horizontal=True, vertical_alignment="center", key="copy_check"):
        if check is not None:
            left = plural("{n} place left out", "{n} places left out", check.left_out)
            words = _(
                "Read again after it was made: {left}, everything else as it came, nothing of it still stands there."
            )
            st.caption(plain(words.format(left=left)))
        if left_out and link is not None:
            link()


def draw_undo(user: User, file: Reviewed, state: ReviewState) -> None:
    """Takes back the newest decision that stands, with all that the same press decided."""
    last = next((one for one in reversed(state.decisions) if not one.undone), None)
    if last is None or not st.button(_("Undo"), type="tertiary", icon=":material/undo:", key="undo_decision"):
        return
    try:
        numbers = file.service.undo(user, file.id, last.number)
    except PortalError as error:
        show_problem(error)
    else:
        add_notice(undone_words(state, numbers))
        st.rerun()
