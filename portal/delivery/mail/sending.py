"""The step that sends one mail: what is about to happen is committed first, what came of it afterwards.

A process killed in between leaves a mail that may have been sent. It is sent again as the same mail: a lost notice is
worse than a double one (MAIL-3).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.orm import Session

from portal.delivery.mail.kinds import TO_SEND, MailState
from portal.delivery.mail.ledger import MailLedger
from portal.delivery.mail.message import Envelope, bounce_address, message, on_the_wire
from portal.delivery.mail.network.relay import Relay
from portal.delivery.mail.network.smtp import Letter, Outcome, Sent, send
from portal.errors import SealBroken
from portal.log import log
from portal.storage.answering.mail_tables import Mail
from portal.storage.engine import Database
from portal.storage.tables import utc_now

MINUTE, HOUR = 60, 3600
WAITS = (MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 2 * HOUR, *[4 * HOUR] * 5)
"""Seconds after each try that failed for now; within a day of the first."""
REPEATS = 3
"""How often a mail is sent again whose answer was lost."""
CANNOT_BE_MADE, OPENED_NOWHERE = "5.6.0", "5.3.0"


@dataclass(frozen=True)
class ToSend:
    """A mail in `sending`: committed, on its way."""

    mail_id: str
    tries: int
    letter: Letter


class SendStep:
    """Sends mails by one relay."""

    def __init__(
        self,
        db: Database,
        ledger: MailLedger,
        relay: Relay | None,
        checkpoint: Callable[[str], None],
        *,
        sender: Callable[[Relay, Letter], Sent] = send,
    ) -> None:
        self._db = db
        self._ledger = ledger
        self._relay = relay
        self._checkpoint = checkpoint
        self._sender = sender

    def run(self, mail_id: str) -> None:
        """One try, if its time has come."""
        if self._relay is None:
            return
        relay = self._relay
        self._checkpoint("mail.begin")
        plan = self._db.write_with_retry(lambda session: self._begin(session, mail_id, relay))
        if plan is None:
            return
        self._checkpoint("mail.sending_committed")
        sent = self._sender(relay, plan.letter)
        self._checkpoint("mail.answered")
        log.info("mail.sent", mail=mail_id, outcome=sent.outcome.value, status=sent.status, attempt=plan.tries)
        self._db.write_with_retry(lambda session: self._settle(session, plan, sent))
        self._checkpoint("mail.settled")

    def give_up(self, mail_id: str) -> None:
        """After many workflows that all broke off: a person decides."""
        with self._db.write() as session:
            row = self._ledger.hold(session, mail_id)
            if row is not None and _waits(row):
                may_be_sent = row.state in (MailState.SENDING, MailState.UNKNOWN)
                self._ledger.move(session, row, MailState.UNKNOWN if may_be_sent else MailState.REFUSED)

    def _begin(self, session: Session, mail_id: str, relay: Relay) -> ToSend | None:
        row = self._ledger.hold(session, mail_id)
        now = utc_now()
        if row is None or not _waits(row) or (row.next_try_at is not None and row.next_try_at > now):
            return None
        try:
            letter = self._letter(row, relay)
        except (ValueError, LookupError, SealBroken) as error:
            log.error("mail.not_made", mail=row.id, error_type=type(error).__name__)
            self._ledger.move(session, row, MailState.SENDING)
            status = OPENED_NOWHERE if isinstance(error, SealBroken) else CANNOT_BE_MADE
            self._ledger.move(session, row, MailState.REFUSED, dsn_status=status)
            return None
        # `next_try_at` stays: what is left behind in `sending` is tried again.
        self._ledger.move(session, row, MailState.SENDING, tries=row.tries + 1, next_try_at=now)
        return ToSend(row.id, row.tries, letter)

    def _letter(self, row: Mail, relay: Relay) -> Letter:
        """Raises ValueError for what cannot be written as a mail."""
        draft = self._ledger.seal.draft(row)
        if draft is None:
            raise ValueError("contents were dropped")
        to = on_the_wire(self._ledger.seal.to(row))
        data = message(draft, Envelope(relay.mail_from, to, row.message_id, row.created_at), row.language)
        return Letter(bounce_address(relay.bounce_to, draft.token), to, data, draft.token)

    def _settle(self, session: Session, plan: ToSend, sent: Sent) -> None:
        row = self._ledger.hold(session, plan.mail_id)
        if row is None or row.state != MailState.SENDING or row.tries != plan.tries:
            return  # settled before, or taken up by another process
        now = utc_now()
        match sent.outcome:
            case Outcome.ACCEPTED:
                self._ledger.move(session, row, MailState.ACCEPTED, accepted_at=now, dsn_status=sent.status)
            case Outcome.REFUSED:
                self._ledger.move(session, row, MailState.REFUSED, dsn_status=sent.status)
            case Outcome.LATER:
                again = next_try(row.created_at, row.tries, now)
                to = MailState.DEFERRED if again is not None else MailState.REFUSED
                self._ledger.move(session, row, to, next_try_at=again, dsn_status=sent.status)
            case Outcome.UNKNOWN:
                again = next_try(row.created_at, row.tries, now) if row.tries <= REPEATS else None
                self._ledger.move(session, row, MailState.UNKNOWN, next_try_at=again, dsn_status=sent.status)


def _waits(row: Mail) -> bool:
    return MailState(row.state) in TO_SEND and row.next_try_at is not None


def next_try(created_at: dt.datetime, tries: int, now: dt.datetime) -> dt.datetime | None:
    """When to try again after so many tries; None once a day is over."""
    if tries > len(WAITS):
        return None
    again = now + dt.timedelta(seconds=WAITS[max(tries, 1) - 1])
    return again if again <= created_at + dt.timedelta(hours=24) else None
