"""How fast LoyaltyDog is asked, counted in the database so that all processes share it.

Two limits: the vendor's edge, 300 requests in 10 s an address (new guides), of which we use at most
`EDGE_SHARE`; and the merchant's own requests a minute. Both are a generic cell rate: the stored time
is when the next request would be due at the steady rate, and a burst may run ahead of it.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy.orm import Session

from portal.storage.tables import Merchant, Pace, utc_now

EDGE_REQUESTS, EDGE_SECONDS = 300, 10
EDGE_SHARE = 0.8  # the rest is left to whatever else speaks from this address
EDGE_BURST = 60
MINUTE_SECONDS = 60
MERCHANT_BURST = 3
EDGE_KEY = "edge"


def wait_for_slot(session: Session, merchant_id: str) -> float:
    """Take a slot for one request: 0.0 when taken, else the seconds after which to try again (none taken)."""
    return reserve_slot(session, merchant_id, at_most=0.0)


def reserve_slot(session: Session, merchant_id: str, *, at_most: float, edge_requests: int = EDGE_REQUESTS) -> float:
    """Seconds until the next slot. Taken when that is at most `at_most`; the taker then waits that long.

    `edge_requests` is what the vendor's edge allows an address in `EDGE_SECONDS`; 0 means no such limit.
    """
    now = utc_now()
    merchant = session.get(Merchant, merchant_id)
    limits: list[tuple[str, float, int]] = []
    if edge_requests:
        limits.append((EDGE_KEY, EDGE_SECONDS / (edge_requests * EDGE_SHARE), EDGE_BURST))
    if merchant is not None and merchant.requests_per_minute:
        limits.append((f"merchant:{merchant_id}", MINUTE_SECONDS / merchant.requests_per_minute, MERCHANT_BURST))
    rows = [(_row(session, key), interval, burst) for key, interval, burst in limits]
    wait = max(((row.due_at - now).total_seconds() - interval * burst for row, interval, burst in rows), default=0.0)
    if wait > at_most:
        return wait
    for row, interval, _burst in rows:
        row.due_at = max(row.due_at, now) + dt.timedelta(seconds=interval)
    return max(wait, 0.0)


def _row(session: Session, key: str) -> Pace:
    row = session.get(Pace, key, with_for_update=True)
    if row is None:
        row = Pace(key=key, due_at=utc_now())
        session.add(row)
        session.flush()
    return row
