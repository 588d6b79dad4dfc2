"""The head of a case: who, what, until when and why, and the steps."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import streamlit as st

from portal.cases.facts import FactKind
from portal.cases.services.intake import IdentifierKind
from portal.cases.services.views import CaseView
from portal.cases.states import OPEN_STATES, CaseState
from portal.composition import Portal
from portal.errors import PortalError
from portal.identity import Permission, User, allows
from portal.review.of_case.views import CaseFileView
from portal.sources.views import SourceList
from portal.ui.cases.case_table import SOON_DAYS, rights_said
from portal.ui.cases.case_words import IDENTIFIER_WORDS, STATE_BADGES, steps_said
from portal.ui.common.problems import show_problem
from portal.ui.common.words import _, day, plain, plural

SHOWN = "_case_person_shown"
"""In the session's state: the case whose person is shown in clear, and the values."""


def draw_head(portal: Portal, user: User, view: CaseView) -> None:
    row, badge = view.row, STATE_BADGES[view.row.state]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.badge(badge.label, icon=badge.icon, color=badge.colour)
        st.text(f"{row.person} · {rights_said(row.rights)}", width="content")
        if row.reference:
            st.text(row.reference, width="content")
        _person(portal, user, view)
    _due(view)
    with st.expander(_("Why this day?"), icon=":material/info:", key="why_this_day"):
        st.text(steps_said(view.clock.why))


def _person(portal: Portal, user: User, view: CaseView) -> None:
    """By what the person is known, masked until it is asked for; each look is an entry of the trail."""
    if not allows(user.role, Permission.CASE_WORK):
        return
    case_id, values = st.session_state.get(SHOWN, ("", ()))
    if case_id != view.row.id:
        st.session_state.pop(SHOWN, None)
        if st.button(_("Show"), key="case_show_person", type="tertiary", icon=":material/visibility:"):
            try:
                st.session_state[SHOWN] = (view.row.id, portal.case_register.reveal(user, view.row.id))
            except PortalError as error:
                show_problem(error)
                return
            st.rerun()
        return
    if st.button(_("Hide"), key="case_hide_person", type="tertiary", icon=":material/visibility_off:"):
        st.session_state.pop(SHOWN, None)
        st.rerun()
    for kind, value in values:
        word = _("Name") if kind == "name" else _(IDENTIFIER_WORDS[IdentifierKind(kind)])
        st.text(f"{word}: {value}", width="content")


def _due(view: CaseView) -> None:
    clock, today = view.clock, view.today
    if view.row.state not in OPEN_STATES:
        st.caption(_("Received on {day}.").format(day=day(clock.received_on)) + " " + ended_said(view))
        if view.kept_until is not None:
            st.caption(
                _("Notes, letters, fingerprints and what the person is known by are kept until {day}.").format(
                    day=day(view.kept_until)
                )
            )
        return
    left = (clock.due_on - today).days
    if left < 0:
        words = _("The answer was due on {day}.").format(day=day(clock.due_on))
        if today <= clock.due_last_on:
            words += " " + _("The last lawful day is {day}.").format(day=day(clock.due_last_on))
        st.error(words, icon=":material/notification_important:")
        return
    words = _("The answer is due on {day}.").format(day=day(clock.due_on))
    words += " " + plural("{n} day is left.", "{n} days are left.", left)
    if left <= SOON_DAYS:
        st.warning(words, icon=":material/timer:")
    else:
        st.caption(words)


def ended_said(view: CaseView) -> str:
    """``Answered on 28 Nov 2026. That was in time.``; nothing of a case that is open."""
    outcome = view.clock.outcome
    if outcome is None:
        return ""
    badge = STATE_BADGES[view.row.state]
    words = _("{state} on {day}.").format(state=badge.label, day=day(outcome.on))
    return words + " " + (_("That was late.") if outcome.late else _("That was in time."))


def draw_steps(
    view: CaseView, sources: SourceList, files: Sequence[CaseFileView], *, packed: bool, sent: bool
) -> None:  # fmt: skip
    """Received, identity, collect, review, package, send, answered: which are done, which is next. `packed`: a version
    of the package is approved; `sent`: it is on its way, or there."""
    counted = f" {sources.settled_count}/{len(sources.lines)}" if sources.collected else ""
    steps = [
        (_("Received"), True, ""),
        (_("Identity"), identity_settled(view), ""),
        (_("Collect"), sources.settled, counted),
        (_("Review"), reviewed(sources, files), _settled_of(files)),
        (_("Package"), packed or sent, ""),
        (_("Send"), sent, ""),
        (_("Answered"), view.row.state in (CaseState.ANSWERED, CaseState.CLOSED), ""),
    ]
    over = view.row.state not in OPEN_STATES
    now = next((place for place, (_word, done, _more) in enumerate(steps) if not done), len(steps))
    with st.container(horizontal=True, vertical_alignment="center", key="case_steps"):
        for place, (word, done, more) in enumerate(steps):
            if done:
                st.badge(plain(word + more), icon=":material/check:", color="green")
            elif place == now and not over:
                st.badge(plain(word + more), icon=":material/radio_button_checked:", color="blue")
            else:
                st.badge(plain(word + more), icon=":material/radio_button_unchecked:", color="gray")


class Step(StrEnum):
    IDENTITY = "identity"
    COLLECT = "collect"
    REVIEW = "review"
    PACKAGE = "package"
    SEND = "send"
    NONE = "none"
    """Waits for the person, is left to be answered, or is over."""


def reviewed(sources: SourceList, files: Sequence[CaseFileView]) -> bool:
    """Is everything collected, and every file of it decided?"""
    return sources.settled and all(one.settled or one.destroyed for one in files)


def _settled_of(files: Sequence[CaseFileView]) -> str:
    return f" {sum(one.settled or one.destroyed for one in files)}/{len(files)}" if files else ""


def open_step(view: CaseView, sources: SourceList, files: Sequence[CaseFileView], *, packed: bool) -> Step:
    """The step whose button is the primary one. What waits for the person leads nowhere until it has come; a proof of
    identity that has come is recorded under Identity."""
    if view.row.state not in OPEN_STATES or set(view.waiting) - {FactKind.IDENTITY_ASKED}:
        return Step.NONE
    if not identity_settled(view):
        return Step.IDENTITY
    if packed:
        return Step.SEND
    if sources.to_ask or sources.nothing_held:
        return Step.COLLECT
    if not sources.settled:
        return Step.NONE
    return Step.PACKAGE if reviewed(sources, files) else Step.REVIEW


def identity_settled(view: CaseView) -> bool:
    """Is it settled who is asking (LAW-5)?"""
    return view.recognition.settled
