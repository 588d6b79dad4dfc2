"""How many mails a merchant and an address may get (MAIL-9)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.delivery.mail.kinds import MailKind
from portal.delivery.mail.ledger import MailSeal
from portal.errors import TryLater
from portal.identifiers import identifier_key
from portal.storage.answering.mail_tables import Mail
from portal.storage.tables import utc_now


class TooManyMails(TryLater):
    code = "too_many_mails"
    message = "Too many mails for now."


HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)


@dataclass(frozen=True)
class Limit:
    """At most `count` in `within`."""

    count: int
    within: dt.timedelta
    message: str


OF_MERCHANT = Limit(60, HOUR, "Your shop has sent 60 mails within an hour, and more must wait.")
OF_ADDRESS_AT_THE_DOOR = (
    Limit(6, HOUR, "This address has got six mails within an hour, and more must wait."),
    Limit(20, DAY, "This address has got twenty mails within a day, and more must wait."),
)
"""Codes are limited more narrowly where they are made; a code, a receipt and news of messages share these."""
OF_ADDRESS = (
    Limit(3, HOUR, "This address has got three mails within an hour, and more must wait."),
    Limit(10, DAY, "This address has got ten mails within a day, and more must wait."),
)


def check_limits(session: Session, seal: MailSeal, merchant_id: str, to: str, kind: MailKind) -> None:
    """Under the merchant's lock. Raises TooManyMails.

    Addresses are opened and compared: a merchant has at most 1,440 mails a day, and no index of addresses is kept.
    Mails of the front door are counted apart, the merchant's first, so that a flood of it opens nothing.
    """
    now = utc_now()
    of_kind = Mail.kind == MailKind.DOOR if kind is MailKind.DOOR else Mail.kind != MailKind.DOOR
    of_both = (Mail.merchant_id == merchant_id, of_kind)
    times = session.scalars(select(Mail.created_at).where(*of_both, Mail.created_at > now - HOUR)).all()
    _check(OF_MERCHANT, times, now)
    rows = session.scalars(select(Mail).where(*of_both, Mail.created_at > now - DAY)).all()
    wanted = identifier_key(to)
    theirs = [row.created_at for row in rows if identifier_key(seal.to(row)) == wanted]
    for limit in OF_ADDRESS_AT_THE_DOOR if kind is MailKind.DOOR else OF_ADDRESS:
        _check(limit, theirs, now)


def _check(limit: Limit, times: Sequence[dt.datetime], now: dt.datetime) -> None:
    recent = sorted(at for at in times if at > now - limit.within)
    if len(recent) >= limit.count:
        wait = recent[len(recent) - limit.count] + limit.within - now
        raise TooManyMails(limit.message, wait_seconds=max(1.0, wait.total_seconds()), detail=f"{limit.count}")
