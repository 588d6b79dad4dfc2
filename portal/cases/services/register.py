"""A merchant's cases as its people may see them: the list by key, and one case whole. Persons are masked."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from portal.cases.clock.calculation import Clock
from portal.cases.facts import FactKind, effective
from portal.cases.services.folding import folded
from portal.cases.services.ledger import CaseSeal, as_facts, own_case, rows_of, rules_of
from portal.cases.services.people import PersonIndex, masked_subject
from portal.cases.states import MAY_RECORD, OPEN_STATES, CaseState
from portal.errors import NotFound
from portal.identity import Permission, User, require
from portal.identity.refusal_audit import RefusalAudit, refusals_audited
from portal.identity.roles import allows
from portal.storage.case_tables import Case, CaseDemand, CaseFact, CaseIdentifier
from portal.storage.engine import Database
from portal.storage.months import months_after
from portal.storage.tables import Account

PAGE_SIZE = 50
ASKED_BEFORE_MONTHS = 12  # CASE-6
_NAME = re.compile(r"([0-9]{4})-([0-9]{1,9})")


@dataclass(frozen=True)
class CaseFilter:
    """`text` is an identifier, matched whole. Only open cases, soonest due first, unless `ended`: then those."""

    text: str = ""
    mine: bool = False
    ended: bool = False
    states: frozenset[CaseState] = frozenset()
    due_until: dt.date | None = None


@dataclass(frozen=True)
class CaseRow:
    """`name` is what people call it, `person` masked, `assignee` a colleague's name."""

    id: str
    name: str
    person: str
    rights: tuple[str, ...]
    received_on: dt.date
    due_on: dt.date
    last_lawful_on: dt.date
    state: CaseState
    assignee: str
    reference: str


@dataclass(frozen=True)
class CasePage:
    """`after` names the next page; None on the last one."""

    rows: tuple[CaseRow, ...]
    after: tuple[dt.date, str] | None


@dataclass(frozen=True)
class ShownFact:
    """One fact. `text` are its words in clear, for those who work on cases."""

    number: int
    kind: FactKind
    at: dt.datetime
    told_on: dt.date | None
    by: str
    codes: Mapping[str, str]
    takes_back: int | None
    holds: bool
    text: str


@dataclass(frozen=True)
class AskedBefore:
    """Earlier cases of the same person and demand within twelve months (CASE-6)."""

    count: int
    last_answered_at: dt.datetime | None


@dataclass(frozen=True)
class CaseView:
    row: CaseRow
    clock: Clock
    facts: tuple[ShownFact, ...]
    asked_before: AskedBefore
    may: frozenset[FactKind]


