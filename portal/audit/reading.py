"""Reading the trail for one object: the timeline of an export."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.storage.tables import Account, AuditEntry


@dataclass(frozen=True)
class AuditRow:
    """One line of a timeline. `at` is aware UTC; `who` is a name, ``the portal`` or ``someone removed``."""

    seq: int
    at: dt.datetime
    who: str
    action: str
    result: str
    origin: str
    facts: dict[str, Any]


def entries_about(session: Session, merchant_id: str, object_id: str, limit: int = 200) -> list[AuditRow]:
    """Acts on one object, oldest first."""
    rows = session.execute(
        select(AuditEntry, Account.name, Account.email)
        .outerjoin(Account, Account.id == AuditEntry.actor)
        .where(AuditEntry.merchant_id == merchant_id, AuditEntry.object_id == object_id)
        .order_by(AuditEntry.seq)
        .limit(limit)
    )
    return [
        AuditRow(
            seq=entry.seq,
            at=dt.datetime.fromisoformat(entry.at),
            who=name or email or ("the portal" if entry.actor == "system" else entry.actor),
            action=entry.action,
            result=entry.result,
            origin=entry.origin,
            facts=entry.facts,
        )
        for entry, name, email in rows
    ]
