"""The open step of a case, with its one next act: recognise the person, collect what LoyaltyDog holds, answer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from functools import partial

import streamlit as st

from portal.cases.clock.regimes import PauseKind
from portal.cases.facts import (
    PERSONS_COPY,
    DemandOutcome,
    FactKind,
    IdentityMethod,
    IdentityResult,
    KnownFact,
    NotNeeded,
    Right,
)
from portal.cases.services.file import ASKED
from portal.cases.services.views import CaseView
from portal.cases.standing import Standing
from portal.cases.states import OPEN_STATES, CaseState
from portal.composition import Portal
from portal.exports import ExportView
from portal.identity import User
from portal.sources.views import SourceList
from portal.ui.cases.case_head import identity_settled
from portal.ui.cases.case_sources import draw_sources
from portal.ui.cases.case_words import (
    KNOWN_WORDS,
    METHOD_WORDS,
    NOT_NEEDED_WORDS,
    OUTCOME_WORDS,
    PAUSE_WORDS,
    RESULT_WORDS,
    RIGHT_WORDS,
)
from portal.ui.common import navigation
from portal.ui.common.acting import act_and_tell
from portal.ui.common.badges import badge_of
from portal.ui.common.words import _, day, sentence
from portal.ui.preview.answers import standing_said


def draw_waiting(portal: Portal, user: User, view: CaseView) -> None:
    """What the person was asked for and has not given yet."""
    for asked in view.waiting:
        kind = next(kind for kind, fact in ASKED.items() if fact is asked)
        on = next(fact for fact in reversed(view.facts) if fact.kind is asked and fact.holds)
        words = _("Asked for on {day}: {what}.").format(day=day(on.at.date()), what=_(PAUSE_WORDS[kind]))
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            st.text(words, width="content")
            if kind is PauseKind.IDENTITY:
                st.caption(_("Record below how the person was recognised."))
            elif view.may and st.button(_("It has come"), key=f"case_came_{kind}", icon=":material/check:"):
                act_and_tell(partial(portal.case_file.resume, user, view.row.id, kind), _("Recorded."))


def draw_demands(view: CaseView, done: Callable[[Right], None] | None) -> None:
    """Each thing that the person asks for with what came of it, where an export does not serve all of it. `done` asks
    before one is recorded as carried out; None for those who record nothing."""
    if all(one.right in PERSONS_COPY for one in view.demands):
        return
    st.header(_("They ask for"))
    for one in view.demands:
        is_open = one.outcome is DemandOutcome.OPEN
        with st.container(border=True, horizontal=True, vertical_alignment="center", key=f"case_demand_{one.right}"):
            st.badge(
                _(OUTCOME_WORDS[one.outcome]), color="blue" if is_open else "green",
                icon=":material/pending:" if is_open else ":material/check:",
            )  # fmt: skip
            st.text(_(RIGHT_WORDS[one.right]) + (f" · {day(one.on)}" if one.on else ""), width="stretch")
            if (
                is_open
                and done is not None
                and one.right not in PERSONS_COPY
                and st.button(_("It was done"), key=f"case_done_{one.right}", icon=":material/check:")
            ):
                done(one.right)
    st.caption(_("The case ends when each of these has ended. Refuse one under More."))


def draw_identity(portal: Portal, user: User, view: CaseView, *, leads: bool, again: bool) -> None:
    """How the person was recognised: the method and kinds of facts, never a value or a document (LAW-5). `again`: a
    link is locked, and its new code needs another proof (DLV-5). Else a case that ended asks only where it ended
    because nobody could tell who they are."""
    ended = view.row.state not in OPEN_STATES and view.row.state is not CaseState.CLOSED_NOT_IDENTIFIED
    if not again and (identity_settled(view) or ended):
        return
    st.header(_("Identity"))
    checked = any(fact.kind is FactKind.IDENTITY and fact.holds for fact in view.facts)
    st.caption(
        _("The last look did not settle it.")
        if checked and not identity_settled(view)
        else _("Say how you know that it is really them. No documents.")
    )
    if FactKind.IDENTITY not in view.may:
        return
    method = st.selectbox(
        _("How was the person recognised?"), list(IdentityMethod), index=None, key="case_method",
        format_func=lambda m: _(METHOD_WORDS[m]), placeholder=_("Choose a way"),
    )  # fmt: skip
    if method is None:
        _record_button(leads=leads, ready=False)
        return
    because: NotNeeded | None = None
    facts: tuple[KnownFact, ...] = ()
    result: IdentityResult | None = IdentityResult.PROVED
    if method is IdentityMethod.NOT_NEEDED:
        because = st.selectbox(
            _("Because"), list(NotNeeded), key="case_because", format_func=lambda b: _(NOT_NEEDED_WORDS[b])
        )
    else:
        if method is IdentityMethod.QUESTIONS:
            facts = tuple(
                st.multiselect(
                    _("What was compared"), list(KnownFact), key="case_facts", format_func=lambda f: _(KNOWN_WORDS[f]),
                    placeholder=_("At least two besides a birthday"),
                )
            )  # fmt: skip
        result = st.radio(
            _("Result"), list(IdentityResult), key="case_result", horizontal=True,
            format_func=lambda r: _(RESULT_WORDS[r]),
        )  # fmt: skip
    if result is not None and _record_button(leads=leads, ready=True):
        act_and_tell(
            lambda: portal.case_file.record_identity(
                user, view.row.id, method, result, facts=facts, because=because
            ),
            _("Recorded how the person was recognised."),
        )  # fmt: skip


def _record_button(*, leads: bool, ready: bool) -> bool:
    return st.button(
        _("Record identity"), key="case_record_identity", type="primary" if leads else "secondary", disabled=not ready,
        icon=":material/how_to_reg:",
    )  # fmt: skip


def draw_collect(
    portal: Portal, user: User, view: CaseView, exports: Sequence[ExportView], sources: SourceList, *, leads: bool
) -> None:
    """The sources of the answer, and what else was asked of LoyaltyDog under this case."""
    st.header(_("Collect"))
    draw_sources(portal, user, view.row.id, sources, leads=leads)
    in_list = {line.export_id for line in sources.lines}
    for export in exports:
        if export.id not in in_list:
            _draw_export(export, view.today)
    if any(export.answer is Standing.OPEN for export in exports):
        st.caption(_("Open an export, look at it, send it, and say there that it was sent."))


def _draw_export(export: ExportView, today: dt.date) -> None:
    """One that is no source of the answer: a part, a CSV file, one asked for again."""
    with st.container(border=True, key=f"case_export_{export.id}"):
        words, button = st.columns([3, 1], vertical_alignment="center")
        with words.container(horizontal=True, vertical_alignment="center"):
            badge = badge_of(export)
            st.badge(badge.label, icon=badge.icon, color=badge.colour)
            st.text(f"{export.customer} · {sentence(export.scope)} · {export.format.upper()}", width="content")
            st.text(standing_said(export, today), width="content")
        if button.button(_("Look"), key=f"case_look_{export.id}", width="stretch"):
            navigation.go_to_export(export.id)
