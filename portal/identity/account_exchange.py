"""Reading and writing streamlit-authenticator's credentials file (YAML).

Shape: ``credentials: usernames: {NAME: {email, first_name, last_name | name, password, roles}}``, `password` a bcrypt
hash. Passwords in clear text are refused.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import yaml
from sqlalchemy import select

from portal.audit import record
from portal.errors import InputError, NotFound
from portal.identifiers import identifier_key
from portal.identity.factors.authenticator import Validator
from portal.identity.factors.passwords import is_hash
from portal.identity.new_account import MAX_NAME, clean_email, insert_account
from portal.identity.roles import Role
from portal.storage.engine import Database
from portal.storage.tables import Account, Merchant

MAX_FILE_BYTES = 1024 * 1024
is_email = Validator().validate_email
"""Whether the package accepts a user name as an email; it is used for an entry that has none."""


@dataclass(frozen=True)
class ImportReport:
    """What an import did. `skipped` pairs a user name of the file with the reason."""

    added: int
    skipped: tuple[tuple[str, str], ...]


class _Strict(yaml.SafeLoader):
    """Plain data only: no aliases (they can expand without bound), no duplicate keys (YAML would keep the last)."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("alias")
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        if len({str(k) for k in keys}) != len(keys):
            raise yaml.YAMLError("key given twice")
        return super().construct_mapping(node, deep=deep)


def read_credentials(text: str) -> dict[str, dict[str, Any]]:
    """User names to their entries. Raises InputError(field="file")."""
    if len(text.encode()) > MAX_FILE_BYTES:
        raise InputError("This file is too large for a credentials file.", field="file")
    try:
        tree = yaml.load(text, Loader=_Strict)  # noqa: S506 - a SafeLoader
        people = tree["credentials"]["usernames"]
    except (yaml.YAMLError, KeyError, TypeError, RecursionError, ValueError):
        raise InputError("This is not a streamlit-authenticator credentials file.", field="file") from None
    if not isinstance(people, dict) or not all(isinstance(entry, dict) for entry in people.values()):
        raise InputError("This file has no list of user names under credentials.", field="file")
    return {str(name): entry for name, entry in people.items()}


def _name_of(entry: dict[str, Any]) -> str:
    whole = str(entry.get("name") or "").strip()
    parts = (str(entry.get("first_name") or "").strip(), str(entry.get("last_name") or "").strip())
    return (whole or " ".join(p for p in parts if p))[:MAX_NAME]


def _role_of(entry: dict[str, Any]) -> Role:
    """The strongest of our roles in the entry; agent when there is none."""
    roles = entry.get("roles") or entry.get("role") or []
    named = {str(r).lower() for r in (roles if isinstance(roles, list) else [roles])}
    if "admin" in named:
        named.add(Role.MANAGER)
    return next((role for role in (Role.MANAGER, Role.AGENT, Role.AUDITOR) if role in named), Role.AGENT)


@dataclass
class AccountExchange:
    """Whole-merchant import and export, for the command line."""

    db: Database

    def import_accounts(self, text: str, *, merchant_id: str, actor: str, origin: str) -> ImportReport:
        """Add everyone of a credentials file who is not there yet; existing accounts are never changed.

        Raises InputError(field="file"), NotFound for an unknown merchant.
        """
        people = read_credentials(text)
        with self.db.read() as db:
            if db.get(Merchant, merchant_id) is None:
                raise NotFound(detail="merchant")
            taken = set(db.scalars(select(Account.email_key).where(Account.merchant_id == merchant_id)))
        skipped: list[tuple[str, str]] = []
        added = 0
        for username, entry in people.items():
            try:
                email = clean_email(str(entry.get("email") or (username if is_email(username) else "")))
            except InputError:
                skipped.append((username, "no usable email"))
                continue
            hashed = entry.get("password")
            if not isinstance(hashed, str) or not is_hash(hashed):
                skipped.append((username, "the password is not a bcrypt hash"))
            elif identifier_key(email) in taken:
                skipped.append((username, "there is already an account with this email"))
            else:
                account = Account(
                    merchant_id=merchant_id,
                    email=email,
                    name=_name_of(entry),
                    role=_role_of(entry).value,
                    method="password",
                    password_hash=hashed,
                )
                insert_account(self.db, account, actor=actor, origin=origin)
                taken.add(identifier_key(email))
                added += 1
        with self.db.write() as db:
            record(db, merchant_id, actor, "account:import", object_id=merchant_id, origin=origin, count=added)
        return ImportReport(added, tuple(skipped))

    def export_accounts(self, merchant_id: str, *, actor: str, origin: str) -> str:
        """The merchant's password accounts as a credentials file. Holds password hashes: keep it 0600."""
        with self.db.write() as db:
            if db.get(Merchant, merchant_id) is None:
                raise NotFound(detail="merchant")
            rows = db.scalars(
                select(Account)
                .where(Account.merchant_id == merchant_id, Account.method == "password", Account.disabled_at.is_(None))
                .order_by(Account.email)
            ).all()
            record(db, merchant_id, actor, "account:export", object_id=merchant_id, origin=origin, count=len(rows))
        usernames = {
            row.email: {
                "email": row.email,
                "first_name": row.name.partition(" ")[0],
                "last_name": row.name.partition(" ")[2],
                "password": row.password_hash,
                "roles": [row.role],
            }
            for row in rows
        }
        return yaml.safe_dump({"credentials": {"usernames": usernames}}, allow_unicode=True, sort_keys=False)
