"""Ends the secret addresses of a colleague's calendar: with a new one, by hand, and with the account."""

from __future__ import annotations

from typing import Any

from sqlalchemy import update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from portal.storage.case_tables import CalendarAddress
from portal.storage.tables import utc_now


def revoke_addresses(session: Session, account_id: str) -> bool:
    """Within the caller's transaction; whether there was one."""
    revoked: CursorResult[Any] = session.execute(  # type: ignore[assignment]  # an UPDATE gives a cursor result
        update(CalendarAddress)
        .where(CalendarAddress.account_id == account_id, CalendarAddress.revoked_at.is_(None))
        .values(revoked_at=utc_now())
        .execution_options(synchronize_session=False)
    )
    return revoked.rowcount > 0
