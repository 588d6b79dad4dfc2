"""Has anything of a merchant's exports changed? One indexed question for all merchants whose pages are open."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import ScalarSelect, func, select
from sqlalchemy.orm import aliased

from portal.exports.answering import ACTS
from portal.exports.states import RUNNING, State
from portal.storage.engine import Database
from portal.storage.tables import AuditEntry, Export, Merchant

ASKED_AT_ONCE = 500
ORDER = tuple(State)


def marks(db: Database, merchant_ids: Collection[str]) -> dict[str, str]:
    """A mark for each merchant, another one once an export has come or changed its state, or was answered.

    The latest change in each state, by `ix_exports_touched`, and how many run: of two that change in the same
    moment the later commit may carry the earlier time. Answers by their newest entries in the trail.
    """
    wanted = sorted(merchant_ids)
    found: dict[str, str] = {}
    with db.read() as session:
        for start in range(0, len(wanted), ASKED_AT_ONCE):
            for merchant_id, *seen in session.execute(
                select(Merchant.id, *_latest(), _running(), *_answered()).where(
                    Merchant.id.in_(wanted[start : start + ASKED_AT_ONCE])
                )
            ):
                found[merchant_id] = "|".join(str(one) for one in seen)
    return found


def _latest() -> list[ScalarSelect[Any]]:
    made = []
    for state in ORDER:
        row = aliased(Export)
        made.append(
            select(func.max(row.updated_at)).where(row.merchant_id == Merchant.id, row.state == state).scalar_subquery()
        )
    return made


def _answered() -> list[ScalarSelect[Any]]:
    made = []
    for action in sorted(ACTS.values()):
        row = aliased(AuditEntry)
        made.append(
            select(func.max(row.seq)).where(row.merchant_id == Merchant.id, row.action == action).scalar_subquery()
        )
    return made


def _running() -> ScalarSelect[Any]:
    row = aliased(Export)
    return select(func.count()).where(row.merchant_id == Merchant.id, row.state.in_(RUNNING)).scalar_subquery()
