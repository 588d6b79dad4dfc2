"""Second factor: TOTP with single-use steps, recovery codes, and proving again who is here (SEC-38, SEC-39).

A code is good for its own 30-second step and one step either side, for clocks drift; ASVS 6.5.5 asks
for less and the deviation is stated in docs/security.md. A used step and all before it are dead.
"""

from __future__ import annotations

import base64
import hmac
import re
import secrets
from dataclasses import dataclass

import pyotp
from sqlalchemy.orm import Session

from portal.audit import record
from portal.errors import NotFound, StateConflict, StepUpNeeded
from portal.identity import passwords, throttle
from portal.identity.accounts import Accounts
from portal.identity.base import digest
from portal.identity.errors import CodeRefused, SignInRefused
from portal.identity.roles import Permission, User, require
from portal.identity.sessions import Sessions, end_in
from portal.identity.sign_in import KnownAccount
from portal.identity.tickets import RENEW, Tickets
from portal.storage.tables import Account, Merchant, utc_now

STEP_SECONDS = 30
DRIFT_STEPS = 1
RECOVERY_CODES = 10
RECOVERY_BYTES = 15  # 120 bits: a plain hash of it cannot be searched
ISSUER = "Privacy portal"


@dataclass(frozen=True)
class Enrolment:
    """A secret waiting for its first code. `uri` is what the QR code holds."""

    secret: str
    uri: str


def new_recovery_code() -> str:
    """24 letters and digits in groups of six."""
    text = base64.b32encode(secrets.token_bytes(RECOVERY_BYTES)).decode()
    return "-".join(text[i : i + 6] for i in range(0, len(text), 6))


def _normal(code: str) -> str:
    return re.sub(r"[\s-]+", "", code).upper()


