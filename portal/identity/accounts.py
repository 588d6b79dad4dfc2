"""Merchants and their people. Every change is audited and ends the sessions it makes stale (SEC-34)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.audit import record
from portal.errors import InputError, NotFound, StateConflict
from portal.identity import passwords
from portal.identity.base import Shared, normal_email
from portal.identity.roles import Permission, Role, User, require, require_fresh_proof
from portal.identity.sessions import end_in
from portal.storage.tables import Account, Merchant, new_id, utc_now

METHODS = ("password", "loyaltydog", "oidc")
MAX_NAME = 200


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


def clean_email(email: str) -> str:
    """The stored form. Raises InputError(field="email")."""
    # Not at the top: 20 ms that no start needs.
    from email_validator import EmailNotValidError, validate_email

    try:
        # Staff may work under a made-up practice domain; deliverability is not asked (no network).
        valid = validate_email(email.strip(), check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        raise InputError("Enter a full email address, such as name@shop.example.", field="email") from None
    return normal_email(valid.normalized)


def clean_role(role: str) -> Role:
    """Raises InputError(field="role")."""
    try:
        return Role(role)
    except ValueError:
        raise InputError("Choose agent, manager or auditor.", field="role") from None


class Accounts(Shared):
    """Creating and changing merchants and accounts."""

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
            password_hash = self._hash_for(password or "", address, name, merchant.name)
        return self._insert(merchant_id, address, name.strip(), chosen, method, password_hash, actor, origin)

    def _hash_for(self, password: str, *context: str) -> str:
        passwords.check_policy(password, context=context)
        return passwords.hash_password(password)

    def _insert(
        self,
        merchant_id: str,
        email: str,
        name: str,
        role: Role,
        method: str,
        password_hash: str,
        actor: str,
        origin: str,
    ) -> str:
        account = Account(
            merchant_id=merchant_id, email=email, name=name, role=role.value, method=method, password_hash=password_hash
        )
        try:
            with self.db.write() as db:
                db.add(account)
                db.flush()
                record(
                    db,
                    merchant_id,
                    actor,
                    "account:create",
                    object_id=account.id,
                    origin=origin,
                    role=role.value,
                    method=method,
                )
        except IntegrityError:
            raise InputError("There is already an account with this email.", field="email") from None
        return account.id

    def invite(
        self, user: User, *, email: str, name: str, role: Role | str, password: str | None, method: str = "password"
    ) -> str:
        """A manager adds someone to their own merchant; gives the account's id."""
        self._may_manage(user)
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

    def accounts(self, user: User) -> list[AccountRow]:
        """Everyone of the user's merchant, by email. Needs the accounts permission."""
        require(user, Permission.ACCOUNTS)
        with self.db.read() as db:
            rows = db.scalars(select(Account).where(Account.merchant_id == user.merchant_id).order_by(Account.email))
            return [row_of(a) for a in rows]

    def disable_account(self, user: User, account_id: str) -> None:
        """Sign-in is refused from now on and every session ends at once."""
        self._may_manage(user)
        if account_id == user.account_id:
            raise StateConflict("You cannot disable your own account.", next_step="Ask another manager.")
        with self.db.write() as db:
            account = self._own(db, user, account_id)
            if account.disabled_at is not None:
                return
            self._keep_a_manager(db, account)
            account.disabled_at = utc_now()
            record(db, user.merchant_id, user.account_id, "account:disable", object_id=account.id, origin=user.origin)
            end_in(db, account.id, "disabled", actor=user.account_id, origin=user.origin)

    def enable_account(self, user: User, account_id: str) -> None:
        """The account may sign in again."""
        self._may_manage(user)
        with self.db.write() as db:
            account = self._own(db, user, account_id)
            if account.disabled_at is None:
                return
            account.disabled_at = None
            record(db, user.merchant_id, user.account_id, "account:enable", object_id=account.id, origin=user.origin)

    def set_role(self, user: User, account_id: str, role: Role | str) -> None:
        """Change what someone may do; their sessions end, so that the next one carries the new role."""
        self._may_manage(user)
        chosen = clean_role(role)
        with self.db.write() as db:
            account = self._own(db, user, account_id)
            was = account.role
            if was == chosen:
                return
            self._keep_a_manager(db, account)
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
            end_in(db, account.id, "role_changed", actor=user.account_id, origin=user.origin)

    def set_password(self, user: User, account_id: str, password: str) -> None:
        """A manager sets anyone's password, anyone else their own; every session of the account ends."""
        if account_id == user.account_id:
            require_fresh_proof(user, self.settings)
        else:
            self._may_manage(user)
        with self.db.read() as db:
            account = self._own(db, user, account_id)
        if account.method != "password":
            raise StateConflict("This person signs in another way.", next_step="Invite them with a password instead.")
        password_hash = self._hash_for(password, account.email, account.name, user.merchant_name)
        with self.db.write() as db:
            account = self._own(db, user, account_id)
            account.password_hash = password_hash
            record(db, user.merchant_id, user.account_id, "account:password", object_id=account.id, origin=user.origin)
            end_in(db, account.id, "password_changed", actor=user.account_id, origin=user.origin)

    def forget_sign_on(self, user: User, account_id: str) -> None:
        """Who comes next by single sign-on with the account's email is the one from then on; sessions end.

        For a person the provider knows anew: another provider, or an account made again there.
        """
        self._may_manage(user)
        with self.db.write() as db:
            account = self._own(db, user, account_id)
            if account.sign_on_identity is None:
                return
            account.sign_on_identity = None
            record(
                db, user.merchant_id, user.account_id, "account:sign_on",
                object_id=account.id, origin=user.origin, change="forgotten",
            )  # fmt: skip
            end_in(db, account.id, "sign_on_forgotten", actor=user.account_id, origin=user.origin)

    def _may_manage(self, user: User) -> None:
        require(user, Permission.ACCOUNTS)
        require_fresh_proof(user, self.settings)

    def _own(self, db: Session, user: User, account_id: str) -> Account:
        """The account within the user's merchant; another merchant's is NotFound (SEC-41)."""
        account = db.scalar(select(Account).where(Account.id == account_id, Account.merchant_id == user.merchant_id))
        if account is None:
            raise NotFound(next_step="Look in Accounts.", detail="account")
        return account

    def _keep_a_manager(self, db: Session, account: Account) -> None:
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
