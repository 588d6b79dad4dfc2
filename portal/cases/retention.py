"""How long the facts of cases that have ended are kept, and what is destroyed then (LAW-17).

No law sets a period, so a merchant chooses one and says why. The day stands on the case's row from the moment it ends;
a case that is open again has none. What people wrote in the case, what the person is known by and the fingerprints of
its files (`portal.comparison.retention`) are destroyed on that day. Number, kinds of facts, days and outcome stay, and
of each identifier the keyed index, by which the same person is known when they ask again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from sqlalchemy import Table, Update, bindparam, delete, or_, select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from portal import audit
from portal.cases.clock.regimes import Regime
from portal.config import Settings
from portal.errors import InputError, InputErrors
from portal.identity import Permission, User, require, require_fresh_proof
from portal.identity.refusal_audit import RefusalAudit, refusals_audited
from portal.storage.answering.front_door_tables import CaseMessage, DoorLink, DoorRequest, DoorVisit
from portal.storage.answering.retention_tables import CaseRetentionRules
from portal.storage.answering.source_tables import CaseMatch, CaseSource
from portal.storage.case_tables import Case, CaseFact, CaseIdentifier
from portal.storage.engine import Database
from portal.storage.locks import lock_merchant
from portal.storage.months import months_after
from portal.storage.tables import Account, Export, ExportAsked, ExportResponse, utc_now

KEPT_MONTHS: Final = 24
CALIFORNIA_MONTHS: Final = 24
"""Records of requests are kept for at least so long (11 CCR 7101), whatever the merchant chose."""
MONTHS: Final = range(6, 121)
REASON_MAX: Final = 400
BATCH: Final = 500

_TABLE = cast(Table, Case.__table__)
_WRITE = (
    update(_TABLE).where(_TABLE.c.id == bindparam("case_id")).values(destroy_facts_after=bindparam("until"))
)  # fmt: skip


def kept_months(session: Session, merchant_id: str) -> int:
    """What stands for the merchant now."""
    row = session.get(CaseRetentionRules, merchant_id)
    return row.months if row is not None else KEPT_MONTHS


def destroy_after(ended_at: dt.datetime | None, profile: str, months: int) -> dt.datetime | None:
    """When the facts of a case are destroyed; None while it is open."""
    if ended_at is None:
        return None
    return dt.datetime.combine(months_after(ended_at.date(), months_of(profile, months)), ended_at.timetz())


def months_of(profile: str, months: int) -> int:
    """Of a case under these rules, where a merchant chose so many."""
    return max(months, CALIFORNIA_MONTHS) if Regime.CALIFORNIA in profile.split("+") else months


def destroy_words(session: Session, case: Case) -> int:
    """Notes, letters, messages and the person's name, within the transaction that records it. Gives how many texts they
    were."""
    words = update(CaseFact).where(CaseFact.case_id == case.id, CaseFact.sealed_text.is_not(None))
    named = case.sealed_name is not None
    case.sealed_name = None
    return _rows(session, words.values(sealed_text=None)) + named + _destroy_asked_for_oneself(session, case)


def _destroy_asked_for_oneself(session: Session, case: Case) -> int:
    """Messages, and what was kept of asking on the merchant's page; its links open nothing any more."""
    asked = select(DoorRequest.id).where(DoorRequest.case_id == case.id)
    written = update(CaseMessage).where(CaseMessage.case_id == case.id, CaseMessage.sealed_text.is_not(None))
    for table in (DoorVisit, DoorLink):
        session.execute(delete(table).where(table.request_id.in_(asked)).execution_options(synchronize_session=False))
    emptied = {"sealed_email": None, "sealed_note": None, "sealed_code_key": None, "email_prf": "", "code_prf": ""}
    rows = update(DoorRequest).where(DoorRequest.case_id == case.id)
    _rows(session, rows.values(emptied))
    return _rows(session, written.values(sealed_text=None))


