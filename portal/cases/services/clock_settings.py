"""What a merchant sets for the clock of its cases: the law, the calendar, a limit of its own, days off of its own.

A change counts for new cases, and dates the open ones anew in the same transaction (CLK-9). Cases that have ended keep
their days.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal import audit
from portal.cases.clock.applicable import laws_of
from portal.cases.clock.calculation import HOUSE
from portal.cases.clock.calendar_codes import calendar_code
from portal.cases.clock.working_days import SATURDAY, year_of
from portal.cases.services.folding import Rules
from portal.cases.services.merchant_rules import DayKind, MerchantRules, merchant_rules
from portal.cases.services.redating import hold_open_cases, redate_open_cases
from portal.config import Settings
from portal.errors import InputError, InputErrors, StateConflict
from portal.identity import Permission, User, require, require_fresh_proof
from portal.identity.refusal_audit import RefusalAudit, refusals_audited
from portal.storage.clock_tables import ClockDay, ClockRules
from portal.storage.engine import Database
from portal.storage.months import months_after
from portal.storage.tables import Account, utc_now

NO_ZONE = "UTC"  # what cases of a merchant without a zone are opened with
CODES_MAX = 40
HOUSE_LIMIT_DAYS = range(1, 91)
POST_DAYS = range(15)
YEARS_AROUND = 5  # a case is at most five years old, and nobody knows the days off of later years
MOST_DAYS = 400


@dataclass(frozen=True)
class OwnDay:
    """A day that was added or struck. `by` is a colleague's name."""

    day: dt.date
    kind: DayKind
    at: dt.datetime
    by: str


@dataclass(frozen=True)
class ShownClockSettings:
    """What counts now. Without `updated_at` nothing was ever saved."""

    profile: str
    calendar: str
    house_limit_days: int | None
    post_days: int
    days: tuple[OwnDay, ...]
    updated_at: dt.datetime | None
    updated_by: str


@refusals_audited
@dataclass
class ClockSettings:
    """Shows and changes them. Each change gives how many open cases have other days now."""

    db: Database
    refusal_audit: RefusalAudit
    settings: Settings

    def show(self, user: User) -> ShownClockSettings:
        require(user, Permission.CASE_LIST)
        with self.db.read() as session:
            rules = merchant_rules(session, user.merchant_id)
            row = session.get(ClockRules, user.merchant_id)
            days = session.execute(
                select(ClockDay.day, ClockDay.kind, ClockDay.added_at, ClockDay.added_by)
                .where(ClockDay.merchant_id == user.merchant_id, ClockDay.withdrawn_at.is_(None))
                .order_by(ClockDay.day)
            ).all()
            people = {found.added_by for found in days} | ({row.updated_by} if row else set())
            names: dict[str, str] = {
                account.id: account.name or account.email
                for account in session.scalars(select(Account).where(Account.id.in_(people)))
            }
        return ShownClockSettings(
            profile=rules.profile,
            calendar=rules.calendar,
            house_limit_days=rules.house.limit_days,
            post_days=rules.house.post_days,
            days=tuple(OwnDay(d.day, DayKind(d.kind), d.added_at, names.get(d.added_by, "")) for d in days),
            updated_at=row.updated_at if row else None,
            updated_by=names.get(row.updated_by, "") if row else "",
        )

    def save(
        self, user: User, *, profile: str, calendar: str, house_limit_days: int | None, post_days: int | None
    ) -> int:
        """Open cases that stand under the former law and calendar follow to the new ones; others keep theirs.

        Raises InputErrors naming the fields, NotPermitted, StepUpNeeded.
        """

        def act(session: Session) -> None:
            wanted = _checked(profile, calendar, house_limit_days, post_days)
            row = session.get(ClockRules, user.merchant_id)
            if row is None:
                row = ClockRules(merchant_id=user.merchant_id, updated_by=user.account_id)
            was = {name: getattr(row, name) for name in wanted}
            changed = [name for name, value in wanted.items() if was[name] != value]
            if not changed:
                return
            for name in changed:
                setattr(row, name, wanted[name])
            row.updated_at, row.updated_by = utc_now(), user.account_id
            session.add(row)
            self._record(
                session, user, "clock:rules",
                was={name: was[name] for name in changed}, now={name: wanted[name] for name in changed},
            )  # fmt: skip

        return self._change(user, act)

    def add_day(self, user: User, day: dt.date) -> int:
        """A day on which no work is done and that the calendar lacks. Raises InputError(field="day")."""

        def act(session: Session) -> None:
            _check_near(day)
            if day.weekday() >= SATURDAY:
                raise InputError("A Saturday or Sunday is a day off already.", field="day")
            self._keep(session, user, day, DayKind.ADDED)
            self._record(session, user, "clock:day_add", day=day.isoformat())

        return self._change(user, act)

    def strike_day(self, user: User, day: dt.date) -> int:
        """A holiday of the calendar on which the merchant works. Raises InputError(field="day")."""

        def act(session: Session) -> None:
            _check_near(day)
            if not _is_holiday(merchant_rules(session, user.merchant_id), day):
                raise InputError("There is no holiday on that day in your calendar.", field="day")
            self._keep(session, user, day, DayKind.STRUCK)
            self._record(session, user, "clock:day_strike", day=day.isoformat())

        return self._change(user, act)

    def withdraw_day(self, user: User, day: dt.date) -> int:
        """The day is again as the calendar has it. Raises StateConflict where nothing was added or struck."""

        def act(session: Session) -> None:
            row = _own_day(session, user.merchant_id, day)
            if row is None:
                raise StateConflict(
                    "That day is as the calendar has it.", next_step="", detail=f"withdraw {day}"
                )  # fmt: skip
            row.withdrawn_at, row.withdrawn_by = utc_now(), user.account_id
            self._record(session, user, "clock:day_withdraw", day=day.isoformat(), was=row.kind)

        return self._change(user, act)

    # -------------------------------------------------------------------------------------------

    def _change(self, user: User, act: Callable[[Session], None]) -> int:
        require(user, Permission.SETTINGS)
        require_fresh_proof(user, self.settings)
        with self.db.write() as session:
            hold_open_cases(session, user.merchant_id)
            was = merchant_rules(session, user.merchant_id)
            act(session)
            session.flush()
            now = merchant_rules(session, user.merchant_id)
            if now == was:
                return 0
            return redate_open_cases(
                session, user.merchant_id, following(was, now), actor=user.account_id, origin=user.origin
            )

    def _keep(self, session: Session, user: User, day: dt.date, kind: DayKind) -> None:
        if _own_day(session, user.merchant_id, day) is not None:
            raise InputError("That day is in the list already.", field="day")
        standing = select(func.count()).where(ClockDay.merchant_id == user.merchant_id, ClockDay.withdrawn_at.is_(None))
        if (session.scalar(standing) or 0) >= MOST_DAYS:
            raise InputError(f"At most {MOST_DAYS} days can be added or struck.", field="day")
        session.add(ClockDay(merchant_id=user.merchant_id, day=day, kind=kind.value, added_by=user.account_id))

    def _record(self, session: Session, user: User, act: str, **facts: Any) -> None:
        audit.record(
            session, user.merchant_id, user.account_id, act,
            object_id=user.merchant_id, origin=user.origin, **facts,
        )  # fmt: skip


