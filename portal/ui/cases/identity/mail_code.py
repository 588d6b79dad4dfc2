"""A code by mail: to which address, whether it was mailed, and the field for what the person says."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import streamlit as st

from portal.composition import Portal
from portal.identity import User
from portal.recognition.mail_codes import CodeStanding, MailedCode
from portal.ui.common.acting import act_and_tell
from portal.ui.common.words import _, later, plural

ENDED_WORDS: Mapping[CodeStanding, str] = {
    CodeStanding.NONE: "",
    CodeStanding.OPEN: "",
    CodeStanding.OVER: later("The code is over: ten minutes have passed. Mail a new one."),
    CodeStanding.LOCKED: later(
        "Five wrong codes were entered, so this one is dead. Choose another way, or mail a new one."
    ),
    CodeStanding.FAILED: later("The mail did not arrive. Choose another way."),
}


def why_none(state: MailedCode) -> str:
    """Why no code can be mailed; nothing where one can, or where no address is known."""
    if state.addresses or not state.emails:
        return ""
    if not state.ready:
        return _("No code can be mailed: the portal sends no mail yet.")
    return _("No code by mail: no record shows yet that the address and what else was named belong to one person.")


def draw_mail_code(portal: Portal, user: User, case_id: str, state: MailedCode, *, leads: bool) -> None:
    is_open = state.standing is CodeStanding.OPEN
    if is_open:
        _draw_typed(portal, user, case_id, state, leads=leads)
    elif ENDED_WORDS[state.standing]:
        st.warning(_(ENDED_WORDS[state.standing]), icon=":material/timer_off:")
    chosen = _address(state)
    if st.button(
        _("Mail a new code") if state.standing is not CodeStanding.NONE else _("Mail a code"), key="identity_code_send",
        type="secondary" if is_open or not leads else "primary", icon=":material/forward_to_inbox:",
    ):  # fmt: skip
        act_and_tell(
            partial(portal.identity_codes.send, user, case_id, chosen),
            _("The code is on its way. The person tells it to you."),
        )


def _draw_typed(portal: Portal, user: User, case_id: str, state: MailedCode, *, leads: bool) -> None:
    st.text(_("A code went to {address} and works for ten minutes.").format(address=state.to))
    with st.form("identity_code", border=False):
        code = st.text_input(
            _("Code that the person tells you"), key="identity_code", max_chars=12, autocomplete="off",
            help=plural("{n} try is left.", "{n} tries are left.", state.tries_left),
        )  # fmt: skip
        if st.form_submit_button(
            _("Check the code"), type="primary" if leads else "secondary", icon=":material/check:"
        ):
            act_and_tell(
                partial(portal.identity_codes.check, user, case_id, code), _("It is them: the code was the right one.")
            )


def _address(state: MailedCode) -> str:
    """Asked for where there are several."""
    if len(state.addresses) == 1:
        if state.standing is not CodeStanding.OPEN:
            st.text(state.addresses[0].masked)
        return state.addresses[0].identifier_id
    masked = {one.identifier_id: one.masked for one in state.addresses}
    return str(st.selectbox(_("Address on file"), list(masked), key="identity_code_to", format_func=masked.__getitem__))
