"""How the API is called and files are fetched for a merchant, with what `vendor_credentials` lets go where."""

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
from portal.exports.core.states import State
from portal.exports.core.vendor_credentials import credentials_for
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
from portal.setting_forms import way_out
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
        self._proxy = way_out(settings)
        self._clients: dict[Connection, LoyaltyDog] = {}
        self._lock = threading.Lock()

    def access(self, session: Session, merchant_id: str, session_hash: str = "") -> VendorAccess:
        """Address and token for a merchant; those of the login session `session_hash` when it has a live one.

        Raises NotConfigured when address or token is missing or cannot be sent, AddressRefused for the address.
        """
        merchant = session.get(Merchant, merchant_id)
        if merchant is None:
            raise NotConfigured(detail="no such merchant")
        credentials = credentials_for(
            session,
            self._settings,
            self.sealer,
            merchant,
            session_token=live_vendor_token(session, self.sealer, session_hash, merchant_id),
        )
        loopback = self._settings.allow_loopback_http or merchant.practice
        options = self._settings
        try:
            connection = Connection(
                base_url=credentials.base_url,
                token=credentials.token,
                merchant_token=credentials.merchant_token,
                customer_token=credentials.customer_token,
                allow_loopback_http=loopback,
                timeout_seconds=options.answer_seconds,
                proxy=self._proxy,
            )
        except ValueError:
            raise NotConfigured(
                "The token for LoyaltyDog holds characters that cannot be sent.",
                next_step="A manager can enter it again in Settings; the portal's operator checks PORTAL_API_TOKEN.",
                detail="token not sendable",
            ) from None
        policy = FetchPolicy(
            api_base_url=credentials.base_url,
            allowed_hosts=tuple(dict.fromkeys((*options.download_hosts, *merchant.download_hosts))),
            allow_loopback_http=loopback,
            max_bytes=options.max_file_bytes,
            deadline_seconds=options.deadline_seconds,
            min_bytes_per_second=options.min_bytes_per_second,
            min_rate_grace_seconds=options.min_rate_grace_seconds,
            max_redirects=options.download_redirects,
            proxy=self._proxy,
        )
        return VendorAccess(connection, policy)

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
        """The guarded fetch under this merchant's policy; the digest is left to `sink`.

        Raises LoyaltyDogError and what `sink` raises.
        """
        return fetch_file(
            address,
            access.policy,
            expected_format=expected_format,
            sink=sink,
            connection=access.connection,
            on_progress=on_progress,
            digest=False,
            resolver=self._resolver,
            ssl_context=self._ssl_context,
        )

    def close(self) -> None:
        with self._lock:
            self._clients.clear()
