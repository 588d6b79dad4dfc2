"""Reading the trail: the timeline of one object, pages of all acts, the entries about a person."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Text, select, type_coerce
from sqlalchemy.orm import Session

from portal.storage.tables import Account, AuditEntry

PAGE_SIZE = 50
PEOPLE_ACTS = (
    "history:search",
    "export:submit",
    "audit:evidence",
    "audit:about_person",
)  # carry the person's pseudonym as the fact `subject`


@dataclass(frozen=True)
class AuditRow:
    """One line of a timeline. `at` is aware UTC; `who` is a name, ``the portal`` or ``someone removed``."""

    seq: int
    at: dt.datetime
    who: str
    action: str
    result: str
    origin: str
    facts: dict[str, Any]
    actor: str = ""
    object_id: str = ""
    entry_hash: str = ""


@dataclass(frozen=True)
class TrailFilter:
    """Which acts to show. `actor` is an account id or ``system``, ``anonymous``, ``cli``; days are UTC."""

    action: str = ""
    actor: str = ""
    object_id: str = ""
    since: dt.date | None = None
    until: dt.date | None = None


@dataclass(frozen=True)
class TrailPage:
    """Newest first. `after` continues it, None at the end."""

    rows: tuple[AuditRow, ...]
    after: int | None


def _row(entry: AuditEntry, name: str | None, email: str | None) -> AuditRow:
    return AuditRow(
        seq=entry.seq,
        at=dt.datetime.fromisoformat(entry.at),
        who=name or email or ("the portal" if entry.actor == "system" else entry.actor),
        action=entry.action,
        result=entry.result,
        origin=entry.origin,
        facts=entry.facts,
        actor=entry.actor,
        object_id=entry.object_id,
        entry_hash=entry.entry_hash,
    )


def entries_about(session: Session, merchant_id: str, object_id: str, limit: int = 200) -> list[AuditRow]:
    """Acts on one object, oldest first."""
    rows = session.execute(
        select(AuditEntry, Account.name, Account.email)
        .outerjoin(Account, Account.id == AuditEntry.actor)
        .where(AuditEntry.merchant_id == merchant_id, AuditEntry.object_id == object_id)
        .order_by(AuditEntry.seq)
        .limit(limit)
    )
    return [_row(entry, name, email) for entry, name, email in rows]


def trail_page(
    session: Session, merchant_id: str, wanted: TrailFilter, *, after: int | None = None, size: int = PAGE_SIZE
) -> TrailPage:
    """One page of acts, newest first, by key: the millionth entry is as quick as the first."""
    own = AuditEntry.merchant_id == merchant_id
    query = (
        select(AuditEntry, Account.name, Account.email).outerjoin(Account, Account.id == AuditEntry.actor).where(own)
    )
    for column, value in (
        (AuditEntry.action, wanted.action),
        (AuditEntry.actor, wanted.actor),
        (AuditEntry.object_id, wanted.object_id),
    ):
        if value:
            query = query.where(column == value)
    # A day becomes a range of numbers first, so that the page itself walks the primary key only.
    if wanted.since:
        first = session.scalar(
            select(AuditEntry.seq).where(own, AuditEntry.at >= _start(wanted.since)).order_by(AuditEntry.at).limit(1)
        )
        query = query.where(AuditEntry.seq >= (first if first is not None else 2**62))
    if wanted.until:
        end = _start(wanted.until + dt.timedelta(days=1))
        beyond = session.scalar(
            select(AuditEntry.seq).where(own, AuditEntry.at >= end).order_by(AuditEntry.at).limit(1)
        )
        if beyond is not None:
            query = query.where(AuditEntry.seq < beyond)
    if after is not None:
        query = query.where(AuditEntry.seq < after)
    found = session.execute(query.order_by(AuditEntry.seq.desc()).limit(size + 1)).all()
    rows = tuple(_row(entry, name, email) for entry, name, email in found[:size])
    return TrailPage(rows, rows[-1].seq if len(found) > size else None)


def _start(day: dt.date) -> str:
    return f"{day.isoformat()}T00:00:00"


def _seqs(session: Session, merchant_id: str, *conditions: ColumnElement[bool]) -> set[int]:
    return set(session.scalars(select(AuditEntry.seq).where(AuditEntry.merchant_id == merchant_id, *conditions)))


def seqs_about(session: Session, merchant_id: str, object_ids: Collection[str]) -> set[int]:
    """Numbers of all entries on these objects."""
    found: set[int] = set()
    for object_id in object_ids:
        found |= _seqs(session, merchant_id, AuditEntry.object_id == object_id)
    return found


def seqs_of_person(session: Session, merchant_id: str, pseudonym: str) -> set[int]:
    """Numbers of the entries that name the person's pseudonym (16 hex characters): asked for, searched for."""
    return _seqs(
        session,
        merchant_id,
        AuditEntry.action.in_(PEOPLE_ACTS),
        type_coerce(AuditEntry.facts, Text).contains(f'"subject":"{pseudonym}"', autoescape=True),
    )


def seqs_between(session: Session, merchant_id: str, since: dt.date, until: dt.date, limit: int) -> set[int]:
    """Numbers of the entries of these UTC days, both included; at most `limit` + 1."""
    return set(
        session.scalars(
            select(AuditEntry.seq)
            .where(
                AuditEntry.merchant_id == merchant_id,
                AuditEntry.at >= _start(since),
                AuditEntry.at < _start(until + dt.timedelta(days=1)),
            )
            .limit(limit + 1)
        )
    )


def rows_of(session: Session, merchant_id: str, seqs: Collection[int]) -> list[AuditRow]:
    """The entries of these numbers, oldest first."""
    wanted, found = sorted(seqs), []
    for start in range(0, len(wanted), 500):
        rows = session.execute(
            select(AuditEntry, Account.name, Account.email)
            .outerjoin(Account, Account.id == AuditEntry.actor)
            .where(AuditEntry.merchant_id == merchant_id, AuditEntry.seq.in_(wanted[start : start + 500]))
            .order_by(AuditEntry.seq)
        )
        found += [_row(entry, name, email) for entry, name, email in rows]
    return found
