"""Which address and token speak for a merchant.

A token is only ever sent to the address it was saved for. `PORTAL_API_URL` in the environment
stands above a saved address (and then the saved token stays home); `PORTAL_API_TOKEN` serves only
while the data folder holds a single merchant, so that no merchant's people ever use another's token.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.config import Settings
from portal.errors import NotConfigured
from portal.loyaltydog import Connection, FetchPolicy, LoyaltyDog
from portal.loyaltydog.addresses import normalise_base_url
from portal.storage.tables import Merchant
from portal.vault import FieldSealer


@dataclass(frozen=True)
class VendorAccess:
    """Everything needed to call and to fetch for one merchant."""

    connection: Connection
    policy: FetchPolicy


class Vendor:
    """Opens the API for a merchant; keeps one client a connection, since a TLS context costs tens of ms."""

    def __init__(self, settings: Settings, sealer: FieldSealer) -> None:
        self._settings = settings
        self._sealer = sealer
        self._clients: dict[Connection, LoyaltyDog] = {}
        self._lock = threading.Lock()

    def access(self, session: Session, merchant_id: str) -> VendorAccess:
        """Raises NotConfigured when address or token is missing or cannot be sent, AddressRefused for the address."""
        merchant = session.get(Merchant, merchant_id)
        if merchant is None:
            raise NotConfigured(detail="no such merchant")
        base_url, token = self._address_and_token(session, merchant)
        loopback = self._settings.allow_loopback_http or merchant.practice
        secret = self._settings
        try:
            connection = Connection(
                base_url=base_url,
                token=token,
                merchant_token=secret.merchant_token.get_secret_value() if secret.merchant_token else None,
                customer_token=secret.customer_token.get_secret_value() if secret.customer_token else None,
                allow_loopback_http=loopback,
                timeout_seconds=secret.answer_seconds,
            )
        except ValueError:
            raise NotConfigured(
                "The token for LoyaltyDog holds characters that cannot be sent.",
                next_step="A manager can enter it again in Settings; whoever runs the portal checks PORTAL_API_TOKEN.",
                detail="token not sendable",
            ) from None
        policy = FetchPolicy(
            api_base_url=base_url,
            allowed_hosts=tuple(dict.fromkeys((*secret.download_hosts, *merchant.download_hosts))),
            allow_loopback_http=loopback,
            max_bytes=secret.max_file_bytes,
            deadline_seconds=secret.deadline_seconds,
        )
        return VendorAccess(connection, policy)

    def _address_and_token(self, session: Session, merchant: Merchant) -> tuple[str, str]:
        named = self._settings.api_url
        loopback = self._settings.allow_loopback_http or merchant.practice
        saved_here = bool(merchant.api_url) and (
            not named
            or normalise_base_url(named, allow_loopback_http=loopback)
            == normalise_base_url(merchant.api_url, allow_loopback_http=loopback)
        )
        if saved_here and merchant.sealed_api_token:
            return merchant.api_url, self._sealer.open(
                merchant.sealed_api_token,
                merchant_id=merchant.id,
                table="merchants",
                column="api_token",
                row=merchant.id,
            )
        base_url = named or merchant.api_url
        if not base_url:
            raise NotConfigured(detail="no API address")
        if self._settings.api_token is None:
            raise NotConfigured(
                "The portal has no token for LoyaltyDog yet.",
                next_step="A manager can enter it in Settings, or whoever runs the portal sets PORTAL_API_TOKEN.",
                detail="no API token",
            )
        if (session.scalar(select(func.count()).select_from(Merchant)) or 0) > 1:
            raise NotConfigured(
                "There are several merchants here, so each needs its own token.",
                next_step="A manager of this merchant can enter it in Settings.",
                detail="PORTAL_API_TOKEN with several merchants",
            )
        return base_url, self._settings.api_token.get_secret_value()

    def client(self, connection: Connection) -> LoyaltyDog:
        with self._lock:
            client = self._clients.get(connection)
            if client is None:
                client = self._clients[connection] = LoyaltyDog(connection)
            return client

    def close(self) -> None:
        with self._lock:
            self._clients.clear()