def matching_step(secret: str, code: str, now: float, after: int | None) -> int | None:
    """The time step whose code this is, later than the step `after`; None when there is none."""
    if not re.fullmatch(r"[0-9]{6}", code):
        return None
    totp = pyotp.TOTP(secret, interval=STEP_SECONDS)
    current = int(now // STEP_SECONDS)
    for step in range(current - DRIFT_STEPS, current + DRIFT_STEPS + 1):
        if hmac.compare_digest(totp.at(step * STEP_SECONDS), code) and (after is None or step > after):
            return step
    return None


class SecondFactor(Accounts, Sessions, Tickets):
    """Enrolling, checking and resetting."""

    def new_totp(self, account: KnownAccount) -> Enrolment:
        """A fresh secret for the account's authenticator app; nothing is stored until `confirm_totp`."""
        secret = pyotp.random_base32()
        return Enrolment(secret, pyotp.TOTP(secret).provisioning_uri(name=account.email, issuer_name=ISSUER))

    def confirm_totp(self, account: KnownAccount, enrolment: Enrolment, code: str, *, address: str) -> list[str]:
        """Store the secret once its first code is right; gives the recovery codes, shown this once.

        Raises CodeRefused, TryLater; StateConflict when the account is enrolled already.
        """
        self._charge_code(account.id)
        step = matching_step(enrolment.secret, _normal(code), utc_now().timestamp(), None)
        if step is None:
            raise CodeRefused(detail="enrolment")
        codes = [new_recovery_code() for _ in range(RECOVERY_CODES)]
        with self.db.write() as db:
            row = self._live(db, account.id)
            if row.sealed_totp is not None:
                raise StateConflict("This account has a second factor already.", next_step="Sign in with its code.")
            row.sealed_totp = self.sealer.seal(
                enrolment.secret, merchant_id=row.merchant_id, table="accounts", column="sealed_totp", row=row.id
            )
            row.totp_last_step = step
            row.recovery_hashes = [digest(_normal(c)) for c in codes]
            record(
                db,
                row.merchant_id,
                row.id,
                "account:second_factor",
                object_id=row.id,
                origin=address,
                change="enrolled",
            )
            end_in(db, row.id, "second_factor_changed", actor=row.id, origin=address)
            throttle.forget(db, throttle.subject("code", row.id))
        return codes

    def check_code(self, account_id: str, code: str, *, address: str) -> str:
        """``totp`` or ``recovery``, whichever the code is; it is used up. Raises CodeRefused, TryLater."""
        self._charge_code(account_id)
        given = _normal(code)
        with self.db.write() as db:
            row = self._live(db, account_id)
            method = self._use_totp(row, given) or self._use_recovery(db, row, given, address)
            if method:
                throttle.forget(db, throttle.subject("code", row.id))
                return method
            record(
                db,
                row.merchant_id,
                "anonymous",
                "session:refused",
                object_id=row.id,
                origin=address,
                result="refused",
                reason="code",
            )
        raise CodeRefused(detail="second factor")

    def _charge_code(self, account_id: str) -> None:
        with self.db.write() as db:
            throttle.charge(db, {throttle.subject("code", account_id): throttle.CODE})

    def _live(self, db: Session, account_id: str) -> Account:
        row = db.get(Account, account_id, with_for_update=True)
        if row is None or row.disabled_at is not None:
            raise NotFound(detail="account")
        return row

    def _use_totp(self, row: Account, code: str) -> str:
        if row.sealed_totp is None:
            return ""
        secret = self.sealer.open(
            row.sealed_totp, merchant_id=row.merchant_id, table="accounts", column="sealed_totp", row=row.id
        )
        step = matching_step(secret, code, utc_now().timestamp(), row.totp_last_step)
        if step is None:
            return ""
        row.totp_last_step = step
        return "totp"

    def _use_recovery(self, db: Session, row: Account, code: str, address: str) -> str:
        hashed = digest(code)
        left = [h for h in row.recovery_hashes if not hmac.compare_digest(str(h), hashed)]
        if row.sealed_totp is None or len(left) == len(row.recovery_hashes):
            return ""
        row.recovery_hashes = left
        record(
            db,
            row.merchant_id,
            row.id,
            "account:recovery_used",
            object_id=row.id,
            origin=address,
            left=len(left),
        )
        return "recovery"

    def reset_second_factor(self, user: User, account_id: str) -> None:
        """A manager takes a lost second factor away; the person enrols anew at the next sign-in."""
        self._may_manage(user)
        with self.db.write() as db:
            row = self._own(db, user, account_id)
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
            end_in(db, row.id, "second_factor_changed", actor=user.account_id, origin=user.origin)

    def second_factor_policy(self, user: User) -> str:
        """``off``, ``managers`` or ``all``: who of the user's merchant must have a second factor."""
        require(user, Permission.ACCOUNTS)
        with self.db.read() as db:
            return db.get_one(Merchant, user.merchant_id).second_factor

    def set_second_factor_policy(self, user: User, policy: str) -> None:
        """``off``, ``managers`` or ``all`` for the user's merchant; applies from each person's next sign-in."""
        self._may_manage(user)
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

    # Step-up

    def step_up_ways(self, user: User) -> tuple[str, ...]:
        """How this person can prove again who they are: ``password``, ``code``, both, or nothing but a new sign-in."""
        with self.db.read() as db:
            row = db.get(Account, user.account_id)
        if row is None:
            return ()
        ways = ["password"] if row.method == "password" else []
        return (*ways, "code") if row.sealed_totp is not None else tuple(ways)

    def confirm_identity(self, user: User, answer: str, *, browser: str = "", socket: str = "") -> str:
        """Password or code again; afterwards `require_fresh_proof` passes for a freshly resolved user.

        Gives the ticket with which this browser (`browser`: its nonce's hash) must fetch the session's new cookie
        value: the old one is dead (SEC-33), except for the WebSocket `socket` the proof came through. Without a
        browser (no gate in front, as on the command line) there is no cookie to change and the ticket is empty.

        Raises SignInRefused, CodeRefused, TryLater; StepUpNeeded when only a new sign-in can prove it.
        """
        ways = self.step_up_ways(user)
        if not ways:
            raise StepUpNeeded(next_step="Sign out and in again.", detail="no local proof")
        if "code" in ways and re.fullmatch(r"\s*[0-9]{3}\s?[0-9]{3}\s*", answer):
            return self._proved(user, self.check_code(user.account_id, answer, address=user.origin), browser, socket)
        key = throttle.subject("step_up", user.account_id)
        with self.db.write() as db:
            throttle.charge(db, {key: throttle.ACCOUNT})
        with self.db.read() as db:
            row = db.get_one(Account, user.account_id)
        if "password" not in ways or not passwords.matches(answer, row.password_hash):
            raise SignInRefused(
                "That is not your password." if "code" not in ways else "That is neither your password nor your code.",
                next_step="Try again.",
                detail="step-up",
            )
        with self.db.write() as db:
            throttle.forget(db, key)
        return self._proved(user, "password", browser, socket)

    def _proved(self, user: User, method: str, browser: str, socket: str) -> str:
        ticket = ""
        if browser:
            ticket = self.issue_ticket(user.account_id, browser=browser, purpose=RENEW, session=user.session_hash)
        self._prove(user, method, ticket=ticket, socket=socket)
        return ticket
