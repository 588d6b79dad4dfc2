"""One-use tickets that carry a finished sign-in from the Streamlit page to the cookie (SEC-32).

A rerun cannot set a cookie, so the page sends the browser to `/auth/start?ticket=...`. The ticket
lives 60 seconds, works once, and only in the browser whose HttpOnly nonce it was made for.
"""

from __future__ import annotations

import datetime as dt
import secrets
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, update

from portal.errors import NotSignedIn
from portal.identity.lookup import digest
from portal.storage.engine import Database
from portal.storage.tables import Account, SignInTicket, utc_now
from portal.vault import FieldSealer

TICKET_SECONDS = 60.0
SIGN_IN, SIGN_OUT, RENEW = "sign_in", "sign_out", "renew"


@dataclass(frozen=True)
class Redeemed:
    """The content of a valid ticket. `facts`: method and second factor, or the session to end."""

    account_id: str
    purpose: str
    facts: dict[str, Any]
    vendor_token: str | None


@dataclass
class Tickets:
    """Issuing and redeeming."""

    db: Database
    sealer: FieldSealer

    def issue_ticket(
        self,
        account_id: str,
        *,
        browser: str,
        purpose: str = SIGN_IN,
        vendor_token: str | None = None,
        **facts: Any,
    ) -> str:
        """A ticket for the browser with nonce hash `browser`. Raises NotSignedIn without one."""
        if not browser:
            raise NotSignedIn("This browser did not keep the portal's cookie.", next_step="Reload the page.")
        ticket = secrets.token_urlsafe(32)
        now = utc_now()
        with self.db.write() as db:
            db.execute(delete(SignInTicket).where(SignInTicket.expires_at < now - dt.timedelta(hours=1)))
            row = SignInTicket(
                ticket_hash=digest(ticket),
                nonce_hash=browser,
                account_id=account_id,
                purpose=purpose,
                facts=facts,
                expires_at=now + dt.timedelta(seconds=TICKET_SECONDS),
            )
            if vendor_token is not None:
                merchant_id = db.get_one(Account, account_id).merchant_id
                row.sealed_vendor_token = self.sealer.seal(
                    vendor_token,
                    merchant_id=merchant_id,
                    table="sign_in_tickets",
                    column="sealed_vendor_token",
                    row=row.ticket_hash,
                )
            db.add(row)
        return ticket

    def redeem_ticket(self, ticket: str, *, browser: str, purpose: str = SIGN_IN) -> Redeemed | None:
        """Redeem a ticket. None when it is unknown, used, expired, another browser's or purpose's, or the account is
        disabled."""
        now = utc_now()
        with self.db.write() as db:
            taken = db.execute(
                update(SignInTicket)
                .where(
                    SignInTicket.ticket_hash == digest(ticket),
                    SignInTicket.nonce_hash == browser,
                    SignInTicket.purpose == purpose,
                    SignInTicket.used_at.is_(None),
                    SignInTicket.expires_at > now,
                )
                .values(used_at=now)
            )
            if taken.rowcount != 1:  # type: ignore[attr-defined]
                return None
            row = db.get_one(SignInTicket, digest(ticket))
            account = db.get_one(Account, row.account_id)
            if account.disabled_at is not None and purpose != SIGN_OUT:
                return None
            token = None
            if row.sealed_vendor_token is not None:
                token = self.sealer.open(
                    row.sealed_vendor_token,
                    merchant_id=account.merchant_id,
                    table="sign_in_tickets",
                    column="sealed_vendor_token",
                    row=row.ticket_hash,
                )
                row.sealed_vendor_token = None
            return Redeemed(row.account_id, row.purpose, dict(row.facts), token)
