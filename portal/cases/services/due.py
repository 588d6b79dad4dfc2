"""Open cases that are due soon or overdue, without anything of the persons: for a helpdesk's cron and for calendars."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Row, Select, select

from portal.cases.services.folding import Rules
from portal.cases.services.query import beyond_open, open_order
from portal.cases.states import CaseState
from portal.identity import Permission, User, require
from portal.identity.refusal_audit import RefusalAudit, refusals_audited
from portal.storage.case_tables import Case
from portal.storage.engine import Database
from portal.storage.tables import Account, utc_now

PAGE_SIZE = 500


@dataclass(frozen=True)
class DueCase:
    """`days_left` until `due_on` where the merchant is, negative when `overdue`. `assignee` is a colleague's name."""

    id: str
    name: str
    due_on: dt.date
    last_lawful_on: dt.date
    days_left: int
    state: CaseState
    assignee: str
    reference: str

    @property
    def overdue(self) -> bool:
        return self.days_left < 0


@dataclass(frozen=True)
class DuePage:
    """`after` names the next page; None on the last one."""

    rows: tuple[DueCase, ...]
    after: tuple[dt.date, str] | None


@refusals_audited
@dataclass
class CaseDue:
    """Says which cases are due."""

    db: Database
    refusal_audit: RefusalAudit

    def within(
        self, user: User, days: int, *, after: tuple[dt.date, str] | None = None, size: int = PAGE_SIZE
    ) -> DuePage:
        """One page by key of the open cases due at most `days` from today, soonest first."""
        require(user, Permission.CASE_LIST)
        today = merchants_today(user.time_zone)
        query = open_cases(user.merchant_id).where(Case.due_on <= today + dt.timedelta(days=days))
        if after is not None:
            query = query.where(beyond_open(Case, *after))
        with self.db.read() as session:
            found = session.execute(query.limit(size + 1)).all()
        rows = due_cases(found[:size], today)
        return DuePage(rows, (rows[-1].due_on, rows[-1].id) if len(found) > size else None)


def merchants_today(zone: str) -> dt.date:
    """Today where the merchant is."""
    return utc_now().astimezone(Rules(zone=zone).place).date()


def open_cases(merchant_id: str) -> Select[Case, str, str]:
    """A merchant's open cases with their assignee's name and email, soonest due first."""
    return (
        select(Case, Account.name, Account.email)
        .outerjoin(Account, Account.id == Case.assignee)
        .where(Case.merchant_id == merchant_id, Case.closed_at.is_(None))
        .order_by(*open_order())
    )


def due_cases(found: Sequence[Row[Case, str, str]], today: dt.date) -> tuple[DueCase, ...]:
    return tuple(
        DueCase(
            id=case.id,
            name=f"{case.year}-{case.number:04}",
            due_on=case.due_on,
            last_lawful_on=case.last_lawful_on,
            days_left=(case.due_on - today).days,
            state=CaseState(case.state),
            assignee=name or email or "",
            reference=case.reference,
        )
        for case, name, email in found
    )
