"""Revokes secret calendar addresses: when replaced, by hand, and when the account ends."""

from __future__ import annotations

from typing import Any

from sqlalchemy import update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from portal.storage.case_tables import CalendarAddress
from portal.storage.tables import utc_now


def revoke_addresses(session: Session, account_id: str) -> bool:
    """Revoke within the caller's transaction. Returns whether there was one."""
    revoked: CursorResult[Any] = session.execute(  # type: ignore[assignment]  # an UPDATE gives a cursor result
        update(CalendarAddress)
        .where(CalendarAddress.account_id == account_id, CalendarAddress.revoked_at.is_(None))
        .values(revoked_at=utc_now())
        .execution_options(synchronize_session=False)
    )
    return revoked.rowcount > 0
