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
    Right,
)
from portal.cases.services.file import ASKED
from portal.cases.services.views import CaseView
from portal.cases.standing import Standing
from portal.composition import Portal
from portal.exports import ExportView
from portal.identity import User
from portal.sources.views import SourceList
from portal.ui.cases.case_sources import draw_sources
from portal.ui.cases.case_words import (
    OUTCOME_WORDS,
    PAUSE_WORDS,
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


def draw_collect(
    portal: Portal, user: User, view: CaseView, exports: Sequence[ExportView], sources: SourceList, *, leads: bool
) -> None:
    """The sources of the answer, and what else was asked of LoyaltyDog under this case."""
    st.header(_("Collect"))
    draw_sources(portal, user, view.row.id, sources, leads=leads, recognised=view.recognition.settled)
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
