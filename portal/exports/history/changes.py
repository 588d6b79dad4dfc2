"""Has anything of a merchant's exports changed? One indexed question for all merchants whose pages are open."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from typing import Any

from sqlalchemy import ScalarSelect, Select, bindparam, func, select

from portal.exports.core.states import RUNNING, State
from portal.exports.history.answering import ACTS
from portal.storage.engine import Database
from portal.storage.tables import AuditEntry, Export, Merchant

ASKED_AT_ONCE = 500
ORDER = tuple(State)
SEEN = {*ACTS.values(), "cards:ask", "cards:allow", "cards:refuse"}
"""Acts that change what a page says of an export, and leave its state."""


def marks(db: Database, merchant_ids: Collection[str]) -> dict[str, str]:
    """A mark for each merchant, another one once an export has come or changed its state, or was answered, or its card
    numbers asked for.

    The latest change in each state, by `ix_exports_touched`, and how many run: of two that change in the same
    moment the later commit may carry the earlier time. Other acts by their newest entries in the trail.
    """
    wanted = sorted(merchant_ids)
    found: dict[str, str] = {}
    with db.read() as session:
        for start in range(0, len(wanted), ASKED_AT_ONCE):
            asked = {"merchant_ids": wanted[start : start + ASKED_AT_ONCE]}
            for merchant_id, *seen in session.execute(_question(), asked):
                found[merchant_id] = "|".join(str(one) for one in seen)
    return found


@cache
def _question() -> Select[Any]:
    """Composed once: asked every second, and composing takes longer than answering (`bench/load.py think`)."""
    return select(Merchant.id, *_latest(), _running(), *_acts()).where(
        Merchant.id.in_(bindparam("merchant_ids", expanding=True))
    )


def _latest() -> list[ScalarSelect[Any]]:
    own = select(func.max(Export.updated_at)).where(Export.merchant_id == Merchant.id)
    return [own.where(Export.state == state).correlate(Merchant).scalar_subquery() for state in ORDER]


def _acts() -> list[ScalarSelect[Any]]:
    own = select(func.max(AuditEntry.seq)).where(AuditEntry.merchant_id == Merchant.id)
    return [own.where(AuditEntry.action == act).correlate(Merchant).scalar_subquery() for act in sorted(SEEN)]


def _running() -> ScalarSelect[Any]:
    own = select(func.count()).where(Export.merchant_id == Merchant.id, Export.state.in_(RUNNING))
    return own.correlate(Merchant).scalar_subquery()
