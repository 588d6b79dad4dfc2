# ruff: noqa: N802 - aiosmtpd's names
"""A mail server in this process that can be told to misbehave."""

from __future__ import annotations

import asyncio
import email
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope


@dataclass
class Got:
    """One mail that a server took, or seemed not to take."""

    mail_from: str
    to: str
    raw: bytes
    mail_options: list[str]
    rcpt_options: list[str]

    @property
    def message(self) -> EmailMessage:
        found = email.message_from_bytes(self.raw, policy=default)
        assert isinstance(found, EmailMessage)
        return found

    def text(self, kind: str = "plain") -> str:
        part: Any = self.message.get_body((kind,))
        return str(part.get_content())


@dataclass
class Behaviour:
    """What to do at the next mails: `answers` are used up one after the other, at RCPT or at DATA.

    A code is answered; `drop` cuts the line after the data came, `drop_before` at MAIL, `late` never answers.
    """

    answers: list[str] = field(default_factory=list)
    at_rcpt: list[str] = field(default_factory=list)
    at_mail: list[str] = field(default_factory=list)
    dsn: bool = True
    utf8: bool = True
    password: str = ""


class MailServer:
    """`got` holds every mail whose data came in whole."""

    def __init__(self, behaviour: Behaviour) -> None:
        self.behaviour = behaviour
        self.got: list[Got] = []
        self.greeted_by: list[str] = []
        self.port = 0

    def messages(self) -> list[EmailMessage]:
        return [one.message for one in self.got]

    # Hooks of aiosmtpd

    async def handle_EHLO(self, server: Any, session: Any, envelope: Any, hostname: str, responses: list[str]) -> Any:
        session.host_name = hostname
        self.greeted_by.append(hostname)
        if self.behaviour.dsn:
            responses.insert(-1, "250-DSN")
        return responses

    async def handle_MAIL(self, server: Any, session: Any, envelope: Envelope, address: str, options: list[str]) -> str:
        told = self.behaviour.at_mail.pop(0) if self.behaviour.at_mail else ""
        if told == "drop":
            server.transport.abort()
            return "421 gone"
        if told:
            return told
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(self, server: Any, session: Any, envelope: Envelope, address: str, options: list[str]) -> str:
        if self.behaviour.at_rcpt:
            return self.behaviour.at_rcpt.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:
        content = envelope.content
        assert isinstance(content, bytes)
        for to in envelope.rcpt_tos:
            self.got.append(Got(envelope.mail_from or "", to, content, server.mail_extra, server.rcpt_extra))
        told = self.behaviour.answers.pop(0) if self.behaviour.answers else ""
        if told == "drop":
            server.transport.abort()
        if told == "late":
            await asyncio.sleep(3600)
        return told or "250 2.6.0 queued as 123"


class Offering(SMTP):
    """With the parameters of DSN, which aiosmtpd refuses."""

    offers_dsn = True

    async def smtp_MAIL(self, arg: str | None) -> None:
        self.mail_extra, bare = _taken(arg, ("RET=", "ENVID=")) if self.offers_dsn else ([], arg)
        await super().smtp_MAIL(bare)

    async def smtp_RCPT(self, arg: str | None) -> None:
        self.rcpt_extra, bare = _taken(arg, ("NOTIFY=",)) if self.offers_dsn else ([], arg)
        await super().smtp_RCPT(bare)


def _taken(arg: str | None, names: tuple[str, ...]) -> tuple[list[str], str]:
    words = (arg or "").split(" ")
    return [w for w in words if w.startswith(names)], " ".join(w for w in words if not w.startswith(names))


@contextmanager
def mail_server(
    behaviour: Behaviour | None = None, *, tls: ssl.SSLContext | None = None, starttls: ssl.SSLContext | None = None
) -> Iterator[MailServer]:
    server = MailServer(behaviour or Behaviour())

    def authenticated(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        return AuthResult(success=data.password == server.behaviour.password.encode(), handled=False)

    def protocol() -> SMTP:
        made = Offering(
            server, hostname="mail.example", enable_SMTPUTF8=server.behaviour.utf8, tls_context=starttls,
            require_starttls=starttls is not None, authenticator=authenticated if server.behaviour.password else None,
            auth_required=bool(server.behaviour.password), auth_require_tls=False, loop=loop,
        )  # fmt: skip
        made.offers_dsn = server.behaviour.dsn
        made.mail_extra = made.rcpt_extra = []
        return made

    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    opening = asyncio.run_coroutine_threadsafe(loop.create_server(protocol, "127.0.0.1", 0, ssl=tls), loop)
    listener = opening.result(10)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        loop.call_soon_threadsafe(listener.close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
