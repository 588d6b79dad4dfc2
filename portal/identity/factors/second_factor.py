"""Second factor: enrolling an app, checking a code, and the merchant's policy (SEC-38)."""

from __future__ import annotations

from dataclasses import dataclass

import pyotp

from portal.audit import record
from portal.config import Settings
from portal.errors import StateConflict
from portal.identity import throttle
from portal.identity.errors import CodeRefused
from portal.identity.factors.known_account import KnownAccount
from portal.identity.factors.one_time_code import (
    RECOVERY_CODES,
    OneTimeCodes,
    live_account,
    matching_step,
    new_recovery_code,
    normal_code,
)
from portal.identity.lookup import account_of, digest
from portal.identity.refusal_audit import RefusalAudit, refusals_audited
from portal.identity.roles import Permission, User, require, require_account_manager
from portal.identity.sessions import end_account_sessions
from portal.storage.engine import Database
from portal.storage.tables import Merchant, utc_now

ISSUER = "Privacy portal"


@dataclass(frozen=True)
class Enrolment:
    """A secret waiting for its first code. `uri` is what the QR code holds."""

    secret: str
    uri: str


@refusals_audited
@dataclass
class SecondFactor:
    """Enrolling, checking and resetting."""

    db: Database
    refusal_audit: RefusalAudit
    settings: Settings
    codes: OneTimeCodes

    def new_totp(self, account: KnownAccount) -> Enrolment:
        """A fresh secret for the account's authenticator app; nothing is stored until `confirm_totp`."""
        secret = pyotp.random_base32()
        return Enrolment(secret, pyotp.TOTP(secret).provisioning_uri(name=account.email, issuer_name=ISSUER))

    def confirm_totp(self, account: KnownAccount, enrolment: Enrolment, code: str, *, address: str) -> list[str]:
        """Store the secret once its first code is right; gives the recovery codes, shown this once.

        Raises CodeRefused, TryLater; StateConflict when the account is enrolled already.
        """
        self.codes.charge(account.id)
        step = matching_step(enrolment.secret, normal_code(code), utc_now().timestamp(), None)
        if step is None:
            raise CodeRefused(detail="enrolment")
        codes = [new_recovery_code() for _ in range(RECOVERY_CODES)]
        with self.db.write() as db:
            row = live_account(db, account.id)
            if row.sealed_totp is not None:
                raise StateConflict("This account has a second factor already.", next_step="Sign in with its code.")
            row.sealed_totp = self.codes.seal(row, enrolment.secret)
            row.totp_last_step = step
            row.recovery_hashes = [digest(normal_code(c)) for c in codes]
            record(
                db,
                row.merchant_id,
                row.id,
                "account:second_factor",
                object_id=row.id,
                origin=address,
                change="enrolled",
            )
            end_account_sessions(db, row.id, "second_factor_changed", actor=row.id, origin=address)
            throttle.reset(db, throttle.key_of("code", row.id))
        return codes

    def check_code(self, account_id: str, code: str, *, address: str) -> str:
        """Use up the code; returns its kind, ``totp`` or ``recovery``. Raises CodeRefused, TryLater."""
        return self.codes.use(account_id, code, address=address, act="session:refused", actor="anonymous")

    def reset_second_factor(self, user: User, account_id: str) -> None:
        """Remove a lost second factor, as a manager; the person enrols again at the next sign-in."""
        require_account_manager(user, self.settings)
        with self.db.write() as db:
            row = account_of(db, user, account_id)
            row.sealed_totp = None
            row.totp_last_step = None
            row.recovery_hashes = []
            record(
                db,
                user.merchant_id,
                user.account_id,
                "account:second_factor",
                object_id=row.id,
                origin=user.origin,
                change="reset",
            )
            end_account_sessions(db, row.id, "second_factor_changed", actor=user.account_id, origin=user.origin)

    def second_factor_policy(self, user: User) -> str:
        """``off``, ``managers`` or ``all``: who of the user's merchant must have a second factor."""
        require(user, Permission.ACCOUNTS)
        with self.db.read() as db:
            return db.get_one(Merchant, user.merchant_id).second_factor

    def set_second_factor_policy(self, user: User, policy: str) -> None:
        """``off``, ``managers`` or ``all`` for the user's merchant; applies from each person's next sign-in."""
        require_account_manager(user, self.settings)
        if policy not in {"off", "managers", "all"}:
            raise StateConflict("Choose off, managers or all.", next_step="")
        with self.db.write() as db:
            db.get_one(Merchant, user.merchant_id).second_factor = policy
            record(
                db,
                user.merchant_id,
                user.account_id,
                "merchant:settings",
                object_id=user.merchant_id,
                origin=user.origin,
                changed=["second_factor"],
            )
