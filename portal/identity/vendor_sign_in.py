"""Sign in with LoyaltyDog: the vendor's own user name, password and code, for accounts a manager invited so.

The password and code pass through to `POST /v2/token` and `/v2/token/mfa-verify` and are kept nowhere. The
token is sealed with the ticket, then with the session, and dies with it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NoReturn

from pydantic import SecretStr
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.audit import record
from portal.errors import NotConfigured, PortalError
from portal.identity import throttle
from portal.identity.base import PORTAL_CHAIN, normal_email
from portal.identity.errors import CodeRefused, SignInRefused
from portal.identity.roles import User
from portal.identity.sessions import Sessions
from portal.identity.sign_in import KnownAccount, known
from portal.loyaltydog import Connection, LoyaltyDog
from portal.loyaltydog.errors import LoyaltyDogError, NotAuthenticated, Rejected
from portal.loyaltydog.models import SignIn
from portal.storage.tables import Account, Merchant

METHOD = "loyaltydog"
REFUSED = "LoyaltyDog did not accept this user name and password, or nobody here was invited with it."


class VendorSilent(PortalError):
    """LoyaltyDog could not be asked; carries the client's own plain words."""

    code = "vendor_sign_in"


@dataclass(frozen=True)
class VendorPending:
    """A sign-in that waits for the vendor's 6-digit code."""

    connection: Connection
    token: SecretStr


@dataclass(frozen=True)
class VendorSignedIn:
    """The invited account and the vendor's token, which must only ever go to the session."""

    account: KnownAccount
    token: SecretStr
    second_factor: bool


class VendorSignIn(Sessions):
    """First factor by the vendor."""

    def vendor_sign_in(self, username: str, password: str, *, address: str) -> VendorPending | VendorSignedIn:
        """Raises SignInRefused, TryLater, VendorSilent; NotConfigured when no API address is known."""
        with self.db.read() as db:
            connection = self._vendor_connection(db, normal_email(username))
        self._charge(username, address)
        try:
            answer = LoyaltyDog(connection).sign_in(username.strip(), password)
        except LoyaltyDogError as error:
            self._explain(error, SignInRefused(REFUSED, detail="vendor"), address)
        if answer.mfa_pending and answer.pending_token is not None:
            return VendorPending(connection, answer.pending_token)
        return self._welcome(connection, answer, username, address, second_factor=False)

    def vendor_code(self, pending: VendorPending, username: str, code: str, *, address: str) -> VendorSignedIn:
        """The second step. Raises CodeRefused, SignInRefused, TryLater, VendorSilent."""
        self._charge(username, address)
        # The vendor's schema for this step is cut off just before its field names, so both are configuration.
        fields = {
            "pending_field": self.settings.vendor_mfa_pending_field,
            "code_field": self.settings.vendor_mfa_code_field,
        }
        try:
            answer = LoyaltyDog(pending.connection).verify_mfa(pending.token.get_secret_value(), code.strip(), **fields)
        except LoyaltyDogError as error:
            self._explain(error, CodeRefused(detail="vendor"), address)
        return self._welcome(pending.connection, answer, username, address, second_factor=True)

    def vendor_refused(self, user: User) -> None:
        """A later 401 with this session's token: the person is signed out and told why."""
        self.end_session(user.session_hash, "vendor_refused")

    def _vendor_connection(self, db: Session, email: str) -> Connection:
        """The API of the invited account's merchant; else the one address this portal knows."""
        merchant = db.scalar(select(Merchant).join(Account).where(Account.email == email, Account.method == METHOD))
        known_urls = list(db.scalars(select(Merchant.api_url).where(Merchant.api_url != "").distinct()))
        url = self.settings.api_url or (merchant.api_url if merchant else "")
        if not url and len(known_urls) == 1:
            url = known_urls[0]
        if not url:
            raise NotConfigured("The portal does not know LoyaltyDog's address yet.", detail="vendor sign-in")
        practice = db.scalar(select(Merchant.id).where(Merchant.practice, Merchant.api_url == url)) is not None
        return Connection(
            base_url=url,
            token="",
            allow_loopback_http=self.settings.allow_loopback_http or practice,
            timeout_seconds=self.settings.answer_seconds,
        )

    def _charge(self, username: str, address: str) -> None:
        with self.db.write() as db:
            throttle.charge(
                db,
                {
                    throttle.subject("vendor", normal_email(username)): throttle.ACCOUNT,
                    throttle.subject("address", address): throttle.ADDRESS,
                },
            )

    def _explain(self, error: LoyaltyDogError, refusal: PortalError, address: str) -> NoReturn:
        if isinstance(error, NotAuthenticated | Rejected):
            with self.db.write() as db:
                record(
                    db,
                    PORTAL_CHAIN,
                    "anonymous",
                    "session:refused",
                    origin=address,
                    result="refused",
                    reason="vendor",
                )
            raise refusal from None
        raise VendorSilent(error.message, next_step=error.next_step, detail=error.code) from None

    def _welcome(
        self, connection: Connection, answer: SignIn, username: str, address: str, *, second_factor: bool
    ) -> VendorSignedIn:
        """Match the token's owner, as the vendor names them, with an invited account."""
        token = answer.access_token
        if token is None:
            raise VendorSilent("LoyaltyDog answered without a token.", detail="no token")
        try:
            owner = LoyaltyDog(replace(connection, token=token.get_secret_value())).whoami()
        except LoyaltyDogError as error:
            self._explain(error, SignInRefused(REFUSED, detail="vendor whoami"), address)
        with self.db.write() as db:
            found = db.execute(
                select(Account, Merchant)
                .join(Merchant, Merchant.id == Account.merchant_id)
                .where(Account.email == normal_email(owner.email), Account.method == METHOD)
            ).first()
            if found is not None and owner.active and found[0].disabled_at is None:
                throttle.forget(db, throttle.subject("vendor", normal_email(username)))
                throttle.give_back(db, throttle.subject("address", address))
                account = known(found[0], found[1])
                if second_factor:
                    account = replace(account, second_factor="none")  # the vendor has just asked for one
                return VendorSignedIn(account, token, second_factor)
            record(
                db,
                found[0].merchant_id if found else PORTAL_CHAIN,
                "anonymous",
                "session:refused",
                object_id=found[0].id if found else "",
                origin=address,
                result="refused",
                reason="not_invited",
            )
        raise SignInRefused(REFUSED, next_step="Ask a manager to invite you.", detail="not invited")
