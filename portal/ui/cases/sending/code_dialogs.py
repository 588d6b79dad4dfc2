"""What is shown this once: the code of a delivery, and a link with its QR code. Neither is on the page afterwards."""

from __future__ import annotations

from typing import Any

import streamlit as st

from portal.composition import Portal
from portal.delivery.kinds import CodeChannel
from portal.errors import PortalError
from portal.identity import User
from portal.ui.account.qr_code import draw_qr
from portal.ui.cases.sending.send_words import CHANNEL_WORDS
from portal.ui.common.acting import open_dialog
from portal.ui.common.notices import add_notice
from portal.ui.common.problems import show_problem
from portal.ui.common.words import _

CODE, LINK = "_send_code", "_send_link"
TOLD = tuple(one for one in CodeChannel if one is not CodeChannel.SAME_MAILBOX)


def show_code(delivery_id: str, code: str, channel: CodeChannel | None) -> None:
    """At the next drawing of the page."""
    st.session_state[CODE] = (delivery_id, code, channel)


def show_link(link: str) -> None:
    """At the next drawing of the page."""
    st.session_state[LINK] = link


def draw_open_dialog(portal: Portal, user: User, case_id: str) -> None:
    """Open what waits to be shown. It is taken out of the state first: a dialog that is shut shows it no more."""
    code = st.session_state.pop(CODE, None)
    link = st.session_state.pop(LINK, None)
    if code is not None:
        open_dialog(_("The code"), _code, portal, user, case_id, *code, icon=":material/pin:")
    elif link is not None:
        open_dialog(_("The link"), _link, link, icon=":material/qr_code_2:")


def draw_told(
    portal: Portal, user: User, case_id: str, delivery_id: str, first: CodeChannel | None, *, key: str
) -> bool:  # fmt: skip
    """By which way the code was told, and the button that records it and makes the link. True when that is done."""
    channel = st.selectbox(
        _("It was told"), TOLD, index=TOLD.index(first) if first in TOLD else 0, key=f"send_told_{key}",
        format_func=lambda one: _(CHANNEL_WORDS[one]),
    )  # fmt: skip
    second = ""
    if channel is CodeChannel.SECOND_EMAIL:
        second = st.text_input(
            _("The second address"), key=f"send_second_{key}", autocomplete="off", max_chars=320,
            help=_("It is compared with the link's address and not kept."),
        )  # fmt: skip
    if not st.button(
        _("It was told, make the link"), key=f"send_told_now_{key}", type="primary",
        icon=":material/outgoing_mail:",
    ):  # fmt: skip
        return False
    try:
        portal.deliveries.told(user, case_id, delivery_id, channel, code_to=second)
        send(portal, user, case_id, delivery_id)
    except PortalError as error:
        show_problem(error)
        return False
    return True


def send(portal: Portal, user: User, case_id: str, delivery_id: str) -> None:
    """Raises PortalError."""
    link = portal.deliveries.send(user, case_id, delivery_id)
    if link:
        show_link(link)
    else:
        add_notice(_("The mail with the link is on its way."))


def _code(portal: Portal, user: User, case_id: str, delivery_id: str, code: str, *more: Any) -> None:
    st.text(_("Shown only now. Tell it by another way than the link; it is not in the mail."))
    st.code(code, language=None)
    if draw_told(portal, user, case_id, delivery_id, more[0] if more else None, key="dialog"):
        st.rerun()
    if st.button(_("I tell it later"), key="send_code_later"):
        st.rerun()


def _link(link: str) -> None:
    st.text(_("Shown only now. The person scans it, then enters the code."))
    draw_qr(link, width=260)
    st.code(link, language=None, wrap_lines=True)
    if st.button(_("Done"), key="send_link_done", type="primary"):
        st.rerun()
