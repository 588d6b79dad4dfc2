"""Whose the records in a case are, for its people: compared, decided, taken back, shown in clear."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from portal import audit
from portal.cases.clock.calendar_codes import country_in
from portal.cases.recognition.hiding import check_shown, hides
from portal.cases.services.intake import IdentifierKind
from portal.cases.services.ledger import CaseSeal, open_case, own_case
from portal.cases.services.people import PersonIndex, masked_subject
from portal.cases.states import OPEN_STATES, CaseState
from portal.config import Settings
from portal.errors import InputError, NotFound, StateConflict
from portal.identity import Permission, User, allows, require
from portal.identity.refusal_audit import RefusalAudit, refusals_audited
from portal.identity.roles import require_fresh_proof
from portal.people.classes import RecordClass
from portal.people.graph import NEW, Mark, Standing, node_of
from portal.sources.kinds import RUNNING, SourceState
from portal.sources.ledger import sources_of
from portal.sources.whose.codes import ADDS, TRAITS, Decision, Item, MatchCode, codes_for
from portal.sources.whose.facts import Compared
from portal.sources.whose.items import Pending
from portal.sources.whose.ledger import (
    MARK_OF,
    add_decision,
    item_said,
    keep_comparison,
    matching_of,
)
from portal.sources.whose.reading import AnswerReader
from portal.sources.whose.views import Clear, MatchLine, MatchList, Shown
from portal.storage.answering.source_tables import CaseMatch
from portal.storage.case_tables import Case, CaseIdentifier
from portal.storage.engine import Database
from portal.storage.locks import lock_merchant
from portal.storage.tables import Account, new_id, utc_now

MOST_IDENTIFIERS = 60  # of one case; more is a mailbox of many people


@refusals_audited
@dataclass
class CaseMatches:
    """Decisions about whose records are, in a merchant's cases."""

    db: Database
    refusal_audit: RefusalAudit
    seal: CaseSeal
    index: PersonIndex
    reader: AnswerReader
    settings: Settings

    def compare(self, user: User, case_id: str) -> int:
        """Compare the answers that were not yet, once nothing is being fetched. Gives how many. Raises NotFound."""
        require(user, Permission.CASE_LIST)
        with self.db.read() as session:
            case = own_case(session, user, case_id)
            fetching = any(SourceState(row.state) in RUNNING for row in sources_of(session, case_id))
            if fetching or CaseState(case.state) not in OPEN_STATES:
                return 0
            found = matching_of(session, self.seal, case)
        read = [(one, *self.reader.read(one, found.known)) for one in found.unread]
        if not read:
            return 0
        with self.db.write() as session:
            lock_merchant(session, user.merchant_id)
            case = own_case(session, user, case_id)
            still = set(matching_of(session, self.seal, case).unread)
            for one, state, facts in read:
                if one in still:
                    keep_comparison(session, self.seal, case, one, state, facts)
            audit.record(
                session, user.merchant_id, user.account_id, "match:compare", object_id=case_id, origin=user.origin,
                count=len(read), not_compared=sum(state is not Compared.COMPARED for _one, state, _facts in read),
            )  # fmt: skip
        return len(read)

    def shown(self, user: User, case_id: str) -> MatchList:
        """What is to be decided and what was, masked. Raises NotFound."""
        require(user, Permission.CASE_LIST)
        with self.db.read() as session:
            case = own_case(session, user, case_id)
            if hides(session, case_id):
                return MatchList()
            found = matching_of(session, self.seal, case)
            may = CaseState(case.state) in OPEN_STATES and allows(user.role, Permission.CASE_WORK)
            where = {one.origin: (one.kind.value, "") for one in found.inputs}
            programs: dict[str, str] = {}
            for row in sources_of(session, case_id):
                programs[row.program_id] = row.program_name or row.program_id
                if row.id in where:
                    where[row.id] = (row.kind, row.program_name or row.program_id)
            pending = tuple(self._pending_line(user, case_id, one, where, programs) for one in found.sort.pending)
            decided = tuple(self._decided_line(session, case_id, row, where) for row in found.decisions)
        return MatchList(pending, decided, found.sort.name_only, found.sort.alike, len(found.unread), may)

    def decide(self, user: User, case_id: str, item_id: str, code: MatchCode) -> int:
        """Say what a line's records are. What is taken in brings its new identifiers into the case, to be asked by.

        Gives the decision's number. Raises NotPermitted where a manager decides, NotFound, CaseNeeded for a case that
        has ended, InputError(field="code") for a reason that does not fit, StateConflict.
        """
        require(user, Permission.CASE_WORK)
        traits = TRAITS[code]
        if traits.manager:
            require(user, Permission.CASE_DECIDE)
        with self.db.write() as session:
            case = self._held(session, user, case_id)
            one = next(
                (one for one in matching_of(session, self.seal, case).sort.pending if _id(case_id, one) == item_id),
                None,
            )
            if one is None:
                raise NotFound("This was decided already, or is no longer there.", next_step="Look at the case.")
            if one.item not in traits.items:
                raise InputError("Choose a reason that fits.", field="code")
            row = add_decision(
                session, self.seal, case, one, decision=traits.decision, code=code.value, by=user.account_id
            )
            takes_in = traits.decision is Decision.IN and one.item in ADDS
            added = self._add_identifiers(session, user, case, one.values) if takes_in else 0
            source = row.source_id or row.export_id
            facts: dict[str, Any] = {"class": row.record_class or None, "source": source}
            audit.record(
                session, user.merchant_id, user.account_id, "match:decide", object_id=case_id, origin=user.origin,
                number=row.number, item=row.item, decision=row.decision, code=row.code, identifiers=added, **facts,
            )  # fmt: skip
            return row.number

    def take_back(self, user: User, case_id: str, number: int) -> None:
        """Undo a decision; identifiers that it brought are struck. Only a manager takes a manager's back.

        Raises NotPermitted, NotFound, CaseNeeded for a case that has ended, StateConflict.
        """
        require(user, Permission.CASE_WORK)
        with self.db.write() as session:
            case = self._held(session, user, case_id)
            row = session.scalar(select(CaseMatch).where(CaseMatch.case_id == case_id, CaseMatch.number == number))
            if row is None:
                raise NotFound(next_step="Look at the case.", detail="match")
            if TRAITS[MatchCode(row.code)].manager:
                require(user, Permission.CASE_DECIDE)
            done: CursorResult[None] = session.execute(  # type: ignore[assignment]  # an UPDATE gives a cursor result
                update(CaseMatch)
                .where(CaseMatch.id == row.id, CaseMatch.taken_back_at.is_(None))
                .values(taken_back_by=user.account_id, taken_back_at=utc_now())
            )
            if done.rowcount != 1:
                raise StateConflict("This was taken back already.", next_step="Look at the case.", detail="match")
            self._strike_identifiers(session, case, row)
            audit.record(
                session, user.merchant_id, user.account_id, "match:take_back", object_id=case_id, origin=user.origin,
                number=row.number, takes_back=row.code,
            )  # fmt: skip

    def reveal(self, user: User, case_id: str) -> tuple[Clear, ...]:
        """The identifiers of every line in clear; audited. Raises StepUpNeeded, NotFound."""
        require(user, Permission.CASE_WORK)
        require_fresh_proof(user, self.settings)

        def show(session: Session) -> tuple[Clear, ...]:
            case = own_case(session, user, case_id)
            check_shown(session, case_id)
            found = matching_of(session, self.seal, case)
            audit.record(
                session, user.merchant_id, user.account_id, "case:reveal",
                object_id=case_id, origin=user.origin, what="matches",
            )  # fmt: skip
            decided = [Clear(f"d{row.number}", *item_said(self.seal, row)) for row in found.decisions]
            return (*(Clear(_id(case_id, one), one.values, one.beside) for one in found.sort.pending), *decided)

        return self.db.group_commit(show)

    # -------------------------------------------------------------------------------------------

    def _held(self, session: Session, user: User, case_id: str) -> Case:
        own_case(session, user, case_id)
        lock_merchant(session, user.merchant_id)
        case = open_case(own_case(session, user, case_id))
        check_shown(session, case_id)
        return case

    def _add_identifiers(
        self, session: Session, user: User, case: Case, values: Sequence[tuple[Mark, str]]
    ) -> int:  # fmt: skip
        """Those that the case has not; one that was struck stands again. Gives how many."""
        country = country_in(case.calendar)
        rows = session.scalars(select(CaseIdentifier).where(CaseIdentifier.case_id == case.id)).all()
        there = {
            node_of(MARK_OF[IdentifierKind(row.kind)], value, country): row
            for row, value in zip(rows, self.seal.values(session, rows), strict=True)
        }
        last = session.scalar(select(func.max(CaseIdentifier.number)).where(CaseIdentifier.case_id == case.id)) or 0
        added = 0
        for mark, value in values:
            before = there.get(node_of(mark, value, country))
            if mark not in NEW or (before is not None and before.standing != Standing.STRUCK):
                continue
            added += 1
            if before is not None:
                before.standing = Standing.FOUND
                continue
            if len(rows) + added > MOST_IDENTIFIERS:
                raise StateConflict("This case knows too many identifiers already.", next_step="", detail="too many")
            row_id = new_id()
            session.add(
                CaseIdentifier(
                    id=row_id, merchant_id=case.merchant_id, case_id=case.id, number=last + added,
                    kind=IdentifierKind(mark.value).value, value_index=self.index.one(session, user, value),
                    sealed_value=self.seal.seal(case.merchant_id, CaseIdentifier, "value", row_id, value),
                    standing=Standing.FOUND.value, added_by=user.account_id,
                )
            )  # fmt: skip
        session.flush()
        return added

    def _strike_identifiers(self, session: Session, case: Case, row: CaseMatch) -> None:
        """Those that it brought and no other decision that holds did."""
        if row.item not in ADDS or row.decision != Decision.IN:
            return
        country = country_in(case.calendar)
        others = session.scalars(
            select(CaseMatch).where(
                CaseMatch.case_id == case.id, CaseMatch.id != row.id, CaseMatch.taken_back_at.is_(None),
                CaseMatch.decision == Decision.IN, CaseMatch.item.in_(ADDS),
            )
        )  # fmt: skip
        kept = {node_of(*value, country) for other in others for value in item_said(self.seal, other)[0]}
        brought = {node_of(*value, country) for value in item_said(self.seal, row)[0]} - kept
        found = session.scalars(
            select(CaseIdentifier).where(CaseIdentifier.case_id == case.id, CaseIdentifier.standing == Standing.FOUND)
        ).all()
        for one, value in zip(found, self.seal.values(session, found), strict=True):
            if node_of(MARK_OF[IdentifierKind(one.kind)], value, country) in brought:
                one.standing = Standing.STRUCK
        session.flush()

    def _pending_line(
        self,
        user: User,
        case_id: str,
        one: Pending,
        where: dict[str, tuple[str, str]],
        programs: dict[str, str],
    ) -> MatchLine:
        able = [
            code
            for code in codes_for(one.item)
            if allows(user.role, Permission.CASE_DECIDE if TRAITS[code].manager else Permission.CASE_WORK)
        ]
        return MatchLine(
            _id(case_id, one), one.item, _masked(one.values), _masked(one.beside), one.record_class,
            tuple(dict.fromkeys(where[origin] for origin in one.origins if origin in where)), one.count,
            programs.get(one.told.program, one.told.program), one.told.balance, one.told.used, tuple(able),
            manager_decides=len(able) < len(codes_for(one.item)),
        )  # fmt: skip

    def _decided_line(
        self, session: Session, case_id: str, row: CaseMatch, where: dict[str, tuple[str, str]]
    ) -> MatchLine:
        values, beside = item_said(self.seal, row)
        account = session.get(Account, row.decided_by)
        origin = row.source_id or row.export_id or ""
        return MatchLine(
            f"d{row.number}", Item(row.item), _masked(values), _masked(beside),
            RecordClass(row.record_class) if row.record_class else None, (where[origin],) if origin in where else (),
            number=row.number, decision=Decision(row.decision), code=MatchCode(row.code),
            decided_by=(account.name or account.email) if account else "", decided_at=row.decided_at,
        )  # fmt: skip


def _id(case_id: str, one: Pending) -> str:
    """A name for the line within a session, of which its contents cannot be told."""
    return hashlib.sha256(f"{case_id} {one.item} {one.key}".encode()).hexdigest()[:20]


def _masked(values: Iterable[tuple[Mark, str]]) -> tuple[Shown, ...]:
    return tuple((mark.value, _mask(mark, value)) for mark, value in values)


def _mask(mark: Mark, value: str) -> str:
    return f"{value[:1]}•••" if mark is Mark.NAME else masked_subject(mark.value, value)
