"""The lock that makes acts of one merchant come one after the other."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session


def lock_merchant(session: Session, merchant_id: str) -> None:
    """Hold the merchant's lock to the end of the transaction: those that begin with it come one after the other, on
    whatever machine.

    SQLite's BEGIN IMMEDIATE is such a lock already.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:m, 0))"), {"m": merchant_id})
