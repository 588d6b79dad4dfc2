"""Login sessions: an opaque 256-bit value in the cookie, only its hash here (SEC-33 to SEC-35).

A session ends when idle for too long, at its absolute limit, when signed out, and when the account is disabled or
changes role or password. The end is written to the table, so that every replica sees it at once.
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlalchemy.orm import Session

from portal.audit import record
from portal.config import Settings
from portal.identity.lookup import digest, user_of
from portal.identity.refusal_audit import RefusalAudit, refusals_audited
from portal.identity.roles import User
from portal.storage.engine import Database
from portal.storage.tables import Account, LoginSession, Merchant, utc_now
from portal.vault import FieldSealer

ASKED_AT_ONCE = 500
TOUCH_SECONDS = 20.0  # `last_seen_at` is updated at most this often; well under any sensible idle limit


@dataclass(frozen=True)
class SessionState:
    """The state behind a cookie: a `user`, or the reason there is none (empty: unknown value)."""

    user: User | None
    ended: str = ""


@dataclass(frozen=True)
class AllowedSockets:
    """The sockets that may act for a session: those with the current cookie value, and the one its last proof came
    through."""

    cookie_hash: str
    proved_socket: str

    def include(self, cookie_value: str, socket: str) -> bool:
        return self.cookie_hash == digest(cookie_value) or (self.proved_socket == socket != "")


def _renewing(ticket: str) -> str:
    """Placeholder until the browser has fetched its new cookie value. Not a hash, so no cookie can match it."""
    return f"renewing:{digest(ticket)[:48]}"


def end_account_sessions(db: Session, account_id: str, because: str, *, actor: str, origin: str) -> int:
    """End every live session of an account within the caller's transaction. Returns how many."""
    live = db.scalars(
        select(LoginSession).where(LoginSession.account_id == account_id, LoginSession.ended_at.is_(None))
    ).all()
    for row in live:
        row.ended_at = utc_now()
        row.ended_because = because
        row.sealed_vendor_token = None
    if live:
        record(db, live[0].merchant_id, actor, "session:end", object_id=account_id, origin=origin, reason=because)
    return len(live)


def end_login_session(db: Session, session_hash: str, because: str, *, actor: str = "") -> None:
    """End one session within the caller's transaction; ending it twice is no error."""
    row = db.get(LoginSession, session_hash, with_for_update=True)
    if row is None or row.ended_at is not None:
        return
    row.ended_at = utc_now()
    row.ended_because = because
    row.sealed_vendor_token = None
    record(
        db,
        row.merchant_id,
        actor or row.account_id,
        "session:end",
        object_id=row.account_id,
        origin=row.address,
        reason=because,
    )


def live_vendor_token(db: Session, sealer: FieldSealer, session_hash: str, merchant_id: str) -> str | None:
    """The LoyaltyDog token a live session of the merchant signed in with, or None. Raises SealBroken."""
    row = db.get(LoginSession, session_hash) if session_hash else None
    if row is None or row.merchant_id != merchant_id or row.ended_at is not None or row.expires_at <= utc_now():
        return None
    if row.sealed_vendor_token is None:
        return None
    return sealer.open(
        row.sealed_vendor_token,
        merchant_id=row.merchant_id,
        table="login_sessions",
        column="sealed_vendor_token",
        row=row.id_hash,
    )


def record_proof(db: Session, user: User, method: str, *, ticket: str, socket: str) -> None:
    """Record a step-up within the caller's transaction.

    With a `ticket` the cookie's value stops working now, and the browser fetches a new one with the ticket.
    """
    row = db.get(LoginSession, user.session_hash)
    if row is None or row.ended_at is not None:
        return
    row.proof_at = utc_now()
    if ticket:
        row.cookie_hash, row.proved_socket = _renewing(ticket), socket
    record(
        db,
        user.merchant_id,
        user.account_id,
        "session:step_up",
        object_id=user.account_id,
        origin=user.origin,
        method=method,
    )


