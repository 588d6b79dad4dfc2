"""How long fingerprints are kept: as long as the facts of their case, whatever became of the file (CASE-6).

What was written in the case, and what the person is known by, goes with them, in one transaction
(`portal.cases.retention`). An open case has no day and
keeps them; the day of one that ended counts.
"""

from __future__ import annotations

import datetime as dt
from typing import Any, cast

from sqlalchemy import ColumnElement, delete, or_, select
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from portal import audit
from portal.cases.retention import destroy_identifiers, destroy_words
from portal.storage.case_tables import Case
from portal.storage.locks import lock_merchant
from portal.storage.tables import CaseFingerprints


def kept_still(now: dt.datetime) -> ColumnElement[bool]:
    """Condition on `cases`: may fingerprints of its files be there?"""
    return or_(Case.destroy_facts_after.is_(None), Case.destroy_facts_after > now)


def cases_due(session: Session, now: dt.datetime, limit: int) -> list[tuple[str, str]]:
    """Merchants and cases whose facts are past their time."""
    wanted = (
        select(Case.merchant_id, Case.id)
        .where(Case.facts_destroyed_at.is_(None), Case.destroy_facts_after <= now)
        .order_by(Case.destroy_facts_after, Case.id)
        .limit(limit)
    )
    return [(row[0], row[1]) for row in session.execute(wanted)]


def forget_case(session: Session, merchant_id: str, case_id: str, now: dt.datetime) -> int:
    """Nothing where it was opened again, or kept longer, since it was found. Gives of how many files they were."""
    lock_merchant(session, merchant_id)
    case = session.get_one(Case, case_id, populate_existing=True)
    if case.destroy_facts_after is None or case.destroy_facts_after > now:
        return 0
    case.facts_destroyed_at = now
    texts, identifiers = destroy_words(session, case), destroy_identifiers(session, case_id)
    if texts or identifiers:
        audit.record(
            session, merchant_id, "system", "case:facts_destroy",
            object_id=case_id, origin="worker", texts=texts, identifiers=identifiers, reason="retention",
        )  # fmt: skip
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
