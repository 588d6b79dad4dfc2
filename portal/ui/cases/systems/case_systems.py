"""The lines of the merchant's other systems in a case: files attached, "nothing held", "answered apart", undone."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import streamlit as st

from portal.composition import Portal
from portal.identity import Permission, User, allows
from portal.sources.kinds import SourceKind, SourceState
from portal.sources.views import SourceLine, SourceList
from portal.systems.answering import MAX_FILES
from portal.systems.views import AttachedFile, SystemAnswer
from portal.ui.cases.systems.attach_file import draw_attach_file
from portal.ui.cases.systems.attached_file import MEDIA_WORDS, open_file
from portal.ui.common.acting import act_and_tell
from portal.ui.common.danger import Danger, ask_first
from portal.ui.common.notices import add_notice
from portal.ui.common.times import reader_zone, size, when
from portal.ui.common.words import _, plain, plural

NOT_ATTACHED = "_not_attached"
"""In the session's state after files were sent: the system, and a sentence for each that it did not get."""


def draw_systems(portal: Portal, user: User, case_id: str, found: SourceList) -> None:
    """One line a system, and below it the files attached; the field for files opens in the line's own popover."""
    lines = [line for line in found.lines if line.kind is SourceKind.OTHER_SYSTEM]
    if not lines:
        return
    attached = portal.case_systems.attached(user, case_id)
    for line in lines:
        with st.container(key=f"case_system_{line.system_id}", gap="xxsmall"):
            files = attached.get(line.system_id, [])
            _line(portal, user, case_id, line, files, may=found.may)
            _draw_not_attached(line.system_id)
            if line.by and line.state in (SourceState.ATTESTED, SourceState.APART):
                at = when(line.settled_at, reader_zone(user.time_zone))
                st.caption(_("Said by {name}, {when}.").format(name=plain(line.by), when=at))
            for file in files:
                _file(portal, user, case_id, file, may=found.may)


def _line(
    portal: Portal, user: User, case_id: str, line: SourceLine, files: Sequence[AttachedFile], *, may: bool
) -> None:
    system_id = line.system_id
    sign = "□" if line.state is SourceState.PLANNED else "✓"
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.text(f"{sign} " + _("{name} (yours)").format(name=line.program), width="stretch")
        if line.state is not SourceState.PLANNED or not may:  # else the buttons say it
            st.text(standing_of(line), width="content")
        if not may:
            return
        live = [file for file in files if file.destroyed_at is None]
        if line.state in (SourceState.PLANNED, SourceState.FETCHED) and len(live) < MAX_FILES:
            _attach(case_id, system_id)
        if line.state is SourceState.PLANNED:
            if st.button(_("Nothing held"), key=f"case_none_{system_id}", type="tertiary"):
                _say(portal, user, case_id, system_id, SystemAnswer.NOTHING_HELD)
            if st.button(_("Answered apart"), key=f"case_apart_{system_id}", type="tertiary"):
                _say(portal, user, case_id, system_id, SystemAnswer.APART)
        elif not live and st.button(
            _("Undo"), key=f"case_system_undo_{system_id}", type="tertiary", icon=":material/undo:"
        ):
            act_and_tell(partial(portal.case_systems.take_back, user, case_id, system_id), _("Taken back."))


def _draw_not_attached(system_id: str) -> None:
    """What became of files that were chosen together with others and are not attached; said once."""
    kept = st.session_state.get(NOT_ATTACHED)
    if kept is None or kept[0] != system_id:
        return
    del st.session_state[NOT_ATTACHED]
    for problem in kept[1]:
        st.warning(plain(problem), icon=":material/warning:")


def standing_of(line: SourceLine) -> str:
    """``2 files, 8.9 KB``, ``nothing held``, ``to be answered``."""
    match line.state:
        case SourceState.FETCHED:
            words = plural("{n} file", "{n} files", line.pages) + f", {size(line.size_bytes)}"
            return words + (", " + _("destroyed when its time was over") if line.destroyed_at is not None else "")
        case SourceState.ATTESTED:
            return _("nothing held")
        case SourceState.APART:
            return _("answered apart")
        case _:
            return _("to be answered")


def _attach(case_id: str, system_id: str) -> None:
    with st.popover(_("Attach"), key=f"case_attach_{system_id}", type="tertiary"):
        told = draw_attach_file(case_id, system_id)
    if not told:
        return
    sent, problems = told.get("sent"), told.get("problems")
    if isinstance(sent, (int, float)) and sent > 0:
        add_notice(plural("{n} file is attached.", "{n} files are attached.", int(sent)))
    if isinstance(problems, list) and problems:
        st.session_state[NOT_ATTACHED] = (system_id, [str(problem)[:300] for problem in problems[:MAX_FILES]])
    st.rerun()


def _file(portal: Portal, user: User, case_id: str, file: AttachedFile, *, may: bool) -> None:
    words = " · ".join(part for part in (file.name, _(MEDIA_WORDS[file.media]), size(file.size_bytes)) if part)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"case_file_{file.id}"):
        if file.destroyed_at is not None:
            st.text(f"⤷ {words}, " + _("destroyed"), width="stretch")
            return
        st.text(f"⤷ {words}", width="stretch")
        if allows(user.role, Permission.EXPORT_OPEN) and st.button(
            _("Look"), key=f"case_file_look_{file.id}", type="tertiary"
        ):  # fmt: skip
            open_file(portal, user, case_id, file)
        if may and st.button(_("Remove"), key=f"case_file_remove_{file.id}", type="tertiary", icon=":material/delete:"):
            _ask_to_remove(portal, user, case_id, file)


def _ask_to_remove(portal: Portal, user: User, case_id: str, file: AttachedFile) -> None:
    danger = Danger(
        "case_file",
        _("Remove this file?"),
        (file.name,),
        _("It is destroyed at once and cannot be brought back. That it was there stays in the audit trail."),
        _("Remove it"),
    )
    ask_first(danger, lambda: act_and_tell(partial(portal.case_systems.remove, user, case_id, file.id), _("Removed.")))


def _say(portal: Portal, user: User, case_id: str, system_id: str, said: SystemAnswer) -> None:
    act_and_tell(partial(portal.case_systems.attest, user, case_id, system_id, said), _("Recorded."))
