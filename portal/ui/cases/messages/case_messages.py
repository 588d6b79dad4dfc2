"""Messages of a case: what the person wrote on their own page, and an answer to it. Their words are drawn as text."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from portal.composition import Portal
from portal.front_door.kinds import MESSAGE_MAX, MessageKind, Writer
from portal.front_door.messages import CaseMessageView
from portal.identity import Permission, User, allows
from portal.ui.common import navigation
from portal.ui.common.acting import act_and_tell
from portal.ui.common.times import when
from portal.ui.common.words import _, plural


def draw_messages(portal: Portal, user: User, case_id: str, zone: dt.tzinfo) -> None:
    """Nothing for a case whose person has no page of their own, and for who may not read notes."""
    if not allows(user.role, Permission.CASE_WORK):
        return
    found = portal.case_messages.of_case(user, case_id)
    if not found.reachable and not found.messages:
        return
    with st.container(key="case_messages"):
        st.subheader(_("Messages"))
        for one in found.messages:
            _draw(one, zone)
        if found.unread and st.button(
            plural("Mark {n} message as read", "Mark {n} messages as read", found.unread), key="messages_read",
            icon=":material/mark_email_read:",
        ):  # fmt: skip
            act_and_tell(partial(portal.case_messages.mark_read, user, case_id), _("Marked as read."))
        if found.reachable:
            _draw_form(portal, user, case_id)


def _draw(one: CaseMessageView, zone: dt.tzinfo) -> None:
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.text(f"{_('The person') if one.writer is Writer.PERSON else one.by} · {when(one.at, zone)}")
            if one.unread:
                st.badge(_("New"), icon=":material/mark_email_unread:", color="orange")
        if one.kind is MessageKind.ALSO_USED:
            st.caption(_("They say that this is theirs too. Nothing was looked up by it."))
        st.text(one.text)


def _draw_form(portal: Portal, user: User, case_id: str) -> None:
    with st.form("case_message", border=False, clear_on_submit=True):
        text = st.text_area(
            _("Message to the person"), key="case_message_text", max_chars=MESSAGE_MAX, height=110,
            help=_("They read it on their own page. A mail tells them that there is one, not what it says."),
        )  # fmt: skip
        if st.form_submit_button(_("Send the message"), icon=":material/send:"):
            act_and_tell(partial(portal.case_messages.write, user, case_id, text), _("The message was sent."))


def draw_unread(portal: Portal, user: User, cause: Callable[..., DeltaGenerator]) -> None:
    """On Today: a line a case. `cause(words, count, key=…)` gives the part of the page."""
    unread = portal.case_messages.unread(user) if allows(user.role, Permission.CASE_WORK) else ()
    if not unread:
        return
    with cause(_("Messages not read yet"), len(unread), key="messages"):
        for one in unread:
            said, button = st.columns([6, 1], vertical_alignment="center")
            said.text(f"{one.name} · {plural('{n} message', '{n} messages', one.count)}")
            if button.button(_("Open"), key=f"message-{one.case_id}", width="stretch"):
                navigation.go_to_case(one.case_id)
