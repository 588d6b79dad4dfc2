"""How long fingerprints are kept: as long as the facts of their case, whatever became of the file (CASE-6).

A case without such a day keeps them for two years after its receipt: no case looks further back than one, and one that
did may itself be open for a while.
"""

from __future__ import annotations

import datetime as dt
from typing import Any, cast

from sqlalchemy import ColumnElement, delete, not_, or_, select
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from portal import audit
from portal.storage.case_tables import Case
from portal.storage.locks import lock_merchant
from portal.storage.months import months_after
from portal.storage.tables import CaseFingerprints

KEPT_MONTHS = 24


def kept_still(now: dt.datetime) -> ColumnElement[bool]:
    """Condition on `cases`: may fingerprints of its files be there?"""
    until, long_ago = Case.destroy_facts_after, months_after(now.date(), -KEPT_MONTHS)
    return or_(until.is_not(None) & (until > now), until.is_(None) & (Case.received_on > long_ago))


def cases_due(session: Session, now: dt.datetime, limit: int) -> list[tuple[str, str]]:
    """Merchants and cases whose fingerprints are past their time."""
    wanted = (
        select(Case.merchant_id, Case.id)
        .where(Case.id.in_(select(CaseFingerprints.case_id)), not_(kept_still(now)))
        .order_by(Case.merchant_id, Case.id)
        .limit(limit)
    )
    return [(row[0], row[1]) for row in session.execute(wanted)]


def forget_case(session: Session, merchant_id: str, case_id: str) -> int:
    """Gives of how many files they were."""
    lock_merchant(session, merchant_id)
    gone = _delete(session, CaseFingerprints.case_id == case_id)
    if gone:
        audit.record(
            session, merchant_id, "system", "fingerprints:destroy",
            object_id=case_id, origin="worker", files=gone, reason="retention",
        )  # fmt: skip
    return gone


def forget_merchant(session: Session, merchant_id: str, *, actor: str, origin: str) -> int:
    """Of a merchant that is removed, once none of its files is left. Gives of how many files they were."""
    lock_merchant(session, merchant_id)
    gone = _delete(session, CaseFingerprints.merchant_id == merchant_id)
    if gone:
        audit.record(
            session, merchant_id, actor, "fingerprints:destroy",
            object_id=merchant_id, origin=origin, files=gone, reason="merchant removed",
        )  # fmt: skip
    return gone


def _delete(session: Session, which: ColumnElement[bool]) -> int:
    done = session.execute(delete(CaseFingerprints).where(which).execution_options(synchronize_session=False))
    return int(cast(CursorResult[Any], done).rowcount)
