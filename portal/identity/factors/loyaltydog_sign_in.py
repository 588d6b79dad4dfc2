"""Sign in with LoyaltyDog: the vendor's own user name, password and code, for accounts a manager invited so.

The password and code pass through to `POST /v2/token` and `/v2/token/mfa-verify` and are kept nowhere. The token is
sealed with the ticket, then with the session, bound to the server that gave it, and dies with them.

Which server is asked, and for whom it may speak:

- `PORTAL_API_URL`, set by the operator, is used for all accounts, and its code counts as second factor.
- Otherwise the address saved by the invited person's merchant. It can open only that account, and only when it returns
  the typed email. Its code does not count: a manager controls that server, so the account's own second factor is
  required as after a password.
- Without either, and for people not invited, sign-in is refused without a call, with the same message and timing.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import NoReturn

from pydantic import SecretStr
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.config import Settings
from portal.errors import NotConfigured, PortalError
from portal.identifiers import normal
from portal.identity import throttle
from portal.identity.errors import CodeRefused, SignInRefused
from portal.identity.factors.bound_token import bind_token
from portal.identity.factors.known_account import KnownAccount, known_account
from portal.identity.lookup import merchants_named, normal_email
from portal.identity.refusal_audit import RefusalAudit, record_refused_sign_in, refusals_audited
from portal.loyaltydog import Connection, LoyaltyDog
from portal.loyaltydog.errors import LoyaltyDogError, NotAuthenticated, Rejected
from portal.loyaltydog.models import SignIn
from portal.setting_forms import way_out
from portal.storage.engine import Database
from portal.storage.tables import Account, Merchant

METHOD = "loyaltydog"
REFUSED = "LoyaltyDog did not accept this user name and password, or nobody here was invited with it."
NOT_OPENED = (
    "LoyaltyDog did not accept this user name and password, or did not answer, or nobody here was invited with it."
)
NOT_OPENED_STEP = (
    "Ask a manager whether you are invited this way. If several merchants have invited you, enter the name of the one "
    "you want to work for."
)
REFUSED_STEP_SECONDS = 2.0
"""A refusal is delayed to a whole number of these, so that its time does not tell whether a server was asked."""


class VendorUnavailable(PortalError):
    """LoyaltyDog could not be reached; carries the API client's message."""

    code = "vendor_sign_in"


@dataclass(frozen=True)
class VendorServer:
    """The server asked for one sign-in. `merchant_id` is the only merchant it may open an account of; empty when the
    operator's server is used for a person not invited. `email`, `name_typed`: as typed."""

    connection: Connection
    merchant_id: str
    email: str
    name_typed: str
    named_by_operator: bool


@dataclass(frozen=True)
class VendorPending:
    """A sign-in that waits for the vendor's 6-digit code."""

    server: VendorServer
    token: SecretStr


@dataclass(frozen=True)
class VendorSignedIn:
    """The invited account, and the vendor's token bound to its server, which must only ever go to the session.

    `second_factor`: a code was asked by a server whose code counts.
    """

    account: KnownAccount
    token: SecretStr
    second_factor: bool