@refusals_audited
@dataclass
class Sessions:
    """Starting, resolving and ending login sessions."""

    db: Database
    refusal_audit: RefusalAudit
    sealer: FieldSealer
    settings: Settings

    def start_session(
        self,
        account_id: str,
        *,
        method: str,
        address: str,
        second_factor: bool,
        vendor_token: str | None = None,
        replacing: str = "",
    ) -> str:
        """A new cookie value for the account; `replacing` (a cookie value) ends first, so none is carried over."""
        value = secrets.token_urlsafe(32)
        now = utc_now()
        with self.db.write() as db:
            account = db.get_one(Account, account_id)
            if replacing:
                earlier = db.scalar(select(LoginSession.id_hash).where(LoginSession.cookie_hash == digest(replacing)))
                end_login_session(db, earlier or "", "replaced", actor=account_id)
            row = LoginSession(
                id_hash=digest(value),
                cookie_hash=digest(value),
                account_id=account.id,
                merchant_id=account.merchant_id,
                method=method,
                expires_at=now + dt.timedelta(hours=self.settings.session_hours),
                address=address[:64],
            )
            if vendor_token is not None:
                row.sealed_vendor_token = self.sealer.seal(
                    vendor_token,
                    merchant_id=account.merchant_id,
                    table="login_sessions",
                    column="sealed_vendor_token",
                    row=row.id_hash,
                )
            db.add(row)
            account.last_sign_in_at = now
            record(
                db,
                account.merchant_id,
                account.id,
                "session:start",
                object_id=account.id,
                origin=address,
                method=method,
                second_factor=second_factor,
            )
        return value

    def resolve_hash(self, session_hash: str) -> User | None:
        """The user of a session hash (`st.user.session_hash`), or None; never counts as an act."""
        return self.check_session(session_hash, touch=False).user if session_hash else None

    def check_session(self, session_hash: str, *, touch: bool) -> SessionState:
        """The state behind a session hash; for an ended session, why it ended."""
        return self._check(LoginSession.id_hash == session_hash, touch=touch)

    def check_cookie(self, cookie_value: str, *, touch: bool) -> SessionState:
        """The state behind a cookie value; a value from before a proof of identity has no user.

        `touch`: a person acted, which puts off the end by idleness.
        """
        return self._check(LoginSession.cookie_hash == digest(cookie_value), touch=touch)

    def check_socket(self, session_hash: str, cookie_value: str, socket: str, *, touch: bool) -> SessionState:
        """The session of a WebSocket, while the socket may act for it: it has the current cookie value, or the proof
        came through it. Others opened with the old value are closed (SEC-33)."""
        holds_it = LoginSession.cookie_hash == digest(cookie_value)
        proved_here = and_(LoginSession.proved_socket == socket, LoginSession.proved_socket != "")
        return self._check(and_(LoginSession.id_hash == session_hash, or_(holds_it, proved_here)), touch=touch)

    def live_sessions(self, session_hashes: Collection[str]) -> dict[str, AllowedSockets]:
        """Those of these sessions that are still valid, with the sockets that may act for each. Renews none."""
        now = utc_now()
        wanted = sorted(session_hashes)
        found: dict[str, AllowedSockets] = {}
        with self.db.read() as db:
            for start in range(0, len(wanted), ASKED_AT_ONCE):
                rows = db.execute(
                    select(LoginSession.id_hash, LoginSession.cookie_hash, LoginSession.proved_socket)
                    .join(Account, Account.id == LoginSession.account_id)
                    .where(
                        LoginSession.id_hash.in_(wanted[start : start + ASKED_AT_ONCE]),
                        LoginSession.ended_at.is_(None),
                        LoginSession.expires_at > now,
                        LoginSession.last_seen_at > now - dt.timedelta(minutes=self.settings.idle_minutes),
                        Account.disabled_at.is_(None),
                    )
                )
                found.update((row.id_hash, AllowedSockets(row.cookie_hash, row.proved_socket)) for row in rows)
        return found

    def _check(self, which: ColumnElement[bool], *, touch: bool) -> SessionState:
        with self.db.read() as db:
            found = db.execute(
                select(LoginSession, Account, Merchant)
                .join(Account, Account.id == LoginSession.account_id)
                .join(Merchant, Merchant.id == LoginSession.merchant_id)
                .where(which)
            ).first()
        if found is None:
            return SessionState(None)
        row, account, merchant = found
        session_hash = row.id_hash
        if row.ended_at is not None:
            return SessionState(None, row.ended_because)
        now = utc_now()
        because = self._due_end(row, account, now)
        if because:
            with self.db.write() as db:
                end_login_session(db, session_hash, because, actor="system")
            return SessionState(None, because)
        if touch and (now - row.last_seen_at).total_seconds() > TOUCH_SECONDS:
            with self.db.write() as db:
                db.execute(
                    update(LoginSession)
                    .where(LoginSession.id_hash == session_hash, LoginSession.ended_at.is_(None))
                    .values(last_seen_at=now)
                )
        return SessionState(user_of(account, merchant, origin=row.address or "web", session=row))

    def _due_end(self, row: LoginSession, account: Account, now: dt.datetime) -> str:
        if account.disabled_at is not None:
            return "disabled"
        if row.stage != "full":
            return "unfinished"
        if now >= row.expires_at:
            return "expired"
        if now - row.last_seen_at >= dt.timedelta(minutes=self.settings.idle_minutes):
            return "idle"
        return ""

    def idle_seconds_left(self, user: User) -> float:
        """Seconds until the session ends by idleness or age; 0 when it is over."""
        with self.db.read() as db:
            row = db.get(LoginSession, user.session_hash)
        if row is None or row.ended_at is not None:
            return 0.0
        idle_end = row.last_seen_at + dt.timedelta(minutes=self.settings.idle_minutes)
        return max(0.0, (min(idle_end, row.expires_at) - utc_now()).total_seconds())

    def end_session(self, session_hash: str, because: str = "signed_out") -> None:
        """End one session; ending it twice is no error."""
        with self.db.write() as db:
            end_login_session(db, session_hash, because, actor="")

    def vendor_token(self, user: User) -> str | None:
        """The LoyaltyDog token this session signed in with, or None. Raises SealBroken."""
        with self.db.read() as db:
            return live_vendor_token(db, self.sealer, user.session_hash, user.merchant_id)

    def renew_cookie(self, session_hash: str, ticket: str) -> str | None:
        """The new cookie value of a session whose proof was given with `ticket`; None when it is no longer due."""
        value = secrets.token_urlsafe(32)
        with self.db.write() as db:
            changed = db.execute(
                update(LoginSession)
                .where(
                    LoginSession.id_hash == session_hash,
                    LoginSession.cookie_hash == _renewing(ticket),
                    LoginSession.ended_at.is_(None),
                )
                .values(cookie_hash=digest(value))
            )
        return value if changed.rowcount == 1 else None  # type: ignore[attr-defined]
