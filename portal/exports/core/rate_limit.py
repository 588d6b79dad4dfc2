"""Rate limit for calls to LoyaltyDog, kept in the database so that all sessions, processes and replicas share it.

Two limits: the vendor's edge, 300 requests in 10 s an address (new guides), of which `EDGE_SHARE` and a burst are used;
and the merchant's own requests a minute. Both are a generic cell rate: the stored time is when the next request is due
at the steady rate, and a burst may run ahead of it. Any span admits at most `burst` + span / interval requests, which
is below the edge's limit and exactly the merchant's.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.storage.tables import Merchant, Pace, utc_now
from portal.storage.upsert import insert_into

EDGE_REQUESTS, EDGE_SECONDS = 300, 10
EDGE_SHARE = 0.8
EDGE_BURST_SHARE = 0.1  # the last tenth is left to what takes no slot: sign-ins at the vendor, repeats of reads
MINUTE_SECONDS = 60
MERCHANT_BURST = 3
MERCHANT_SHARE = 0.5  # of the edge's limit, where there are several merchants: one's bulk leaves room for another's
EDGE_KEY = "edge"
FARTHEST_RESERVED_SECONDS = 10.0  # no caller reserves further ahead; a time beyond was written by a clock that jumped


@dataclass(frozen=True)
class Limit:
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
    return take_slot(session, _limits(session, merchant_id, edge_requests), at_most=at_most)


def _limits(session: Session, merchant_id: str, edge_requests: int) -> list[Limit]:
    """The edge's limit, this merchant's share of it where there are several merchants, and the merchant's own."""
    merchant = session.get(Merchant, merchant_id)
    limits: list[Limit] = []
    if edge_requests:
        burst = int(edge_requests * EDGE_BURST_SHARE)
        limits.append(Limit(EDGE_KEY, EDGE_SECONDS / (edge_requests * EDGE_SHARE), burst))
        if _several_merchants(session):
            share = edge_requests * MERCHANT_SHARE
            interval = EDGE_SECONDS / (share * EDGE_SHARE)
            limits.append(Limit(f"share:{merchant_id}", interval, int(share * EDGE_BURST_SHARE)))
    if merchant is not None and merchant.requests_per_minute:
        burst = min(MERCHANT_BURST, merchant.requests_per_minute // 4)
        interval = MINUTE_SECONDS / (merchant.requests_per_minute - burst)
        limits.append(Limit(f"merchant:{merchant_id}", interval, burst))
    return limits


def take_slot(session: Session, limits: Sequence[Limit], *, at_most: float) -> float:
    """Seconds until all `limits` let one more through; taken from each of them when that is at most `at_most`.

    The rows are locked in the order given: the order must be the same everywhere, or two callers deadlock.
    """
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


def _several_merchants(session: Session) -> bool:
    return (session.scalar(select(func.count()).select_from(Merchant)) or 0) > 1


def _locked(session: Session, key: str) -> Pace:
    """The row, made if need be, held to the end of the transaction; two first requests do not collide."""
    session.execute(insert_into(session, Pace).values(key=key, due_at=utc_now()).on_conflict_do_nothing())
    return session.get_one(Pace, key, with_for_update=True)
