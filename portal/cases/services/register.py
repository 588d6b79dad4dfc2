"""A merchant's cases as its people may see them: the list by key, and one case whole. Persons are masked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import audit
from portal.cases.clock.gates import may_extend
from portal.cases.clock.receipt import local_day
from portal.cases.facts import Channel, DemandOutcome, FactKind, Right, effective
from portal.cases.recognition.hiding import hides
from portal.cases.recognition.reading import recognition_of
from portal.cases.services.folding import folded
from portal.cases.services.ledger import CaseSeal, as_facts, own_case, rows_of, rules_of, today_of
from portal.cases.services.people import PersonIndex, masked_subject
from portal.cases.services.query import NAME, count_of_cases, named_by, page_of_cases, place_of
from portal.cases.services.views import (
    CaseFilter,
    CasePage,
    CaseRow,
    CaseView,
    Colleague,
    Demand,
    Place,
    ShownFact,
)
from portal.cases.states import MAY_RECORD, CaseState, waiting_for
from portal.config import Settings
from portal.errors import NotFound
from portal.identity import Permission, Role, User, require, require_fresh_proof
from portal.identity.refusal_audit import RefusalAudit, refusals_audited
from portal.identity.roles import allows
from portal.storage.case_tables import Case, CaseDemand, CaseFact, CaseIdentifier
from portal.storage.engine import Database
from portal.storage.tables import Account, utc_now

PAGE_SIZE = 50
OPEN_CASES = CaseFilter()


@refusals_audited
@dataclass
class CaseRegister:
    """Lists and shows cases."""

    db: Database
    refusal_audit: RefusalAudit
    settings: Settings
    index: PersonIndex
    seal: CaseSeal

    def list(
        self, user: User, wanted: CaseFilter = OPEN_CASES, *, after: Place | None = None, size: int = PAGE_SIZE
    ) -> CasePage:
        """One page by key: open cases by their due day, ended ones by when they ended."""
        require(user, Permission.CASE_LIST)
        with self.db.read() as session:
            text = wanted.text.strip()
            named = named_by(session, user, text, self.index.all(session, user, text)) if text else None
            cases = page_of_cases(session, user, wanted, named, after, size + 1)
            rows = self._rows(session, cases[:size])
        return CasePage(rows, place_of(cases[size - 1]) if len(cases) > size else None)

    def count(self, user: User, wanted: CaseFilter = OPEN_CASES) -> int:
        """How many match, counted no further than 1,001; `text` is not looked at."""
        require(user, Permission.CASE_LIST)
        with self.db.read() as session:
            return count_of_cases(session, user, wanted)

    def show(self, user: User, case_id: str) -> CaseView:
        """One case: its dates and why, its facts, what may be recorded next. Raises NotFound."""
        require(user, Permission.CASE_LIST)
        with self.db.read() as session:
            case = own_case(session, user, case_id)
            rows = rows_of(session, case_id)
            facts = as_facts(rows)
            clock = folded(facts, rules_of(case)).clock
            known = _identifiers(session, case_id)
            works = allows(user.role, Permission.CASE_WORK)
            manager = allows(user.role, Permission.CASE_DECIDE)
            return CaseView(
                row=self._rows(session, [case])[0],
                assignee_id=case.assignee or "",
                channel=Channel(case.channel),
                language=case.language,
                closed_as=case.closed_as,
                identifiers=tuple(zip((row.kind for row in known), self._masked(session, known), strict=True)),
                demands=_demands(session, case),
                clock=clock,
                today=today_of(case),
                facts=self._shown(session, rows, words=works),
                recognition=recognition_of(session, case_id),
                hidden=hides(session, case_id),
                waiting=waiting_for(effective(facts)),
                kept_until=local_day(case.destroy_facts_after, rules_of(case).place)
                if case.destroy_facts_after
                else None,
                may=MAY_RECORD[CaseState(case.state)] if works else frozenset(),
                more_time=works and may_extend(clock, utc_now(), rules_of(case).place, manager=manager),
            )

    def find_by_name(self, user: User, name: str) -> str:
        """The id of the case that people call `2026-0042`. Raises NotFound."""
        require(user, Permission.CASE_LIST)
        said = NAME.fullmatch(name)
        with self.db.read() as session:
            found = said and session.scalar(
                select(Case.id).where(
                    Case.merchant_id == user.merchant_id, Case.year == int(said[1]), Case.number == int(said[2])
                )
            )
        if not found:
            raise NotFound("There is no case by that name.", next_step="Look in Cases.", detail="case name")
        return found

    def reveal(self, user: User, case_id: str) -> tuple[tuple[str, str], ...]:
        """By what the person is known, in clear: kinds and values; audited."""
        require(user, Permission.CASE_WORK)
        require_fresh_proof(user, self.settings)

        def show(session: Session) -> tuple[tuple[str, str], ...]:
            case = own_case(session, user, case_id)
            audit.record(
                session, user.merchant_id, user.account_id, "case:reveal",
                object_id=case_id, origin=user.origin, what="person",
            )  # fmt: skip
            name = [("name", self.seal.name(case))] if case.sealed_name is not None else []
            known = _identifiers(session, case_id)
            values = zip((row.kind for row in known), self.seal.values(session, known), strict=True)
            return (*name, *((kind, value) for kind, value in values if value))

        return self.db.group_commit(show)

    def note_search(self, user: User, text: str) -> None:
        """A search for one person is an act of its own."""
        require(user, Permission.CASE_LIST)

        def write(session: Session) -> None:
            subject = self.index.one(session, user, text)[:16]
            audit.record(session, user.merchant_id, user.account_id, "case:search", origin=user.origin, subject=subject)

        self.db.group_commit(write)

    def colleagues(self, user: User) -> tuple[Colleague, ...]:
        """Those of the merchant who work on cases, by name."""
        require(user, Permission.CASE_WORK)
        with self.db.read() as session:
            wanted = select(Account).where(Account.merchant_id == user.merchant_id, Account.disabled_at.is_(None))
            found = [row for row in session.scalars(wanted) if allows(Role(row.role), Permission.CASE_WORK)]
            return tuple(sorted((Colleague(row.id, row.name or row.email) for row in found), key=lambda one: one.name))

    def _rows(self, session: Session, cases: Sequence[Case]) -> tuple[CaseRow, ...]:
        ids = [case.id for case in cases]
        rights: dict[str, list[str]] = {}
        for case_id, demand in session.execute(
            select(CaseDemand.case_id, CaseDemand.demand).where(CaseDemand.case_id.in_(ids)).order_by(CaseDemand.demand)
        ):
            rights.setdefault(case_id, []).append(demand)
        firsts = session.scalars(
            select(CaseIdentifier).where(CaseIdentifier.case_id.in_(ids), CaseIdentifier.number == 1)
        ).all()
        persons = dict(zip((row.case_id for row in firsts), self._masked(session, firsts), strict=True))
        names = _names(session, {case.assignee for case in cases if case.assignee})
        return tuple(
            CaseRow(
                id=case.id,
                name=f"{case.year}-{case.number:04}",
                person=persons.get(case.id, ""),
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

    def _masked(self, session: Session, rows: Sequence[CaseIdentifier]) -> Sequence[str]:
        values = self.seal.values(session, rows)
        return [masked_subject(row.kind, value) for row, value in zip(rows, values, strict=True)]

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


def _demands(session: Session, case: Case) -> tuple[Demand, ...]:
    """In the order of the code list."""
    rows = {row.demand: row for row in session.scalars(select(CaseDemand).where(CaseDemand.case_id == case.id))}
    place = rules_of(case).place
    return tuple(
        Demand(right, DemandOutcome(row.outcome), local_day(row.decided_at, place) if row.decided_at else None)
        for right in Right
        if (row := rows.get(right.value)) is not None
    )


def _identifiers(session: Session, case_id: str) -> Sequence[CaseIdentifier]:
    rows = select(CaseIdentifier).where(CaseIdentifier.case_id == case_id).order_by(CaseIdentifier.number)
    return session.scalars(rows).all()


def _names(session: Session, accounts: set[str]) -> dict[str, str]:
    rows = session.execute(select(Account.id, Account.name, Account.email).where(Account.id.in_(accounts)))
    return {account_id: name or email for account_id, name, email in rows}
