"""How fast LoyaltyDog is asked, counted in the database so that all sessions, processes and replicas share it.

Two limits: the vendor's edge, 300 requests in 10 s an address (new guides), of which `EDGE_SHARE` and a burst are used;
and the merchant's own requests a minute. Both are a generic cell rate: the stored time is when the next request would
be due at the steady rate, and a burst may run ahead of it. In any such span at most `burst` + span / interval requests
are let through, which is below the edge's limit and exactly the merchant's.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy.orm import Session

from portal.storage.tables import Merchant, Pace, utc_now
from portal.storage.upsert import insert_into

EDGE_REQUESTS, EDGE_SECONDS = 300, 10
EDGE_SHARE = 0.8
EDGE_BURST_SHARE = 0.1  # the last tenth is left to what takes no slot: sign-ins at the vendor, repeats of reads
MINUTE_SECONDS = 60
MERCHANT_BURST = 3
EDGE_KEY = "edge"
FARTHEST_RESERVED_SECONDS = 10.0  # no caller reserves further ahead; a time beyond was written by a clock that jumped


@dataclass(frozen=True)
class _Limit:
    """One row of `pace`: a request every `interval` seconds, `burst` of them ahead of time."""

    key: str
    interval: float
    burst: int

    def seconds_until_free(self, due_at: dt.datetime, now: dt.datetime) -> float:
        return (due_at - now).total_seconds() - self.interval * self.burst


def wait_for_slot(session: Session, merchant_id: str) -> float:
    """Take a slot for one request: 0.0 when taken, else the seconds after which to try again (none taken)."""
    return reserve_slot(session, merchant_id, at_most=0.0)


def reserve_slot(session: Session, merchant_id: str, *, at_most: float, edge_requests: int = EDGE_REQUESTS) -> float:
    """Seconds until the next slot. Taken when that is at most `at_most`; the taker then waits that long.

    `edge_requests` is what the vendor's edge allows an address in `EDGE_SECONDS`; 0 means no such limit.
    """
    merchant = session.get(Merchant, merchant_id)
    limits: list[_Limit] = []
    if edge_requests:
        burst = int(edge_requests * EDGE_BURST_SHARE)
        limits.append(_Limit(EDGE_KEY, EDGE_SECONDS / (edge_requests * EDGE_SHARE), burst))
    if merchant is not None and merchant.requests_per_minute:
        burst = min(MERCHANT_BURST, merchant.requests_per_minute // 4)
        interval = MINUTE_SECONDS / (merchant.requests_per_minute - burst)
        limits.append(_Limit(f"merchant:{merchant_id}", interval, burst))
    rows = [(_locked(session, limit.key), limit) for limit in limits]
    now = utc_now()
    for row, limit in rows:
        if limit.seconds_until_free(row.due_at, now) > limit.interval + FARTHEST_RESERVED_SECONDS:
            row.due_at = now
    wait = max((limit.seconds_until_free(row.due_at, now) for row, limit in rows), default=0.0)
    if wait > at_most:
        return wait
    for row, limit in rows:
        row.due_at = max(row.due_at, now) + dt.timedelta(seconds=limit.interval)
    return max(wait, 0.0)


def _locked(session: Session, key: str) -> Pace:
    """The row, made if need be, held to the end of the transaction; two first requests do not collide."""
    session.execute(insert_into(session, Pace).values(key=key, due_at=utc_now()).on_conflict_do_nothing())
    return session.get_one(Pace, key, with_for_update=True)
