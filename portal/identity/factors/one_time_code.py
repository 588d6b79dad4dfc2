"""One-time codes: TOTP with single-use steps, and recovery codes (SEC-38).

A code is accepted in its 30-second step and one step before and after, because clocks drift; ASVS 6.5.5 allows less,
and docs/security.md states the deviation. A used step and all earlier ones are refused.
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
from portal.errors import NotFound
from portal.identity import throttle
from portal.identity.errors import CodeRefused
from portal.identity.lookup import digest
from portal.storage.engine import Database
from portal.storage.tables import Account, utc_now
from portal.vault import FieldSealer

STEP_SECONDS = 30
DRIFT_STEPS = 1
RECOVERY_CODES = 10
RECOVERY_BYTES = 15  # 120 bits: a plain hash of it cannot be searched


def new_recovery_code() -> str:
    """24 letters and digits in groups of six."""
    text = base64.b32encode(secrets.token_bytes(RECOVERY_BYTES)).decode()
    return "-".join(text[i : i + 6] for i in range(0, len(text), 6))


def normal_code(code: str) -> str:
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


def live_account(db: Session, account_id: str) -> Account:
    """The account's row, locked. Raises NotFound when there is none, or it is disabled."""
    row = db.get(Account, account_id, with_for_update=True)
    if row is None or row.disabled_at is not None:
        raise NotFound(detail="account")
    return row


@dataclass
class OneTimeCodes:
    """Checks codes against sealed secrets. Used by services, which record its refusals."""

    db: Database
    sealer: FieldSealer

    def seal(self, row: Account, secret: str) -> bytes:
        return self.sealer.seal(secret, merchant_id=row.merchant_id, table="accounts", column="sealed_totp", row=row.id)

    def use(self, account_id: str, code: str, *, address: str, act: str, actor: str) -> str:
        """Use up the code; returns its kind, ``totp`` or ``recovery``. Raises CodeRefused, TryLater.

        A wrong code is recorded as `act` by `actor`.
        """
        self.charge(account_id)
        given = normal_code(code)
        with self.db.write() as db:
            row = live_account(db, account_id)
            method = self._use_totp(row, given) or self._use_recovery(db, row, given, address)
            if method:
                throttle.reset(db, throttle.key_of("code", row.id))
                return method
            record(
                db,
                row.merchant_id,
                actor,
                act,
                object_id=row.id,
                origin=address,
                result="refused",
                reason="code",
            )
        raise CodeRefused(detail="second factor")

    def charge(self, account_id: str) -> None:
        with self.db.write() as db:
            throttle.charge(db, {throttle.key_of("code", account_id): throttle.CODE})

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
