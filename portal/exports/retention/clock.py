"""May this clock be trusted with destroying? A wall clock that jumped destroys nothing (SEC-17).

The wall clock is compared with one that only ever runs forward, and at the start with the time any process last saw
(a row of `pace`). After a jump, or an absence of more than a day, nothing is destroyed by time until the clock has
come back, LoyaltyDog's own clock agrees with it, or it has run evenly for a day.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from portal.log import log
from portal.storage.engine import Database
from portal.storage.tables import ExportResponse, Pace, utc_now
from portal.storage.upsert import insert_into

TOLERANCE = dt.timedelta(minutes=5)  # slewing, and the vendor's Date, which has whole seconds and travels
LONGEST_ABSENCE = dt.timedelta(days=1)
EVEN_FOR = dt.timedelta(days=1)
SEEN_KEY, HELD_KEY = "clock:seen", "clock:held"


def steady_seconds() -> float:
    """Seconds of a clock that cannot be set; includes the machine's sleep where the system has such a clock."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


class ClockWatch:
    """One process's eye on its wall clock. Ask `trusted` every few seconds, and before anything is destroyed."""

    def __init__(self, db: Database, steady: Callable[[], float] = steady_seconds) -> None:
        self._db = db
        self._steady = steady
        self._anchor: tuple[dt.datetime, float] | None = None  # (wall, steady) when the two last agreed
        self._jumped: tuple[dt.datetime, float] | None = None  # (wall, steady) since when they do not

    def trusted(self) -> bool:
        """Whether the wall clock can be trusted for due dates."""
        now, steady = utc_now(), self._steady()
        with self._db.write() as session:
            if self._anchor is None and self._jumped is None and not self._start(session, now, steady):
                return False
            if self._jumped is None and not self._even(self._anchor, now, steady):
                self._hold(session, now, steady, self._drift(self._anchor, now, steady))
            if self._jumped is not None and not self._settled(session, now, steady):
                return False
            self._anchor, self._jumped = (now, steady), None
            _set(session, SEEN_KEY, now)
            _set(session, HELD_KEY, None)
            return True

    def _start(self, session: Session, now: dt.datetime, steady: float) -> bool:
        seen = session.get(Pace, SEEN_KEY)
        away = now - seen.due_at if seen is not None else dt.timedelta(0)
        if -TOLERANCE <= away <= LONGEST_ABSENCE and session.get(Pace, HELD_KEY) is None:
            self._anchor = (now, steady)
            return True
        self._hold(session, now, steady, away.total_seconds())
        return self._settled(session, now, steady)

    def _hold(self, session: Session, now: dt.datetime, steady: float, seconds: float) -> None:
        self._jumped = (now, steady)
        _set(session, HELD_KEY, now)
        log.error("clock.jumped", seconds=round(seconds), detail="nothing is destroyed by time until it has settled")

    def _settled(self, session: Session, now: dt.datetime, steady: float) -> bool:
        assert self._jumped is not None
        if self._anchor is not None and self._even(self._anchor, now, steady):
            return True  # it has come back
        if not self._even(self._jumped, now, steady):
            self._jumped = (now, steady)  # and again
            return False
        even_for = dt.timedelta(seconds=steady - self._jumped[1])
        return even_for >= EVEN_FOR or _vendor_agrees(session, self._jumped[0])

    @staticmethod
    def _drift(anchor: tuple[dt.datetime, float] | None, now: dt.datetime, steady: float) -> float:
        return 0.0 if anchor is None else (now - anchor[0]).total_seconds() - (steady - anchor[1])

    def _even(self, anchor: tuple[dt.datetime, float] | None, now: dt.datetime, steady: float) -> bool:
        return abs(self._drift(anchor, now, steady)) <= TOLERANCE.total_seconds()


def _vendor_agrees(session: Session, since: dt.datetime) -> bool:
    """Has an answer of LoyaltyDog's since the jump carried a Date close to ours?"""
    limit = TOLERANCE.total_seconds()
    agreeing = select(ExportResponse.export_id).where(
        ExportResponse.accepted_at >= since, ExportResponse.clock_skew_seconds.between(-limit, limit)
    )
    return session.scalar(agreeing.limit(1)) is not None


def _set(session: Session, key: str, when: dt.datetime | None) -> None:
    if when is None:
        session.execute(delete(Pace).where(Pace.key == key))
        return
    wanted = insert_into(session, Pace).values(key=key, due_at=when)
    session.execute(wanted.on_conflict_do_update(index_elements=[Pace.key], set_={"due_at": when}))
