"""How quickly cases are answered, by the month they came in, and how many are open, due and overdue.

The database counts. When a day begins in a case's time zone is what it does not know: it is told by how much midnight
there differs from UTC's, for each run of days that differ alike.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Float, SQLColumnExpression, and_, case, cast, extract, func, literal, select
from sqlalchemy.orm import Session

from portal.cases.facts import FactKind, RefusalReason
from portal.cases.services.due import merchants_today
from portal.cases.services.folding import Rules
from portal.cases.services.merchant_rules import merchant_rules
from portal.cases.services.query import count_of_cases
from portal.cases.services.redating import BATCH, calculated
from portal.cases.services.views import CaseFilter
from portal.identity import Permission, User, require
from portal.identity.refusal_audit import RefusalAudit, refusals_audited
from portal.storage.case_tables import Case
from portal.storage.engine import Database
from portal.storage.months import months_after

MOST_MONTHS = 60
DUE_SOON = dt.timedelta(days=7)
NO_DAY, ONE_DAY = dt.timedelta(), dt.timedelta(days=1)
DAY_SECONDS, HOUR_SECONDS = 86_400, 3_600
ROLLED_AT_MOST = dt.timedelta(days=10)
"""How far a last lawful day may lie after the day that was told. The longest run of days off is five."""
LOOKED_AHEAD_AT_MOST = dt.timedelta(days=10 * 366)
"""From the first month on; after it a time zone keeps its last offset."""
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
        with self.db.read() as session:
            instants = _Instants.of(session, user.merchant_id, wanted[-1])
            return tuple(_month(session, instants, user.merchant_id, month, today) for month in wanted)

    def counts(self, user: User) -> CaseCounts:
        """For the menu and Today."""
        require(user, Permission.CASE_LIST)
        today = merchants_today(user.time_zone)
        with self.db.read() as session:
            return CaseCounts(
                open=count_of_cases(session, user, CaseFilter()),
                due=count_of_cases(session, user, CaseFilter(due_since=today, due_until=today + DUE_SOON)),
                overdue=count_of_cases(session, user, CaseFilter(due_until=today - ONE_DAY)),
            )


@dataclass(frozen=True)
class _Instants:
    """Expressions over a case's row, in seconds since 1970: `began`, `ended`, and `late`, the midnight after its last
    lawful day."""

    began: ColumnElement[float]
    ended: ColumnElement[float]
    late: ColumnElement[float]

    @classmethod
    def of(cls, session: Session, merchant_id: str, first: dt.date) -> _Instants:
        """For the merchant's cases received since `first`."""
        came = and_(Case.merchant_id == merchant_id, Case.received_on >= first)
        zones = session.scalars(select(Case.zone).where(came).distinct()).all()  # SQLite would sort every case to group
        days = session.execute(select(func.max(Case.last_lawful_on), func.max(Case.extended_to)).where(came)).one()
        last_day = max((day for day in days if day is not None), default=first)
        end = min(last_day, first + LOOKED_AHEAD_AT_MOST) + ONE_DAY
        runs = {zone: _runs(zone, first, end) for zone in zones}
        last = case((Case.extended_to > Case.last_lawful_on, Case.extended_to), else_=Case.last_lawful_on)
        midnight = _seconds(Case.received_on) - _ahead(runs, Case.received_on)
        return cls(
            began=func.coalesce(_seconds(Case.received_at), midnight),
            ended=_seconds(Case.closed_at),
            late=_seconds(last) + DAY_SECONDS - _ahead(runs, last, ONE_DAY),
        )


Runs = Sequence[tuple[dt.date, float]]
"""Days from which midnight in a time zone is so many seconds ahead of UTC's, in their order."""


def _runs(zone: str, first: dt.date, last: dt.date) -> Runs:
    place = Rules(zone=zone).place
    found: list[tuple[dt.date, float]] = []
    for number in range((last - first).days + 1):
        midnight = dt.datetime.combine(first + number * ONE_DAY, dt.time())
        ahead = midnight.replace(tzinfo=dt.UTC).timestamp() - midnight.replace(tzinfo=place).timestamp()
        if not found or found[-1][1] != ahead:
            found.append((midnight.date(), ahead))
    return found


def _ahead(
    runs: dict[str, Runs], day: SQLColumnExpression[dt.date], later: dt.timedelta = NO_DAY
) -> ColumnElement[float]:
    """How far midnight is ahead of UTC's in the case's zone, `later` than `day`."""

    def of_zone(run: Runs) -> ColumnElement[float]:
        first, *others = run
        changes = [(day >= since - later, literal(ahead)) for since, ahead in reversed(others)]
        return case(*changes, else_=literal(first[1])) if changes else literal(first[1])

    zones = [(Case.zone == zone, of_zone(run)) for zone, run in runs.items()]
    return case(*zones[1:], else_=zones[0][1]) if len(zones) > 1 else zones[0][1] if zones else literal(0.0)


def _seconds(column: Any) -> ColumnElement[float]:
    """SQLite's are whole seconds."""
    return cast(extract("epoch", column), Float)


def _month(session: Session, instants: _Instants, merchant_id: str, month: dt.date, today: dt.date) -> MonthFigures:
    came = and_(
        Case.merchant_id == merchant_id, Case.received_on >= month, Case.received_on < months_after(month, 1)
    )  # fmt: skip
    ended, extended = Case.closed_at.is_not(None), Case.extended_to.is_not(None)
    answered = and_(ended, Case.closed_as == FactKind.ANSWERED)
    late = instants.ended >= instants.late
    perhaps = and_(answered, extended, late, instants.ended < instants.late + ROLLED_AT_MOST.total_seconds())
    counted = {
        "answered": answered,
        "late": and_(answered, late),
        "perhaps": perhaps,
        "extended": extended,
        "refused": and_(ended, Case.closed_as.in_(sorted(REFUSED))),
        "overdue": and_(~ended, Case.due_on < today),
    }
    numbers = (func.count().filter(which).label(name) for name, which in counted.items())
    found = session.execute(select(func.count().label("received"), *numbers).where(came)).one()
    late_ones: int = found.late
    if found.perhaps:
        late_ones -= _rolled(session, merchant_id, session.scalars(select(Case.id).where(came, perhaps)).all())
    return MonthFigures(
        month=month,
        received=found.received,
        answered=found.answered,
        in_time=1 - late_ones / found.answered if found.answered else None,
        median_hours=_median_hours(session, instants, and_(came, answered), found.answered),
        extended=found.extended,
        refused=found.refused,
        overdue=found.overdue,
    )


def _median_hours(session: Session, instants: _Instants, which: ColumnElement[bool], count: int) -> float | None:
    """From receipt to answer: the one in the middle, or between the two there."""
    took = instants.ended - instants.began
    middle = select(took).where(which).order_by(took).offset(max(0, count - 1) // 2).limit(2 - count % 2)
    found = session.scalars(middle).all() if count else []
    return sum(found) / len(found) / HOUR_SECONDS if found else None


def _rolled(session: Session, merchant_id: str, case_ids: Sequence[str]) -> int:
    """How many of the cases were in time after all. A row keeps the extended day that was told and not the last lawful
    one, which lies a few days later when it rolls: these few clocks are calculated."""
    rules_of = merchant_rules(session, merchant_id).of_case
    batches = (case_ids[start : start + BATCH] for start in range(0, len(case_ids), BATCH))
    outcomes = (
        one.found.clock.outcome
        for batch in batches
        for one in calculated(session, merchant_id, batch, rules_of, ended=True)
    )
    return sum(outcome is not None and not outcome.late for outcome in outcomes)
