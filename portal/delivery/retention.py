"""Housekeeping of deliveries: links whose time is over end, fetched ones close, reminders go out, and addresses are
forgotten with the package they went with (LAW-17)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy import and_, delete, or_, select, update
from sqlalchemy.orm import Session

from portal.cases.services.ledger import hold_case
from portal.delivery.giving.sending import MailFacts, Sending
from portal.delivery.kinds import UNOPENED, DeliveryState, DeliveryWay
from portal.delivery.ledger import SYSTEM, acting_for, make_link, move, note, revoke_links
from portal.delivery.limits import REMIND_AFTER
from portal.delivery.tokens import link_of
from portal.errors import PortalError
from portal.exports.retention.clock import ClockWatch
from portal.exports.retention.destruction import HOUSE_BATCH
from portal.log import log
from portal.storage.answering.delivery_tables import Delivery, DeliveryCode, DeliveryMailing, DeliveryVisit
from portal.storage.engine import Database
from portal.storage.tables import CasePackage, utc_now

_HOLDS_SECRETS = or_(DeliveryMailing.sealed_to.is_not(None), DeliveryCode.sealed_code_key.is_not(None))
_MAY_EXPIRE = tuple(state.value for state in (*UNOPENED, DeliveryState.OPENED, DeliveryState.LOCKED))


@dataclass
class DeliveryRetention:
    """A worker's housekeeping. `reminder_mail` makes the contents of a reminder."""

    db: Database
    sending: Sending
    reminder_mail: Callable[[MailFacts], object]
    _clock: ClockWatch | None = field(default=None, repr=False)

    def run_housekeeping(self) -> None:
        self._clock = self._clock or ClockWatch(self.db)
        if not self._clock.trusted():
            return
        now = utc_now()
        for delivery_id in self._due(now):
            self._end(delivery_id, now)
        if self.sending.post.ready:
            self._remind_all(now)
        self._forget(now)

    # -------------------------------------------------------------------------------------------

    def _due(self, now: dt.datetime) -> list[str]:
        over = and_(Delivery.state.in_(_MAY_EXPIRE), Delivery.completed_at.is_(None), Delivery.expires_at <= now)
        fetched = and_(Delivery.state == DeliveryState.COMPLETED, Delivery.closes_at <= now)
        with self.db.read() as session:
            return list(session.scalars(select(Delivery.id).where(or_(over, fetched)).limit(HOUSE_BATCH)))

    def _end(self, delivery_id: str, now: dt.datetime) -> None:
        with self.db.write() as session:
            row = session.get_one(Delivery, delivery_id)
            user = acting_for(session, row.merchant_id, SYSTEM, "worker")
            hold_case(session, user, row.case_id)
            session.refresh(row)
            if row.state == DeliveryState.COMPLETED and row.closes_at is not None and row.closes_at <= now:
                move(row, DeliveryState.CLOSED)
                note(session, user, row, "delivery:closed", reason="grace")
            elif row.state in _MAY_EXPIRE and row.expires_at is not None and row.expires_at <= now:
                move(row, DeliveryState.EXPIRED)
                note(session, user, row, "delivery:expired", opened="yes" if row.opened_at else "no")

    def _to_remind(self, now: dt.datetime) -> list[str]:
        late = [
            and_(DeliveryMailing.reminded == count, Delivery.sent_at <= now - after)
            for count, after in enumerate(REMIND_AFTER)
        ]
        wanted = select(Delivery.id).join(Delivery.mailing).where(
            Delivery.state == DeliveryState.SENT, Delivery.way == DeliveryWay.LINK, DeliveryMailing.remind,
            Delivery.opened_at.is_(None), Delivery.expires_at > now, or_(*late),
        )  # fmt: skip
        with self.db.read() as session:
            return list(session.scalars(wanted.limit(HOUSE_BATCH)))

    def _remind_all(self, now: dt.datetime) -> None:
        for delivery_id in self._to_remind(now):
            try:
                self._remind(delivery_id, now)
            except PortalError as error:  # too many mails of one merchant: the others' go out, this one later
                log.info("delivery.remind_later", delivery=delivery_id, code=error.code)

    def _remind(self, delivery_id: str, now: dt.datetime) -> None:
        """With an address of its own, since of the first only the hash is kept; both open the same page."""
        with self.db.write() as session:
            row = session.get_one(Delivery, delivery_id)
            user = acting_for(session, row.merchant_id, SYSTEM, "worker")
            case = hold_case(session, user, row.case_id)
            session.refresh(row)
            if row.state != DeliveryState.SENT or row.opened_at is not None or row.sent_at is None:
                return
            passed = sum(row.sent_at <= now - after for after in REMIND_AFTER)  # after a long stop one mail, not two
            if passed <= row.mailing.reminded:
                return
            row.mailing.reminded = passed
            before = row.mailing.mail_state
            link = link_of(self.sending.settings.origin, make_link(session, row))
            mail = self.sending.mail(session, case, row, link, self.reminder_mail, SYSTEM)
            row.mailing.mail_state = before
            note(session, user, row, "delivery:remind", count=row.mailing.reminded)
        self.sending.begin(mail)

    def _forget(self, now: dt.datetime) -> None:
        gone = select(CasePackage.id).where(CasePackage.destroyed_at.is_not(None))
        with self.db.read() as session:
            due = (
                select(Delivery.id)
                .join(Delivery.mailing)
                .join(Delivery.code)
                .where(Delivery.package_id.in_(gone), _HOLDS_SECRETS)
            )
            ids = list(session.scalars(due.limit(HOUSE_BATCH)))
            stale = session.scalar(select(DeliveryVisit.cookie_sha256).where(DeliveryVisit.expires_at <= now).limit(1))
        if not ids and stale is None:
            return
        with self.db.write() as session:
            _forget_secrets(session, ids)
            session.execute(delete(DeliveryVisit).where(DeliveryVisit.expires_at <= now))


def end_links(db: Database, merchant_id: str, *, actor: str, origin: str) -> int:
    """Of a merchant that is being removed: every link dies, every address is forgotten. Gives how many ended."""
    with db.read() as session:
        wanted = select(Delivery.id).join(Delivery.mailing).join(Delivery.code).where(
            Delivery.merchant_id == merchant_id, or_(Delivery.state != DeliveryState.REVOKED, _HOLDS_SECRETS)
        )  # fmt: skip
        ids = list(session.scalars(wanted))
    for delivery_id in ids:
        with db.write() as session:
            row = session.get_one(Delivery, delivery_id)
            user = acting_for(session, row.merchant_id, actor, origin)
            hold_case(session, user, row.case_id)
            session.refresh(row)
            if row.state != DeliveryState.REVOKED:
                move(row, DeliveryState.REVOKED)
                revoke_links(session, row)
                note(session, user, row, "delivery:take_back", opened="yes" if row.opened_at else "no")
            _forget_secrets(session, [row.id])
    return len(ids)


def _forget_secrets(session: Session, ids: list[str]) -> None:
    codes = update(DeliveryCode).where(DeliveryCode.delivery_id.in_(ids))
    emptied = codes.values(sealed_code_key=None, code_prf="", mail_code_prf="")
    session.execute(emptied.execution_options(synchronize_session=False))
    mailings = update(DeliveryMailing).where(DeliveryMailing.delivery_id.in_(ids)).values(sealed_to=None)
    session.execute(mailings.execution_options(synchronize_session=False))
