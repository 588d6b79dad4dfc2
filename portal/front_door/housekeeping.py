"""Closes unproved requests after fourteen days and tells their people; an address that a record holds is a proof."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from portal.cases.facts import FactKind, IdentityMethod, effective
from portal.cases.services.intake import IdentifierKind
from portal.cases.services.ledger import CaseSeal, as_facts, hold_case, rows_of
from portal.delivery.ledger import SYSTEM, acting_for
from portal.delivery.mail.contents import DoorLapsedMail
from portal.delivery.mail.outbox import MailNotSetUp, Outbox
from portal.errors import PortalError, TryLater
from portal.exports.retention.clock import ClockWatch
from portal.exports.retention.destruction import HOUSE_BATCH
from portal.front_door.kinds import FORGOTTEN_AFTER, LAPSES_AFTER, RequestState
from portal.front_door.ledger import DoorSeal, note
from portal.front_door.proving import record_proof
from portal.identity import User
from portal.log import log
from portal.people.graph import node_of
from portal.sources.whose.facts import as_facts as facts_of
from portal.sources.whose.ledger import MARK_OF
from portal.sources.whose.on_file import addresses_on_file
from portal.storage.answering.front_door_tables import DoorRequest, DoorVisit
from portal.storage.answering.source_tables import CaseComparison
from portal.storage.case_tables import Case, CaseFact
from portal.storage.engine import Database
from portal.storage.locks import lock_merchant
from portal.storage.tables import utc_now

WORKER = "worker"


@dataclass
class DoorHousekeeping:
    """A worker's. `compare` has the answers of a case read, for whose records they hold."""

    db: Database
    seal: DoorSeal
    case_seal: CaseSeal
    outbox: Outbox
    compare: Callable[[User, str], int]
    _clock: ClockWatch | None = field(default=None, repr=False)

    def run_housekeeping(self) -> None:
        self._clock = self._clock or ClockWatch(self.db)
        if self._clock.trusted():
            self._close_unproved(utc_now())
        self._settle_identities()

    def _close_unproved(self, now: dt.datetime) -> None:
        over = select(DoorRequest.id).where(
            DoorRequest.state == RequestState.WAITING, DoorRequest.submitted_at <= now - LAPSES_AFTER
        )
        old = DoorRequest.state == RequestState.LAPSED, DoorRequest.ended_at <= now - FORGOTTEN_AFTER
        with self.db.read() as session:
            ids = list(session.scalars(over.order_by(DoorRequest.submitted_at).limit(HOUSE_BATCH)))
            stale = session.scalar(select(DoorVisit.cookie_sha256).where(DoorVisit.expires_at <= now).limit(1))
            gone = session.scalar(select(DoorRequest.id).where(*old).limit(1))
        for request_id in ids:
            self._lapse(request_id, now)
        if stale is not None or gone is not None:
            with self.db.write() as session:
                session.execute(delete(DoorVisit).where(DoorVisit.expires_at <= now))
                session.execute(delete(DoorRequest).where(*old))

    def _lapse(self, request_id: str, now: dt.datetime) -> None:
        """One mail an address, however often it began; none where no code ever went out. While too many mails go, the
        request waits: nobody is left untold."""
        mail_id = ""
        with self.db.write() as session:
            row = session.get_one(DoorRequest, request_id)
            lock_merchant(session, row.merchant_id)
            session.refresh(row)
            if row.state != RequestState.WAITING:
                return
            user = acting_for(session, row.merchant_id, SYSTEM, WORKER)
            if row.sent and not self._told(session, row):
                try:
                    mail_id = self.outbox.queue(
                        session, merchant_id=row.merchant_id, case_id="", delivery_id="",
                        to=self.seal.opened(row, "email"), language=row.language,
                        contents=DoorLapsedMail(LAPSES_AFTER.days), by=SYSTEM, origin=WORKER,
                    )  # fmt: skip
                except TryLater:
                    return
                except MailNotSetUp:  # nobody can be told
                    mail_id = ""
            row.state, row.ended_at = RequestState.LAPSED.value, now
            row.sealed_email = row.sealed_note = row.sealed_code_key = None
            row.code_prf = ""
            note(session, user, row.id, "door:lapsed", told="yes" if mail_id else "no")
        if mail_id:
            self.outbox.start(mail_id)

    def _told(self, session: Session, row: DoorRequest) -> bool:
        """Was the same address told within a day?"""
        wanted = select(DoorRequest.id).where(
            DoorRequest.merchant_id == row.merchant_id, DoorRequest.email_prf == row.email_prf,
            DoorRequest.state == RequestState.LAPSED, DoorRequest.sent > 0,
            DoorRequest.ended_at > utc_now() - dt.timedelta(days=1),
        )  # fmt: skip
        return session.scalar(wanted.limit(1)) is not None

    # -------------------------------------------------------------------------------------------

    def _settle_identities(self) -> None:
        for merchant_id, case_id in self._unsettled():
            with suppress(PortalError):
                self._settle(merchant_id, case_id)

    def _unsettled(self) -> list[tuple[str, str]]:
        """Open cases from the page whose files were fetched, and that nothing has recognised beyond the mailbox."""
        settled = select(CaseFact.case_id).where(CaseFact.kind == FactKind.IDENTITY).group_by(CaseFact.case_id)
        once = settled.having(func.count() == 1)
        fetched = select(CaseFact.case_id).where(CaseFact.kind == FactKind.EXPORT_ASKED)
        wanted = (
            select(Case.merchant_id, Case.id)
            .join(DoorRequest, DoorRequest.case_id == Case.id)
            .where(Case.closed_at.is_(None), DoorRequest.state == RequestState.PROVED)
            .where(Case.id.in_(once), Case.id.in_(fetched))
            .distinct()
            .limit(HOUSE_BATCH)
        )
        with self.db.read() as session:
            return [(row[0], row[1]) for row in session.execute(wanted)]

    def _settle(self, merchant_id: str, case_id: str) -> None:
        with self.db.read() as session:
            user = acting_for(session, merchant_id, SYSTEM, WORKER)
            facts = effective(as_facts(rows_of(session, case_id)))
        methods = [fact.codes.get("method") for fact in facts if fact.kind is FactKind.IDENTITY]
        if methods != [IdentityMethod.ADDRESS_CODE]:
            return
        self.compare(user, case_id)
        with self.db.write() as session:
            case = hold_case(session, user, case_id)
            if self._on_file(session, case_id):
                record_proof(session, user, case, IdentityMethod.EMAIL_CODE)
                log.info("front_door.on_file", case=case_id)

    def _on_file(self, session: Session, case_id: str) -> bool:
        """Does a record of LoyaltyDog hold an address that was proved for this case, and that no other claim puts in
        doubt?"""
        rows = session.scalars(
            select(DoorRequest).where(DoorRequest.case_id == case_id, DoorRequest.state == RequestState.PROVED)
        )
        mark = MARK_OF[IdentifierKind.EMAIL]
        proved = {node_of(mark, email) for row in rows if (email := self.seal.opened(row, "email"))}
        known = addresses_on_file(session, self.case_seal, case_id)
        proved &= {node_of(mark, one.value) for one in known} - {None}
        compared = session.scalars(
            select(CaseComparison).where(CaseComparison.case_id == case_id, CaseComparison.sealed_facts.is_not(None))
        )
        for row in compared:
            facts = facts_of(self.case_seal.opened(row, "facts"), row.id)
            if any(proved & set(one.record.nodes) for one in facts.records):
                return True
        return False
