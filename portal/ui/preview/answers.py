"""Answers to requests on screens: their words, the form on Preview, the figures on Today."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import streamlit as st

from portal.cases.standing import Standing
from portal.composition import Portal
from portal.exports import ExportView
from portal.exports.core.answers import DUE_SOON, AnswerFact, AnswerRecord, Kind
from portal.exports.history.answer_figures import AnswerFigures
from portal.identity import Permission, User, allows
from portal.ui.cases.case_words import steps_said
from portal.ui.common import navigation
from portal.ui.common.acts import word
from portal.ui.common.times import when, when_and_ago
from portal.ui.common.words import _, day, day_of_year, number, percent, plain, plural
from portal.ui.help.help_places import help_link
from portal.ui.preview.answer_form import RECORDED, draw_form
from portal.ui.preview.answer_words import CHANNEL_WORDS, COPY_WORDS, KIND_WORDS, REASON_WORDS


def standing_said(view: ExportView, today: dt.date) -> str:
    """A few words with a sign, for a cell: ``■ Overdue since 2 Nov``."""
    if view.answer is Standing.OPEN:
        if view.due_on < today:
            return "■ " + _("Overdue since {day}").format(day=day_of_year(view.due_on))
        sign = "▲ " if view.due_on <= today + DUE_SOON else ""
        return sign + _("Due {day}").format(day=day_of_year(view.due_on))
    on = day_of_year(view.answered_on) if view.answered_on else ""
    words = {
        Standing.SENT: "● " + _("Sent {day}").format(day=on),
        Standing.REFUSED: "● " + _("Refused {day}").format(day=on),
        Standing.CLOSED: "○ " + _("Not needed"),
        Standing.LATER: "○ " + _("See the later export"),
    }
    return words.get(view.answer, "–")


def draw_due(portal: Portal, user: User, view: ExportView, zone: dt.tzinfo) -> None:
    """Until when the customer must be answered and why, or how it was answered."""
    today = dt.datetime.now(zone).date()
    if view.answer is not Standing.OPEN:
        st.text(_answered_said(view))
        return
    left = (view.due_on - today).days
    if left < 0:
        words = _("Answer was due {day}").format(day=day(view.due_on))
        st.badge(plain(words), icon=":material/notification_important:", color="red")
    else:
        days = plural("{n} day left", "{n} days left", left)
        st.text(_("Answer due {day} · {days}").format(day=day_of_year(view.due_on), days=days))
    _why_this_day(portal, user, view)


def draw_answer(portal: Portal, user: User, view: ExportView, zone: dt.tzinfo) -> None:
    """What was recorded of the answer, and the form, behind a click."""
    with st.expander(
        _("How was this answered?"), icon=":material/outgoing_mail:", key="answer", on_change="rerun"
    ) as opened:
        if not opened.open:
            return
        record = portal.answers.record_of(user, view.id)
        _confirm(view, record)
        _recorded(record.facts, zone)
        if record.handed_out is not None and record.standing in (Standing.OPEN, Standing.UNKNOWN):
            st.caption(
                _("A copy left the portal on {when}. Say here how it reached the customer.").format(
                    when=when(record.handed_out.at, zone)
                )
            )
        if record.may and allows(user.role, Permission.EXPORT_CREATE):
            draw_form(portal, user, view, record, zone)
        help_link("answer")


def _answered_said(view: ExportView) -> str:
    if view.answer is Standing.LATER:
        return _("Asked for again: the later export counts")
    if view.answered_on is None:
        return _("How this was answered is not recorded.")
    said = {
        Standing.SENT: _("Answered on {day}."),
        Standing.REFUSED: _("Refused on {day}."),
        Standing.CLOSED: _("No answer is needed, as recorded on {day}."),
    }
    return said[view.answer].format(day=day(view.answered_on))


def _why_this_day(portal: Portal, user: User, view: ExportView) -> None:
    """The steps of the case's clock, read when they are asked for."""
    with st.popover(
        _("Why this day?"), type="tertiary", icon=":material/info:", key="why_this_day", on_change="rerun"
    ) as opened:
        if opened.open:
            st.text(steps_said(portal.case_register.show(user, view.case_id).clock.why))


def _confirm(view: ExportView, record: AnswerRecord) -> None:
    export_id, before, said = st.session_state.get(RECORDED, ("", 0, ""))
    if export_id == view.id and len(record.facts) > before:
        st.toast(plain(said), icon=":material/check_circle:")
        st.session_state.pop(RECORDED, None)


def _recorded(facts: tuple[AnswerFact, ...], zone: dt.tzinfo) -> None:
    if not facts:
        st.caption(_("Nothing is recorded yet."))
        return
    frame = pd.DataFrame(
        [[when_and_ago(fact.at, zone), _what(fact), fact.by, fact.sha256] for fact in facts],
        columns=[_("When"), _("What"), _("By"), _("Fingerprint of what was sent")],
        dtype=object,
    )
    st.dataframe(frame, hide_index=True, alt=_("What was recorded of the answer, oldest first."))


def _what(fact: AnswerFact) -> str:
    words = _("The last record was taken back") if fact.kind is Kind.TAKEN_BACK else _(KIND_WORDS[fact.kind])
    codes = ((CHANNEL_WORDS, fact.channel), (COPY_WORDS, fact.copy), (REASON_WORDS, fact.reason))
    parts = [words, *(word(known, code) for known, code in codes if code)]
    if fact.until:
        parts.append(_("until {day}").format(day=day(fact.until)))
    if fact.taken_back:
        parts.append(_("taken back"))
    return " · ".join(parts)


def draw_answer_figures(figures: AnswerFigures) -> None:
    """Five figures and, in a sentence, what they are of."""
    st.header(_("Answers to customers"))
    if figures.overdue:
        st.warning(
            plural("{n} request is overdue: Past exports lists it.",
                   "{n} requests are overdue: Past exports lists them.", figures.overdue),
            icon=":material/notification_important:",
        )  # fmt: skip
        st.page_link(
            navigation.PAST_EXPORTS, label=_("Show what is overdue"), icon=":material/history:",
            query_params={"answer": "overdue"},
        )  # fmt: skip
    with st.container(horizontal=True):  # side by side as they fit, their words whole
        st.metric(
            _("Not answered yet"), number(figures.open), border=True, help=_("Requests without a recorded answer.")
        )
        st.metric(_("Due within 7 days"), number(figures.due), border=True,
                  help=_("A month from receipt, or the announced longer time, ends within 7 days."))  # fmt: skip
        st.metric(_("Answered within a month"), _share(figures.in_a_month), border=True)
        st.metric(_("Extended"), _share(figures.extended), border=True)
        st.metric(_("Refused"), _share(figures.refused), border=True)
    st.caption(
        plural("The shares are of {n} request received in the last 90 days and answered or past its month.",
               "The shares are of {n} requests received in the last 90 days and answered or past their month.",
               figures.decided)
    )  # fmt: skip


def _share(value: float | None) -> str:
    return "–" if value is None else percent(value)
