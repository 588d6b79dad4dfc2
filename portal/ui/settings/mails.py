"""The part of Settings about mails: whether they can be sent, whose name they carry, where answers go, a test."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from portal.delivery.mail.kinds import MailState
from portal.delivery.mail.senders import NAME_MAX, ShownMailSettings
from portal.errors import InputError, PortalError
from portal.identity import User
from portal.runtime import get_portal
from portal.ui.common.acting import redraw_unless_asking
from portal.ui.common.notices import add_notice
from portal.ui.common.problems import field_problem, show_problem
from portal.ui.common.words import _, language

TEST = "_mail_test"
"""In the session's state: the test mail that was sent last."""
WAITING = (MailState.QUEUED, MailState.SENDING)


def mails(user: User) -> None:
    now = get_portal().mail_settings.show(user)
    st.header(_("Mail"))
    if not now.ready:
        st.info(
            _("The portal sends no mail yet: its operator sets up a mail server. Until then send letters yourself."),
            icon=":material/mail_off:",
        )
        return
    st.caption(_("Letters of a case can be sent from here. The portal's operator has set up the mail server."))
    if not now.reply_to:
        st.warning(_("Enter where answers go: without it no mail is sent."), icon=":material/reply:")
    _sender(user, now)
    _test(user)
    _arriving(now)


def _sender(user: User, now: ShownMailSettings) -> None:
    with st.form("mail_sender"):
        name = st.text_input(
            _("Name that people see"), value=now.saved_name, placeholder=now.display_name, max_chars=NAME_MAX,
            key="mail_name",
        )  # fmt: skip
        problem = st.container()
        reply_to = st.text_input(
            _("Answers go to"), value=now.saved_reply_to, placeholder=now.reply_to or "name@example.com",
            key="mail_reply_to", help=_("Your privacy mailbox. Empty: the address in what your letters say."),
        )  # fmt: skip
        at = {"display_name": problem, "reply_to": st.container()}
        saved = st.form_submit_button(_("Save the sender"), icon=":material/save:")
    if saved:
        _do(lambda: get_portal().mail_settings.save(user, display_name=name, reply_to=reply_to), _("Saved."), at)


def _test(user: User) -> None:
    with st.form("mail_test", border=False):
        left, right = st.columns([3, 1], vertical_alignment="bottom")
        to = left.text_input(_("Send a test mail to"), value=user.email, key="mail_test_to")
        pressed = right.form_submit_button(_("Send a test mail"), icon=":material/send:")
        at = {"to": st.container()}
    if pressed:
        _do(lambda: _send_test(user, to), "", at)
    if mail_id := st.session_state.get(TEST):
        state = get_portal().mail_settings.state_of(user, mail_id)
        _told(state)
        if state in WAITING:
            _watch(user, mail_id)


def _send_test(user: User, to: str) -> None:
    st.session_state[TEST] = get_portal().mail_settings.send_test(user, to, language=language())


@st.fragment(run_every=1.0)
def _watch(user: User, mail_id: str) -> None:
    """Until the mail server has answered."""
    if get_portal().mail_settings.state_of(user, mail_id) not in WAITING:
        redraw_unless_asking()


def _told(state: str) -> None:
    if state in WAITING:
        st.info(_("The test mail is on its way …"), icon=":material/schedule_send:")
    elif state == MailState.ACCEPTED:
        st.success(_("The mail server took the test mail. Look whether it arrives."), icon=":material/check_circle:")
    elif state == MailState.DEFERRED:
        st.warning(_("The mail server does not take it now. It is tried again."), icon=":material/hourglass:")
    else:
        st.error(_("The test mail was not sent. Tell the portal's operator."), icon=":material/error:")


def _arriving(now: ShownMailSettings) -> None:
    with st.expander(_("So that mails arrive")):
        st.text(_("All mails come from this address:"))
        st.code(now.mail_from, language=None)
        st.text(
            _(
                "Who runs its domain lists the mail server in SPF and signs with DKIM, so that DMARC finds both "
                "aligned with the address. The mail server must not rewrite links or count who opens a mail. The "
                "portal looks nothing up in DNS."
            )
        )


def _do(act: Callable[[], object], done: str, at: dict[str, st.delta_generator.DeltaGenerator]) -> None:
    """A wrong field's problem is shown under the field."""
    try:
        act()
    except InputError as wrong:
        with at.get(wrong.field, st.container()):
            field_problem(wrong.message)
    except PortalError as error:
        show_problem(error)
    else:
        if done:
            add_notice(done)
        st.rerun()
