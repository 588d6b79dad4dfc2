"""Who else is in the file, and what is to happen to each: kept, or left out for a reason."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from portal.errors import InputError, PortalError
from portal.identity import User
from portal.redaction.reasons import Reason
from portal.review.kinds import Choice, GroupKind
from portal.review.views import CellPlace, PersonGroup, ReviewState
from portal.ui.common.problems import show_problem
from portal.ui.common.words import _, later, plain
from portal.ui.preview.review.cell_acts import law_box
from portal.ui.preview.review.review_words import REASON_WORDS, said_of, summed_up
from portal.ui.preview.review.reviewed import Reviewed

CHOICE_WORDS = {Choice.LEAVE_OUT: later("Leave out"), Choice.KEEP: later("Keep")}
LAST = frozenset({GroupKind.STAFF, GroupKind.MESSAGE, GroupKind.CREDENTIALS})
UNSCROLLED = 4
ROW_PIXELS = 44
GONE_TO = "_gone_to"
"""In the session's state: the file, how often Go to was pressed, and the place it leads to."""
PROBLEM = "_review_problem"
REFUSED = "_choices_refused"
"""In the session's state: how often a choice was refused. The fields then show again what is decided."""


def draw_people_line(state: ReviewState) -> None:
    """Who else is in the file, summed up."""
    asked = _asked(state)
    if not asked:
        nobody = _("Nobody else is in this file.") if state.listed_whole else _("Nobody else is in its first rows.")
        st.markdown(f":green[:material/check_circle:] {nobody}")
        return
    icon = ":orange[:material/group:]" if state.undecided else ":green[:material/check_circle:]"
    st.markdown(f"{icon} **{plain(summed_up(asked))}**")


def _asked(state: ReviewState) -> tuple[PersonGroup, ...]:
    """The groups that a person decides about, people before messages and codes."""
    return tuple(sorted((group for group in state.groups if not group.automatic), key=lambda one: one.kind in LAST))


def draw_people(user: User, file: Reviewed, state: ReviewState, *, leads: bool = True) -> None:
    """A line for each person with the choice. `leads`: to the table in which they stand."""
    problem = st.session_state.pop(PROBLEM, None)
    if problem is not None:
        show_problem(problem)
    asked = _asked(state)
    if not asked:
        return
    if not state.listed_whole:
        st.caption(_("Of the first rows of this large file; what you decide counts for all of it."))
    few = len(asked) <= UNSCROLLED
    with st.container(
        height="content" if few else int(ROW_PIXELS * (UNSCROLLED + 0.5)), border=False, gap="xxsmall", key="people"
    ):
        for group in asked:
            _draw_group(user, file, group, leads=leads)


def _draw_group(user: User, file: Reviewed, group: PersonGroup, *, leads: bool) -> None:
    key = f"{file.id}-{group.id}"
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"group-{key}"):
        st.text(said_of(group), help=_("Some of it was decided apart.") if group.partly else None)
        if leads and st.button(_("Go to"), key=f"go-{key}", type="tertiary", icon=":material/arrow_downward:"):
            st.session_state[GONE_TO] = (file.id, gone_to(file.id)[0] + 1, group.first)
            st.session_state[f"marked-first-{file.id}"] = True
            st.rerun()
        st.space("stretch")
        chosen = group.choice or group.proposal
        choice_key = f"choice-{key}-{chosen}-{st.session_state.get(REFUSED, 0)}"
        if chosen is Choice.LEAVE_OUT:
            _draw_reason(user, file, group)
        st.radio(
            plain(said_of(group)), list(Choice), format_func=lambda choice: _(CHOICE_WORDS[choice]),
            index=list(Choice).index(chosen), horizontal=True, key=choice_key,
            label_visibility="collapsed", width="content",
            on_change=_decide(user, file, group, choice_key),
        )  # fmt: skip


def _draw_reason(user: User, file: Reviewed, group: PersonGroup) -> None:
    now = group.reason or group.proposed_reason or Reason.OTHER_PERSON
    key = f"reason-{file.id}-{group.id}-{now}-{st.session_state.get(REFUSED, 0)}"

    def decide() -> None:
        reason, section = st.session_state[key], st.session_state.get(f"{key}-section", "")
        if reason is not Reason.EXEMPT_NATIONAL or section:  # the law is asked for first
            _try(lambda: file.service.decide(user, file.id, group.id, Choice.LEAVE_OUT, reason, section))

    chosen = st.selectbox(
        _("Why is it left out?"), list(Reason), index=list(Reason).index(now),
        format_func=lambda reason: _(REASON_WORDS[reason]), key=key, label_visibility="collapsed", width=240,
        on_change=decide,
    )  # fmt: skip
    if chosen is Reason.EXEMPT_NATIONAL and now is not chosen:
        law_box(f"{key}-section", decide)


def _decide(user: User, file: Reviewed, group: PersonGroup, key: str) -> Callable[[], None]:
    def decide() -> None:
        choice = st.session_state[key]
        if choice is not None:
            _try(lambda: file.service.decide(user, file.id, group.id, choice))

    return decide


def _try(act: Callable[[], object]) -> None:
    """Runs before the page is drawn, so that what went wrong is kept until it is."""
    try:
        act()
    except PortalError as error:
        st.session_state[PROBLEM] = error
        if not isinstance(error, InputError):  # what was typed may be mended
            st.session_state[REFUSED] = st.session_state.get(REFUSED, 0) + 1


def gone_to(file_id: str) -> tuple[int, CellPlace | None]:
    """How often Go to was pressed here, and where it led last."""
    kept = st.session_state.get(GONE_TO)
    return (kept[1], kept[2]) if kept is not None and kept[0] == file_id else (0, None)
