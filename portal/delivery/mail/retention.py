"""What is dropped of mails in the course of time: the contents when they are sent (`ledger`), the address here."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import update

from portal.delivery.mail.kinds import TO_SEND
from portal.storage.answering.mail_tables import Mail
from portal.storage.engine import Database
from portal.storage.tables import utc_now

KEPT_DAYS = 30
"""A bounce comes within five days; after this time nobody asks any more where a mail went."""
EVERY = dt.timedelta(hours=1)


@dataclass
class MailRetention:
    """A worker's housekeeping for mails."""

    db: Database
    _looked_at: dt.datetime | None = None

    def run_housekeeping(self) -> None:
        now = utc_now()
        if self._looked_at is not None and now - self._looked_at < EVERY:
            return
        self._looked_at = now
        with self.db.write() as session:
            session.execute(
                update(Mail)
                .where(
                    Mail.updated_at < now - dt.timedelta(days=KEPT_DAYS),
                    Mail.sealed_to.is_not(None),
                    Mail.state.not_in(TO_SEND) | Mail.next_try_at.is_(None),
                )
                .values(sealed_to=None, sealed_contents=None)
                .execution_options(synchronize_session=False)
            )
