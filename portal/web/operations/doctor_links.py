"""Doctor's mail to itself: does the link of an answer come through the mail server as it was written (MAIL-5)?

By hand alone, never at a start. It goes to the mailbox of bounces, to an address with a token as a bounce does: so its
arrival is tried as well.
"""

from __future__ import annotations

import datetime as dt
import email
import re
import time
from collections.abc import Iterator
from email.message import EmailMessage
from email.policy import default

from portal.config import Settings
from portal.delivery.mail.contents import AnswerMail, draft_of
from portal.delivery.mail.message import Envelope, bounce_address, message, new_message_id, new_token
from portal.delivery.mail.network.imap import TROUBLES, BounceMailbox, find, mailbox_of
from portal.delivery.mail.network.relay import Relay, relay_of
from portal.delivery.mail.network.smtp import Letter, Outcome, send
from portal.delivery.tokens import link_of
from portal.delivery.tokens import new_token as new_link_token
from portal.web.operations.doctor_mail import TRACKING
from portal.web.operations.doctor_paths import Check

NAME = "mail tracking"
WAIT_SECONDS, LOOK_EVERY = 60.0, 2.0
_ADDRESS = re.compile(r"https?://[^\s\"'<>]+")
_LONGEST = 256 * 1024


def link_checks(settings: Settings, *, wait: float = WAIT_SECONDS) -> Iterator[Check]:
    """Where a relay and a mailbox are set up."""
    relay, mailbox = relay_of(settings), mailbox_of(settings)
    if relay is None or mailbox is None or settings.practice:
        return
    link, token = link_of(settings.origin, new_link_token()), new_token()
    if send(relay, _mail(relay, link, token)).outcome is not Outcome.ACCEPTED:
        yield _unseen("The mail server does not take a mail to the mailbox of bounces.")
        return
    try:
        came = _wait_for(mailbox, token, wait)
    except TROUBLES as trouble:
        yield _unseen(f"The mailbox of bounces cannot be read ({type(trouble).__name__}).")
        return
    if came is None:
        yield _unseen("A mail to the mailbox of bounces did not arrive within a minute; bounces may not either.")
    elif _links_of(came) == {link}:
        yield Check(NAME, True, "A mail came through the mail server with its link as it was.")
    else:
        yield Check(NAME, False, "The mail server changes the links of mails, or adds others.", TRACKING)


def _unseen(sentence: str) -> Check:
    return Check(NAME, True, sentence, "See docs/mail.md, and look at a mail of `python -m portal mail test`.",
                 warns=True)  # fmt: skip


def _mail(relay: Relay, link: str, token: str) -> Letter:
    """Of the form of an answer's; the link opens nothing."""
    to = bounce_address(relay.bounce_to, token)
    contents = AnswerMail("0000-0000", link, dt.datetime.now(dt.UTC).date(), "")
    draft = draft_of(contents, token=token, display_name="doctor", reply_to="")
    envelope = Envelope(relay.mail_from, to, new_message_id(relay.mail_from), dt.datetime.now(dt.UTC))
    return Letter(to, to, message(draft, envelope, "en"), token)


def _wait_for(mailbox: BounceMailbox, token: str, wait: float) -> bytes | None:
    end = time.monotonic() + wait
    while (came := find(mailbox, token.encode(), longest=_LONGEST)) is None:
        if time.monotonic() >= end:
            return None
        time.sleep(LOOK_EVERY)
    return came


def _links_of(raw: bytes) -> set[str]:
    """Every address in text and HTML; what is no text of either kind counts as another one."""
    parsed = email.message_from_bytes(raw, policy=default)
    assert isinstance(parsed, EmailMessage)
    found: set[str] = set()
    for kind in ("plain", "html"):
        body = parsed.get_body((kind,))
        found |= set(_ADDRESS.findall(str(body.get_content()))) if isinstance(body, EmailMessage) else {""}
    return found
