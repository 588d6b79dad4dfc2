"""The rows of a case: reading its facts, adding one, and bringing the row in line with what they come to.

Facts of one case come one after the other: its row is held first. A fact, the state and days that follow, and the audit
entry of a move are one transaction.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, func, or_, select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session, object_session

from portal import audit
from portal.cases.clock import Clock
from portal.cases.endings import endings_of
from portal.cases.facts import Fact, FactKind, Right, check_codes, effective
from portal.cases.retention import destroy_after, kept_months
from portal.cases.services.folding import Folded, Rules, folded
from portal.cases.services.merchant_rules import merchant_rules
from portal.cases.standing import Standing, stands
from portal.cases.states import MAY_RECORD, OPEN_STATES, CaseState, outcome_of
from portal.errors import NotFound, PortalError, StateConflict
from portal.identity import User
from portal.storage.case_tables import Case, CaseDemand, CaseFact, CaseIdentifier, FailedIdentity
from portal.storage.locks import lock_merchant
from portal.storage.tables import Export, new_id, utc_now
from portal.vault import FieldSealer

NOT_NOW = "This cannot be recorded as the case stands."
FORGOTTEN = "What the person was known by has been destroyed."


class CaseNeeded(PortalError):
    """Nothing is asked, packed or sent about a person without a case (CASE-1)."""

    refusal = True
    code = "case_needed"
    message = "Nothing is asked about a person without an open case."
    next_step = "Open a case for this request."


def own_case(session: Session, user: User, case_id: str, *, hold: bool = False) -> Case:
    """The user's merchant's case. Raises NotFound, the same for absent and foreign (SEC-41).

    With `hold` nobody else records in it until the transaction ends.
    """
    case = session.get(Case, case_id, with_for_update=hold or None, populate_existing=hold)
    if case is None or case.merchant_id != user.merchant_id:
        raise NotFound(next_step="Look in Cases.", detail="case")
    return case


def has_case(session: Session, merchant_id: str, case_id: str) -> bool:
    """Is there such a case of the merchant? The database holds an export to a case, not to one of its own merchant."""
    case = session.get(Case, case_id)
    return case is not None and case.merchant_id == merchant_id


def open_case(case: Case) -> Case:
    """Raises CaseNeeded when it has ended."""
    if CaseState(case.state) not in OPEN_STATES:
        raise CaseNeeded("This case has ended.", detail=case.state)
    return case


def hold_case(session: Session, user: User, case_id: str) -> Case:
    """The user's merchant's case, held with its exports' rows until the transaction ends. Raises NotFound."""
    own_case(session, user, case_id)
    hold_exports(session, user.merchant_id, select(Case.id).where(Case.id == case_id))
    return own_case(session, user, case_id, hold=True)


def hold_exports(session: Session, merchant_id: str, cases: Select[str]) -> None:
    """Hold the exports of `cases` (ids), then the merchant's lock.

    A move of an export holds its row and then waits for that lock, which is the audit trail's too: in another order two
    acts would wait for each other. Exports that were added before the lock was had are not held: then both are let go,
    and taken again. SQLite's one writer needs none of it.
    """
    if session.get_bind().dialect.name == "sqlite":
        return
    exports = select(Export.id).where(Export.case_id.in_(cases)).order_by(Export.id)
    while True:
        savepoint = session.begin_nested()
        held = set(session.scalars(exports.with_for_update()))
        lock_merchant(session, merchant_id)
        if held.issuperset(session.scalars(exports)):
            savepoint.commit()
            return
        savepoint.rollback()


def rows_of(session: Session, case_id: str) -> list[CaseFact]:
    return list(session.scalars(select(CaseFact).where(CaseFact.case_id == case_id).order_by(CaseFact.number)))


def as_facts(rows: Sequence[CaseFact]) -> list[Fact]:
    return [
        Fact(row.number, FactKind(row.kind), row.at, row.recorded_by or "", row.told_on, row.codes, row.takes_back)
        for row in rows
    ]


