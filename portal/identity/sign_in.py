"""Checking a password: throttled, the same work and words for every refusal, always audited."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.audit import record
from portal.errors import NotFound
from portal.identity import passwords, throttle
from portal.identity.base import PORTAL_CHAIN, Shared, digest, normal_email
from portal.identity.errors import SignInRefused
from portal.identity.roles import Role, User
from portal.storage.tables import Account, LoginSession, Merchant, utc_now

KNOWN_ADDRESS_DAYS = 30
MAX_EMAIL = 320


@dataclass(frozen=True)
class KnownAccount:
    """An account whose password (or vendor sign-in) was right. `second_factor`: ``none``, ``code`` or ``enrol``."""

    id: str
    merchant_id: str
    email: str
    name: str
    role: Role
    method: str
    second_factor: str


def second_factor_for(account: Account, merchant: Merchant) -> str:
    """``code`` when enrolled; ``enrol`` when the merchant's policy or the person asks for it; else ``none``."""
    if account.sealed_totp is not None:
        return "code"
    if account.wants_second_factor:
        return "enrol"
    if merchant.practice or merchant.second_factor == "off":
        return "none"
    if merchant.second_factor == "all" or account.role == Role.MANAGER:
        return "enrol"
    return "none"


def known(account: Account, merchant: Merchant) -> KnownAccount:
    return KnownAccount(
        id=account.id,
        merchant_id=account.merchant_id,
        email=account.email,
        name=account.name or account.email,
        role=Role(account.role),
        method=account.method,
        second_factor=second_factor_for(account, merchant),
    )


class PasswordSignIn(Shared):
    """The first factor."""

    def check_password(self, email: str, password: str, *, address: str) -> KnownAccount:
        """The account when the password is right.

        Raises TryLater(wait_seconds) while the account or address must wait, and SignInRefused, in the
        same words and after the same work, for unknown, wrong, disabled or another sign-in method.
        """
        wanted = normal_email(email)[:MAX_EMAIL]
        with self.db.read() as db:
            found = db.execute(
                select(Account, Merchant)
                .join(Merchant, Merchant.id == Account.merchant_id)
                .where(Account.email == wanted)
            ).first()
            address_key = throttle.subject("address", address)
            account_key = self._account_key(db, found[0].id if found else "", wanted, address)
            throttle.must_wait(db, (account_key, address_key))
        self.db.together(lambda db: throttle.charge(db, {account_key: throttle.ACCOUNT, address_key: throttle.ADDRESS}))
        account, merchant = (found[0], found[1]) if found else (None, None)
        equal = passwords.matches(password, account.password_hash if account else "")
        allowed = account is not None and account.disabled_at is None and account.method == "password"

        def settle(db: Session) -> KnownAccount | None:
            if not (equal and allowed) or account is None or merchant is None:
                record(
                    db,
                    account.merchant_id if account else PORTAL_CHAIN,
                    "anonymous",
                    "session:refused",
                    object_id=account.id if account else "",
                    origin=address,
                    result="refused",
                    reason="unknown" if account is None else "password" if not equal else "not_allowed",
                )
                return None
            throttle.forget(db, account_key)
            throttle.give_back(db, address_key)
            return known(account, merchant)

        settled = self.db.together(settle)
        if settled is None:
            raise SignInRefused(detail="sign-in refused")
        return settled

    def _account_key(self, db: Session, account_id: str, email: str, address: str) -> str:
        """An address the account signed in from lately has its own counter, so that a stranger's guesses
        cannot keep the owner out (OWASP's device-cookie idea)."""
        since = utc_now() - dt.timedelta(days=KNOWN_ADDRESS_DAYS)
        seen = db.scalar(
            select(LoginSession.id_hash)
            .where(
                LoginSession.account_id == account_id,
                LoginSession.address == address[:64],
                LoginSession.created_at > since,
            )
            .limit(1)
        )
        return throttle.subject("account", f"{email}\x00{address}" if seen else email)

    def user_for_account(self, email_or_id: str, *, origin: str) -> User:
        """A user for the command line's `--as`. Raises NotFound for unknown or disabled accounts."""
        with self.db.read() as db:
            found = db.execute(
                select(Account, Merchant)
                .join(Merchant, Merchant.id == Account.merchant_id)
                .where((Account.email == normal_email(email_or_id)) | (Account.id == email_or_id))
            ).first()
        if found is None or found[0].disabled_at is not None:
            raise NotFound(
                "There is no active account by that email or id.",
                next_step="See `python -m portal accounts list`.",
                detail=f"account {digest(email_or_id)[:8]}",
            )
        account, merchant = found
        return User(
            account_id=account.id,
            merchant_id=merchant.id,
            merchant_name=merchant.name,
            email=account.email,
            name=account.name or account.email,
            role=Role(account.role),
            practice=merchant.practice,
            time_zone=merchant.time_zone or "UTC",
            origin=origin,
        )
