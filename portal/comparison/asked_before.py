"""Has the person asked before, what came of it, and what changed since (CASE-6)? Never a reason by itself."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pydantic import SecretStr
from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from portal.cases.clock.receipt import local_day
from portal.cases.facts import FactKind, Right, effective
from portal.cases.recognition.hiding import hides
from portal.cases.services.folding import Rules
from portal.cases.services.intake import TELLS_APART, IdentifierKind
from portal.cases.services.ledger import as_facts, own_case, rows_of, rules_of
from portal.cases.states import OPEN_STATES, CaseState
from portal.comparison.differences import TableDifference, differences
from portal.comparison.keeping import Fingerprints
from portal.comparison.persons import indexes_of, indexes_of_case, of_person
from portal.comparison.views import EarlierCase, SentCopy, Since
from portal.identity import Permission, User, require
from portal.identity.refusal_audit import RefusalAudit, refusals_audited
from portal.storage.case_tables import Case, CaseDemand
from portal.storage.engine import Database
from portal.storage.months import months_after
from portal.storage.tables import utc_now
from portal.vault import FieldSealer

LOOKED_BACK_MONTHS = 12
MOST_CASES = 50


@refusals_audited
@dataclass
class AskedBefore:
    """Tells of the earlier cases of a person. A case that is still open is not among them: a further message joins
    it."""

    db: Database
    refusal_audit: RefusalAudit
    sealer: FieldSealer
    fingerprints: Fingerprints

    def since(self, user: User, case_id: str) -> Since:
        """The earlier cases of a case's person, and what changed by its newest files. Raises NotFound."""
        require(user, Permission.CASE_LIST)
        with self.db.read() as session:
            case = own_case(session, user, case_id)
            rights = set(session.scalars(select(CaseDemand.demand).where(CaseDemand.case_id == case.id)))
            before = or_(Case.year < case.year, and_(Case.year == case.year, Case.number < case.number))
            indexes = indexes_of_case(session, self.sealer, case)
            earlier = self._earlier(session, user, indexes, rights, case.received_on, before, Case.id != case.id)
            hidden = hides(session, case_id)
        if not earlier or hidden:
            return Since(earlier)
        self.fingerprints.take_small([case_id, *(one.id for one in earlier)])
        with self.db.read() as session:
            compared_with, tables = self._compared(session, case_id, earlier)
        return Since(earlier, compared_with, tables)

    def before_opening(
        self, user: User, identifiers: Sequence[tuple[IdentifierKind, SecretStr]], rights: frozenset[Right]
    ) -> Since:
        """The earlier cases of somebody whose case is about to be opened."""
        require(user, Permission.CASE_LIST)
        values = [secret.get_secret_value().strip() for kind, secret in identifiers if kind in TELLS_APART]
        today = utc_now().astimezone(Rules(zone=user.time_zone).place).date()
        with self.db.read() as session:
            indexes = indexes_of(session, self.sealer, user.merchant_id, filter(None, values))
            return Since(self._earlier(session, user, indexes, {right.value for right in rights}, today))

    def _earlier(
        self,
        session: Session,
        user: User,
        indexes: Sequence[str],
        rights: Iterable[str],
        day: dt.date,
        *which: ColumnElement[bool],
    ) -> tuple[EarlierCase, ...]:
        demanded = select(CaseDemand.case_id).where(CaseDemand.case_id == Case.id, CaseDemand.demand.in_(list(rights)))
        cases = session.scalars(
            select(Case)
            .where(of_person(user.merchant_id, indexes), Case.state.not_in(OPEN_STATES), demanded.exists(), *which)
            .where(Case.received_on > months_after(day, -LOOKED_BACK_MONTHS))
            .order_by(Case.received_on.desc(), Case.year.desc(), Case.number.desc())
            .limit(MOST_CASES)
        )
        return tuple(_earlier_case(session, case) for case in cases)

    def _compared(
        self, session: Session, case_id: str, earlier: Sequence[EarlierCase]
    ) -> tuple[EarlierCase | None, tuple[TableDifference, ...] | None]:
        now = self.fingerprints.of_case(session, case_id)
        for one in earlier if now else ():
            tables = differences(self.fingerprints.of_case(session, one.id), now)
            if tables is not None:
                return one, tables
        return None, None


def _earlier_case(session: Session, case: Case) -> EarlierCase:
    place = rules_of(case).place
    sent = [
        SentCopy(fact.codes.get("copy", ""), fact.codes["sha256"], fact.day(place))
        for fact in effective(as_facts(rows_of(session, case.id)))
        if fact.kind is FactKind.ANSWERED and fact.codes.get("sha256")
    ]
    answered = case.closed_at if case.state == CaseState.ANSWERED else None
    return EarlierCase(
        case.id, f"{case.year}-{case.number:04}", case.reference, case.received_on, CaseState(case.state),
        case.closed_as, local_day(answered, place) if answered else None, tuple(dict.fromkeys(sent)),
    )  # fmt: skip
