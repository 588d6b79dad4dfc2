"""Which credentials go to which address of LoyaltyDog.

A credential is bound to the address it was given for. What the environment gives (`PORTAL_API_TOKEN`,
`PORTAL_MERCHANT_TOKEN`, `PORTAL_CUSTOMER_TOKEN`) goes to the address of `PORTAL_API_URL` and nowhere else, and only
while the data folder holds one merchant, so that no merchant's people use another's. What a merchant saved goes to the
address it was saved with. An address that a merchant typed never gets a credential of the environment.
"""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import SecretStr
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.config import LOYALTYDOG_TOKENS, Settings
from portal.errors import NotConfigured
from portal.identity.factors.bound_token import token_for
from portal.loyaltydog.addresses import normalise_base_url
from portal.storage.tables import Merchant
from portal.vault import FieldSealer


@dataclass(frozen=True)
class Credentials:
    """One address and what may be sent to it. `merchant_token` and `customer_token` are the X-Eposn headers."""

    base_url: str
    token: str
    merchant_token: str | None
    customer_token: str | None


def credentials_for(
    session: Session, settings: Settings, sealer: FieldSealer, merchant: Merchant, *, session_token: str | None
) -> Credentials:
    """Address and credentials of a merchant.

    `session_token` is that of a person signed in with LoyaltyDog, as `bound_token` keeps it: used for its own address.

    Raises NotConfigured when the address or a bearer token for it is missing, AddressRefused for an address.
    """
    base_url = settings.api_url or merchant.api_url
    if not base_url:
        raise NotConfigured(detail="no API address")
    saved = _saved(settings, sealer, merchant)
    given = _environment(session, settings)
    loopback = settings.allow_loopback_http or merchant.practice
    own = token_for(session_token, normalise_base_url(base_url, allow_loopback_http=loopback))
    token = own or saved.get("api_token") or given.get("api_token")
    if not token:
        raise _no_token(settings)
    return Credentials(
        base_url=base_url,
        token=token,
        merchant_token=saved.get("merchant_token") or given.get("merchant_token"),
        customer_token=saved.get("customer_token") or given.get("customer_token"),
    )


def seal_saved(sealer: FieldSealer, merchant_id: str, name: str, value: str) -> bytes:
    """A token of `LOYALTYDOG_TOKENS` as it stands on the merchant's row."""
    return sealer.seal(value, merchant_id=merchant_id, table="merchants", column=name, row=merchant_id)


def _saved(settings: Settings, sealer: FieldSealer, merchant: Merchant) -> dict[str, str]:
    """What the merchant saved, when the address it was saved with is the one that is asked."""
    if not merchant.api_url:
        return {}
    loopback = settings.allow_loopback_http or merchant.practice
    if settings.api_url and normalise_base_url(settings.api_url, allow_loopback_http=loopback) != normalise_base_url(
        merchant.api_url, allow_loopback_http=loopback
    ):
        return {}
    found: dict[str, str] = {}
    for name in LOYALTYDOG_TOKENS:
        sealed: bytes | None = getattr(merchant, f"sealed_{name}")
        if sealed:
            found[name] = sealer.open(sealed, merchant_id=merchant.id, table="merchants", column=name, row=merchant.id)
    return found


def _environment(session: Session, settings: Settings) -> dict[str, str]:
    """What the environment gives for `PORTAL_API_URL`; nothing without that address, or with several merchants."""
    if not settings.api_url or _several_merchants(session):
        return {}
    secrets: dict[str, SecretStr | None] = {name: getattr(settings, name) for name in LOYALTYDOG_TOKENS}
    return {name: secret.get_secret_value() for name, secret in secrets.items() if secret is not None}


def _several_merchants(session: Session) -> bool:
    return (session.scalar(select(func.count()).select_from(Merchant)) or 0) > 1


def _no_token(settings: Settings) -> NotConfigured:
    """Why no token serves, and whose turn it is."""
    if settings.api_token is None:
        return NotConfigured(
            "The portal has no token for LoyaltyDog yet.",
            next_step="A manager can enter it in Settings, or the portal's operator sets PORTAL_API_TOKEN.",
            detail="no API token",
        )
    if not settings.api_url:
        return NotConfigured(
            "PORTAL_API_TOKEN is only sent to the address in PORTAL_API_URL, which is not set.",
            next_step="A manager can enter the token in Settings, or the portal's operator sets PORTAL_API_URL.",
            detail="PORTAL_API_TOKEN without PORTAL_API_URL",
        )
    return NotConfigured(
        "There are several merchants here, so each needs its own token.",
        next_step="A manager of this merchant can enter it in Settings.",
        detail="PORTAL_API_TOKEN with several merchants",
    )
