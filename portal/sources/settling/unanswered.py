"""What LoyaltyDog gave no answer to: asked again, or answered for by a manager, so that a case is never stuck there."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from portal import audit
from portal.cases.services.ledger import CaseNeeded
from portal.config import Settings
from portal.errors import InputError, NotFound, StateConflict
from portal.exports.retention.sealed_files import drop_blobs
from portal.identity import Permission, User, require
from portal.identity.refusal_audit import RefusalAudit, refusals_audited
from portal.sources.checklist import fresh_for, is_stale
from portal.sources.durable import SourceStarter
from portal.sources.from_exports import ONLY_UNANSWERED, kind_of_export, unanswered_export
from portal.sources.kinds import ANSWERED_FOR, OF_EXPORTS, TRAITS, UNANSWERED, SourceState
from portal.sources.ledger import NO_FILE, NO_PROBLEM, add_answered, drop_pages, held_open, move
from portal.storage.answering.source_tables import CaseSource
from portal.storage.engine import Database
from portal.storage.tables import utc_now
from portal.vault import SealedFiles


@refusals_audited
@dataclass
class UnansweredSources:
    """Sources that were refused or failed."""

    db: Database
    refusal_audit: RefusalAudit
    files: SealedFiles
    starter: SourceStarter
    settings: Settings

    def retry(self, user: User, case_id: str, source_id: str) -> None:
        """Ask a source again from its beginning that was refused, failed or answered for; what came before is
        destroyed. Of an export it only takes the answer back: exports are asked again from Preview.

        Raises NotFound, CaseNeeded for a case that has ended, StateConflict for a source that is not to be asked again.
        """
        require(user, Permission.EXPORT_CREATE)
        if not case_id:
            raise CaseNeeded(detail="retry")
        with self.db.write() as session:
            row = self._source(session, user, case_id, source_id)
            state, fresh = SourceState(row.state), fresh_for(session, user.merchant_id)
            if not (TRAITS[state].again or is_stale(state, row.settled_at, fresh)):
                raise StateConflict("This source is not to be asked again.", next_step="", detail=row.state)
            names = drop_pages(session, row)
            if row.kind in OF_EXPORTS:
                self._take_back(session, user, row)
            elif not move(
                session, row, SourceState.PLANNED, actor=user.account_id, origin=user.origin, tries=0,
                settled_at=None, asked_by=user.account_id, asked_in=user.session_hash, **NO_FILE, **NO_PROBLEM,
            ):  # fmt: skip
                raise StateConflict(detail="moved by another")
        drop_blobs(self.files, self.settings.destruction_list, names)
        self.starter.begin(case_id)

    def answer_for(
        self, user: User, case_id: str, state: SourceState, *, source_id: str = "", export_id: str = ""
    ) -> None:
        """A manager answers for a source that was refused or failed, or for such an export of the case: looked up at
        LoyaltyDog by hand, and nothing is held (`ATTESTED`), or answered apart (`APART`). `retry` takes it back.

        Raises NotFound, CaseNeeded for a case that has ended, StateConflict for what was answered.
        """
        require(user, Permission.CASE_DECIDE)
        if state not in ANSWERED_FOR:
            raise InputError("Choose what to say of this source.", field="state")
        names: list[str] = []
        with self.db.write() as session:
            if export_id:
                case = held_open(session, user, case_id)
                kind = kind_of_export(unanswered_export(session, user, case_id, export_id))
                add_answered(session, user, case, (kind, export_id), state)
                return
            row = self._source(session, user, case_id, source_id)
            if SourceState(row.state) not in UNANSWERED:
                raise StateConflict(ONLY_UNANSWERED, next_step="", detail=row.state)
            names = drop_pages(session, row)
            if not move(
                session, row, state, actor=user.account_id, origin=user.origin, settled_at=utc_now(),
                asked_by=user.account_id, **NO_FILE,
            ):  # fmt: skip
                raise StateConflict(detail="moved by another")
        drop_blobs(self.files, self.settings.destruction_list, names)

    def _source(self, session: Session, user: User, case_id: str, source_id: str) -> CaseSource:
        """A source of an open case of the user's merchant, held."""
        held_open(session, user, case_id)
        row = session.get(CaseSource, source_id, populate_existing=True)
        if row is None or row.case_id != case_id:
            raise NotFound(next_step="Look at the case.", detail="source")
        return row

    @staticmethod
    def _take_back(session: Session, user: User, row: CaseSource) -> None:
        facts = {"from": row.state, "to": SourceState.FAILED.value}
        audit.record(
            session, user.merchant_id, user.account_id, "source:state",
            object_id=row.case_id, origin=user.origin, source=row.id, kind=row.kind, attempt=row.attempt, **facts,
        )  # fmt: skip
        session.delete(row)
