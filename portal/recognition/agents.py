"""Who acts for the person of a case: the authority that a colleague has seen. Nothing of the paper itself is kept."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from portal import audit
from portal.cases.recognition.agents import DELIVER_TO, AgentKind, AgentScope, AuthorityKind
from portal.cases.recognition.reading import newest_agent
from portal.cases.services.ledger import NOT_NOW, CaseNeeded, hold_case, own_case, today_of
from portal.cases.states import OPEN_STATES, CaseState
from portal.errors import InputError, StateConflict
from portal.identity import Permission, User, require
from portal.identity.refusal_audit import RefusalAudit, refusals_audited
from portal.storage.case_tables import CaseAgent
from portal.storage.engine import Database
from portal.storage.tables import Account, utc_now


@dataclass(frozen=True)
class AgentView:
    """`by`: the name of the colleague who saw the authority; `over`: its last day has passed."""

    kind: AgentKind
    authority: AuthorityKind
    authority_on: dt.date | None
    scope: AgentScope
    valid_until: dt.date | None
    by: str
    over: bool


@refusals_audited
@dataclass
class CaseAgents:
    """Records who acts for the people of a merchant's cases."""

    db: Database
    refusal_audit: RefusalAudit

    def of_case(self, user: User, case_id: str) -> AgentView | None:
        """The one who acts now; None where the person does. Raises NotFound."""
        require(user, Permission.CASE_LIST)
        with self.db.read() as session:
            case = own_case(session, user, case_id)
            row = newest_agent(session, case_id)
            if row is None or row.ended_at is not None:
                return None
            by = session.get(Account, row.checked_by) if row.checked_by else None
            return AgentView(
                AgentKind(row.kind), AuthorityKind(row.authority_kind), row.authority_on, AgentScope(row.scope),
                row.valid_until, (by.name or by.email) if by else "",
                over=row.valid_until is not None and row.valid_until < today_of(case),
            )  # fmt: skip

    def record(
        self, user: User, case_id: str, kind: AgentKind, authority: AuthorityKind, scope: AgentScope, *,
        authority_on: dt.date, valid_until: dt.date | None = None,
    ) -> None:  # fmt: skip
        """The authority was seen; it takes the place of one before. Raises NotFound, CaseNeeded for a case that has
        ended, InputError(field="authority_on" or "valid_until")."""
        require(user, Permission.CASE_WORK)
        with self.db.write() as session:
            case = hold_case(session, user, case_id)
            if CaseState(case.state) not in OPEN_STATES | {CaseState.CLOSED_NOT_IDENTIFIED}:
                raise CaseNeeded("This case has ended.", detail=case.state)
            if authority_on > today_of(case):
                raise InputError("The authority cannot be of a day to come.", field="authority_on")
            if valid_until is not None and valid_until < today_of(case):
                raise InputError("This authority has run out.", field="valid_until")
            row = CaseAgent(
                merchant_id=case.merchant_id, case_id=case_id, kind=AgentKind(kind).value,
                authority_kind=AuthorityKind(authority).value, scope=AgentScope(scope).value,
                checked_by=user.account_id, valid_until=valid_until, deliver_to=DELIVER_TO[scope].value,
                authority_on=authority_on,
            )  # fmt: skip
            session.add(row)
            audit.record(
                session, user.merchant_id, user.account_id, "agent:record",
                object_id=case_id, origin=user.origin, kind=row.kind, what=row.authority_kind, to=row.deliver_to,
            )  # fmt: skip

    def end(self, user: User, case_id: str) -> None:
        """The person speaks for themselves from now on. Raises NotFound, StateConflict when nobody acts for them."""
        require(user, Permission.CASE_WORK)
        with self.db.write() as session:
            hold_case(session, user, case_id)
            row = newest_agent(session, case_id)
            if row is None or row.ended_at is not None:
                raise StateConflict(NOT_NOW, next_step="Look at what is recorded.", detail="agent")
            row.ended_at = utc_now()
            audit.record(
                session, user.merchant_id, user.account_id, "agent:end", object_id=case_id, origin=user.origin
            )  # fmt: skip
