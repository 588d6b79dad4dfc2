"""The account that a first factor opened, and which second factor it needs."""

from __future__ import annotations

from dataclasses import dataclass

from portal.identity.roles import Role
from portal.storage.tables import Account, Merchant


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
    merchant_name: str = ""


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


def known_account(account: Account, merchant: Merchant) -> KnownAccount:
    return KnownAccount(
        id=account.id,
        merchant_id=account.merchant_id,
        email=account.email,
        name=account.name or account.email,
        role=Role(account.role),
        method=account.method,
        second_factor=second_factor_for(account, merchant),
        merchant_name=merchant.name,
    )
