"""The mailed code of a request: counted before it is made, charged before it is compared."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.delivery import codes
from portal.delivery.limits import HOUR, MAIL_CODE_LIVES, MAIL_CODE_TRIES, MAIL_CODES_AN_HOUR
from portal.delivery.mail.contents import DoorCodeMail
from portal.delivery.mail.outbox import Outbox
from portal.errors import TryLater
from portal.front_door.ledger import DoorSeal, note
from portal.identity import User
from portal.storage.answering.front_door_tables import DoorRequest
from portal.storage.tables import utc_now

PURPOSE = "front_door"


@dataclass
class DoorCodes:
    """Codes of a merchant's requests, within the transaction that holds the merchant's lock."""

    seal: DoorSeal
    outbox: Outbox

    def send(self, session: Session, user: User, row: DoorRequest) -> str:
        """Queue a new code, the one before is dead; gives the mail's id. Raises TryLater after three an hour to the
        address, and what the mail raises."""
        _check(session, row)
        key, code = codes.new_key(), codes.new_mail_code()
        minutes = int(MAIL_CODE_LIVES.total_seconds() // 60)
        mail_id = self.outbox.queue(
            session, merchant_id=row.merchant_id, case_id="", delivery_id="", to=self.seal.opened(row, "email"),
            language=row.language, contents=DoorCodeMail(code, minutes), by=user.account_id, origin=user.origin,
        )  # fmt: skip
        now = utc_now()
        if row.sent_since is None or now - row.sent_since >= HOUR:
            row.sent, row.sent_since = 0, now
        row.sent += 1
        row.sealed_code_key = self.seal.seal(row.merchant_id, DoorRequest, "code_key", row.id, key)
        row.code_prf = codes.prf(key, row.id, PURPOSE, code)
        row.until, row.tries = now + MAIL_CODE_LIVES, 0
        note(session, user, row.case_id or row.id, "door:code_mailed", count=row.sent)
        return mail_id

    def take(self, session: Session, user: User, row: DoorRequest, code: str) -> bool:
        """Is it the right one? It works once."""
        if not holds(row):
            return False
        row.tries += 1
        if not codes.same(codes.prf(self.seal.opened(row, "code_key"), row.id, PURPOSE, code), row.code_prf):
            note(session, user, row.case_id or row.id, "door:wrong_code", count=row.tries)
            return False
        row.code_prf, row.sealed_code_key = "", None
        return True


def holds(row: DoorRequest) -> bool:
    """May a code still be typed?"""
    in_time = row.until is not None and row.until > utc_now()
    return bool(row.code_prf) and in_time and row.tries < MAIL_CODE_TRIES


def _check(session: Session, row: DoorRequest) -> None:
    since: dt.datetime = utc_now() - HOUR
    sent = session.scalar(
        select(func.sum(DoorRequest.sent)).where(
            DoorRequest.merchant_id == row.merchant_id, DoorRequest.email_prf == row.email_prf,
            DoorRequest.sent_since > since,
        )
    )  # fmt: skip
    if (sent or 0) >= MAIL_CODES_AN_HOUR:
        raise TryLater(
            "Three codes were mailed within an hour.", wait_seconds=HOUR.total_seconds(), detail="front door"
        )  # fmt: skip
