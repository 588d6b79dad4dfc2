"""The days on the rows of open cases are those their facts come to: looked at every night (CLK-1).

They differ after a release that counts otherwise, or with a newer list of holidays. An earlier day is written, with an
audit entry; a later one needs a manager (CLK-9), so the earlier stays and the log tells of it. One process at a time
works on a merchant: its row of `pace` says when the merchant is due. Cases are read without any lock, and only those
that differ are held.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator

from sqlalchemy import literal, select, update

from portal.cases.services.ledger import hold_exports
from portal.cases.services.merchant_rules import merchant_rules
from portal.cases.services.redating import Days, Recalculated, calculated, open_batches, write_days
from portal.log import log
from portal.storage.case_tables import Case
from portal.storage.engine import Database
from portal.storage.tables import Merchant, Pace, utc_now
from portal.storage.upsert import insert_into

AT_ONCE_SECONDS = 2.0
"""How long one call works, besides the batch that it began: other chores wait for it."""
CLAIM = dt.timedelta(minutes=15)
"""A process that is gone for so long has left the merchant to the others."""
NIGHT_HOUR = 2  # UTC
KEY = "days:"


class NightlyDays:
    """Calculates every merchant's open cases anew, once a night. `keep` is called every few seconds by a worker."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._work: Iterator[None] | None = None

    def keep(self) -> None:
        """Go on with what is due, for a moment; what is left is gone on with at the next call."""
        end = time.monotonic() + AT_ONCE_SECONDS
        try:
            while True:
                self._work = self._work or self._all_due()
                next(self._work)
                if time.monotonic() > end:
                    return
        except StopIteration:
            self._work = None
        except BaseException:
            self._work = None  # the claim runs out, and it begins again
            raise

    def _all_due(self) -> Iterator[None]:
        for merchant_id in self._due():
            if not self._claim(merchant_id):
                continue
            yield from self._one(merchant_id)
            self._set(merchant_id, _next_night(utc_now()))

    def _due(self) -> list[str]:
        waits = select(Pace.key).where(Pace.key == literal(KEY) + Merchant.id, Pace.due_at > utc_now())
        with self._db.read() as session:
            return list(session.scalars(select(Merchant.id).where(~waits.exists()).order_by(Merchant.id)))

    def _claim(self, merchant_id: str) -> bool:
        """Only one of several processes gets the merchant."""
        now = utc_now()
        with self._db.write() as session:
            wanted = insert_into(session, Pace).values(key=KEY + merchant_id, due_at=now + CLAIM)
            claimed = wanted.on_conflict_do_update(
                index_elements=[Pace.key], set_={"due_at": now + CLAIM}, where=Pace.due_at <= now
            ).returning(Pace.key)
            return session.scalar(claimed) is not None

    def _set(self, merchant_id: str, when: dt.datetime) -> None:
        with self._db.write() as session:
            session.execute(update(Pace).where(Pace.key == KEY + merchant_id).values(due_at=when))

    def _one(self, merchant_id: str) -> Iterator[None]:
        """No transaction lasts longer than a batch."""
        changed, kept = 0, list[str]()
        with self._db.read() as session:
            waiting = open_batches(session, merchant_id)
        for ids in waiting:
            with self._db.read() as session:
                rules = merchant_rules(session, merchant_id)
                batch = calculated(session, merchant_id, ids, rules.of_case)
            differing = [case for case in batch if case.days != case.kept]
            kept += [case.id for case in differing if set(_earlier(case)) != _differing(case)]
            if earlier := [case.id for case in differing if _earlier(case)]:
                changed += self._write(merchant_id, earlier)
            yield
        if changed:
            log.info("cases.redated", merchant=merchant_id, count=changed)
        if kept:
            log.error(
                "cases.later_days_left", merchant=merchant_id, count=len(kept), case=kept[0],
                detail="the earlier days stay: later ones need a manager",
            )  # fmt: skip

    def _write(self, merchant_id: str, case_ids: list[str]) -> int:
        """Look again while nothing is recorded in the merchant's cases, and write what still differs."""
        with self._db.write() as session:
            hold_exports(session, merchant_id, select(Case.id).where(Case.id.in_(case_ids)))
            rules = merchant_rules(session, merchant_id)
            return sum(
                write_days(session, merchant_id, case, _earlier(case), "system", "worker")
                for case in calculated(session, merchant_id, case_ids, rules.of_case)
            )


def _differing(case: Recalculated) -> set[str]:
    return {name for name, found in case.days.items() if found != case.kept[name]}


def _earlier(case: Recalculated) -> Days:
    """The days that are earlier than on the row; also more time that no longer stands."""
    days, kept = case.days, case.kept
    return {
        name: days[name]
        for name in _differing(case)
        if (found := days[name]) is None or ((was := kept[name]) is not None and found < was)
    }


def _next_night(now: dt.datetime) -> dt.datetime:
    night = now.replace(hour=NIGHT_HOUR, minute=0, second=0, microsecond=0)
    return night if night > now else night + dt.timedelta(days=1)
