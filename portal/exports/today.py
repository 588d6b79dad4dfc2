"""Numbers, lists and pictures of the first screen (LAW-21). Bounded by what is open or recent, not by the history."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, String, and_, bindparam, case, func, or_, select, type_coerce, union_all
from sqlalchemy.orm import Session, aliased

from portal.exports import ledger
from portal.exports.about_person import AboutPerson
from portal.exports.answer_figures import AnswerFigures, answer_figures
from portal.exports.answers import day_in
from portal.exports.states import NEEDS_PERSON, RUNNING, State
from portal.exports.views import ExportView
from portal.identity import Permission, User, require
from portal.storage.tables import Account, Export, utc_now

SOON = dt.timedelta(hours=24)
LATELY = dt.timedelta(days=30)
MOST_COUNTED = 1_000
FIGURE_DAYS = 14
PROGRAM_DAYS = 30
MOST_PROGRAMS = 8
OUTCOMES = {
    State.READY: "Ready",
    State.EXPIRED: "Ready",
    State.PURGED: "Ready",
    State.REJECTED: "Refused",
    State.FAILED: "Failed",
    State.UNKNOWN: "Undecided",
    State.ATTENTION: "Undecided",
}
ANSWERED = (State.READY, State.EXPIRED, State.PURGED)
AGES = (("under an hour", 3600), ("under a day", 86_400), ("1 to 3 days", 259_200), ("3 to 7 days", 604_800),
        ("over a week", float("inf")))  # fmt: skip
OWN = Export.merchant_id == bindparam("merchant_id")
ExportRows = Select[Export, str, str]
"""Exports, each with the name and the email of whoever asked."""


@dataclass(frozen=True)
class Today:
    """Numbers (counted up to 1,001) and lists for the first screen. `by_day`: outcomes of 14 days, UTC dates."""

    open: int
    ready: int
    expiring: int
    deciding: tuple[ExportView, ...]
    expiring_soon: tuple[ExportView, ...]
    latest: tuple[ExportView, ...]
    by_day: tuple[tuple[dt.date, str, int], ...] = field(default=())


@dataclass(frozen=True)
class Figures:
    """What the pictures show. Shares are 0 to 1, None where nothing was asked.

    `ages`: open exports by how long ago they were asked for. `expiring`: links that die within 7 days, by UTC date.
    `within_a_day`: date -> share answered within 24 hours of asking. `by_program`: exports of 30 days.
    """

    ages: tuple[tuple[str, int], ...]
    expiring: tuple[tuple[dt.date, int], ...]
    within_a_day: tuple[tuple[dt.date, float], ...]
    by_program: tuple[tuple[str, int], ...]
    answers: AnswerFigures


class TodayNumbers(AboutPerson):
    def today(self, user: User, *, days: int = FIGURE_DAYS) -> Today:
        require(user, Permission.EXPORT_LIST)
        now = utc_now()
        given = {"merchant_id": user.merchant_id, "now": now, "soon": now + SOON, "lately": now - LATELY}
        with self.db.read() as session:

            def count(*states: State, dying: bool = False) -> int:
                return sum(session.scalar(_number(state, dying), given) or 0 for state in states)

            return Today(
                open=count(*sorted(RUNNING)),
                ready=count(State.READY),
                expiring=count(State.READY, dying=True),
                deciding=self._views(session, _deciding(), given),
                expiring_soon=self._without_refreshed(session, self._views(session, _dying(), given)),
                latest=self._views(session, _latest(), given),
                by_day=self._by_day(session, Export.merchant_id == user.merchant_id, now - dt.timedelta(days=days)),
            )

    def _views(self, session: Session, question: ExportRows, given: dict[str, Any]) -> tuple[ExportView, ...]:
        rows = session.execute(question, given)
        return tuple(ledger.to_view(row, name or email or "", self.seal) for row, name, email in rows)

    def _without_refreshed(self, session: Session, views: tuple[ExportView, ...]) -> tuple[ExportView, ...]:
        """Less those that a later export, under way or ready, takes the place of."""
        refreshed = set(session.scalars(_refreshed(), {"export_ids": [view.id for view in views]})) if views else set()
        return tuple(view for view in views if view.id not in refreshed)

    def _day_of(self, column: Any) -> Any:
        """A time's UTC date as text."""
        if self.db.is_sqlite:
            return func.substr(type_coerce(column, String), 1, 10)
        return func.to_char(func.timezone("UTC", column), "YYYY-MM-DD")

    def _by_day(
        self, session: Session, own: ColumnElement[bool], since: dt.datetime
    ) -> tuple[tuple[dt.date, str, int], ...]:
        day = self._day_of(Export.requested_at).label("day")
        rows = session.execute(
            select(day, Export.state, func.count()).where(own, Export.requested_at > since).group_by(day, Export.state)
        )
        found: Counter[tuple[dt.date, str]] = Counter()
        for text, state, n in rows:
            found[dt.date.fromisoformat(text), OUTCOMES.get(State(state), "Under way")] += n
        return tuple((date, outcome, n) for (date, outcome), n in sorted(found.items()))

    def figures(self, user: User) -> Figures:
        """What the pictures need; heavier than `today`, so drawn less often."""
        require(user, Permission.EXPORT_LIST)
        now = utc_now()
        own = Export.merchant_id == user.merchant_id
        with self.db.read() as session:
            return Figures(
                ages=self._ages(session, own, now),
                expiring=self._expiring(session, own, now),
                within_a_day=self._within_a_day(session, own, now),
                by_program=self._by_program(session, own, now),
                answers=answer_figures(session, user.merchant_id, day_in(user.time_zone, now)),
            )

    def _ages(self, session: Session, own: ColumnElement[bool], now: dt.datetime) -> tuple[tuple[str, int], ...]:
        asked = session.scalars(select(Export.requested_at).where(own, _open()).limit(5 * MOST_COUNTED))
        counts: Counter[str] = Counter()
        for at in asked:
            counts[next(name for name, most in AGES if (now - at).total_seconds() < most)] += 1
        return tuple((name, counts[name]) for name, _most in AGES)

    def _expiring(
        self, session: Session, own: ColumnElement[bool], now: dt.datetime
    ) -> tuple[tuple[dt.date, int], ...]:
        day = self._day_of(Export.link_expires_at).label("day")
        rows = session.execute(
            select(day, func.count())
            .where(own, Export.state == State.READY)
            .where(Export.link_expires_at > now, Export.link_expires_at < now + dt.timedelta(days=7))
            .group_by(day)
        )
        return tuple(sorted((dt.date.fromisoformat(text), n) for text, n in rows))

    def _answered_within(self, days: float) -> ColumnElement[bool]:
        """Answered so many days after it was asked for."""
        took: ColumnElement[bool]
        if self.db.is_sqlite:
            took = func.julianday(Export.inspected_at) - func.julianday(Export.requested_at) <= days
        else:
            took = Export.inspected_at - Export.requested_at <= dt.timedelta(days=days)
        return and_(Export.state.in_(ANSWERED), took)

    def _within_a_day(
        self, session: Session, own: ColumnElement[bool], now: dt.datetime
    ) -> tuple[tuple[dt.date, float], ...]:
        day = self._day_of(Export.requested_at).label("day")
        quick = func.sum(case((self._answered_within(1), 1), else_=0))
        rows = session.execute(
            select(day, quick, func.count())
            .where(own, Export.requested_at > now - dt.timedelta(days=FIGURE_DAYS))
            .group_by(day)
        )
        return tuple(sorted((dt.date.fromisoformat(text), (n or 0) / total) for text, n, total in rows))

    def _by_program(self, session: Session, own: ColumnElement[bool], now: dt.datetime) -> tuple[tuple[str, int], ...]:
        n = func.count()
        rows = session.execute(
            select(Export.program_id, func.max(Export.program_name), n)
            .where(own, Export.requested_at > now - dt.timedelta(days=PROGRAM_DAYS))
            .group_by(Export.program_id)
            .order_by(n.desc())
            .limit(MOST_PROGRAMS)
        )
        return tuple(
            ((name or f"Program …{program[-4:]}") if program else "No program", n) for program, name, n in rows
        )


