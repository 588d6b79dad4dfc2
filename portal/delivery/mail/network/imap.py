"""The mailbox that bounces come to, read by IMAP over TLS. Each message is deleted once it was taken in."""

from __future__ import annotations

import imaplib
from collections.abc import Callable
from dataclasses import dataclass, field

from portal.config import Settings
from portal.loyaltydog.network.tls import client_context

PORT = 993
ANSWER_SECONDS = 60
MOST_AT_ONCE = 500
TROUBLES = (imaplib.IMAP4.error, OSError, EOFError)


@dataclass(frozen=True)
class BounceMailbox:
    """Used for bounces alone: whatever lies in it is deleted."""

    host: str
    user: str
    password: str = field(repr=False)
    port: int = PORT


def mailbox_of(settings: Settings) -> BounceMailbox | None:
    """None where none is set up."""
    if not settings.mail_imap_host:
        return None
    password = settings.mail_imap_password.get_secret_value() if settings.mail_imap_password else ""
    return BounceMailbox(settings.mail_imap_host, settings.mail_imap_user, password)


def poll(mailbox: BounceMailbox, take: Callable[[bytes], bool], *, longest: int) -> tuple[int, int]:
    """Give each message to `take`; how many there were, and how many of them told something. Raises `TROUBLES`.

    A message is deleted after it was taken in: one that is read twice changes nothing.
    """
    server = imaplib.IMAP4_SSL(mailbox.host, mailbox.port, ssl_context=client_context(), timeout=ANSWER_SECONDS)
    with server:
        server.login(mailbox.user, mailbox.password)
        server.select("INBOX")
        _state, found = server.search(None, "ALL")
        numbers = (found[0] or b"").split()[:MOST_AT_ONCE]
        told = 0
        for number in numbers:
            name = number.decode("ascii")
            _state, parts = server.fetch(name, f"(BODY.PEEK[]<0.{longest}>)")
            told += any(take(part[1]) for part in parts if isinstance(part, tuple))
            server.store(name, "+FLAGS", r"(\Deleted)")
        server.expunge()
    return len(numbers), told
