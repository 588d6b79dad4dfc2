"""Checking a password: throttled, with the same work and message for every refusal, always audited."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from portal.identity import throttle
from portal.identity.errors import SignInRefused
from portal.identity.factors import passwords
from portal.identity.factors.known_account import KnownAccount, known_account
from portal.identity.lookup import normal_email
from portal.identity.refusal_audit import RefusalAudit, record_refused_sign_in, refusals_audited
from portal.storage.engine import Database
from portal.storage.tables import Account, LoginSession, Merchant, utc_now

KNOWN_ADDRESS_DAYS = 30
MAX_EMAIL = 320
MOST_ACCOUNTS = 20  # of one email; more merchants than that share no person
SHARED_COMPARISONS = 2


@dataclass(frozen=True)
class SeveralAccounts:
    """The password is right at several merchants: the person chooses one."""

    choices: tuple[KnownAccount, ...]


def _of_email(db: Session, email: str) -> Sequence[Row[Account, Merchant]]:
    """The email's accounts at all merchants, the oldest first."""
    return db.execute(
        select(Account, Merchant)
        .join(Merchant, Merchant.id == Account.merchant_id)
        .where(Account.email_key == email)
        .order_by(Account.created_at, Account.id)
        .limit(MOST_ACCOUNTS)
    ).all()


def _matching(found: Sequence[Row[Account, Merchant]], password: str, at_least: int) -> list[tuple[Account, Merchant]]:
    """The accounts whose password it is. Makes at least `at_least` comparisons, so that the time does not tell whether
    another merchant knows the email too."""
    right = [
        (account, merchant)
        for account, merchant in found
        if passwords.matches(password, account.password_hash) and _may_use(account)
    ]
    for _ in range(at_least - len(found)):
        passwords.matches(password, "")
    return right


def _may_use(account: Account) -> bool:
    """Whether the account opens with a password at all."""
    return account.disabled_at is None and account.method == "password"


def _several_merchants(db: Session) -> bool:
    return len(db.scalars(select(Merchant.id).limit(2)).all()) > 1


@refusals_audited
@dataclass
class PasswordSignIn:
    """A first factor."""

    db: Database
    refusal_audit: RefusalAudit

    def check_password(self, email: str, password: str, *, address: str) -> KnownAccount | SeveralAccounts:
        """The account when the password is right; several when it is right at several merchants: a person chooses.

        Raises TryLater(wait_seconds) while the email or the address must wait, and SignInRefused, in the same words
        and after the same work, for unknown, wrong, disabled or another sign-in method.
        """
        wanted = normal_email(email)[:MAX_EMAIL]
        address_key = throttle.key_of("address", address)
        with self.db.read() as db:
            found = _of_email(db, wanted)
            at_least = SHARED_COMPARISONS if _several_merchants(db) else 1
            email_key = self._email_key(db, wanted, address)
            throttle.check_wait(db, (email_key, address_key))
        charged = {email_key: throttle.ACCOUNT, address_key: throttle.ADDRESS}
        self.db.group_commit(lambda db: throttle.charge(db, charged))
        right = _matching(found, password, at_least)

        def settle(db: Session) -> tuple[KnownAccount, ...]:
            if not right:
                self._note_refused(db, found, address)
                return ()
            for key in charged:  # this try only: a right password at one merchant clears no guesses at another
                throttle.refund(db, key)
            return tuple(known_account(account, merchant) for account, merchant in right)

        settled = self.db.group_commit(settle)
        if not settled:
            raise SignInRefused(detail="sign-in refused")
        return settled[0] if len(settled) == 1 else SeveralAccounts(settled)

    def _note_refused(self, db: Session, found: Sequence[Row[Account, Merchant]], address: str) -> None:
        """In the trail of each merchant that has the email, else in the portal's own."""
        accounts: list[Account | None] = [account for account, _ in found]
        for account in accounts or [None]:
            reason = "unknown" if account is None else "password" if _may_use(account) else "not_allowed"
            record_refused_sign_in(db, account, address, reason)

    def _email_key(self, db: Session, email: str, address: str) -> str:
        """One counter for the typed email, regardless of how many merchants know it.

        An address from which this email signed in lately has its own counter, so that a stranger's guesses cannot lock
        the owner out (OWASP's device-cookie idea)."""
        since = utc_now() - dt.timedelta(days=KNOWN_ADDRESS_DAYS)
        seen = db.scalar(
            select(LoginSession.id_hash)
            .join(Account, Account.id == LoginSession.account_id)
            .where(
                Account.email_key == email,
                LoginSession.address == address[:64],
                LoginSession.created_at > since,
            )
            .limit(1)
        )
        return throttle.key_of("account", f"{email}\x00{address}" if seen else email)
