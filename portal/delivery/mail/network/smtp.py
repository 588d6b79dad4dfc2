"""One mail to one recipient over SMTP, and what the server's answer means (RFC 5321, 3461, 6531, 8314).

A server's sentences are never kept: they may hold the address. Its codes are.
"""

from __future__ import annotations

import contextlib
import re
import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from portal.delivery.mail.network.relay import Relay, Security
from portal.loyaltydog.addresses import is_loopback_host
from portal.loyaltydog.network.tls import NoAuthorities, client_context

ANSWER_SECONDS = 60.0
WHOLE_SECONDS = 180.0
_ENHANCED = re.compile(rb"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_LEADING_DOT = re.compile(rb"(?m)^\.")
NO_CONNECTION, NO_TLS, NO_UTF8, LOST = "4.4.1", "4.7.0", "5.6.7", "4.4.2"
OUR_FAULT = frozenset({530, 534, 535, 538})
"""The relay wants another sign-in: the operator's to mend, and not for ever."""


class Outcome(StrEnum):
    ACCEPTED = "accepted"
    LATER = "later"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Sent:
    """`status` is an enhanced status code (RFC 3463): the server's, or the one that says best what happened here."""

    outcome: Outcome
    status: str


@dataclass(frozen=True)
class Letter:
    """One mail on its way: envelope and bytes. `envelope_id` comes back in a bounce."""

    bounce_to: str
    to: str
    data: bytes
    envelope_id: str


class PlainRefused(ValueError):
    """A relay on another machine, without TLS."""


class _Answered(Exception):
    """The server's answer ends the attempt."""

    def __init__(self, sent: Sent) -> None:
        super().__init__(sent.status)
        self.sent = sent


def send(relay: Relay, letter: Letter, *, answer_seconds: float = ANSWER_SECONDS, whole: float = WHOLE_SECONDS) -> Sent:
    """Hand the mail over. Never raises for what a server or a network does."""
    handed_over = threading.Event()
    try:
        with connected(relay, answer_seconds=answer_seconds, whole=whole) as server:
            return _transaction(server, letter, handed_over)
    except _Answered as answered:
        return answered.sent
    except (ssl.SSLError, NoAuthorities, smtplib.SMTPNotSupportedError):
        return Sent(Outcome.UNKNOWN if handed_over.is_set() else Outcome.LATER, NO_TLS)
    except smtplib.SMTPResponseException as refused:
        return Sent(Outcome.LATER, _status(refused.smtp_code, _bytes(refused.smtp_error)))
    except (OSError, smtplib.SMTPException, UnicodeError, ValueError):
        return Sent(Outcome.UNKNOWN, LOST) if handed_over.is_set() else Sent(Outcome.LATER, NO_CONNECTION)


@contextlib.contextmanager
def connected(
    relay: Relay, *, answer_seconds: float = ANSWER_SECONDS, whole: float = WHOLE_SECONDS
) -> Iterator[smtplib.SMTP]:
    """A connection with TLS checked and signed in. Raises smtplib's errors, OSError, NoAuthorities,
    PlainRefused.

    Ended after `whole` seconds, however slowly the server goes on answering.
    """
    if relay.security is Security.PLAIN and not is_loopback_host(relay.host):
        raise PlainRefused("mails go in the clear to this machine only")
    named = relay.mail_from.rpartition("@")[2] or "localhost"  # not this machine's name, nor a look-up of it
    if relay.security is Security.TLS:
        server: smtplib.SMTP = smtplib.SMTP_SSL(
            relay.host, relay.port, named, timeout=answer_seconds, context=client_context()
        )
    else:
        server = smtplib.SMTP(relay.host, relay.port, named, timeout=answer_seconds)
    watch = threading.Timer(whole, _cut, [server.sock])
    watch.daemon = True
    watch.start()
    try:
        if relay.security is Security.STARTTLS:
            server.starttls(context=client_context())
        server.ehlo_or_helo_if_needed()
        if relay.user:
            server.login(relay.user, relay.password)
        yield server
        with contextlib.suppress(OSError, smtplib.SMTPException):
            server.quit()
    finally:
        watch.cancel()
        server.close()


def _cut(connection: socket.socket | None) -> None:
    if connection is not None:
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)


def _transaction(server: smtplib.SMTP, letter: Letter, handed_over: threading.Event) -> Sent:
    utf8 = not letter.to.isascii()
    if utf8 and not server.has_extn("smtputf8"):
        return Sent(Outcome.REFUSED, NO_UTF8)
    notices = server.has_extn("dsn")  # a server that does not offer it answers 555
    options = ["SMTPUTF8"] if utf8 else []
    options += ["RET=HDRS", f"ENVID={letter.envelope_id}"] if notices else []
    server.command_encoding = "utf-8" if utf8 else "ascii"
    _must_be(server.mail(letter.bounce_to, options), 250)
    _must_be(server.rcpt(letter.to, ["NOTIFY=FAILURE,DELAY"] if notices else []), 250, 251)
    _must_be(server.docmd("DATA"), 354)
    data = _LEADING_DOT.sub(b"..", letter.data)
    handed_over.set()
    server.send(data if data.endswith(b"\r\n") else data + b"\r\n")
    server.send(b".\r\n")
    code, said = server.getreply()
    _must_be((code, said), 250)
    return Sent(Outcome.ACCEPTED, _status(code, said))


def _must_be(answer: tuple[int, bytes], *wanted: int) -> None:
    code, said = answer
    if code in wanted:
        return
    if code == -1:  # no answer that can be read
        raise smtplib.SMTPServerDisconnected("no answer")
    refused = 500 <= code < 600 and code not in OUR_FAULT
    raise _Answered(Sent(Outcome.REFUSED if refused else Outcome.LATER, _status(code, said)))


def _status(code: int, said: bytes) -> str:
    found = _ENHANCED.search(said)
    if found is not None and found[1][:1] == str(code)[:1].encode():
        return found[1].decode()
    return f"{code // 100}.0.0" if code // 100 in (2, 4, 5) else "4.0.0"


def _bytes(said: bytes | str) -> bytes:
    return said if isinstance(said, bytes) else said.encode(errors="replace")