# The first screen's questions. It is drawn every few seconds, and composing them took longer than answering them: each
# is composed once, for the parameters `merchant_id`, `now`, `soon` and `lately`.


def _dies_soon() -> ColumnElement[bool]:
    at = Export.link_expires_at
    return and_(Export.state == State.READY, at > bindparam("now"), at < bindparam("soon"))


@cache
def _number(state: State, dying: bool) -> Select[int]:
    """How many are in this state, as far as is counted; `dying`: of those whose link dies soon."""
    some = select(Export.id).where(OWN, _dies_soon() if dying else Export.state == state).limit(MOST_COUNTED + 1)
    return select(func.count()).select_from(some.subquery())


def _rows(order: Any, limit: int, *conditions: ColumnElement[bool]) -> ExportRows:
    asked_by = Account.id == Export.requested_by
    rows = select(Export, Account.name, Account.email).outerjoin(Account, asked_by).where(*conditions)
    return rows.order_by(order).limit(limit)


@cache
def _latest() -> ExportRows:
    return _rows(Export.requested_at.desc(), 10, OWN)


@cache
def _dying() -> ExportRows:
    return _rows(Export.link_expires_at.asc(), 20, OWN, _dies_soon())


@cache
def _deciding() -> ExportRows:
    """What waits for a person, state by state, each in its own index."""
    recent = and_(Export.updated_at > bindparam("lately"), Export.turn != "nobody")
    newest = [
        select(Export.id, Export.updated_at)
        .where(OWN, Export.state == state, recent)
        .order_by(Export.updated_at.desc())
        .limit(20)
        .subquery()
        for state in sorted(NEEDS_PERSON)
    ]
    return _rows(Export.updated_at.desc(), 20, Export.id.in_(union_all(*(select(part.c.id) for part in newest))))


@cache
def _refreshed() -> Select[str]:
    """Which of `export_ids` a later export, under way or ready, takes the place of."""
    old, new = aliased(Export), aliased(Export)
    return (
        select(old.id)
        .join(new, (new.merchant_id == old.merchant_id) & (new.subject_index == old.subject_index))
        .where(old.id.in_(bindparam("export_ids", expanding=True)), new.repeat_of == old.id)
        .where(new.state.in_(RUNNING | {State.READY}))
    )


def _open() -> ColumnElement[bool]:
    """Not answered yet and not given up."""
    return or_(
        Export.state.in_(sorted(RUNNING)),
        and_(Export.state.in_(sorted(NEEDS_PERSON)), Export.turn != "nobody"),
    )
