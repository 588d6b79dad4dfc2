"""The mailbox that bounces come to, read by IMAP over TLS. Each message is deleted once it was taken in."""

from __future__ import annotations

import contextlib
import imaplib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from portal.config import Settings
from portal.loyaltydog.network.tls import NoAuthorities, client_context

ANSWER_SECONDS = 60
MOST_AT_ONCE = 500
MOST_LOOKED_AT = 50
TROUBLES = (imaplib.IMAP4.error, OSError, EOFError, NoAuthorities)


@dataclass(frozen=True)
class BounceMailbox:
    """Used for bounces alone: whatever lies in it is deleted."""

    host: str
    user: str
    password: str = field(repr=False)
    port: int = 993


def mailbox_of(settings: Settings) -> BounceMailbox | None:
    """None where none is set up."""
    if not settings.mail_imap_host:
        return None
    password = settings.mail_imap_password.get_secret_value() if settings.mail_imap_password else ""
    return BounceMailbox(settings.mail_imap_host, settings.mail_imap_user, password, settings.mail_imap_port)


def poll(mailbox: BounceMailbox, take: Callable[[bytes], bool], *, longest: int) -> tuple[int, int]:
    """Give each message to `take`; how many there were, and how many of them told something. Raises `TROUBLES`.

    A message is deleted after it was taken in: one that is read twice changes nothing, one that is not given out stays.
    """
    told = 0
    with _opened(mailbox) as server:
        names = _names(server)[:MOST_AT_ONCE]
        for name in names:
            if (raw := _message(server, name, longest)) is not None:
                told += take(raw)
                _done(server.store(name, "+FLAGS", r"(\Deleted)"))
        _done(server.expunge())
    return len(names), told


def find(mailbox: BounceMailbox, words: bytes, *, longest: int) -> bytes | None:
    """The newest message with these words in it, which is deleted; the others stay. Raises `TROUBLES`."""
    with _opened(mailbox) as server:
        for name in reversed(_names(server)[-MOST_LOOKED_AT:]):
            raw = _message(server, name, longest)
            if raw is not None and words in raw:
                _done(server.store(name, "+FLAGS", r"(\Deleted)"))
                _done(server.expunge())
                return raw
    return None


@contextlib.contextmanager
def _opened(mailbox: BounceMailbox) -> Iterator[imaplib.IMAP4_SSL]:
    server = imaplib.IMAP4_SSL(mailbox.host, mailbox.port, ssl_context=client_context(), timeout=ANSWER_SECONDS)
    with server:
        server.login(mailbox.user, mailbox.password)
        _done(server.select("INBOX"))
        yield server


def _names(server: imaplib.IMAP4_SSL) -> list[str]:
    """Of the messages, the oldest first."""
    found = _done(server.search(None, "ALL"))
    return [number.decode("ascii") for number in (found[0] or b"").split()]


def _message(server: imaplib.IMAP4_SSL, name: str, longest: int) -> bytes | None:
    parts = _done(server.fetch(name, f"(BODY.PEEK[]<0.{longest}>)"))
    return next((part[1] for part in parts if isinstance(part, tuple)), None)


def _done(answer: tuple[str, list[Any]]) -> list[Any]:
    """What the server answered; imaplib raises for BAD, not for NO."""
    state, found = answer
    if state != "OK":
        raise imaplib.IMAP4.error("refused")
    return found
