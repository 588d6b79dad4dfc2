"""What people see and change of their own account: second factor, and where they are signed in."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import select

from portal.audit import record
from portal.config import Settings
from portal.errors import StateConflict
from portal.identity.accounts import AccountRow, row_of
from portal.identity.refusal_audit import RefusalAudit, refusals_audited
from portal.identity.roles import User, require_fresh_proof
from portal.identity.sessions import end_account_sessions, end_login_session
from portal.storage.engine import Database
from portal.storage.tables import Account, LoginSession, utc_now


@dataclass(frozen=True)
class OwnSession:
    """A browser the person is signed in with. Times are aware UTC; `here` is the one that asks."""

    since: dt.datetime
    last_seen_at: dt.datetime
    address: str
    method: str
    here: bool


@refusals_audited
@dataclass
class OwnAccount:
    """Every function is about the caller alone; no other account can be named."""

    db: Database
    refusal_audit: RefusalAudit
    settings: Settings

    def row(self, user: User) -> AccountRow:
        """The caller's own line of the Accounts page."""
        with self.db.read() as db:
            return row_of(db.get_one(Account, user.account_id))

    def own_sessions(self, user: User) -> list[OwnSession]:
        """The caller's live sessions: this browser first, then the newest."""
        now, idle = utc_now(), dt.timedelta(minutes=self.settings.idle_minutes)
        with self.db.read() as db:
            rows = db.scalars(
                select(LoginSession)
                .where(
                    LoginSession.account_id == user.account_id,
                    LoginSession.ended_at.is_(None),
                    LoginSession.expires_at > now,
                    LoginSession.last_seen_at > now - idle,
                )
                .order_by(LoginSession.created_at.desc())
                .limit(50)
            ).all()
        found = [
            OwnSession(r.created_at, r.last_seen_at, r.address, r.method, r.id_hash == user.session_hash) for r in rows
        ]
        return sorted(found, key=lambda s: not s.here)

    def end_other_sessions(self, user: User) -> int:
        """End the caller's other sessions. Returns how many. Needs no fresh proof, as it only takes access away."""
        with self.db.write() as db:
            others = db.scalars(
                select(LoginSession.id_hash).where(
                    LoginSession.account_id == user.account_id,
                    LoginSession.ended_at.is_(None),
                    LoginSession.id_hash != user.session_hash,
                )
            ).all()
            for session_hash in others:
                end_login_session(db, session_hash, "ended_elsewhere", actor=user.account_id)
        return len(others)

    def request_second_factor(self, user: User) -> None:
        """Require the caller to set up a second factor at the next sign-in; ends all their sessions.

        Raises StepUpNeeded, and StateConflict when there is one already.
        """
        require_fresh_proof(user, self.settings)
        with self.db.write() as db:
            account = db.get_one(Account, user.account_id)
            if account.sealed_totp is not None:
                raise StateConflict("You have a second factor already.", next_step="A manager can reset it.")
            account.wants_second_factor = True
            record(
                db,
                user.merchant_id,
                user.account_id,
                "account:second_factor",
                object_id=account.id,
                origin=user.origin,
                change="wanted",
            )
            end_account_sessions(db, account.id, "second_factor_changed", actor=user.account_id, origin=user.origin)