def rules_of(case: Case) -> Rules:
    """The case's own codes, and what its merchant has set as the session that the case belongs to sees it."""
    session = object_session(case)
    assert session is not None, "a case is calculated within the session that read it"
    return merchant_rules(session, case.merchant_id).of_case(case.profile, case.calendar, case.zone)


def today_of(case: Case) -> dt.date:
    """Today where the controller is."""
    return utc_now().astimezone(rules_of(case).place).date()


def as_folded(session: Session, case: Case) -> Folded:
    return folded(as_facts(rows_of(session, case.id)), rules_of(case))


def add_fact(
    session: Session,
    user: User,
    case: Case,
    kind: FactKind,
    *,
    at: dt.datetime | None = None,
    told_on: dt.date | None = None,
    codes: Mapping[str, str] | None = None,
    takes_back: int | None = None,
    text: tuple[str, bytes] | None = None,
    anyhow: bool = False,
    by_itself: bool = False,
) -> int:
    """Record one fact in a case that is held, and let the row follow. Gives the fact's number.

    `text` is the fact's id and the sealed words. Raises StateConflict where the state does not allow it, unless
    `anyhow`: what was recorded of one of several exports in a case is true whatever came of the others. `by_itself`: no
    colleague recorded it, the portal did.
    """
    given = {name: code for name, code in (codes or {}).items() if code}
    check_codes(kind, given)
    if not anyhow and kind not in MAY_RECORD[CaseState(case.state)]:
        raise StateConflict(NOT_NOW, next_step="Look at what is recorded.", detail=f"{case.state}: {kind}")
    number = (session.scalar(select(func.max(CaseFact.number)).where(CaseFact.case_id == case.id)) or 0) + 1
    fact_id, sealed = text or (new_id(), None)
    session.add(
        CaseFact(
            id=fact_id, merchant_id=case.merchant_id, case_id=case.id, number=number, kind=kind.value,
            at=at or utc_now(), told_on=told_on, recorded_by=None if by_itself else user.account_id, codes=given,
            sealed_text=sealed, takes_back=takes_back,
        )
    )  # fmt: skip
    session.flush()
    follow(session, user, case)
    return number


def follow(session: Session, user: User, case: Case) -> None:
    """Bring a case's row and demands in line with its facts; a move of state leaves an entry."""
    facts = as_facts(rows_of(session, case.id))
    rules = rules_of(case)
    now = folded(facts, rules)
    before, months = case.state, kept_months(session, case.merchant_id)
    if CaseState(before) not in OPEN_STATES and now.state in OPEN_STATES and is_forgotten(session, case.id):
        raise StateConflict(FORGOTTEN, next_step="Open a new case.", detail="reopened")
    until = destroy_after(now.ended_at, case.profile, months)
    moved: CursorResult[Any] = session.execute(  # type: ignore[assignment]  # an UPDATE gives a cursor result
        update(Case)
        .where(Case.id == case.id, Case.state == before)
        .values(cached(now) | {"destroy_facts_after": until, "facts_destroyed_at": None})
        .execution_options(synchronize_session=False)
    )
    if moved.rowcount != 1:
        raise StateConflict(NOT_NOW, next_step="Look at what is recorded.", detail="state changed by another write")
    session.refresh(case)
    _keep_failed(session, case, now.identity_failed_at)
    tell_exports(session, case.id, facts, now.clock, rules.place)
    _tell_demands(session, case.id, facts)
    if before == case.state:
        return
    audit.record(
        session, case.merchant_id, user.account_id, "case:state",
        object_id=case.id, origin=user.origin, **{"from": before, "to": case.state}, number=facts[-1].number,
    )  # fmt: skip


def _tell_demands(session: Session, case_id: str, facts: Sequence[Fact]) -> None:
    endings = endings_of(effective(facts))
    for row in session.scalars(select(CaseDemand).where(CaseDemand.case_id == case_id)):
        outcome, ending = outcome_of(endings, Right(row.demand))
        end = ending.fact if ending else None
        row.outcome = outcome.value
        row.decided_by, row.decided_at = ((end.by or None), end.at) if end else (None, None)
        row.code = end.codes.get("reason", "") if end else ""


