"""Queues mails at a portal and looks at what became of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update

from portal.delivery.mail.contents import AnswerMail, Contents
from portal.delivery.mail.kinds import MailState
from portal.storage.answering.mail_tables import Mail
from portal.storage.tables import utc_now
from tests.delivery.mail.mail_server import MailServer

LINK = "https://portal.example/r/" + "k" * 43
ANSWER = AnswerMail("2026-0042", LINK, dt.date(2026, 6, 5), "privacy@brookandbean.example.com")


@dataclass
class SendingDesk:
    desk: Any
    relay: MailServer
    wait_for: Callable[..., None]

    def queue(
        self, contents: Contents = ANSWER, *, to: str = "ada@example.com", merchant: str = "one", language: str = "en"
    ) -> str:
        user = self.desk.user("maya", merchant)
        with self.desk.portal.db.write() as session:
            queued: str = self.desk.portal.outbox.queue(
                session, merchant_id=user.merchant_id, case_id="", delivery_id="", to=to, language=language,
                contents=contents, by=user.account_id,
            )  # fmt: skip
        return queued

    def row(self, mail_id: str) -> Mail:
        with self.desk.portal.db.read() as session:
            found: Mail = session.get_one(Mail, mail_id)
            return found

    def settled(self, mail_id: str, *states: MailState) -> Mail:
        wanted = states or (MailState.ACCEPTED, MailState.REFUSED, MailState.DEFERRED, MailState.UNKNOWN)
        self.wait_for(lambda: self.row(mail_id).state in wanted, f"mail in {wanted}")
        return self.row(mail_id)

    def send(self, contents: Contents = ANSWER, **how: Any) -> Mail:
        mail_id = self.queue(contents, **how)
        self.desk.portal.outbox.start(mail_id)
        return self.settled(mail_id)

    def time_has_come(self, mail_id: str) -> None:
        """What waits to be tried again is tried now."""
        long_ago = utc_now() - dt.timedelta(minutes=1)
        with self.desk.portal.db.write() as session:
            session.execute(update(Mail).where(Mail.id == mail_id).values(next_try_at=long_ago, updated_at=long_ago))
        self.desk.portal.workers.mails.restart_forgotten()

    def try_again(self, mail_id: str, tries: int) -> Mail:
        """Wait for the end of try number `tries`."""
        self.time_has_come(mail_id)
        self.wait_for(lambda: self.row(mail_id).tries == tries, "another try")
        return self.settled(mail_id)

    def entries(self, mail_id: str) -> list[str]:
        from portal.storage.tables import AuditEntry

        with self.desk.portal.db.read() as session:
            rows = session.scalars(select(AuditEntry).where(AuditEntry.action.like("mail:%")).order_by(AuditEntry.seq))
            mine = [row for row in rows if row.facts.get("mail") == mail_id]
        return [f"{row.action} {row.facts.get('to', '')}".strip() for row in mine]

    def forget_earlier(self) -> None:
        with self.desk.portal.db.write() as session:
            session.execute(
                update(Mail).values(created_at=utc_now() - dt.timedelta(days=3), next_try_at=None, state="accepted")
            )
