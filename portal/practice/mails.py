"""The practice merchant's mailbox: takes every mail for everybody, keeps it in memory and sends nothing on."""

import email
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import default
from typing import Any, Final

from aiosmtpd.smtp import SMTP, Envelope, Session

MAILS_KEPT: Final = 500
LARGEST_BYTES: Final = 2 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class KeptMail:
    """One mail as it came. ``text`` is its plain part, ``html`` the other one."""

    number: int
    at: datetime
    mail_from: str
    to: str
    sender: str
    reply_to: str
    subject: str
    message_id: str
    text: str
    html: str


class Mailbox:
    """All mails, the newest last; the oldest are forgotten when there are too many."""

    def __init__(self) -> None:
        self.mails: deque[KeptMail] = deque(maxlen=MAILS_KEPT)
        self._number = 0

    def clear(self) -> None:
        """Forget all of them. Numbers go on."""
        self.mails.clear()

    def find(self, number: int) -> KeptMail | None:
        """The mail of that number, while it is kept."""
        return next((mail for mail in self.mails if mail.number == number), None)

    def keep(self, mail_from: str, to: list[str], raw: bytes) -> None:
        """Take in what a server sent."""
        message = email.message_from_bytes(raw, policy=default)
        assert isinstance(message, EmailMessage)
        self._number += 1
        self.mails.append(
            KeptMail(
                self._number, datetime.now(UTC), mail_from, ", ".join(to), str(message["From"] or ""),
                str(message["Reply-To"] or ""), str(message["Subject"] or ""), str(message["Message-ID"] or ""),
                _part(message, "plain"), _part(message, "html"),
            )
        )  # fmt: skip

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's
        """Called for each mail."""
        content = envelope.content
        self.keep(envelope.mail_from or "", envelope.rcpt_tos, content if isinstance(content, bytes) else b"")
        return "250 2.6.0 kept"

    def protocol(self) -> SMTP:
        """One connection."""
        return SMTP(
            self, data_size_limit=LARGEST_BYTES, enable_SMTPUTF8=True, hostname="practice.example", ident="practice"
        )


def _part(message: EmailMessage, kind: str) -> str:
    part: Any = message.get_body((kind,))
    try:
        return str(part.get_content()) if part is not None else ""
    except (LookupError, UnicodeError):
        return ""
