"""The form on Preview that records how a request was answered."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import streamlit as st

from portal.cases.letters import LETTER_MAX
from portal.cases.standing import Standing
from portal.composition import Portal
from portal.errors import PortalError
from portal.exports import ExportView
from portal.exports.core.answers import CHANNELS, COPIES, NO_FILE, REASONS, AnswerRecord, Kind
from portal.exports.core.download import FileKind
from portal.identity import User
from portal.letters.words import LetterKind
from portal.ui.cases.letter_draft import draw_letter, it_was_sent, more_time_fields, refusal_field
from portal.ui.common.problems import show_problem
from portal.ui.common.words import _, date_field
from portal.ui.preview.answer_words import CHANNEL_WORDS, COPY_WORDS, KIND_WORDS, REASON_WORDS

RECORDED = "_answer_recorded"
"""In the session's state until it is said: the export, how many records it had, and what was recorded then."""


def draw_form(portal: Portal, user: User, view: ExportView, record: AnswerRecord, zone: dt.tzinfo) -> None:
    """What happened, then the fields of it. Nothing is proposed where something is recorded: the same is not recorded
    twice by habit."""
    kind = st.radio(
        _("What happened?"),
        record.may,
        format_func=lambda k: _(KIND_WORDS[k]),
        horizontal=True,
        index=None if record.facts else 0,
        key=f"answer_kind_{len(record.facts)}",
    )
    if kind is Kind.EXTENDED:
        _more_time(portal, user, view, record)
    elif kind is Kind.REFUSED:
        _refused(portal, user, view, record, zone)
    elif kind is not None:
        _plain_form(portal, user, view, record, kind, zone)


def _more_time(portal: Portal, user: User, view: ExportView, record: AnswerRecord) -> None:
    reason, until = more_time_fields(record.month_ends_on, record.received_on, record.extended_at_most)
    letter = _letter(portal, user, view, LetterKind.MORE_TIME, reason=reason, until=until)
    if letter and reason is not None and it_was_sent(f"answer_{len(record.facts)}"):
        _record(view, record, Kind.EXTENDED,
                lambda: portal.answers.record_extended(user, view.id, reason, letter, until=until))  # fmt: skip


def _refused(portal: Portal, user: User, view: ExportView, record: AnswerRecord, zone: dt.tzinfo) -> None:
    reason = refusal_field()
    letter = _letter(portal, user, view, LetterKind.REFUSAL, reason=reason)
    now = _held_now(view, zone)
    at = _when(record, now, f"answer_at_{len(record.facts)}")
    if letter and reason is not None and it_was_sent(f"answer_{len(record.facts)}", danger=True):
        moment = _moment(at, now, zone)
        _record(view, record, Kind.REFUSED,
                lambda: portal.answers.record_refused(user, view.id, reason, letter, at=moment))  # fmt: skip


def _letter(portal: Portal, user: User, view: ExportView, kind: LetterKind, **given: object) -> str | None:
    """The case's draft. For a request from before answers were recorded: a field for the words that went out then."""
    if view.answer is Standing.UNKNOWN:
        return st.text_area(_("Letter"), height=200, max_chars=LETTER_MAX, key=f"answer_letter_{kind}")
    words = draw_letter(portal, user, view.case_id, kind, **given)
    return words.text if words is not None else None


def _plain_form(
    portal: Portal, user: User, view: ExportView, record: AnswerRecord, kind: Kind, zone: dt.tzinfo
) -> None:
    now = _held_now(view, zone)
    at, channel, copy, reason = now, CHANNELS[0], "", ""
    # A form of its own for each record: a second press belongs to the one that is used up, and records nothing more.
    with st.form(f"answer_form_{len(record.facts)}", border=False):
        cells = iter(st.columns(3))
        if kind is Kind.SENT:
            channel = next(cells).selectbox(_("How"), CHANNELS, format_func=lambda c: _(CHANNEL_WORDS[c]))
            copies = _copies(view, record)
            copy = next(cells).selectbox(_("What was sent"), copies, format_func=lambda c: _(COPY_WORDS[c]))
        if kind in REASONS:
            reason = next(cells).selectbox(_("Reason"), REASONS[kind], format_func=lambda r: _(REASON_WORDS[r]))
        if kind in (Kind.SENT, Kind.ACKNOWLEDGED):
            with next(cells):
                at = _when(record, now, f"answer_at_{kind}_{len(record.facts)}")
        if kind is Kind.TAKEN_BACK:
            st.caption(_("It stays in the list, and counts no longer."))
        if st.form_submit_button(_("Record"), type="primary", icon=":material/edit_note:"):
            moment = _moment(at, now, zone)
            acts: dict[Kind, Callable[[], None]] = {
                Kind.SENT: lambda: portal.answers.record_sent(user, view.id, channel, at=moment, copy=copy),
                Kind.ACKNOWLEDGED: lambda: portal.answers.record_acknowledged(user, view.id, at=moment),
                Kind.CLOSED: lambda: portal.answers.record_closed(user, view.id, reason),
                Kind.TAKEN_BACK: lambda: portal.answers.take_back_answer(user, view.id),
            }
            _record(view, record, kind, acts[kind])


def _held_now(view: ExportView, zone: dt.tzinfo) -> dt.datetime:
    """Now, to the minute; the same while the form is open: a default that moves on would take back what was chosen."""
    fresh = dt.datetime.now(zone).replace(second=0, microsecond=0, tzinfo=None)
    held: dt.datetime = st.session_state.setdefault(f"_answer_now_{view.id}", fresh)
    return held


def _when(record: AnswerRecord, now: dt.datetime, key: str) -> dt.datetime:
    earliest = min(dt.datetime.combine(record.received_on, dt.time.min), now)
    return st.datetime_input(
        _("When"), value=now, min_value=earliest, max_value=now.replace(hour=23, minute=59), format=date_field(),
        step=dt.timedelta(minutes=1), key=key,
    ) or now  # fmt: skip


def _moment(at: dt.datetime, now: dt.datetime, zone: dt.tzinfo) -> dt.datetime | None:
    return None if at == now else at.replace(tzinfo=zone)


def _record(view: ExportView, record: AnswerRecord, kind: Kind, act: Callable[[], None]) -> None:
    said = _("Recorded: {what}.").format(what=_(KIND_WORDS[kind]))
    st.session_state[RECORDED] = (view.id, len(record.facts), said)  # before: a second press ends this run
    try:
        act()
    except PortalError as error:
        st.session_state.pop(RECORDED, None)
        show_problem(error)
    else:
        st.session_state.pop(f"_answer_now_{view.id}", None)
        st.rerun()


def _copies(view: ExportView, record: AnswerRecord) -> list[str]:
    """What may have been sent, the likeliest first: the copy handed out last."""
    last = record.handed_out.copy if record.handed_out else ""
    there = {FileKind.ORIGINAL: bool(view.sha256), last: bool(last), NO_FILE: True}
    return sorted((copy for copy in COPIES if there.get(copy)), key=lambda copy: copy != last)
