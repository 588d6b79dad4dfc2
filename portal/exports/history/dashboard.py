"""Figures, lists and charts of the first screen (LAW-21). Queries are bounded by open and recent exports, not by the
history."""

from __future__ import annotations

import datetime as dt
import zlib
from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, String, and_, bindparam, case, func, select, type_coerce, union_all
from sqlalchemy.orm import Session, aliased

from portal.exports.core import ledger
from portal.exports.core.answers import day_in
from portal.exports.core.ledger import SubjectSeal
from portal.exports.core.states import NEEDS_PERSON, RUNNING, TRAITS, Outcome, State
from portal.exports.core.views import ExportView
from portal.exports.history.answer_figures import AnswerFigures, answer_figures
from portal.identity import Permission, User, require
from portal.identity.refusal_audit import RefusalAudit, refusals_audited
from portal.storage.engine import Database
from portal.storage.tables import Account, Export, ExportResponse, utc_now

SOON = dt.timedelta(hours=24)
LATELY = dt.timedelta(days=30)
MOST_COUNTED = 1_000
FIGURE_DAYS = 14
PROGRAM_DAYS = 30
MOST_PROGRAMS = 8
ANSWERED = (State.READY, State.EXPIRED, State.PURGED)
OWN = Export.merchant_id == bindparam("merchant_id")
ExportRows = Select[Export, str, str]
"""Exports, each with the name and email of the account that asked."""


@dataclass(frozen=True)
class Cause:
    """Why some exports wait for a person, and how many do."""

    state: State
    problem: str
    count: int

    @property
    def key(self) -> str:
        """Names it the same as long as it is there."""
        return f"{zlib.crc32(f'{self.state} {self.problem}'.encode()):08x}"


@dataclass(frozen=True)
class Today:
    """Numbers (counted up to 1,001) and lists for the first screen. `by_day`: outcomes of 14 days, UTC dates.

    `causes`: what waits for a person, of which `deciding` lists the newest. `expiring`: how many there are, of
    which `expiring_soon` lists the first.
    """

    causes: tuple[Cause, ...]
    expiring: int
    deciding: tuple[ExportView, ...]
    expiring_soon: tuple[ExportView, ...]
    latest: tuple[ExportView, ...]
    by_day: tuple[tuple[dt.date, Outcome, int], ...] = field(default=())

    @property
    def waiting(self) -> int:
        return sum(cause.count for cause in self.causes)

    def listed(self, cause: Cause) -> tuple[ExportView, ...]:
        """Those of `deciding` that wait for this reason."""
        return tuple(row for row in self.deciding if (row.state, row.problem) == (cause.state, cause.problem))


@dataclass(frozen=True)
class Figures:
    """What the pictures show. Shares are 0 to 1, None where nothing was asked.

    `expiring`: links that die within 7 days, by UTC date.
    `within_a_day`: date -> share answered within 24 hours of asking. `by_program`: exports of 30 days.
    """

    expiring: tuple[tuple[dt.date, int], ...]
    within_a_day: tuple[tuple[dt.date, float], ...]
    by_program: tuple[tuple[str, int], ...]
    answers: AnswerFigures


