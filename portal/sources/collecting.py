"""The checklist of a case as its people use it: seen, collected, one source asked again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal import audit
from portal.cases.services.ledger import CaseNeeded, CaseSeal, open_case, own_case
from portal.cases.services.people import masked_subject
from portal.cases.states import OPEN_STATES, CaseState
from portal.config import Settings
from portal.errors import NotFound, StateConflict
from portal.exports.form.for_case import CaseExports
from portal.exports.form.submissions import AskedAlready
from portal.identity import Permission, User, allows, require
from portal.identity.refusal_audit import RefusalAudit, refusals_audited
from portal.sources.durable import SourceStarter
from portal.sources.from_exports import asked_numbers, export_lines
from portal.sources.kinds import TRAITS, SourceKind, SourceState
from portal.sources.ledger import NO_PROBLEM, SourceRows, drop_pages, identifiers_of, move, sources_of
from portal.sources.planning import SEARCHED_BY, KnownIdentifier, from_identifiers
from portal.sources.retention import drop_blobs
from portal.sources.views import SourceLine, SourceList
from portal.storage.case_tables import Case
from portal.storage.engine import Database
from portal.storage.locks import lock_merchant
from portal.storage.source_tables import CaseSource, SourcePage
from portal.vault import SealedFiles

NOBODY_TO_FIND = "LoyaltyDog finds members by email or phone, and this case knows neither."
NO_ID = "LoyaltyDog's log is asked by customer ID, and none is known."
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
        """Every source and where it stands, before collecting as well: then what would be asked. Raises NotFound."""
        require(user, Permission.CASE_LIST)
        with self.db.read() as session:
            case = own_case(session, user, case_id)
            identifiers = identifiers_of(session, self.seal, case_id)
            rows = sources_of(session, case_id)
            lines = [*export_lines(session, case_id, identifiers), *self._own_lines(session, rows, identifiers)]
            missing = bool(asked_numbers(session, case_id, identifiers)) or self._plans(rows, identifiers)
            is_open = CaseState(case.state) in OPEN_STATES
        may = is_open and allows(user.role, Permission.EXPORT_CREATE)
        return SourceList(tuple(lines), missing, may)

    def collect(self, user: User, case_id: str) -> int:
        """Ask every source that was not asked yet. Gives how many.

        Raises CaseNeeded without an open case, NotFound for another merchant's, TryLater when the exports of a person
        are at their limit; what was begun before that goes on.
        """
        require(user, Permission.EXPORT_CREATE)
        if not case_id:
            raise CaseNeeded(detail="collect")
        with self.db.write() as session:
            case = self._held(session, user, case_id)
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
            try:
                self.exports.ask(user, case_id, number)
            except AskedAlready:
                continue  # by somebody else in this very moment
        return added + len(numbers)

    def retry(self, user: User, case_id: str, source_id: str) -> None:
        """Ask a source again from its beginning that was refused or failed; what came before is destroyed.

        Raises NotFound, CaseNeeded for a case that has ended, StateConflict for a source that is not to be asked again.
        """
        require(user, Permission.EXPORT_CREATE)
        if not case_id:
            raise CaseNeeded(detail="retry")
        with self.db.write() as session:
            self._held(session, user, case_id)
            row = session.get(CaseSource, source_id, populate_existing=True)
            if row is None or row.case_id != case_id:
                raise NotFound(next_step="Look at the case.", detail="source")
            if not TRAITS[SourceState(row.state)].again:
                raise StateConflict("This source is not to be asked again.", next_step="", detail=row.state)
            names = drop_pages(session, row)
            again = move(
                session, row, SourceState.PLANNED, actor=user.account_id, origin=user.origin, tries=0,
                settled_at=None, size_bytes=None, row_count=None, doubtful_count=0, sha256="", destroy_after=None,
                asked_by=user.account_id, asked_in=user.session_hash, **NO_PROBLEM,
            )  # fmt: skip
            if not again:
                raise StateConflict(detail="moved by another")
        drop_blobs(self.files, self.settings.destruction_list, names)
        self.starter.begin(case_id)

    # -------------------------------------------------------------------------------------------

    def _held(self, session: Session, user: User, case_id: str) -> Case:
        own_case(session, user, case_id)
        lock_merchant(session, user.merchant_id)
        return open_case(own_case(session, user, case_id))

    def _plan(
        self, session: Session, user: User, case: Case, identifiers: Sequence[KnownIdentifier]
    ) -> tuple[int, list[str]]:
        """How many were added, and the names of the files that they take the place of."""
        rows = SourceRows(self.seal)
        added = rows.add(
            session, (case.merchant_id, case.id), from_identifiers(identifiers),
            by=user.account_id, asked_in=user.session_hash,
        )  # fmt: skip
        programs = self._programs_to_ask_again(sources_of(session, case.id), identifiers)
        if programs is None:
            return added, []
        gone = drop_pages(session, programs)
        move(
            session, programs, SourceState.PLANNED, actor=user.account_id, origin=user.origin,
            tries=0, asked_by=user.account_id, asked_in=user.session_hash,
        )  # fmt: skip
        return added + 1, gone

    def _plans(self, rows: Sequence[CaseSource], identifiers: Sequence[KnownIdentifier]) -> bool:
        """Would `collect` add a source?"""
        there = {(row.kind, row.place) for row in rows}
        new = any((one.kind.value, one.place) not in there for one in from_identifiers(identifiers))
        return new or self._programs_to_ask_again(rows, identifiers) is not None

    def _programs_to_ask_again(
        self, rows: Sequence[CaseSource], identifiers: Sequence[KnownIdentifier]
    ) -> CaseSource | None:
        """The list of programs, when an identifier came later by which members are found: each program is asked."""
        listed = next((row for row in rows if row.kind == SourceKind.PROGRAMS), None)
        if listed is None or listed.state != SourceState.FETCHED:
            return None
        asked = {row.identifier_id for row in rows if row.kind == SourceKind.MEMBERS}
        return listed if any(one.kind in SEARCHED_BY and one.id not in asked for one in identifiers) else None

    def _own_lines(
        self, session: Session, rows: Sequence[CaseSource], identifiers: Sequence[KnownIdentifier]
    ) -> list[SourceLine]:
        pages: dict[str, int] = dict(
            session.execute(
                select(SourcePage.source_id, func.count())
                .where(SourcePage.source_id.in_([row.id for row in rows]))
                .group_by(SourcePage.source_id)
            ).all()
        )
        by = {one.id: (one.kind.value, masked_subject(one.kind, one.value)) for one in identifiers}
        lines = [self._line(row, by, pages.get(row.id, 0)) for row in rows]
        if not rows:
            return [SourceLine(SourceKind.PROGRAMS, SourceState.PLANNED)]
        still = any(line.running for line in lines)
        kinds = {line.kind for line in lines}
        if not still and SourceKind.VENDOR_LOG not in kinds:
            lines.append(SourceLine(SourceKind.VENDOR_LOG, SourceState.NOT_APPLICABLE, problem=NO_ID))
        if not still and not any(one.kind in SEARCHED_BY for one in identifiers):
            lines.append(SourceLine(SourceKind.MEMBERS, SourceState.NOT_APPLICABLE, problem=NOBODY_TO_FIND))
        return sorted(lines, key=lambda line: list(SourceKind).index(line.kind))

    def _line(self, row: CaseSource, by: dict[str, tuple[str, str]], pages: int) -> SourceLine:
        asked_by = by.get(row.identifier_id or "", ("", ""))
        if row.sealed_member is not None:
            asked_by = ("customer_id", masked_subject("customer_id", SourceRows(self.seal).member(row)))
        return SourceLine(
            SourceKind(row.kind),
            SourceState(row.state),
            id=row.id,
            program=row.program_name or row.program_id,
            asked_by=asked_by,
            size_bytes=row.file.size_bytes,
            row_count=row.file.row_count,
            doubtful_count=row.file.doubtful_count,
            pages=pages,
            sha256=row.file.sha256,
            status=row.status,
            problem_code=row.problem_code,
            problem=row.problem,
            next_step=row.next_step,
            attempt=row.attempt,
            asked_at=row.asked_at,
            settled_at=row.settled_at,
            destroyed_at=row.file.destroyed_at,
        )