def following(was: MerchantRules, now: MerchantRules) -> Callable[[str, str, str], Rules]:
    """What an open case is calculated with after a change: one that stood under the merchant's own law follows it."""

    def rules_of(profile: str, calendar: str, zone: str) -> Rules:
        if (profile, calendar) == (was.profile, was.calendar):
            return now.of_case(now.profile, now.calendar, zone)
        return now.of_case(profile, calendar, zone)

    return rules_of


def move_zone(session: Session, user: User, was: str, now: str) -> int:
    """The merchant's time zone changed, within the transaction that changes it: its open cases follow (CLK-9). The
    caller has called `hold_open_cases`. Gives how many have other days now."""
    rules = merchant_rules(session, user.merchant_id)
    former, new = was or NO_ZONE, now or NO_ZONE

    def rules_of(profile: str, calendar: str, zone: str) -> Rules:
        return rules.of_case(profile, calendar, new if zone == former else zone)

    return redate_open_cases(session, user.merchant_id, rules_of, actor=user.account_id, origin=user.origin)


def _checked(
    profile: str, calendar: str, house_limit_days: int | None, post_days: int | None
) -> dict[str, Any]:  # fmt: skip
    """The settings as they are kept. Raises InputErrors."""
    problems: list[InputError] = []
    profile = profile.strip().upper()
    try:
        calendar = "+".join(str(calendar_code(part)) for part in calendar.split("+") if part.strip())
        laws_of(profile, calendar)
    except InputError as wrong:
        problems.append(wrong)
    if len(profile) > CODES_MAX or len(calendar) > CODES_MAX:
        problems.append(InputError("That is more than two laws.", field="regime"))
    if house_limit_days is not None and house_limit_days not in HOUSE_LIMIT_DAYS:
        problems.append(InputError("A limit of your own must be 1 to 90 days.", field="house_limit_days"))
    if post_days is not None and post_days not in POST_DAYS:
        problems.append(InputError("Days for the post must be 0 to 14.", field="post_days"))
    if problems:
        raise InputErrors(problems)
    return {
        "profile": profile,
        "calendar": calendar,
        "house_limit_days": house_limit_days,
        "post_days": None if post_days == HOUSE.post_days else post_days,
    }


def _check_near(day: dt.date) -> None:
    today, months = utc_now().date(), 12 * YEARS_AROUND
    if not months_after(today, -months) <= day <= months_after(today, months):
        raise InputError(f"Choose a day within {YEARS_AROUND} years of today.", field="day")


def _own_day(session: Session, merchant_id: str, day: dt.date) -> ClockDay | None:
    return session.scalar(
        select(ClockDay).where(
            ClockDay.merchant_id == merchant_id, ClockDay.day == day, ClockDay.withdrawn_at.is_(None)
        )
    )


def _is_holiday(rules: MerchantRules, day: dt.date) -> bool:
    """Also one about which lists differ: a merchant may say that it is none."""
    for law in laws_of(rules.profile, rules.calendar):
        if law.calendar.code is not None:
            year = year_of(law.calendar.code, day.year)
            if day in year.public or day in year.doubtful:
                return True
    return False