def destroy_identifiers(session: Session, case_id: str) -> int:
    """What the person is known by: in the case, where LoyaltyDog was asked about them, in what its answers named. Gives
    how many identifiers of the case they were."""
    exports = select(Export.id).where(Export.case_id == case_id).scalar_subquery()
    known = or_(CaseIdentifier.sealed_value.is_not(None), CaseIdentifier.export_id.is_not(None))
    of_case = update(CaseIdentifier).where(CaseIdentifier.case_id == case_id, known)
    gone = _rows(session, of_case.values(sealed_value=None, export_id=None))
    asked, told = update(ExportAsked), update(ExportResponse)
    for change in (
        asked.where(ExportAsked.export_id.in_(exports)).values(sealed_subject=None, sealed_card_id=None),
        told.where(ExportResponse.export_id.in_(exports)).values(sealed_refusal=None, sealed_download_url=None),
        update(CaseSource).where(CaseSource.case_id == case_id).values(sealed_member=None),
        update(CaseMatch).where(CaseMatch.case_id == case_id).values(sealed_item=None),
    ):
        _rows(session, change)
    return gone


def _rows(session: Session, change: Update) -> int:
    done = session.execute(change.execution_options(synchronize_session=False))
    return int(cast(CursorResult[Any], done).rowcount)


@dataclass(frozen=True)
class ShownRetention:
    """What counts now. Without `updated_at` nothing was ever saved."""

    months: int
    reason: str
    updated_at: dt.datetime | None
    updated_by: str


@refusals_audited
@dataclass
class CaseRetention:
    """Shows and changes how long cases are kept. A change dates the cases that have ended anew."""

    db: Database
    refusal_audit: RefusalAudit
    settings: Settings

    def show(self, user: User) -> ShownRetention:
        require(user, Permission.CASE_LIST)
        with self.db.read() as session:
            row = session.get(CaseRetentionRules, user.merchant_id)
            if row is None:
                return ShownRetention(KEPT_MONTHS, "", None, "")
            by = session.get(Account, row.updated_by)
            return ShownRetention(row.months, row.reason, row.updated_at, (by.name or by.email) if by else "")

    def save(self, user: User, *, months: int, reason: str) -> int:
        """Gives how many cases have another day now. Raises InputErrors, NotPermitted, StepUpNeeded."""
        require(user, Permission.SETTINGS)
        require_fresh_proof(user, self.settings)
        reason = _checked(months, reason)
        with self.db.write() as session:
            lock_merchant(session, user.merchant_id)
            row = session.get(CaseRetentionRules, user.merchant_id)
            was = row.months if row is not None else KEPT_MONTHS
            if row is None:
                row = CaseRetentionRules(
                    merchant_id=user.merchant_id, months=months, reason=reason, updated_by=user.account_id
                )
            elif (row.months, row.reason) == (months, reason):
                return 0
            row.months, row.reason, row.updated_at, row.updated_by = months, reason, utc_now(), user.account_id
            session.add(row)
            moved = _date_anew(session, user.merchant_id, months)
            audit.record(
                session, user.merchant_id, user.account_id, "case:retention",
                object_id=user.merchant_id, origin=user.origin, was=was, now=months, cases=moved,
            )  # fmt: skip
            return moved


def _checked(months: int, reason: str) -> str:
    problems = []
    if months not in MONTHS:
        problems.append(InputError(f"Enter {MONTHS[0]} to {MONTHS[-1]} months.", field="months"))
    reason = " ".join(reason.split())
    if not reason or len(reason) > REASON_MAX:
        problems.append(
            InputError(f"Say in at most {REASON_MAX} characters why cases are kept so long.", field="reason")
        )  # fmt: skip
    if problems:
        raise InputErrors(problems)
    return reason


def _date_anew(session: Session, merchant_id: str, months: int) -> int:
    """Only of cases whose words are still there: what is destroyed does not come back."""
    ended = select(Case.id).where(
        Case.merchant_id == merchant_id, Case.closed_at.is_not(None), Case.facts_destroyed_at.is_(None)
    )
    ids: Sequence[str] = session.scalars(ended.order_by(Case.id)).all()
    moved = 0
    for start in range(0, len(ids), BATCH):
        rows = session.execute(
            select(Case.id, Case.closed_at, Case.profile, Case.destroy_facts_after).where(
                Case.id.in_(ids[start : start + BATCH])
            )
        )
        changed = [
            {"case_id": row.id, "until": until}
            for row in rows
            if (until := destroy_after(row.closed_at, row.profile, months)) != row.destroy_facts_after
        ]
        if changed:
            session.execute(_WRITE, changed)
        moved += len(changed)
    return moved
