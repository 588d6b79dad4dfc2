"""The due days of open cases as a calendar that a colleague's program subscribes to by a personal secret address.

Calendar programs send no cookie, so the address itself is the key: 256 random bits, of which only the SHA-256 is kept.
It gives case numbers, days and states, nothing of the persons and no reference.
"""

from __future__ import annotations

import datetime as dt
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from portal import audit
from portal.cases.ical import as_text, calendar_file, day, instant
from portal.cases.services.due import DueCase, due_cases, merchants_today, open_cases
from portal.errors import NotFound, StateConflict
from portal.identity import Permission, Role, User, require
from portal.identity.calendar_addresses import revoke_addresses
from portal.identity.lookup import digest
from portal.identity.refusal_audit import RefusalAudit, refusals_audited
from portal.identity.roles import allows
from portal.storage.case_tables import CalendarAddress
from portal.storage.engine import Database
from portal.storage.locks import lock_merchant
from portal.storage.tables import Account, Merchant, utc_now

TOKEN_BYTES = 32
MOST_EVENTS = 1_000  # soonest
USE_NOTED_EVERY = dt.timedelta(hours=1)  # programs ask every few minutes
ASK_AGAIN = ("REFRESH-INTERVAL;VALUE=DURATION:PT6H", "X-PUBLISHED-TTL:PT6H")


@dataclass(frozen=True)
class CalendarStanding:
    """The address somebody has: since when, and when a program used it last, to the hour."""

    since: dt.datetime
    last_used_at: dt.datetime | None


@refusals_audited
@dataclass
class CaseCalendar:
    """Makes, ends and answers the secret addresses."""

    db: Database
    refusal_audit: RefusalAudit

    def new_address(self, user: User) -> str:
        """A new secret for `/calendar/{secret}.ics`, told this once; the former one ends."""
        require(user, Permission.CASE_LIST)
        secret = secrets.token_urlsafe(TOKEN_BYTES)
        with self.db.write() as session:
            lock_merchant(session, user.merchant_id)
            revoke_addresses(session, user.account_id)
            row = CalendarAddress(
                merchant_id=user.merchant_id, account_id=user.account_id, token_sha256=digest(secret)
            )  # fmt: skip
            session.add(row)
            session.flush()
            audit.record(
                session, user.merchant_id, user.account_id, "calendar:address", object_id=row.id, origin=user.origin
            )  # fmt: skip
        return secret

    def revoke(self, user: User) -> None:
        """End the user's address. Raises StateConflict when there is none."""
        require(user, Permission.CASE_LIST)
        with self.db.write() as session:
            row = _standing(session, user)
            if row is None:
                raise StateConflict("Your calendar has no address.", next_step="", detail="calendar address")
            revoke_addresses(session, user.account_id)
            audit.record(
                session, user.merchant_id, user.account_id, "calendar:revoke", object_id=row.id, origin=user.origin
            )  # fmt: skip

    def standing(self, user: User) -> CalendarStanding | None:
        """The address the user has; None without one."""
        require(user, Permission.CASE_LIST)
        with self.db.read() as session:
            row = _standing(session, user)
            return CalendarStanding(row.created_at, row.last_used_at) if row is not None else None

    def by_token(self, token: str) -> bytes:
        """The calendar at a secret address, for a program that is not signed in.

        Raises NotFound, the same for a secret there never was, one that was revoked, a disabled account and a role that
        may not list cases.
        """
        with self.db.read() as session:
            row, merchant = _found(session, token)
            today = merchants_today(merchant.time_zone or "UTC")
            cases = due_cases(session.execute(open_cases(merchant.id).limit(MOST_EVENTS)).all(), today)
        self._note_use(row)
        now = instant(utc_now())
        return calendar_file("due-cases", (_event(case, now) for case in cases), about=ASK_AGAIN)

    def _note_use(self, row: CalendarAddress) -> None:
        now = utc_now()
        if row.last_used_at is not None and now - row.last_used_at < USE_NOTED_EVERY:
            return
        with self.db.write() as session:
            session.execute(update(CalendarAddress).where(CalendarAddress.id == row.id).values(last_used_at=now))


def _standing(session: Session, user: User) -> CalendarAddress | None:
    return session.scalar(
        select(CalendarAddress).where(
            CalendarAddress.account_id == user.account_id, CalendarAddress.revoked_at.is_(None)
        )
    )  # fmt: skip


def _found(session: Session, token: str) -> tuple[CalendarAddress, Merchant]:
    sha256 = digest(token)
    found = session.execute(
        select(CalendarAddress, Account, Merchant)
        .join(Account, Account.id == CalendarAddress.account_id)
        .join(Merchant, Merchant.id == CalendarAddress.merchant_id)
        .where(CalendarAddress.token_sha256 == sha256, CalendarAddress.revoked_at.is_(None))
        .where(Account.disabled_at.is_(None), Account.merchant_id == CalendarAddress.merchant_id)
    ).one_or_none()
    if found is None or not hmac.compare_digest(found[0].token_sha256, sha256):
        raise NotFound(next_step="", detail="calendar")
    if not allows(Role(found[1].role), Permission.CASE_LIST):
        raise NotFound(next_step="", detail="calendar")
    return found[0], found[2]


def _event(case: DueCase, now: str) -> Sequence[str]:
    late = f"{-case.days_left} days overdue" if case.overdue else f"{case.days_left} days left"
    words = f"{late}; last lawful day {case.last_lawful_on}; {case.state.value.replace('_', ' ')}"
    return (
        f"UID:{case.id}@privacy-portal",
        f"DTSTAMP:{now}",
        f"DTSTART;VALUE=DATE:{day(case.due_on)}",
        f"DTEND;VALUE=DATE:{day(case.due_on + dt.timedelta(days=1))}",
        f"SUMMARY:{as_text(f'Case {case.name} is due')}",
        f"DESCRIPTION:{as_text(words)}",
        "TRANSP:TRANSPARENT",
    )