@refusals_audited
@dataclass
class Dashboard:
    """What the first screen shows of a merchant's exports."""

    db: Database
    refusal_audit: RefusalAudit
    seal: SubjectSeal

    def today(self, user: User, *, days: int = FIGURE_DAYS) -> Today:
        require(user, Permission.EXPORT_LIST)
        now = utc_now()
        given = {"merchant_id": user.merchant_id, "now": now, "soon": now + SOON, "lately": now - LATELY}
        with self.db.read() as session:
            return Today(
                causes=tuple(Cause(*row) for row in session.execute(_causes(), given)),
                expiring=session.scalar(_expiring_soon(), given) or 0,
                deciding=self._views(session, _deciding(), given),
                expiring_soon=self._views(session, _dying(), given),
                latest=self._views(session, _latest(), given),
                by_day=self._by_day(session, Export.merchant_id == user.merchant_id, now - dt.timedelta(days=days)),
            )

    def _views(self, session: Session, question: ExportRows, given: dict[str, Any]) -> tuple[ExportView, ...]:
        rows = session.execute(question, given)
        return ledger.views_of(session, [(row, name or email or "") for row, name, email in rows], self.seal)

    def _day_of(self, column: Any) -> Any:
        """A time's UTC date as text."""
        if self.db.is_sqlite:
            return func.substr(type_coerce(column, String), 1, 10)
        return func.to_char(func.timezone("UTC", column), "YYYY-MM-DD")

    def _by_day(
        self, session: Session, own: ColumnElement[bool], since: dt.datetime
    ) -> tuple[tuple[dt.date, Outcome, int], ...]:
        day = self._day_of(Export.requested_at).label("day")
        rows = session.execute(
            select(day, Export.state, func.count()).where(own, Export.requested_at > since).group_by(day, Export.state)
        )
        found: Counter[tuple[dt.date, Outcome]] = Counter()
        for text, state, n in rows:
            found[dt.date.fromisoformat(text), TRAITS[State(state)].outcome] += n
        return tuple((date, outcome, n) for (date, outcome), n in sorted(found.items()))

    def figures(self, user: User) -> Figures:
        """What the pictures need; heavier than `today`, so drawn less often."""
        require(user, Permission.EXPORT_LIST)
        now = utc_now()
        own = Export.merchant_id == user.merchant_id
        with self.db.read() as session:
            return Figures(
                expiring=self._expiring(session, own, now),
                within_a_day=self._within_a_day(session, own, now),
                by_program=self._by_program(session, own, now),
                answers=answer_figures(session, user.merchant_id, day_in(user.time_zone, now)),
            )

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
    """Ready with a link that dies soon, and no later export, under way or ready, takes its place."""
    at, new = Export.link_expires_at, aliased(Export)
    refreshed = (
        select(new.id)
        .where(new.merchant_id == Export.merchant_id, new.subject_index == Export.subject_index)
        .where(new.repeat_of == Export.id, new.state.in_(sorted(RUNNING | {State.READY})))
        .correlate(Export)
    )
    return and_(Export.state == State.READY, at > bindparam("now"), at < bindparam("soon"), ~refreshed.exists())


DIES_SOON = _dies_soon()
RECENT = and_(Export.updated_at > bindparam("lately"), Export.turn != "nobody")
"""Of those in a state that needs a person: what still waits for one, and has moved in the last 30 days."""


@cache
def _expiring_soon() -> Select[int]:
    """How many links die soon, as far as is counted."""
    return select(func.count()).select_from(select(Export.id).where(OWN, DIES_SOON).limit(MOST_COUNTED + 1).subquery())


@cache
def _causes() -> Select[State, str, int]:
    """What waits for a person by state and problem, each state as far as is counted; the most frequent first."""
    some = [
        select(Export.id, Export.state).where(OWN, Export.state == state, RECENT).limit(MOST_COUNTED + 1).subquery()
        for state in sorted(NEEDS_PERSON)
    ]
    waiting = union_all(*(select(part.c.id, part.c.state) for part in some)).subquery()
    n = func.count()
    return (
        select(waiting.c.state, ExportResponse.problem, n)
        .join(ExportResponse, ExportResponse.export_id == waiting.c.id)
        .group_by(waiting.c.state, ExportResponse.problem)
        .order_by(n.desc(), waiting.c.state, ExportResponse.problem)
    )


def _rows(order: Any, limit: int, *conditions: ColumnElement[bool]) -> ExportRows:
    asked_by = Account.id == Export.requested_by
    rows = select(Export, Account.name, Account.email).outerjoin(Account, asked_by).where(*conditions)
    return rows.order_by(order).limit(limit)


@cache
def _latest() -> ExportRows:
    return _rows(Export.requested_at.desc(), 10, OWN)


@cache
def _dying() -> ExportRows:
    return _rows(Export.link_expires_at.asc(), 20, OWN, DIES_SOON)


@cache
def _deciding() -> ExportRows:
    """What waits for a person, state by state, each in its own index."""
    newest = [
        select(Export.id, Export.updated_at)
        .where(OWN, Export.state == state, RECENT)
        .order_by(Export.updated_at.desc())
        .limit(20)
        .subquery()
        for state in sorted(NEEDS_PERSON)
    ]
    return _rows(Export.updated_at.desc(), 20, Export.id.in_(union_all(*(select(part.c.id) for part in newest))))
