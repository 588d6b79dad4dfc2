"""A new account: what its fields must look like, and its row."""

from __future__ import annotations

from email_validator import EmailNotValidError, validate_email
from sqlalchemy.exc import IntegrityError

from portal.audit import record
from portal.errors import InputError
from portal.identifiers import normal
from portal.identity.roles import Role
from portal.storage.engine import Database
from portal.storage.tables import Account

MAX_NAME = 200


def clean_email(email: str) -> str:
    """The form an email is stored and shown in: composed, in lower case. Raises InputError(field="email")."""
    try:
        # Staff may work under a made-up practice domain; deliverability is not asked (no network).
        valid = validate_email(email.strip(), check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        raise InputError("Enter a full email address, such as name@shop.example.", field="email") from None
    return normal(valid.normalized)


def clean_role(role: str) -> Role:
    """Raises InputError(field="role")."""
    try:
        return Role(role)
    except ValueError:
        raise InputError("Choose agent, manager or auditor.", field="role") from None


def insert_account(db: Database, account: Account, *, actor: str, origin: str) -> str:
    """Write the account and its audit entry; gives its id. Raises InputError(field="email") for a known email."""
    try:
        with db.write() as session:
            session.add(account)
            session.flush()
            record(
                session,
                account.merchant_id,
                actor,
                "account:create",
                object_id=account.id,
                origin=origin,
                role=account.role,
                method=account.method,
            )
    except IntegrityError:
        raise InputError("There is already an account with this email.", field="email") from None
    return account.id
