"""Where a mail of a case stands."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from portal.delivery.mail.case_mails import ShownMail
from portal.delivery.mail.kinds import FAILED, MailState
from portal.ui.common.words import _, later, plain

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


def draw_mail(mail: ShownMail) -> None:
    """State and masked address; of one that nobody got also the server's code, and what to do."""
    st.badge(_(MAIL_WORDS[mail.state]), color=COLOURS[mail.state], icon=":material/mail:")  # type: ignore[arg-type]
    told = [mail.to, mail.status] if mail.state in FAILED else [mail.to]
    if words := " · ".join(part for part in told if part):
        st.caption(plain(words), width="content")
    if mail.state in FAILED:
        st.caption(_("Nobody got it: check the address, and send it another way."), width="content")
