"""Merchants and their people. Every change is audited and ends the sessions it makes stale (SEC-34)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.audit import record
from portal.config import Settings
from portal.errors import InputError, NotFound, PortalError, StateConflict
from portal.identity.calendar_addresses import revoke_addresses
from portal.identity.factors import passwords
from portal.identity.lookup import account_of, digest, normal_email, user_of
from portal.identity.new_account import MAX_NAME, clean_email, clean_role, insert_account
from portal.identity.refusal_audit import RefusalAudit, refusals_audited
from portal.identity.roles import Permission, Role, User, require, require_account_manager, require_fresh_proof
from portal.identity.sessions import end_account_sessions
from portal.storage.engine import Database
from portal.storage.tables import Account, Merchant, new_id, utc_now
from portal.vault import FieldSealer

METHODS = ("password", "loyaltydog", "oidc")


@dataclass(frozen=True)
class AccountRow:
    """One line of the Accounts page. Times are aware UTC."""

    id: str
    email: str
    name: str
    role: Role
    method: str
    disabled: bool
    second_factor: bool
    sign_on_known: bool
    last_sign_in_at: dt.datetime | None
    created_at: dt.datetime


def row_of(account: Account) -> AccountRow:
    return AccountRow(
        id=account.id,
        email=account.email,
        name=account.name,
        role=Role(account.role),
        method=account.method,
        disabled=account.disabled_at is not None,
        second_factor=account.sealed_totp is not None,
        sign_on_known=account.sign_on_identity is not None,
        last_sign_in_at=account.last_sign_in_at,
        created_at=account.created_at,
    )


class SeveralNamed(PortalError):
    """The command line was given an email that several merchants have."""

    code = "several_named"
    message = "Several merchants have an account with this email."
    next_step = "Give the account's id instead: see `python -m portal accounts list --json`."


def _hash_for(password: str, *context: str) -> str:
    passwords.check_policy(password, context=context)
    return passwords.hash_password(password)


@refusals_audited
@dataclass
class Accounts:
    """Creating and changing merchants and accounts."""

    db: Database
    refusal_audit: RefusalAudit
    sealer: FieldSealer
    settings: Settings

    def create_merchant(self, name: str, *, practice: bool = False, actor: str = "system") -> str:
        """The merchant's id; an existing name gives its id and changes nothing."""
        wanted = name.strip()
        if not wanted or len(wanted) > MAX_NAME:
            raise InputError(f"Give the merchant a name of 1 to {MAX_NAME} characters.", field="name")
        with self.db.write() as db:
            existing = db.scalar(select(Merchant.id).where(Merchant.name == wanted))
            if existing:
                return existing
            merchant_id = new_id()
            db.add(
                Merchant(
                    id=merchant_id,
                    name=wanted,
                    practice=practice,
                    sealed_index_keyset=self.sealer.new_index_keyset(merchant_id),
                    second_factor="off" if practice else "managers",
                )
            )
            record(db, merchant_id, actor, "merchant:create", object_id=merchant_id, name=wanted)
        return merchant_id

    def add_account(
        self,
        *,
        merchant_id: str,
        email: str,
        name: str,
        role: Role | str,
        password: str | None,
        method: str = "password",
        actor: str,
        origin: str,
    ) -> str:
        """A new account's id. Raises InputError naming ``email``, ``name``, ``role``, ``method`` or ``password``."""
        address, chosen = clean_email(email), clean_role(role)
        if method not in METHODS:
            raise InputError("Choose a way to sign in.", field="method")
        if len(name.strip()) > MAX_NAME:
            raise InputError(f"Use at most {MAX_NAME} characters.", field="name")
        with self.db.read() as db:
            merchant = db.get(Merchant, merchant_id)
        if merchant is None:
            raise NotFound(detail="merchant")
        password_hash = ""
        if method == "password":
            password_hash = _hash_for(password or "", address, name, merchant.name)
        account = Account(
            merchant_id=merchant_id,
            email=address,
            name=name.strip(),
            role=chosen.value,
            method=method,
            password_hash=password_hash,
        )
        return insert_account(self.db, account, actor=actor, origin=origin)

    def invite(
        self, user: User, *, email: str, name: str, role: Role | str, password: str | None, method: str = "password"
    ) -> str:
        """A manager adds someone to their own merchant; gives the account's id."""
        require_account_manager(user, self.settings)
        return self.add_account(
            merchant_id=user.merchant_id,
            email=email,
            name=name,
            role=role,
            password=password,
            method=method,
            actor=user.account_id,
            origin=user.origin,
        )

    def user_for_account(self, email_or_id: str, *, origin: str) -> User:
        """A user for the command line's `--as`. Raises NotFound for unknown or disabled accounts."""
        with self.db.read() as db:
            found = db.execute(
                select(Account, Merchant)
                .join(Merchant, Merchant.id == Account.merchant_id)
                .where((Account.email_key == normal_email(email_or_id)) | (Account.id == email_or_id))
                .where(Account.disabled_at.is_(None))
                .limit(2)
            ).all()
        if len(found) > 1:
            raise SeveralNamed(detail="several merchants")
        if not found:
            raise NotFound(
                "There is no active account by that email or id.",
                next_step="See `python -m portal accounts list`.",
                detail=f"account {digest(email_or_id)[:8]}",
            )
        account, merchant = found[0]
        return user_of(account, merchant, origin=origin)

    def rows(self, user: User) -> list[AccountRow]:
        """Everyone of the user's merchant, by email. Needs the accounts permission."""
        require(user, Permission.ACCOUNTS)
        with self.db.read() as db:
            rows = db.scalars(select(Account).where(Account.merchant_id == user.merchant_id).order_by(Account.email))
            return [row_of(a) for a in rows]

    def disable_account(self, user: User, account_id: str) -> None:
        """Sign-in is refused from now on; every session and the calendar's address end at once."""
        require_account_manager(user, self.settings)
        if account_id == user.account_id:
            raise StateConflict("You cannot disable your own account.", next_step="Ask another manager.")
        with self.db.write() as db:
            account = account_of(db, user, account_id)
            if account.disabled_at is not None:
                return
            self._require_another_manager(db, account)
            account.disabled_at = utc_now()
            revoke_addresses(db, account.id)
            record(db, user.merchant_id, user.account_id, "account:disable", object_id=account.id, origin=user.origin)
            end_account_sessions(db, account.id, "disabled", actor=user.account_id, origin=user.origin)

    def enable_account(self, user: User, account_id: str) -> None:
        """The account may sign in again."""
        require_account_manager(user, self.settings)
        with self.db.write() as db:
            account = account_of(db, user, account_id)
            if account.disabled_at is None:
                return
            account.disabled_at = None
            record(db, user.merchant_id, user.account_id, "account:enable", object_id=account.id, origin=user.origin)

    def set_role(self, user: User, account_id: str, role: Role | str) -> None:
        """Change what someone may do; their sessions end, so that the next one carries the new role."""
        require_account_manager(user, self.settings)
        chosen = clean_role(role)
        with self.db.write() as db:
            account = account_of(db, user, account_id)
            was = account.role
            if was == chosen:
                return
            self._require_another_manager(db, account)
            account.role = chosen.value
            record(
                db,
                user.merchant_id,
                user.account_id,
                "account:role",
                object_id=account.id,
                origin=user.origin,
                role=chosen.value,
                was=was,
            )
            end_account_sessions(db, account.id, "role_changed", actor=user.account_id, origin=user.origin)

    def set_password(self, user: User, account_id: str, password: str) -> None:
        """A manager sets anyone's password, anyone else their own; every session of the account ends."""
        if account_id == user.account_id:
            require_fresh_proof(user, self.settings)
        else:
            require_account_manager(user, self.settings)
        with self.db.read() as db:
            account = account_of(db, user, account_id)
        if account.method != "password":
            raise StateConflict("This person signs in another way.", next_step="Invite them with a password instead.")
        password_hash = _hash_for(password, account.email, account.name, user.merchant_name)
        with self.db.write() as db:
            account = account_of(db, user, account_id)
            account.password_hash = password_hash
            record(db, user.merchant_id, user.account_id, "account:password", object_id=account.id, origin=user.origin)
            end_account_sessions(db, account.id, "password_changed", actor=user.account_id, origin=user.origin)

    def forget_sign_on(self, user: User, account_id: str) -> None:
        """Unbind the single sign-on identity: the next sign-in with the account's email binds a new one. Ends sessions.

        For a change of provider, or an account recreated there.
        """
        require_account_manager(user, self.settings)
        with self.db.write() as db:
            account = account_of(db, user, account_id)
            if account.sign_on_identity is None:
                return
            account.sign_on_identity = None
            record(
                db, user.merchant_id, user.account_id, "account:sign_on",
                object_id=account.id, origin=user.origin, change="forgotten",
            )  # fmt: skip
            end_account_sessions(db, account.id, "sign_on_forgotten", actor=user.account_id, origin=user.origin)

    def _require_another_manager(self, db: Session, account: Account) -> None:
        """Raise StateConflict when the change would leave the merchant without a manager who can sign in."""
        if account.role != Role.MANAGER or account.disabled_at is not None:
            return
        others = db.scalar(
            select(func.count())
            .select_from(Account)
            .where(
                Account.merchant_id == account.merchant_id,
                Account.role == Role.MANAGER.value,
                Account.disabled_at.is_(None),
                Account.id != account.id,
            )
        )
        if not others:
            raise StateConflict("This is the only manager.", next_step="Make someone else a manager first.")
