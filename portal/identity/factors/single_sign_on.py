"""Single sign-on through OpenID Connect, for accounts a manager invited so.

Authorization code flow with PKCE, state and nonce (OpenID Connect Core 1.0, section 3.1). The ID token's signature,
issuer, audience, times and nonce are checked before use; the session is then an ordinary one of ours. The provider is
responsible for the second factor.

The first sign-in finds the account by its invited email and binds it to issuer and subject, the one pair a provider
never reassigns (section 5.7; ASVS 10.5.2); an email address may be reassigned.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr
from sqlalchemy import Select, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.audit import PORTAL_CHAIN, record
from portal.config import OidcSettings, Settings, load_oidc_settings
from portal.errors import PortalError, SealBroken
from portal.identity import throttle
from portal.identity.errors import SignInRefused
from portal.identity.lookup import merchants_named, normal_email
from portal.identity.refusal_audit import RefusalAudit, record_refused_sign_in, refusals_audited
from portal.loyaltydog.network.tls import client_context
from portal.storage.engine import Database
from portal.storage.tables import Account, Merchant, new_id
from portal.vault import FieldSealer

METHOD = "oidc"
ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA"]  # never "none", never a shared secret
FLOW_SECONDS = 600
CLOCK_SKEW_SECONDS = 60
ANSWER_SECONDS = 10.0
MAX_ANSWER_BYTES = 512 * 1024
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class OidcTrouble(PortalError):
    """The provider could not be asked, or answered with something that does not verify."""

    code = "oidc"
    message = "Single sign-on did not work."
    next_step = "Try again. If it happens again, tell the portal's operator."


class SeveralMerchants(OidcTrouble):
    """Several merchants have invited this person, and none was named."""

    code = "several_merchants"
    refusal = True
    message = "Several merchants have invited you."
    next_step = "Enter the name of the one you want to work for, then sign in again."


class UnknownFlow(OidcTrouble):
    """The browser returned from a flow that it did not begin, or too late."""

    refusal = True


@dataclass(frozen=True)
class OidcStart:
    """Where to send the browser, and the sealed state of the flow, which it must bring back (in a cookie)."""

    url: str
    sealed_state: str


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args: Any, **_kwargs: Any) -> None:
        return None


def _opener(host: str, proxy: SecretStr | None) -> urllib.request.OpenerDirector:
    """An opener without redirects and without the environment's proxy; with the portal's proxy and trusted
    authorities."""
    ways = {"https": proxy.get_secret_value()} if proxy is not None and host not in LOOPBACK else {}
    return urllib.request.build_opener(
        _NoRedirect, urllib.request.ProxyHandler(ways), urllib.request.HTTPSHandler(context=client_context())
    )


def _checked_url(url: Any) -> str:
    """A provider's address: https, or http to this machine. Raises OidcTrouble."""
    parts = urllib.parse.urlsplit(url if isinstance(url, str) else "")
    secure = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
    if not secure or not parts.hostname or parts.username:
        raise OidcTrouble(detail="provider address is not https")
    return str(url)


def _request_json(
    url: str,
    form: dict[str, str] | None = None,
    headers: dict[str, str] | None = None,
    *,
    proxy: SecretStr | None = None,
) -> dict[str, Any]:
    """The JSON object that the provider returns, of limited size. Raises OidcTrouble, without quoting the response."""
    body = urllib.parse.urlencode(form).encode() if form is not None else None
    request = urllib.request.Request(  # noqa: S310 - scheme checked
        _checked_url(url), data=body, headers={"Accept": "application/json", **(headers or {})}
    )
    try:
        opener = _opener(urllib.parse.urlsplit(url).hostname or "", proxy)
        with opener.open(request, timeout=ANSWER_SECONDS) as answer:
            found = json.loads(answer.read(MAX_ANSWER_BYTES + 1)[: MAX_ANSWER_BYTES + 1])
    except (OSError, ValueError, urllib.error.URLError) as error:
        raise OidcTrouble(detail=f"provider: {type(error).__name__}") from None
    if not isinstance(found, dict):
        raise OidcTrouble(detail="provider: not an object")
    return found


