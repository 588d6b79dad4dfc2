"""Growing delays for guesses, per account and per address; no account is locked for ever (SEC-37).

A try is charged before it is checked, in one transaction, so that parallel guesses cannot all pass before the first
failure is written. A success refunds only its own try, so that the owner of one account gains no guesses at others:
neither at another email's, nor at the same email's at another merchant.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from portal.errors import TryLater
from portal.identity.lookup import digest
from portal.storage.tables import Throttle, utc_now
from portal.storage.upsert import insert_into

FORGET_AFTER = dt.timedelta(hours=12)
MAX_ROWS = 50_000


@dataclass(frozen=True)
class Policy:
    """`free` failures cost nothing; then the delay doubles from one second up to `longest` seconds."""

    free: int
    longest: float

    def delay(self, failures: int) -> dt.timedelta:
        over = failures - self.free
        return dt.timedelta(seconds=0 if over <= 0 else min(2.0 ** min(over - 1, 30), self.longest))


ACCOUNT = Policy(free=5, longest=900.0)
ADDRESS = Policy(free=20, longest=300.0)
CODE = Policy(free=3, longest=900.0)


def key_of(kind: str, value: str) -> str:
    """The counter's key, hashed, so that the table holds no email or address in clear."""
    return f"{kind}:{digest(value)}"


def check_wait(session: Session, keys: Iterable[str], now: dt.datetime | None = None) -> None:
    """Raise TryLater while one of the counters is closed. Reads only, so a flood of tries stays cheap."""
    now = now or utc_now()
    rows = session.scalars(select(Throttle).where(Throttle.key.in_(list(keys)), Throttle.open_at > now))
    waits = [(row.open_at - now).total_seconds() for row in rows if row.failures]
    if waits:
        raise TryLater(wait_seconds=max(waits), detail="throttled")


def charge(session: Session, subjects: dict[str, Policy], now: dt.datetime | None = None) -> None:
    """Charge one try to each counter. Raises TryLater, without a charge, while one of them is closed."""
    now = now or utc_now()
    rows = {key: _locked(session, key, now) for key in sorted(subjects)}
    check_wait(session, subjects, now)
    for key, policy in subjects.items():
        row = rows[key]
        if now - row.last_at > FORGET_AFTER:
            row.failures = 0
        row.failures += 1
        row.last_at = now
        row.open_at = now + policy.delay(row.failures)
    _forget_old(session, now)


def _locked(session: Session, key: str, now: dt.datetime) -> Throttle:
    """The counter's row, locked until the end of the transaction. Inserted if missing, without a conflict between two
    first tries."""
    insert = insert_into(session, Throttle)
    session.execute(insert.values(key=key, failures=0, last_at=now, open_at=now).on_conflict_do_nothing())
    return session.get_one(Throttle, key, with_for_update=True)


def reset(session: Session, key: str) -> None:
    """Delete the counter after a success."""
    session.execute(delete(Throttle).where(Throttle.key == key))


def refund(session: Session, key: str) -> None:
    """Take back one charged try after a success."""
    row = session.get(Throttle, key, with_for_update=True)
    if row is not None and row.failures:
        row.failures -= 1
        row.open_at = row.last_at


def _forget_old(session: Session, now: dt.datetime) -> None:
    """Keep the table bounded: delete old rows and, above `MAX_ROWS`, the oldest."""
    session.execute(delete(Throttle).where(Throttle.last_at < now - FORGET_AFTER))
    session.flush()
    count = session.scalar(select(func.count()).select_from(Throttle)) or 0
    if count > MAX_ROWS:
        oldest = select(Throttle.key).order_by(Throttle.last_at).limit(count - MAX_ROWS)
        session.execute(delete(Throttle).where(Throttle.key.in_(oldest)))
