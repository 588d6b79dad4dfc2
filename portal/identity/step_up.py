"""Step-up: a signed-in person proves again who they are, by password or code (SEC-39)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from portal.audit import record
from portal.errors import StepUpNeeded
from portal.identity import throttle
from portal.identity.errors import SignInRefused
from portal.identity.factors import passwords
from portal.identity.factors.one_time_code import OneTimeCodes
from portal.identity.refusal_audit import RefusalAudit, refusals_audited
from portal.identity.roles import User
from portal.identity.sessions import record_proof
from portal.identity.tickets import RENEW, Tickets
from portal.storage.engine import Database
from portal.storage.tables import Account

NOT_PROVED = "session:step_up_refused"


@refusals_audited
@dataclass
class StepUp:
    """Checks the password or code, and has the browser fetch a new cookie value."""

    db: Database
    refusal_audit: RefusalAudit
    codes: OneTimeCodes
    tickets: Tickets

    def step_up_methods(self, user: User) -> tuple[str, ...]:
        """How this person can prove their identity: ``password``, ``code`` or both; empty: only by a new sign-in."""
        with self.db.read() as db:
            row = db.get(Account, user.account_id)
        if row is None:
            return ()
        ways = ["password"] if row.method == "password" else []
        return (*ways, "code") if row.sealed_totp is not None else tuple(ways)

    def confirm_identity(self, user: User, answer: str, *, browser: str = "", socket: str = "") -> str:
        """Check the password or code; then `require_fresh_proof` passes for a user resolved anew.

        Returns the ticket with which this browser (`browser`: its nonce's hash) fetches the session's new cookie
        value. The old value stops working (SEC-33), except for the WebSocket `socket` that the proof came through.
        Without a browser (on the command line) there is no cookie to change, and the ticket is empty.

        Raises SignInRefused, CodeRefused, TryLater; StepUpNeeded when only a new sign-in can prove it.
        """
        ways = self.step_up_methods(user)
        if not ways:
            raise StepUpNeeded(next_step="Sign out and in again.", detail="no local proof")
        if "code" in ways and re.fullmatch(r"\s*[0-9]{3}\s?[0-9]{3}\s*", answer):
            method = self.codes.use(user.account_id, answer, address=user.origin, act=NOT_PROVED, actor=user.account_id)
            return self._proved(user, method, browser, socket)
        key = throttle.key_of("step_up", user.account_id)
        with self.db.write() as db:
            throttle.charge(db, {key: throttle.ACCOUNT})
        with self.db.read() as db:
            row = db.get_one(Account, user.account_id)
        if "password" not in ways or not passwords.matches(answer, row.password_hash):
            with self.db.write() as db:
                record(
                    db, user.merchant_id, user.account_id, NOT_PROVED, object_id=user.account_id, origin=user.origin,
                    result="refused", reason="password",
                )  # fmt: skip
            raise SignInRefused(
                "That is not your password." if "code" not in ways else "That is neither your password nor your code.",
                next_step="Try again.",
                detail="step-up",
            )
        with self.db.write() as db:
            throttle.reset(db, key)
        return self._proved(user, "password", browser, socket)

    def _proved(self, user: User, method: str, browser: str, socket: str) -> str:
        ticket = ""
        if browser:
            ticket = self.tickets.issue_ticket(
                user.account_id, browser=browser, purpose=RENEW, session=user.session_hash
            )
        with self.db.write() as db:
            record_proof(db, user, method, ticket=ticket, socket=socket)
        return ticket