def tell_exports(session: Session, case_id: str, facts: Sequence[Fact], clock: Clock, place: ZoneInfo) -> None:
    """Let the exports that stand for what was asked follow: their days are the case's, their answer its ending."""
    kept = (Export.month_ends_on, Export.due_on, Export.answer, Export.answered_on)
    standing = select(Export.id, Export.request_id, *kept)
    endings = endings_of(effective(facts))
    for row in session.execute(standing.where(Export.case_id == case_id, Export.answer != Standing.LATER)):
        found = stands(endings.of_export(row.request_id), place)
        wanted = (clock.target_on, clock.due_on, found.standing.value, found.answered_on)
        if tuple(row[2:]) != wanted:
            values = dict(zip((column.key for column in kept), wanted, strict=True))
            session.execute(update(Export).where(Export.id == row.id).values(values))


def _keep_failed(session: Session, case: Case, since: dt.datetime | None) -> None:
    row = session.get(FailedIdentity, case.id)
    if since is None and row is not None:
        session.delete(row)
    elif since is not None and row is None:
        session.add(FailedIdentity(case_id=case.id, merchant_id=case.merchant_id, failed_at=since))


def cached(now: Folded) -> dict[str, Any]:
    """What a case's row keeps of its facts."""
    return {
        "state": now.state.value,
        "received_on": now.clock.received_on,
        "target_on": now.clock.target_on,
        "last_lawful_on": now.clock.last_lawful_on,
        "due_on": now.clock.due_on,
        "extended_to": now.extended_to,
        "closed_at": now.ended_at,
        "closed_as": now.ended_as,
    }


def is_forgotten(session: Session, case_id: str) -> bool:
    """Is it destroyed what the person is known by?"""
    left = or_(CaseIdentifier.sealed_value.is_not(None), CaseIdentifier.export_id.is_not(None))
    return session.scalar(select(CaseIdentifier.id).where(CaseIdentifier.case_id == case_id, left).limit(1)) is None


class CaseSeal:
    """Seals and opens the personal columns of cases."""

    def __init__(self, sealer: FieldSealer) -> None:
        self._sealer = sealer

    def seal(self, merchant_id: str, table: type, column: str, row_id: str, value: str) -> bytes:
        name: str = table.__tablename__  # type: ignore[attr-defined]  # one of the tables of cases
        return self._sealer.seal(value, merchant_id=merchant_id, table=name, column=column, row=row_id)

    def text(self, row: CaseFact) -> str:
        return self._open(row, row.sealed_text, "text", row.id) if row.sealed_text is not None else ""

    def name(self, case: Case) -> str:
        return self._open(case, case.sealed_name, "name", case.id) if case.sealed_name is not None else ""

    def opened(self, row: Any, column: str) -> str:
        """The value of `sealed_COLUMN` of a row that is about a case; nothing where it has none."""
        sealed: bytes | None = getattr(row, f"sealed_{column}")
        return self._open(row, sealed, column, row.id) if sealed is not None else ""

    def value(self, session: Session, row: CaseIdentifier) -> str:
        return self.values(session, [row])[0]

    def values(self, session: Session, rows: Sequence[CaseIdentifier]) -> list[str]:
        """Each is sealed in its own row, or in the export it was taken from; empty where it is destroyed."""
        elsewhere = [row.export_id for row in rows if row.sealed_value is None]
        found = session.scalars(select(Export).where(Export.id.in_(elsewhere))) if elsewhere else ()
        exports = {export.id: export for export in found}
        return [self._value(row, exports.get(row.export_id or "")) for row in rows]

    def _value(self, row: CaseIdentifier, export: Export | None) -> str:
        if row.sealed_value is not None:
            return self._open(row, row.sealed_value, "value", row.id)
        if export is None or export.asked.sealed_subject is None:
            return ""
        return self._open(export, export.asked.sealed_subject, "subject", export.id)

    def _open(self, row: Any, sealed: bytes, column: str, row_id: str) -> str:
        return self._sealer.open(
            sealed, merchant_id=row.merchant_id, table=row.__tablename__, column=column, row=row_id
        )  # fmt: skip