@refusals_audited
@dataclass
class CaseRegister:
    """Lists and shows cases."""

    db: Database
    refusal_audit: RefusalAudit
    index: PersonIndex
    seal: CaseSeal

    def list(
        self,
        user: User,
        wanted: CaseFilter = CaseFilter(),
        *,
        after: tuple[dt.date, str] | None = None,
        size: int = PAGE_SIZE,
    ) -> CasePage:
        """One page by key, soonest due first."""
        require(user, Permission.CASE_LIST)
        with self.db.read() as session:
            query = select(Case).where(Case.merchant_id == user.merchant_id)
            query = query.where(Case.closed_at.is_not(None) if wanted.ended else Case.closed_at.is_(None))
            if wanted.states:
                query = query.where(Case.state.in_(sorted(wanted.states)))
            if wanted.mine:
                query = query.where(Case.assignee == user.account_id)
            if wanted.due_until is not None:
                query = query.where(Case.due_on <= wanted.due_until)
            if text := wanted.text.strip():
                found = select(CaseIdentifier.case_id).where(
                    CaseIdentifier.merchant_id == user.merchant_id,
                    CaseIdentifier.value_index.in_(self.index.all(session, user, text)),
                )
                query = query.where(Case.id.in_(found))
            if after is not None:
                later = and_(Case.due_on == after[0], Case.id > after[1])
                query = query.where(or_(Case.due_on > after[0], later))
            cases = session.scalars(query.order_by(Case.due_on, Case.id).limit(size + 1)).all()
            rows = self._rows(session, cases[:size])
        more = len(cases) > size
        return CasePage(rows, (cases[size - 1].due_on, cases[size - 1].id) if more else None)

    def show(self, user: User, case_id: str) -> CaseView:
        """One case: its dates and why, its facts, what may be recorded next. Raises NotFound."""
        require(user, Permission.CASE_LIST)
        with self.db.read() as session:
            case = own_case(session, user, case_id)
            rows = rows_of(session, case_id)
            facts = as_facts(rows)
            return CaseView(
                row=self._rows(session, [case])[0],
                clock=folded(facts, rules_of(case)).clock,
                facts=self._shown(session, rows, words=allows(user.role, Permission.CASE_WORK)),
                asked_before=_asked_before(session, case),
                may=MAY_RECORD[CaseState(case.state)] if allows(user.role, Permission.CASE_WORK) else frozenset(),
            )

    def find_by_name(self, user: User, name: str) -> str:
        """The id of the case that people call `2026-0042`. Raises NotFound."""
        require(user, Permission.CASE_LIST)
        said = _NAME.fullmatch(name)
        with self.db.read() as session:
            found = said and session.scalar(
                select(Case.id).where(
                    Case.merchant_id == user.merchant_id, Case.year == int(said[1]), Case.number == int(said[2])
                )
            )
        if not found:
            raise NotFound("There is no case by that name.", next_step="Look in Cases.", detail="case name")
        return found

    def _rows(self, session: Session, cases: Sequence[Case]) -> tuple[CaseRow, ...]:
        ids = [case.id for case in cases]
        rights: dict[str, list[str]] = {}
        for case_id, demand in session.execute(
            select(CaseDemand.case_id, CaseDemand.demand).where(CaseDemand.case_id.in_(ids)).order_by(CaseDemand.demand)
        ):
            rights.setdefault(case_id, []).append(demand)
        firsts = {
            row.case_id: row
            for row in session.scalars(
                select(CaseIdentifier).where(CaseIdentifier.case_id.in_(ids), CaseIdentifier.number == 1)
            )
        }
        names = _names(session, {case.assignee for case in cases if case.assignee})
        return tuple(
            CaseRow(
                id=case.id,
                name=f"{case.year}-{case.number:04}",
                person=self._masked(session, firsts.get(case.id)),
                rights=tuple(rights.get(case.id, ())),
                received_on=case.received_on,
                due_on=case.due_on,
                last_lawful_on=case.last_lawful_on,
                state=CaseState(case.state),
                assignee=names.get(case.assignee or "", ""),
                reference=case.reference,
            )
            for case in cases
        )

    def _masked(self, session: Session, row: CaseIdentifier | None) -> str:
        return masked_subject(row.kind, self.seal.value(session, row)) if row is not None else ""

    def _shown(self, session: Session, rows: Sequence[CaseFact], *, words: bool) -> tuple[ShownFact, ...]:
        holding = {fact.number for fact in effective(as_facts(rows))}
        names = _names(session, {row.recorded_by for row in rows if row.recorded_by})
        return tuple(
            ShownFact(
                row.number, FactKind(row.kind), row.at, row.told_on, names.get(row.recorded_by or "", ""), row.codes,
                row.takes_back, row.number in holding, self.seal.text(row) if words else "",
            )
            for row in rows
        )  # fmt: skip


def _asked_before(session: Session, case: Case) -> AskedBefore:
    """A case that is still open is not told of here: a second message joins it."""
    demands = select(CaseDemand.demand).where(CaseDemand.case_id == case.id)
    earlier = session.execute(
        select(Case.id, Case.state, Case.closed_at)
        .join(CaseDemand, CaseDemand.case_id == Case.id)
        .where(Case.merchant_id == case.merchant_id, Case.subject_index == case.subject_index, Case.id != case.id)
        .where(Case.received_on > months_after(case.received_on, -ASKED_BEFORE_MONTHS))
        .where(or_(Case.year < case.year, and_(Case.year == case.year, Case.number < case.number)))
        .where(CaseDemand.demand.in_(demands))
        .distinct()
    ).all()
    ended = [row for row in earlier if CaseState(row.state) not in OPEN_STATES]
    answered = [row.closed_at for row in ended if row.state == CaseState.ANSWERED and row.closed_at is not None]
    return AskedBefore(len(ended), max(answered, default=None))


def _names(session: Session, accounts: set[str]) -> dict[str, str]:
    rows = session.execute(select(Account.id, Account.name, Account.email).where(Account.id.in_(accounts)))
    return {account_id: name or email for account_id, name, email in rows}
