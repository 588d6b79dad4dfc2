"""What happened in a case, newest first, and the colleagues' notes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from portal.cases.facts import FactKind
from portal.cases.services.file import KEPT
from portal.cases.services.views import CaseView, ShownFact
from portal.composition import Portal
from portal.delivery.mail.case_mails import ShownMail
from portal.delivery.mail.kinds import FAILED, MailState
from portal.errors import PortalError
from portal.identity import Permission, User, allows
from portal.ui.cases.case_words import (
    CHANNEL_WORDS,
    CLOSING_WORDS,
    EXTENSION_WORDS,
    FACT_WORDS,
    LATE_WORDS,
    METHOD_WORDS,
    NOT_NEEDED_WORDS,
    REFUSAL_WORDS,
    RESULT_WORDS,
    RIGHT_WORDS,
)
from portal.ui.common.acts import word
from portal.ui.common.notices import add_notice
from portal.ui.common.problems import show_problem
from portal.ui.common.times import when
from portal.ui.common.words import _, day, later, plain
from portal.ui.preview.answer_words import CHANNEL_WORDS as ANSWER_CHANNELS
from portal.ui.preview.answer_words import REASON_WORDS as ANSWER_REASONS

MOST_SHOWN = 50
CODE_WORDS: Mapping[str, Mapping[Any, str]] = {
    "demand": RIGHT_WORDS,
    "channel": {**CHANNEL_WORDS, **ANSWER_CHANNELS},
    "late_entry": LATE_WORDS,
    "method": METHOD_WORDS,
    "because": NOT_NEEDED_WORDS,
    "result": RESULT_WORDS,
    "reason": {**EXTENSION_WORDS, **REFUSAL_WORDS, **CLOSING_WORDS, **ANSWER_REASONS},
}
"""Which codes of a fact are told, in this order, and what they are called."""
MAIL_WORDS: Mapping[MailState, str] = {
    MailState.QUEUED: later("Mail is being sent"),
    MailState.SENDING: later("Mail is being sent"),
    MailState.ACCEPTED: later("Mail was sent"),
    MailState.DEFERRED: later("Mail is tried again"),
    MailState.REFUSED: later("Mail was refused"),
    MailState.UNKNOWN: later("Mail may have been sent"),
    MailState.BOUNCED: later("Mail came back"),
}
COLOURS: Mapping[MailState, str] = {
    MailState.QUEUED: "gray",
    MailState.SENDING: "gray",
    MailState.ACCEPTED: "green",
    MailState.DEFERRED: "orange",
    MailState.REFUSED: "red",
    MailState.UNKNOWN: "orange",
    MailState.BOUNCED: "red",
}


def draw_notes(portal: Portal, user: User, view: CaseView, zone: dt.tzinfo) -> None:
    """Notes of colleagues; searchable within the case, sealed in the database."""
    st.header(_("Notes"))
    if not allows(user.role, Permission.CASE_WORK):
        st.caption(_("Notes are for those who work on the case."))
        return
    notes = [fact for fact in reversed(view.facts) if fact.kind is FactKind.NOTE and fact.holds]
    with st.form(f"case_note_{len(view.facts)}", border=False, clear_on_submit=False):
        text = st.text_area(_("New note"), max_chars=4000, height=80, placeholder=_("For colleagues only."))
        if st.form_submit_button(_("Add note"), icon=":material/note_add:"):
            try:
                portal.case_file.note(user, view.row.id, text or "")
            except PortalError as error:
                show_problem(error)
            else:
                add_notice(_("Note added."))
                st.rerun()
    if len(notes) > 3:
        wanted = (st.text_input(_("Search the notes"), key="case_notes_search", icon=":material/search:") or "").strip()
        notes = [note for note in notes if wanted.casefold() in note.text.casefold()]
        if not notes:
            st.caption(_("No note holds that."))
    for note in notes[:MOST_SHOWN]:
        with st.container(border=True):
            st.text(note.text)
            st.caption(plain(f"{note.by} · {when(note.at, zone)}"))


def draw_timeline(
    view: CaseView,
    zone: dt.tzinfo,
    take_back: Callable[[ShownFact], None] | None,
    mails: Mapping[str, ShownMail],
) -> None:
    """All facts, the newest first. `take_back` opens the question for one that can be taken back; `mails` are those of
    the case by their ids."""
    st.header(_("What happened"))
    for fact in list(reversed(view.facts))[:MOST_SHOWN]:
        with st.container(horizontal=True, vertical_alignment="center", key=f"case_fact_{fact.number}"):
            st.caption(plain(when(fact.at, zone)), width="content")
            st.text(fact_said(fact), width="content")
            if fact.by:
                st.caption(plain(fact.by), width="content")
            if (mail := mails.get(fact.codes.get("mail", ""))) is not None:
                draw_mail(mail)
            if fact.text and fact.kind is not FactKind.NOTE and "sha256" in fact.codes:
                with st.popover(_("Letter")):
                    st.code(fact.text, language=None, wrap_lines=True)
                    st.caption(plain(f"{_('Fingerprint of what was sent')}: {fact.codes['sha256']}"))
            if (
                take_back is not None
                and may_take_back(fact, view)
                and st.button(_("Take back"), key=f"case_take_back_{fact.number}", type="tertiary")
            ):
                take_back(fact)
    if len(view.facts) > MOST_SHOWN:
        st.caption(_("The newest {n} are shown.").format(n=MOST_SHOWN))


def may_take_back(fact: ShownFact, view: CaseView) -> bool:
    return (
        FactKind.TAKEN_BACK in view.may
        and fact.holds
        and fact.kind not in KEPT
        and fact.kind is not FactKind.TAKEN_BACK
        and "request" not in fact.codes
    )


def fact_said(fact: ShownFact) -> str:
    """``More time was announced · It is complex · until 28 Feb · taken back``."""
    parts = [_(FACT_WORDS[fact.kind])]
    parts += [word(words, fact.codes[name]) for name, words in CODE_WORDS.items() if fact.codes.get(name)]
    if fact.told_on is not None:
        parts.append(day(fact.told_on))
    if until := fact.codes.get("until"):
        parts.append(_("until {day}").format(day=day(dt.date.fromisoformat(until))))
    if fact.codes.get("late"):
        parts.append(_("late"))
    if not fact.holds and fact.kind is not FactKind.TAKEN_BACK:
        parts.append(_("taken back"))
    return " · ".join(parts)


def draw_mail(mail: ShownMail) -> None:
    """State and masked address; of one that nobody got also the server's code, and what to do."""
    st.badge(_(MAIL_WORDS[mail.state]), color=COLOURS[mail.state], icon=":material/mail:")  # type: ignore[arg-type]
    told = [mail.to, mail.status] if mail.state in FAILED else [mail.to]
    if words := " · ".join(part for part in told if part):
        st.caption(plain(words), width="content")
    if mail.state in FAILED:
        st.caption(_("Nobody got it: check the address, and send it another way."), width="content")
