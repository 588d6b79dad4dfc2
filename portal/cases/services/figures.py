"""How quickly cases are answered, by the month they came in, and how many are open, due and overdue.

A month is read row by row through the index of receipts: the share in time compares instants in each case's own time
zone, and SQLite has no median. What is read is bounded by the merchant and the months.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from statistics import median
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from portal.cases.facts import FactKind, RefusalReason
from portal.cases.services.due import merchants_today
from portal.cases.services.folding import Rules
from portal.cases.services.ledger import as_folded
from portal.identity import Permission, User, require
from portal.identity.refusal_audit import RefusalAudit, refusals_audited
from portal.storage.case_tables import Case
from portal.storage.engine import Database
from portal.storage.months import months_after

MOST_MONTHS = 60
MOST_COUNTED = 1_000
DUE_SOON = dt.timedelta(days=7)
ONE_DAY = dt.timedelta(days=1)
ROLLED_AT_MOST = dt.timedelta(days=10)
"""How far a last lawful day may lie after the day that was told. The longest run of days off is five."""
REFUSED = frozenset({FactKind.REFUSED.value, *(reason.value for reason in RefusalReason)})
"""What `closed_as` says of a refusal: its reason."""


@dataclass(frozen=True)
class MonthFigures:
    """Cases received in the month that begins on `month`. `in_time` is the share, 0 to 1, of the answered ones that
    were answered by the last lawful day that held; it and `median_hours` (receipt to answer) are None without any.
    `overdue`: open today, and due before."""

    month: dt.date
    received: int
    answered: int
    in_time: float | None
    median_hours: float | None
    extended: int
    refused: int
    overdue: int


@dataclass(frozen=True)
class CaseCounts:
    """Open cases; of these `due` within 7 days from today, `overdue` before today. Each goes up to 1,001."""

    open: int
    due: int
    overdue: int


@refusals_audited
@dataclass
class CaseFigures:
    """Counts a merchant's cases."""

    db: Database
    refusal_audit: RefusalAudit

    def by_month(self, user: User, months: int = 12) -> tuple[MonthFigures, ...]:
        """The last `months` months of receipt, the newest first; at most five years."""
        require(user, Permission.CASE_LIST)
        today = merchants_today(user.time_zone)
        this_month = today.replace(day=1)
        wanted = [months_after(this_month, -back) for back in range(max(1, min(months, MOST_MONTHS)))]
        found = {month: _Month(month) for month in wanted}
        with self.db.read() as session:
            rows = session.execute(
                select(
                    Case.id, Case.received_on, Case.received_at, Case.zone, Case.due_on, Case.last_lawful_on,
                    Case.extended_to, Case.closed_at, Case.closed_as,
                )
                .where(Case.merchant_id == user.merchant_id, Case.received_on >= wanted[-1])
                .execution_options(yield_per=10_000)
            )  # fmt: skip
            _counted(rows, found, today)
            for month in found.values():
                month.in_time += _rolled(session, month.perhaps)
        return tuple(month.figures() for month in found.values())

    def counts(self, user: User) -> CaseCounts:
        """For the menu and Today."""
        require(user, Permission.CASE_LIST)
        today = merchants_today(user.time_zone)

        with self.db.read() as session:

            def count(*conditions: ColumnElement[bool]) -> int:
                some = (
                    select(Case.id)
                    .where(Case.merchant_id == user.merchant_id, Case.closed_at.is_(None), *conditions)
                    .order_by(Case.due_on, Case.id)
                    .limit(MOST_COUNTED + 1)
                    .subquery()
                )
                return session.scalar(select(func.count()).select_from(some)) or 0

            return CaseCounts(
                open=count(),
                due=count(Case.due_on >= today, Case.due_on <= today + DUE_SOON),
                overdue=count(Case.due_on < today),
            )


@dataclass
class _Month:
    """One month while its rows are read. `perhaps`: answered after the day that was told, which may have rolled."""

    month: dt.date
    received: int = 0
    in_time: int = 0
    extended: int = 0
    refused: int = 0
    overdue: int = 0
    hours: list[float] = field(default_factory=list)
    perhaps: list[str] = field(default_factory=list)

    def figures(self) -> MonthFigures:
        answered = len(self.hours)
        return MonthFigures(
            month=self.month,
            received=self.received,
            answered=answered,
            in_time=self.in_time / answered if answered else None,
            median_hours=median(self.hours) if answered else None,
            extended=self.extended,
            refused=self.refused,
            overdue=self.overdue,
        )


def _counted(rows: Iterable[Any], months: dict[dt.date, _Month], today: dt.date) -> None:
    start_of = _starts()
    for row in rows:
        month = months.get(row.received_on.replace(day=1))
        if month is None:
            continue  # received after today by another zone's calendar
        month.received += 1
        month.extended += row.extended_to is not None
        if row.closed_at is None:
            month.overdue += row.due_on < today
        elif row.closed_as in REFUSED:
            month.refused += 1
        elif row.closed_as == FactKind.ANSWERED:
            began = row.received_at or start_of(row.zone, row.received_on)
            month.hours.append((row.closed_at - began).total_seconds() / 3600)
            last = max(row.last_lawful_on, row.extended_to or row.last_lawful_on)
            if row.closed_at < start_of(row.zone, last + ONE_DAY):
                month.in_time += 1
            elif row.extended_to is not None and row.closed_at < start_of(row.zone, last + ROLLED_AT_MOST):
                month.perhaps.append(row.id)


def _starts() -> Callable[[str, dt.date], dt.datetime]:
    """The instant at which a day begins in a time zone; one day is asked for by many cases."""

    @cache
    def start(zone: str, day: dt.date) -> dt.datetime:
        return dt.datetime.combine(day, dt.time(), tzinfo=Rules(zone=zone).place).astimezone(dt.UTC)

    return start


def _rolled(session: Session, case_ids: list[str]) -> int:
    """How many of the cases were in time after all. A row keeps the extended day that was told and not the last lawful
    one, which lies a few days later when it rolls: these few clocks are calculated."""
    outcomes = (as_folded(session, session.get_one(Case, case_id)).clock.outcome for case_id in case_ids)
    return sum(outcome is not None and not outcome.late for outcome in outcomes)
