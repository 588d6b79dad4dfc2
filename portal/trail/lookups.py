"""Look-ups of persons that led to no case, for those who may read the trail (N28). They hold no personal value."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select, tuple_

from portal.identity import Permission, User, require
from portal.identity.refusal_audit import RefusalAudit, refusals_audited
from portal.people.finding import ClueKind
from portal.storage.case_tables import PersonLookup
from portal.storage.engine import Database
from portal.storage.tables import Account, utc_now

TIME_TO_OPEN_A_CASE = dt.timedelta(hours=1)


@dataclass(frozen=True)
class LookupFilter:
    """`account_id`: who looked; empty is anybody. Days are those of UTC, both included, as in the trail."""

    account_id: str = ""
    since: dt.date | None = None
    until: dt.date | None = None


@dataclass(frozen=True)
class LookupRow:
    """`cards` and `people` are empty where LoyaltyDog gave no answer."""

    id: str
    at: dt.datetime
    who: str
    kind: ClueKind
    cards: int | None
    people: int | None
    chosen: bool


@dataclass(frozen=True)
class LookupPage:
    """`count` is that of all pages; `after` begins the next one."""

    rows: tuple[LookupRow, ...]
    count: int
    after: tuple[dt.datetime, str] | None


@refusals_audited
@dataclass
class LookupsWithoutCase:
    """A merchant's look-ups that led to no case within an hour."""

    db: Database
    refusal_audit: RefusalAudit

    def page(
        self,
        user: User,
        wanted: LookupFilter | None = None,
        *,
        after: tuple[dt.datetime, str] | None = None,
        size: int = 20,
    ) -> LookupPage:
        """The newest first."""
        require(user, Permission.AUDIT_READ)
        own = _conditions(user, wanted or LookupFilter())
        query = select(PersonLookup, Account.name, Account.email).join(Account, Account.id == PersonLookup.account_id)
        query = query.where(*own).order_by(PersonLookup.at.desc(), PersonLookup.id.desc()).limit(size + 1)
        if after is not None:
            query = query.where(tuple_(PersonLookup.at, PersonLookup.id) < after)
        with self.db.read() as session:
            count = session.scalar(select(func.count()).select_from(PersonLookup).where(*own)) or 0
            found = session.execute(query).all()
            rows = tuple(_row(row, name or email) for row, name, email in found[:size])
        return LookupPage(rows, count, (rows[-1].at, rows[-1].id) if len(found) > size else None)


def _conditions(user: User, wanted: LookupFilter) -> list[ColumnElement[bool]]:
    own = [
        PersonLookup.merchant_id == user.merchant_id,
        PersonLookup.case_id.is_(None),
        PersonLookup.at < utc_now() - TIME_TO_OPEN_A_CASE,
    ]
    if wanted.account_id:
        own.append(PersonLookup.account_id == wanted.account_id)
    if wanted.since:
        own.append(PersonLookup.at >= _start(wanted.since))
    if wanted.until:
        own.append(PersonLookup.at < _start(wanted.until + dt.timedelta(days=1)))
    return own


def _start(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), dt.UTC)


def _row(row: PersonLookup, who: str) -> LookupRow:
    return LookupRow(
        row.id, row.at, who, ClueKind(row.kind), row.card_count, row.people_count, row.chosen_at is not None
    )
