"""How accounts, merchants and hashed secrets are looked up."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.errors import NotFound
from portal.identifiers import identifier_key, normal
from portal.identity.roles import Role, User
from portal.storage.tables import Account, LoginSession, Merchant


def digest(value: str) -> str:
    """SHA-256 as 64 hex characters: how cookie values, tickets and throttle subjects are kept."""
    return hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()


def normal_email(email: str) -> str:
    """The form an account's email is looked up in (`Account.email_key`); what no database could hold is dropped."""
    return identifier_key(email.encode("utf-8", "ignore").decode().replace("\x00", ""))


def merchants_named(merchants: Iterable[Merchant], name: str) -> list[Merchant]:
    """Merchants of this name: exact matches, else those that differ in case only. `Straße` and `Strasse` are different
    names."""
    given = list(merchants)
    return [one for one in given if one.name == name.strip()] or [
        one for one in given if normal(one.name) == normal(name)
    ]


def account_of(db: Session, user: User, account_id: str) -> Account:
    """The account within the user's merchant; another merchant's is NotFound (SEC-41)."""
    account = db.scalar(select(Account).where(Account.id == account_id, Account.merchant_id == user.merchant_id))
    if account is None:
        raise NotFound(next_step="Look in Accounts.", detail="account")
    return account


def user_of(account: Account, merchant: Merchant, *, origin: str, session: LoginSession | None = None) -> User:
    """The user that services receive; without a `session` nothing is proved yet."""
    return User(
        account_id=account.id,
        merchant_id=merchant.id,
        merchant_name=merchant.name,
        email=account.email,
        name=account.name or account.email,
        role=Role(account.role),
        practice=merchant.practice,
        time_zone=merchant.time_zone or "UTC",
        session_hash=session.id_hash if session else "",
        proof_at=session.proof_at if session else None,
        origin=origin,
    )