@refusals_audited
@dataclass
class SingleSignOn:
    """Starting and finishing the flow; `portal.web.routes.single_sign_on` carries it over HTTP."""

    db: Database
    refusal_audit: RefusalAudit
    sealer: FieldSealer
    settings: Settings

    @property
    def oidc(self) -> OidcSettings:
        return load_oidc_settings()

    @property
    def oidc_on(self) -> bool:
        """Whether the sign-in page offers it."""
        return self.oidc.on

    def merchant_named(self, name: str) -> str:
        """The id of the merchant of that name, for `oidc_start`; a random one when there is none, so that the result
        does not reveal which merchants exist."""
        with self.db.read() as db:
            found = merchants_named(db.scalars(select(Merchant)), name)
        return found[0].id if len(found) == 1 else new_id()

    def oidc_start(self, *, redirect_uri: str, merchant_id: str = "") -> OidcStart:
        """The provider's address for this browser; `merchant_id` is the one meant. Raises OidcTrouble."""
        settings = self.oidc
        if not self.oidc_on:
            raise OidcTrouble("Single sign-on is not set up here.", next_step="Sign in with your password.")
        from authlib.oauth2.rfc7636 import create_s256_code_challenge  # type: ignore[import-untyped]

        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        query = {
            "response_type": "code",
            "client_id": settings.client_id,
            "redirect_uri": redirect_uri,
            "scope": settings.scopes,
            "state": state,
            "nonce": nonce,
            "code_challenge": create_s256_code_challenge(verifier),
            "code_challenge_method": "S256",
        }
        place = _checked_url(self._provider(settings).get("authorization_endpoint"))
        state_of_flow = json.dumps(
            {"state": state, "nonce": nonce, "verifier": verifier, "at": time.time(), "merchant": merchant_id}
        )
        sealed = self.sealer.seal(state_of_flow, merchant_id=PORTAL_CHAIN, table="oidc", column="flow", row="cookie")
        joint = "&" if "?" in place else "?"
        url = f"{place}{joint}{urllib.parse.urlencode(query)}"
        return OidcStart(url, base64.urlsafe_b64encode(sealed).decode().rstrip("="))

    def oidc_finish(self, *, sealed_state: str, state: str, code: str, redirect_uri: str, address: str) -> str:
        """The id of the invited account. Raises OidcTrouble (UnknownFlow when this browser began no such flow),
        SignInRefused, TryLater.

        Any site can send a browser here, so only a flow that this browser began counts as a try. Tries have a counter
        of their own: single sign-on uses up none of the address's tries with passwords.
        """
        settings = self.oidc
        if not self.oidc_on:
            raise UnknownFlow(detail="off")
        flow = self._flow(sealed_state)
        if not hmac.compare_digest(str(flow["state"]).encode(), state.encode("utf-8", "replace")):
            raise UnknownFlow(detail="state")
        with self.db.write() as db:
            throttle.charge(db, {throttle.key_of("oidc", address): throttle.ADDRESS})
        provider = self._provider(settings)
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "client_id": settings.client_id,
            "code_verifier": str(flow["verifier"]),
        }
        headers = {}
        if settings.client_secret is not None:
            secret = urllib.parse.quote(settings.client_secret.get_secret_value())
            pair = f"{urllib.parse.quote(settings.client_id)}:{secret}"
            headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
        answer = _request_json(
            _checked_url(provider.get("token_endpoint")), form, headers, proxy=self.settings.https_proxy
        )
        claims = self._claims(answer.get("id_token"), provider, settings, str(flow["nonce"]))
        return self._invited(claims, identity_of(claims), address, str(flow.get("merchant", "")))

    def _provider(self, settings: OidcSettings) -> dict[str, Any]:
        issuer = settings.issuer.rstrip("/")
        found = _request_json(f"{issuer}/.well-known/openid-configuration", proxy=self.settings.https_proxy)
        if str(found.get("issuer", "")).rstrip("/") != issuer:
            raise OidcTrouble(detail="issuer differs")
        return found

    def _flow(self, sealed_state: str) -> dict[str, Any]:
        try:
            sealed = base64.urlsafe_b64decode(sealed_state + "=" * (-len(sealed_state) % 4))
            opened = self.sealer.open(sealed, merchant_id=PORTAL_CHAIN, table="oidc", column="flow", row="cookie")
            flow = json.loads(opened)
        except (ValueError, SealBroken):
            raise UnknownFlow(detail="flow cookie") from None
        if not isinstance(flow, dict) or not 0 <= time.time() - float(flow["at"]) <= FLOW_SECONDS:
            raise UnknownFlow(detail="flow too old")
        return flow

    def _claims(self, token: Any, provider: dict[str, Any], settings: OidcSettings, nonce: str) -> dict[str, Any]:
        """The ID token's claims once everything about it holds (Core 1.0, section 3.1.3.7)."""
        if not isinstance(token, str):
            raise OidcTrouble(detail="no id token")
        from joserfc import jwt
        from joserfc.errors import JoseError
        from joserfc.jwk import KeySet

        try:
            found = _request_json(_checked_url(provider.get("jwks_uri")), proxy=self.settings.https_proxy)
            keys = KeySet.import_key_set(found)  # type: ignore[arg-type]
            claims = dict(jwt.decode(token, keys, algorithms=ALGORITHMS).claims)
            jwt.JWTClaimsRegistry(
                leeway=CLOCK_SKEW_SECONDS,
                iss={"essential": True, "value": provider["issuer"]},
                aud={"essential": True, "value": settings.client_id},
                exp={"essential": True},
                iat={"essential": True},
                sub={"essential": True},
                nonce={"essential": True, "value": nonce},
            ).validate(claims)
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise OidcTrouble(detail=f"id token: {type(error).__name__}") from None
        audience = claims["aud"]
        if isinstance(audience, list) and len(audience) > 1 and claims.get("azp") != settings.client_id:
            raise OidcTrouble(detail="id token: azp")
        if not isinstance(claims["sub"], str):
            raise OidcTrouble(detail="id token: sub")
        return claims

    def _invited(self, claims: dict[str, Any], identity: str, address: str, merchant_id: str = "") -> str:
        """The account bound to this identity, else the invited account of this email that is not bound yet."""
        try:
            return self._match(claims, identity, address, merchant_id)
        except IntegrityError:  # at the same moment the identity was bound to another account, by another email
            return self._match(claims, identity, address, merchant_id)

    def _match(self, claims: dict[str, Any], identity: str, address: str, merchant_id: str) -> str:
        """At each merchant, the account bound to the identity has priority over one of the email. Raises
        SeveralMerchants."""
        with self.db.write() as db:
            theirs = db.scalars(_people().where(Account.sign_on_identity == identity))
            found = {account.merchant_id: account for account in (*_by_email(db, claims), *theirs)}
            unnamed = bool(merchant_id and found) and merchant_id not in found
            if merchant_id and not unnamed:
                found = {merchant_id: found[merchant_id]} if found else {}
            live = [account for account in found.values() if account.disabled_at is None]
            # An account that the person has used before has priority over another merchant's invitation of the email.
            usable = [a for a in live if a.sign_on_identity == identity] or [a for a in live if not a.sign_on_identity]
            several = len(usable) > 1 or unnamed
            if several:
                throttle.refund(db, throttle.key_of("oidc", address))
            account = usable[0] if usable else next(iter(found.values()), None)
            stranger = account is not None and account.sign_on_identity not in {None, identity}
            if len(usable) == 1 and account is not None and not several:
                throttle.refund(db, throttle.key_of("oidc", address))
                if account.sign_on_identity is None:
                    account.sign_on_identity = identity
                    record(
                        db, account.merchant_id, account.id, "account:sign_on",
                        object_id=account.id, origin=address, change="bound",
                    )  # fmt: skip
                return str(account.id)
            account = None if several else account
            reason = "oidc_several" if several else "oidc_identity" if stranger else "oidc"
            record_refused_sign_in(db, account, address, reason)
        if several:
            raise SeveralMerchants(detail="oidc several")
        raise SignInRefused("Nobody here was invited with this sign-in.", detail="oidc not invited")


def identity_of(claims: dict[str, Any]) -> str:
    """The hash of issuer and subject that an account stores."""
    return hashlib.sha256(f"{claims['iss']}\0{claims['sub']}".encode()).hexdigest()


def _people() -> Select[Account]:
    return select(Account).where(Account.method == METHOD)


def _by_email(db: Session, claims: dict[str, Any]) -> Sequence[Account]:
    """Accounts of the email, if the provider has verified it: some let people type any address."""
    email = claims.get("email")
    if not isinstance(email, str) or claims.get("email_verified") is not True:
        return ()
    asked = _people().where(Account.email_key == normal_email(email)).order_by(Account.id)
    return db.scalars(asked.with_for_update()).all()
