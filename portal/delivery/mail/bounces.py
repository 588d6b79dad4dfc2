"""Mails that came back (MAIL-7). Of a bounce only its token, action and status code are read; nothing else is kept.

The token is the secret of a bounce: it stands in the address that only the servers on the way have seen (VERP).
"""

from __future__ import annotations

import email
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from email.policy import compat32
from enum import StrEnum
from typing import IO

from flufl.bounce import all_failures
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.delivery.mail.kinds import MOVES, MailState
from portal.delivery.mail.ledger import MailLedger
from portal.delivery.mail.message import TOKEN_BYTES, token_sha256
from portal.log import log
from portal.storage.answering.mail_tables import Mail
from portal.storage.engine import Database

LONGEST_BYTES = 2 * 1024 * 1024
_TOKEN = re.compile(rf"\+([0-9a-f]{{{2 * TOKEN_BYTES}}})@", re.I)
_ENVELOPE_ID = re.compile(rf"\b([0-9a-f]{{{2 * TOKEN_BYTES}}})\b", re.I)
_STATUS = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
_ADDRESSED = ("Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "To")
_PARTS_READ = 200
_HOLDER = re.compile(rb"content-type:\s*(?:multipart|message)/", re.I)
MOST_HOLDERS = 40


class Action(StrEnum):
    """RFC 3464, 2.3.3."""

    FAILED = "failed"
    DELAYED = "delayed"
    DELIVERED = "delivered"
    RELAYED = "relayed"
    EXPANDED = "expanded"


@dataclass(frozen=True)
class Bounce:
    token: str
    action: Action
    status: str


def read_bounce(raw: bytes) -> Bounce | None:
    """What a message says of a mail of ours; None for anything else. Never raises for what it is given."""
    raw = raw[:LONGEST_BYTES]
    if len(_HOLDER.findall(raw)) > MOST_HOLDERS:  # the standard library's parser calls itself for each
        return None
    try:
        message = email.message_from_bytes(raw, policy=compat32)
        token = _token_of(message)
        told = (_by_delivery_status(message) or _by_its_looks(message)) if token else None
    except Exception as error:  # a parser meets what strangers write
        log.info("mail.bounce_unreadable", error_type=type(error).__name__)
        return None
    return Bounce(token, *told) if told is not None else None


def _token_of(message: Message) -> str:
    for name in _ADDRESSED:
        for value in message.get_all(name, []):
            if found := _TOKEN.search(str(value)):
                return found[1].lower()
    for fields in _status_fields(message):
        if found := _ENVELOPE_ID.search(str(fields.get("Original-Envelope-Id", ""))):
            return found[1].lower()
    return ""


def _status_fields(message: Message) -> Iterator[Message]:
    """The groups of fields of a message/delivery-status: of the message, then of each recipient."""
    for number, part in enumerate(message.walk()):
        if number >= _PARTS_READ:
            return
        if part.get_content_type() == "message/delivery-status" and isinstance(groups := part.get_payload(), list):
            yield from (one for one in groups if isinstance(one, Message))


def _by_delivery_status(message: Message) -> tuple[Action, str] | None:
    for fields in _status_fields(message):
        action = str(fields.get("Action", "")).strip().lower()
        if action in set(Action):
            status = _STATUS.search(str(fields.get("Status", "")))
            return Action(action), status[1] if status else "5.0.0" if action == Action.FAILED else ""
    return None


def _by_its_looks(message: Message) -> tuple[Action, str] | None:
    """Bounces of servers that write sentences."""
    temporary, permanent = all_failures(message)
    if permanent:
        return Action.FAILED, "5.0.0"
    return (Action.DELAYED, "4.0.0") if temporary else None


class Bounces:
    """Takes bounces in. They come from no person: who can write to the mailbox of bounces may speak here."""

    def __init__(self, db: Database, ledger: MailLedger) -> None:
        self._db = db
        self._ledger = ledger

    def take(self, source: IO[bytes]) -> bool:
        """One message. False when it is about no mail of ours, or tells nothing new."""
        return self.take_bytes(source.read(LONGEST_BYTES))

    def take_bytes(self, raw: bytes) -> bool:
        bounce = read_bounce(raw)
        if bounce is None:
            return False
        with self._db.write() as session:
            found = session.scalar(select(Mail.id).where(Mail.verp_sha256 == token_sha256(bounce.token)))
            row = self._ledger.hold(session, found) if found is not None else None
            if row is None:
                return False
            if bounce.action is Action.FAILED:
                return self._bounced(session, row, bounce)
            return self._noted(row, bounce)

    def _noted(self, row: Mail, bounce: Bounce) -> bool:
        """A delay or a receipt: its code is kept, the state stays."""
        if row.state != MailState.ACCEPTED or not bounce.status or row.dsn_status == bounce.status:
            return False
        row.dsn_status = bounce.status
        log.info("mail.notice", mail=row.id, status=bounce.status, outcome=bounce.action.value)
        return True

    def _bounced(self, session: Session, row: Mail, bounce: Bounce) -> bool:
        if MailState.BOUNCED not in MOVES[MailState(row.state)]:
            return False
        self._ledger.move(session, row, MailState.BOUNCED, dsn_status=bounce.status)
        log.info("mail.bounced", mail=row.id, status=bounce.status)
        return True