@refusals_audited
@dataclass
class LoyaltyDogSignIn:
    """A first factor, checked by the vendor."""

    db: Database
    refusal_audit: RefusalAudit
    settings: Settings

    def vendor_sign_in(
        self, username: str, password: str, *, address: str, merchant: str = ""
    ) -> VendorPending | VendorSignedIn:
        """`merchant`: the name as typed, needed by a person whom several merchants have invited.

        Raises SignInRefused, TryLater, VendorUnavailable; NotConfigured when no API address is known.
        """
        began = time.monotonic()
        with self.db.read() as db:
            self._require_address(db)
            server = self._server(db, normal_email(username), merchant.strip())
        self._charge(normal_email(username), merchant, address)
        try:
            if server is None:
                raise self._refused(address, "not_invited", NOT_OPENED)
            return self._ask(server, username, password, address)
        except SignInRefused:
            _pad_time(began)
            raise

    def _ask(self, server: VendorServer, username: str, password: str, address: str) -> VendorPending | VendorSignedIn:
        try:
            answer = LoyaltyDog(server.connection).sign_in(username.strip(), password)
        except LoyaltyDogError as error:
            self._raise_refusal(error, server, address)
        if answer.mfa_pending and answer.pending_token is not None:
            return VendorPending(server, answer.pending_token)
        return self._accept(server, answer, address, code_given=False)

    def vendor_code(self, pending: VendorPending, code: str, *, address: str) -> VendorSignedIn:
        """The second step. Raises CodeRefused, SignInRefused, TryLater, VendorUnavailable."""
        self._charge(pending.server.email, pending.server.name_typed, address)
        # The vendor's schema for this step is cut off just before its field names, so both are configuration.
        fields = {
            "pending_field": self.settings.vendor_mfa_pending_field,
            "code_field": self.settings.vendor_mfa_code_field,
        }
        client = LoyaltyDog(pending.server.connection)
        try:
            answer = client.verify_mfa(pending.token.get_secret_value(), code.strip(), **fields)
        except LoyaltyDogError as error:
            if isinstance(error, NotAuthenticated | Rejected):
                self._note_refusal(address, "vendor")
                raise CodeRefused(detail="vendor") from None
            raise VendorUnavailable(error.message, next_step=error.next_step, detail=error.code) from None
        return self._accept(pending.server, answer, address, code_given=True)

    def _require_address(self, db: Session) -> None:
        """Raise NotConfigured for any input when no account here can sign in this way."""
        if not self.settings.api_url and db.scalar(select(Merchant.id).where(Merchant.api_url != "").limit(1)) is None:
            raise NotConfigured("The portal does not know LoyaltyDog's address yet.", detail="vendor sign-in")

    def _server(self, db: Session, email: str, name: str) -> VendorServer | None:
        """The server that may be asked about this email. None when there is none, or when several merchants have
        one."""
        found = db.execute(
            select(Merchant, Account.last_sign_in_at)
            .join(Account, Merchant.id == Account.merchant_id)
            .where(Account.email_key == email, Account.method == METHOD, Account.disabled_at.is_(None))
        ).all()
        invited = merchants_named((one for one, _ in found), name) if name else [one for one, _ in found]
        if len(invited) > 1 and self.settings.api_url:
            # With the operator's server only: a merchant's own server could fake an earlier sign-in to be preferred.
            invited = [one for one, used_at in found if used_at is not None and one in invited]
        merchant = invited[0] if len(invited) == 1 else None
        operators = bool(self.settings.api_url)
        base_url = self.settings.api_url or (merchant.api_url if merchant else "")
        if not base_url:
            return None
        connection = Connection(
            base_url=base_url,
            token="",
            allow_loopback_http=self.settings.allow_loopback_http or (merchant is not None and merchant.practice),
            timeout_seconds=self.settings.answer_seconds,
            proxy=way_out(self.settings),
        )
        return VendorServer(connection, merchant.id if merchant else "", email, name, operators)

    def _charge(self, email: str, name: str, address: str) -> None:
        with self.db.write() as db:
            throttle.charge(
                db,
                {
                    _counter(email, name): throttle.ACCOUNT,
                    throttle.key_of("address", address): throttle.ADDRESS,
                },
            )

    def _refused(self, address: str, reason: str, words: str, account: Account | None = None) -> SignInRefused:
        self._note_refusal(address, reason, account)
        return SignInRefused(words, next_step=NOT_OPENED_STEP, detail=reason)

    def _note_refusal(self, address: str, reason: str, account: Account | None = None) -> None:
        with self.db.write() as db:
            record_refused_sign_in(db, account, address, reason)

    def _raise_refusal(self, error: LoyaltyDogError, server: VendorServer, address: str) -> NoReturn:
        """Raise what the person may see of an error. Those of the operator's server may be shown, as it serves all
        accounts; an error of a merchant's server would reveal that the person is invited there."""
        words = REFUSED if server.named_by_operator else NOT_OPENED
        if server.named_by_operator and not isinstance(error, NotAuthenticated | Rejected):
            raise VendorUnavailable(error.message, next_step=error.next_step, detail=error.code) from None
        raise self._refused(address, "vendor", words) from None

    def _accept(self, server: VendorServer, answer: SignIn, address: str, *, code_given: bool) -> VendorSignedIn:
        """The invited account, if the server says that the token's owner has the typed email."""
        words = REFUSED if server.named_by_operator else NOT_OPENED
        token = answer.access_token
        try:
            if token is None:
                raise NotAuthenticated("no token in the answer")
            owner = LoyaltyDog(replace(server.connection, token=token.get_secret_value())).whoami()
        except LoyaltyDogError as error:
            self._raise_refusal(error, server, address)
        with self.db.read() as db:
            account = db.scalar(
                select(Account).where(
                    Account.merchant_id == server.merchant_id,
                    Account.email_key == server.email,
                    Account.method == METHOD,
                    Account.disabled_at.is_(None),
                )
            )
            merchant = db.get(Merchant, server.merchant_id) if account else None
        if normal_email(owner.email) != server.email or not owner.active:
            raise self._refused(address, "other_owner", words, account)
        if account is None or merchant is None:
            raise self._refused(address, "not_invited", words)
        with self.db.write() as db:
            throttle.reset(db, _counter(server.email, server.name_typed))
            throttle.refund(db, throttle.key_of("address", address))
        counts = code_given and server.named_by_operator
        found = known_account(account, merchant)
        return VendorSignedIn(
            replace(found, second_factor="none") if counts else found,
            bind_token(token, server.connection.base_url),
            counts,
        )


def _counter(email: str, name: str) -> str:
    """The counter of tries with this input, also for people not invited. A merchant's server can reset only its own
    merchant's counters, so it cannot clear guesses at another's."""
    return throttle.key_of("vendor", f"{email}\x00{normal(name)}")


def _pad_time(began: float) -> None:
    """Sleep until a whole number of `REFUSED_STEP_SECONDS` have gone by since `began`."""
    gone = time.monotonic() - began
    time.sleep(REFUSED_STEP_SECONDS - gone % REFUSED_STEP_SECONDS)
