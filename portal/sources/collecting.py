"""The checklist of a case as its people use it: seen, collected, one source asked again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from portal import audit
from portal.cases.recognition.hiding import hides
from portal.cases.services.ledger import CaseNeeded, CaseSeal, open_case, own_case
from portal.config import Settings
from portal.errors import NotFound, StateConflict
from portal.exports.form.for_case import CaseExports
from portal.exports.form.submissions import AskedAlready
from portal.exports.retention.sealed_files import drop_blobs
from portal.identity import Permission, User, require
from portal.identity.refusal_audit import RefusalAudit, refusals_audited
from portal.sources.checklist import aged, checklist_of, fresh_for, programs_to_ask_again
from portal.sources.durable import SourceStarter
from portal.sources.from_exports import asked_numbers, export_lines
from portal.sources.kinds import SourceState
from portal.sources.ledger import SourceRows, drop_pages, held_open, identifiers_of, move, sources_of
from portal.sources.planning import KnownIdentifier, from_identifiers
from portal.sources.views import SourceList, without_counts
from portal.storage.case_tables import Case
from portal.storage.engine import Database
from portal.storage.tables import Export
from portal.vault import SealedFiles

NOTHING_TO_ASK_BY = "Nothing that LoyaltyDog can be asked by is known of this person."


@refusals_audited
@dataclass
class CaseSources:
    """Sources of a merchant's cases."""

    db: Database
    refusal_audit: RefusalAudit
    seal: CaseSeal
    files: SealedFiles
    exports: CaseExports
    starter: SourceStarter
    settings: Settings

    def lines(self, user: User, case_id: str) -> SourceList:
        """Every source and where it stands, before collecting as well: then what would be asked. Of a case that shows
        nothing yet without what came. Raises NotFound."""
        require(user, Permission.CASE_LIST)
        with self.db.read() as session:
            found = checklist_of(session, self.seal, user, own_case(session, user, case_id))
            return without_counts(found) if hides(session, case_id) else found

    def collect(self, user: User, case_id: str) -> int:
        """Ask every source that was not asked yet. Gives how many.

        Raises CaseNeeded without an open case, NotFound for another merchant's, TryLater when the exports of a person
        are at their limit; what was begun before that goes on.
        """
        require(user, Permission.EXPORT_CREATE)
        if not case_id:
            raise CaseNeeded(detail="collect")
        with self.db.write() as session:
            case = held_open(session, user, case_id)
            identifiers = identifiers_of(session, self.seal, case_id)
            if not identifiers:
                raise StateConflict(NOTHING_TO_ASK_BY, next_step="", detail="no identifier")
            added, gone = self._plan(session, user, case, identifiers)
            numbers = asked_numbers(session, case_id, identifiers)
            if added:
                audit.record(
                    session, user.merchant_id, user.account_id, "source:collect",
                    object_id=case_id, origin=user.origin, count=added,
                )  # fmt: skip
        drop_blobs(self.files, self.settings.destruction_list, gone)
        if added:
            self.starter.begin(case_id)
        for number in numbers:
            self._export(user, case_id, number)
        return added + len(numbers)

    def _export(self, user: User, case_id: str, number: int) -> None:
        """Ask for the case's export. The same one of a minute ago serves when it is this case's: then somebody else was
        quicker. Another case's does not, for each case has its own copy."""
        try:
            self.exports.ask(user, case_id, number)
        except AskedAlready as same:
            if not self._is_of(same.export_id, case_id):
                self.exports.ask(user, case_id, number, force=True)

    def _is_of(self, export_id: str, case_id: str) -> bool:
        with self.db.read() as session:
            export = session.get(Export, export_id)
            return export is not None and export.case_id == case_id

    def refresh_export(self, user: User, case_id: str, export_id: str) -> str:
        """Ask anew for an export that was fetched too long ago (ANS-4). Gives the new export's id.

        Raises NotFound, CaseNeeded for a case that has ended, StateConflict for one that is not too old, TryLater.
        """
        require(user, Permission.EXPORT_CREATE)
        if not case_id:
            raise CaseNeeded(detail="refresh")
        with self.db.read() as session:
            open_case(own_case(session, user, case_id))
            identifiers = identifiers_of(session, self.seal, case_id)
            lines = aged(export_lines(session, case_id, identifiers), fresh_for(session, user.merchant_id))
            line = next((line for line in lines if line.export_id == export_id), None)
        if line is None:
            raise NotFound(next_step="Look at the case.", detail="export")
        if not line.stale:
            raise StateConflict("This source is not to be asked again.", next_step="", detail=line.state)
        number = next(one.number for one in identifiers if one.id == line.identifier_id)
        return self.exports.ask(user, case_id, number, force=True)

    # -------------------------------------------------------------------------------------------

    def _plan(
        self, session: Session, user: User, case: Case, identifiers: Sequence[KnownIdentifier]
    ) -> tuple[int, list[str]]:
        """How many were added, and the names of the files that they take the place of."""
        rows = SourceRows(self.seal)
        added = rows.add(
            session, (case.merchant_id, case.id), from_identifiers(identifiers),
            by=user.account_id, asked_in=user.session_hash,
        )  # fmt: skip
        programs = programs_to_ask_again(sources_of(session, case.id), identifiers)
        if programs is None:
            return added, []
        gone = drop_pages(session, programs)
        move(
            session, programs, SourceState.PLANNED, actor=user.account_id, origin=user.origin,
            tries=0, asked_by=user.account_id, asked_in=user.session_hash,
        )  # fmt: skip
        return added + 1, gone
