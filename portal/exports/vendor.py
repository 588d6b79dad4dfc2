"""Which address and token speak for a merchant.

A token is only ever sent to the address it was saved for. `PORTAL_API_URL` in the environment
stands above a saved address (and then the saved token stays home); `PORTAL_API_TOKEN` serves only
while the data folder holds a single merchant, so that no merchant's people ever use another's token.
"""

from __future__ import annotations

import datetime as dt
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.config import Settings
from portal.errors import NotConfigured
from portal.exports.behind import Behind
from portal.exports.states import State
from portal.identity.sessions import live_vendor_token
from portal.loyaltydog import (
    Connection,
    FetchedFile,
    FetchPolicy,
    FileFormat,
    LoyaltyDog,
    Resolver,
    fetch_file,
)
from portal.loyaltydog.addresses import normalise_base_url
from portal.storage.tables import Export, FileKey, Merchant, utc_now
from portal.vault import FieldSealer


@dataclass(frozen=True)
class VendorAccess:
    """Everything needed to call and to fetch for one merchant."""

    connection: Connection
    policy: FetchPolicy


class Vendor:
    """Opens the API for a merchant, and fetches its files; keeps one client a connection.

    `resolver` and `ssl_context` are for tests with names and an authority of their own. A context that checks less
    than certificate and name is refused, here as everywhere (SEC-19).
    """

    def __init__(
        self,
        settings: Settings,
        sealer: FieldSealer,
        *,
        resolver: Resolver | None = None,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self._settings = settings
        self.sealer = sealer
        self._resolver = resolver
        self._ssl_context = ssl_context
        self._clients: dict[Connection, LoyaltyDog] = {}
        self._lock = threading.Lock()

    def access(self, session: Session, merchant_id: str, session_hash: str = "") -> VendorAccess:
        """Address and token for a merchant; those of the login session `session_hash` when it has a live one.

        Raises NotConfigured when address or token is missing or cannot be sent, AddressRefused for the address.
        """
        merchant = session.get(Merchant, merchant_id)
        if merchant is None:
            raise NotConfigured(detail="no such merchant")
        own = live_vendor_token(session, self.sealer, session_hash, merchant_id)
        base_url, token = self._address_and_token(session, merchant, own)
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
            min_bytes_per_second=secret.min_bytes_per_second,
            min_rate_grace_seconds=secret.min_rate_grace_seconds,
            max_redirects=secret.download_redirects,
        )
        return VendorAccess(connection, policy)

    def _address_and_token(self, session: Session, merchant: Merchant, own: str | None) -> tuple[str, str]:
        named = self._settings.api_url
        loopback = self._settings.allow_loopback_http or merchant.practice
        saved_here = bool(merchant.api_url) and (
            not named
            or normalise_base_url(named, allow_loopback_http=loopback)
            == normalise_base_url(merchant.api_url, allow_loopback_http=loopback)
        )
        if own and (named or merchant.api_url):
            return named or merchant.api_url, own
        if saved_here and merchant.sealed_api_token:
            return merchant.api_url, self.sealer.open(
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
                client = self._clients[connection] = LoyaltyDog(
                    connection, resolver=self._resolver, ssl_context=self._ssl_context
                )
            return client

    def may_fetch_now(self, session: Session, row: Export) -> bool:
        """Has the merchant fewer other files under way than it may, over all processes (SEC-7)?

        A fetch is under way from its key's row to the move out of `accepted`; one whose process died stops
        counting when its deadline is over. The merchant's row is locked, so that two cannot take the last turn.
        """
        # key_share: a new export's foreign key looks at the same row, and waiting for it ended in a deadlock.
        session.get(Merchant, row.merchant_id, with_for_update={"key_share": True})
        began = utc_now() - dt.timedelta(seconds=self._settings.deadline_seconds)
        under_way = session.scalar(
            select(func.count(FileKey.export_id.distinct()))
            .join(Export, Export.id == FileKey.export_id)
            .where(Export.merchant_id == row.merchant_id, Export.state == State.ACCEPTED, Export.id != row.id)
            .where(FileKey.created_at > began)
        )
        return (under_way or 0) < self._settings.fetches_per_merchant

    def fetch(
        self,
        access: VendorAccess,
        address: str,
        *,
        expected_format: FileFormat,
        sink: Callable[[bytes], None],
        on_progress: Callable[[int, int | None], None],
    ) -> FetchedFile:
        """The guarded fetch under this merchant's policy, `sink` in a thread of its own; the digest is left to `sink`.

        Raises LoyaltyDogError and what `sink` raises.
        """
        with Behind(sink) as behind:
            return fetch_file(
                address,
                access.policy,
                expected_format=expected_format,
                sink=behind,
                connection=access.connection,
                on_progress=on_progress,
                digest=False,
                resolver=self._resolver,
                ssl_context=self._ssl_context,
            )

    def close(self) -> None:
        with self._lock:
            self._clients.clear()
