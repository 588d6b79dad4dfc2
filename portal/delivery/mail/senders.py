"""Whose name a merchant's mails carry and where an answer to them goes. The relay is the operator's."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sqlalchemy.orm import Session

from portal import audit
from portal.config import Settings
from portal.delivery.mail.addresses import checked_address
from portal.delivery.mail.contents import TestMail
from portal.delivery.mail.outbox import Outbox
from portal.errors import InputError
from portal.identity import Permission, User, require, require_fresh_proof
from portal.identity.refusal_audit import RefusalAudit, refusals_audited
from portal.letters.engine import one_line
from portal.storage.answering.mail_tables import MailSender
from portal.storage.engine import Database
from portal.storage.locks import lock_merchant
from portal.storage.tables import utc_now

NAME_MAX = 80
_NOT_IN_A_NAME = re.compile(r'[<>"@\\]|https?:|www\.', re.I)


@dataclass(frozen=True)
class ShownMailSettings:
    """`ready`: the operator has set up a relay. `mail_from` is the address that all mails come from; `display_name` and
    `reply_to` are in force, `saved_reply_to` is what was entered."""

    ready: bool
    mail_from: str
    display_name: str
    reply_to: str
    saved_name: str
    saved_reply_to: str


@refusals_audited
@dataclass
class MailSettings:
    """Shows and changes them, and sends a test mail."""

    db: Database
    refusal_audit: RefusalAudit
    settings: Settings
    outbox: Outbox

    def show(self, user: User) -> ShownMailSettings:
        require(user, Permission.SETTINGS)
        with self.db.read() as session:
            row = session.get(MailSender, user.merchant_id)
            name, reply_to = self.outbox.sender_of(session, user.merchant_id)
        return ShownMailSettings(
            self.outbox.ready, self.outbox.mail_from, name, reply_to,
            row.display_name if row else "", row.reply_to if row else "",
        )  # fmt: skip

    def save(self, user: User, *, display_name: str, reply_to: str) -> None:
        """Empty: the merchant's name, and the address in what its letters say. Raises InputError(field="display_name"
        or "reply_to"), NotPermitted, StepUpNeeded."""
        require(user, Permission.SETTINGS)
        require_fresh_proof(user, self.settings)
        display_name = one_line(display_name)
        if len(display_name) > NAME_MAX or _NOT_IN_A_NAME.search(display_name):
            raise InputError("Enter a name without an address in it.", field="display_name")
        reply_to = checked_address(reply_to, field="reply_to") if reply_to.strip() else ""
        with self.db.write() as session:
            lock_merchant(session, user.merchant_id)
            row = session.get(MailSender, user.merchant_id)
            if row is None:
                row = MailSender(merchant_id=user.merchant_id, updated_by=user.account_id)
                session.add(row)
            wanted = {"display_name": display_name, "reply_to": reply_to}
            changed = [name for name, value in wanted.items() if getattr(row, name) != value]
            for name in changed:
                setattr(row, name, wanted[name])
            row.updated_at, row.updated_by = utc_now(), user.account_id
            if changed:
                audit.record(
                    session, user.merchant_id, user.account_id, "mail:sender",
                    object_id=user.merchant_id, origin=user.origin, changed=changed,
                )  # fmt: skip

    def send_test(self, user: User, to: str, *, language: str = "en") -> str:
        """Queue a test mail; gives its id. Raises InputError(field="to"), MailNotSetUp, TooManyMails."""
        require(user, Permission.SETTINGS)
        require_fresh_proof(user, self.settings)
        with self.db.write() as session:
            lock_merchant(session, user.merchant_id)
            mail_id = self._queued_test(session, user, to, language)
        self.outbox.start(mail_id)
        return mail_id

    def _queued_test(self, session: Session, user: User, to: str, language: str) -> str:
        return self.outbox.queue(
            session, merchant_id=user.merchant_id, case_id="", delivery_id="", to=to, language=language,
            contents=TestMail(), by=user.account_id, origin=user.origin,
        )  # fmt: skip

    def state_of(self, user: User, mail_id: str) -> str:
        """The state of a test mail of this merchant; empty for any other."""
        require(user, Permission.SETTINGS)
        with self.db.read() as session:
            return self.outbox.state_of(session, user.merchant_id, mail_id)
