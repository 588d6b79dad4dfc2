"""The LoyaltyDog API, call by call.

Reads (GET) are repeated by ``retry_reads`` within the connection's total time; writes are sent at most once and never
repeated here (SEC-13). Every call raises LoyaltyDogError, or ValueError for arguments that must never be sent. Source:
api/openapi.yaml.
"""

import json
import ssl
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode

from .calls import Caller, Query, Received, path_to, target_of
from .connection import Connection
from .errors import NotAuthenticated, Rejected
from .fetch import FetchedFile, FetchPolicy, fetch_file
from .models import (
    AuditLogPage,
    CardPage,
    ConsentRecord,
    ErasureAnswer,
    ExportAnswer,
    GiftCard,
    Program,
    SignIn,
    Transaction,
    User,
)
from .network.line import Resolver
from .network.tls import strict_context
from .params import CardStatus, ConsentAsk, ErasureAsk, ExportAsk, FileFormat
from .parsing import read_list, read_model
from .responses import read_cards, read_export

__all__ = ["LoyaltyDog"]

CONSENT_LOOKUP = "/v2/giftcards/gdpr/consent/lookup"


class LoyaltyDog:
    """One merchant's API. Safe to share between threads; use as a context manager."""

    def __init__(
        self,
        connection: Connection,
        *,
        resolver: Resolver | None = None,
        ssl_context: ssl.SSLContext | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._connection = connection
        self._resolver = resolver
        self._ssl_context = strict_context(ssl_context) if ssl_context is not None else None
        self._caller = Caller(connection, resolver, self._ssl_context, sleep)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Nothing is kept open between calls."""

    def __repr__(self) -> str:
        return f"LoyaltyDog({self._connection.base_url!r})"

    # Who and what

    def whoami(self) -> User:
        """GET /v2/token: the token's user; a cheap check that the token is alive. No role, no merchant in it."""
        return self._caller.get("/v2/token", read=lambda value: read_model(User, value))

    def programs(self) -> list[Program]:
        """GET /v2/loyalty/programs: the merchant's programs, unpaged."""
        return self._caller.get("/v2/loyalty/programs", read=lambda value: read_list(Program, value))

    # Gift cards

    def search_cards(self, text: str, *, program_id: str | None = None, page: int = 1, limit: int = 50) -> CardPage:
        """Cards by number, last four digits, customer name or e-mail; exact or partial is undocumented."""
        query: Query = {"q": text, "page": page, "limit": limit}
        return self._caller.get(_cards_path(program_id, "search"), query, read=read_cards)

    def cards(
        self,
        *,
        program_id: str | None = None,
        status: CardStatus | None = None,
        positive_balance: bool | None = None,
        page: int = 1,
        limit: int = 50,
    ) -> CardPage:
        """Cards of one program, or of all."""
        query: Query = {"status": status, "positive_balance": positive_balance, "page": page, "limit": limit}
        return self._caller.get(_cards_path(program_id, "cards"), query, read=read_cards)

    def card(self, program_id: str, card_id: str, *, include_transactions: bool = False) -> GiftCard:
        """One card, on request with its transactions."""
        path = path_to("giftcards", "programs", program_id, "cards", card_id)
        query: Query = {"include_transactions": include_transactions or None}
        return self._caller.get(path, query, read=lambda value: read_model(GiftCard, value))

    def card_transactions(self, program_id: str, card_id: str, *, page: int = 1, limit: int = 50) -> list[Transaction]:
        """Money moves of one card, newest first."""
        path = path_to("giftcards", "programs", program_id, "cards", card_id, "transactions")
        query: Query = {"page": page, "limit": limit}
        return self._caller.get(path, query, read=lambda value: read_list(Transaction, value))

    # Exports

    def request_export(self, ask: ExportAsk) -> ExportAnswer:
        """POST /v2/giftcards/gdpr/export, sent at most once (SEC-13).

        On an error, ``delivery`` tells whether LoyaltyDog may have acted; repeat only as ``retry_export_post`` decides.
        """
        body = {"format": ask.format, "customerId": ask.customer_id, "customerEmail": ask.customer_email}
        received = self._caller.post("/v2/giftcards/gdpr/export", _scope(ask.program_id, ask.card_id), body)

        def read(value: Any) -> ExportAnswer:
            return read_export(value, received.headers, ask, sent_request_id=received.request_id, now=datetime.now(UTC))

        return received.read(read)

    def download_address(self, ask: ExportAsk, export_id: str) -> str:
        """GET /v2/giftcards/gdpr/download as a relative address for ``fetch_file``; repeats the ask, as documented.

        Holds the customer's identifier: keep it as secret as the data.
        """
        query: dict[str, str | int | bool | Sequence[str] | None] = {
            "exportId": export_id,
            "format": ask.format,
            "customerId": ask.customer_id,
            "customerEmail": ask.customer_email,
        }
        return target_of("/v2/giftcards/gdpr/download", {**query, **_scope(ask.program_id, ask.card_id)})

    def loyalty_customer_export(
        self, program_id: str, customer_id: str, *, format: FileFormat, sink: Callable[[bytes], None]
    ) -> FetchedFile:
        """The loyalty system's own export: the data itself, passed to ``sink`` under the guarded fetch's limits."""
        path = path_to("loyalty", "programs", program_id, "customers", customer_id, "export")
        connection = self._connection
        policy = FetchPolicy(
            connection.base_url, allow_loopback_http=connection.allow_loopback_http, proxy=connection.proxy
        )
        return fetch_file(
            target_of(path, {"format": format}),
            policy,
            expected_format=format,
            sink=sink,
            connection=connection,
            resolver=self._resolver,
            ssl_context=self._ssl_context,
        )

    # What else LoyaltyDog holds about one person: answers handed over unread, so that they can be kept before

    def programs_unread(self) -> Received:
        """GET /v2/loyalty/programs; ``parsing.read_list`` reads it."""
        return self._caller.get_unread("/v2/loyalty/programs")

    def search_cards_unread(self, text: str, *, page: int = 1, limit: int = 250) -> Received:
        """As ``search_cards`` in all programs, one page; ``responses.read_cards`` reads it."""
        return self._caller.get_unread(_cards_path(None, "search"), {"q": text, "page": page, "limit": limit})

    def loyalty_customers_unread(
        self, program_id: str, *, email: str | None = None, phone: str | None = None, page: int = 1, limit: int = 250
    ) -> Received:
        """GET .../customers by email or phone, one page; ``responses.read_customers`` reads it.

        Whether the filter matches exactly, or at all, is undocumented. Raises ValueError for none or both.
        """
        if (email is None) == (phone is None):
            raise ValueError("exactly one of email and phone is needed")
        query: Query = {"email": email, "phone": phone, "page": page, "limit": limit}
        return self._caller.get_unread(path_to("loyalty", "programs", program_id, "customers"), query)

    def loyalty_consents_unread(self, program_id: str, customer_id: str) -> Received:
        """GET .../customers/{customerId}/consents: the latest record of each type; its shape is undocumented."""
        return self._caller.get_unread(path_to("loyalty", "programs", program_id, "customers", customer_id, "consents"))

    def find_consent_unread(
        self, *, customer_id: str | None = None, email: str | None = None, phone: str | None = None
    ) -> Received:
        """As ``find_consent``. Raises ValueError for none or several."""
        return self._caller.get_unread(CONSENT_LOOKUP, _one_of(customer_id, email, phone))

    def audit_logs_unread(self, *, subject_id: str, page: int = 1, limit: int = 200) -> Received:
        """GET /v2/giftcards/audit-logs about one subject, one page; an ``AuditLogPage``."""
        query: Query = {"subjectId": subject_id, "page": page, "limit": limit}
        return self._caller.get_unread("/v2/giftcards/audit-logs", query)

    # Erasure and consent

    def erase(self, ask: ErasureAsk) -> ErasureAnswer:
        """POST /v2/giftcards/gdpr/erasure, sent at most once. Whether it can be undone is undocumented."""
        body = {"customerId": ask.customer_id, "customerEmail": ask.customer_email, "reason": ask.reason}
        received = self._caller.post("/v2/giftcards/gdpr/erasure", _scope(ask.program_id, ask.card_id), body)
        return received.read(lambda value: read_model(ErasureAnswer, value))

    def find_consent(
        self, *, customer_id: str | None = None, email: str | None = None, phone: str | None = None
    ) -> ConsentRecord:
        """GET .../consent/lookup by exactly one identifier. Raises ValueError for none or several."""
        return self._caller.get(CONSENT_LOOKUP, _one_of(customer_id, email, phone), read=_consent)

    def consent(self, customer_id: str) -> ConsentRecord:
        """GET .../consent/{customerId}."""
        return self._caller.get(path_to("giftcards", "gdpr", "consent", customer_id), read=_consent)

    def write_consent(self, customer_id: str, ask: ConsentAsk) -> ConsentRecord:
        """POST .../consent/{customerId}, once; whether purposes replace or add is undocumented."""
        return self._caller.post(path_to("giftcards", "gdpr", "consent", customer_id), {}, _consent_body(ask)).read(
            _consent
        )

    def create_consent(self, ask: ConsentAsk) -> ConsentRecord:
        """POST .../consent for a customer named by e-mail or phone, once. Raises ValueError without either."""
        if not (ask.customer_email or ask.customer_phone):
            raise ValueError("customer_email or customer_phone is needed")
        return self._caller.post("/v2/giftcards/gdpr/consent", {}, _consent_body(ask)).read(_consent)

    # Audit log

    def audit_logs(
        self,
        *,
        merchant_id: str | None = None,
        subject_id: str | None = None,
        subject_name: str | None = None,
        actor_id: str | None = None,
        actor_name: str | None = None,
        actions: Sequence[str] = (),
        resource_types: Sequence[str] = (),
        since: datetime | None = None,
        until: datetime | None = None,
        page: int = 1,
        limit: int = 50,
    ) -> AuditLogPage:
        """GET /v2/giftcards/audit-logs; ids match exactly, names in part; ``limit`` 1 to 200."""
        query: Query = {
            "merchantId": merchant_id,
            "subjectId": subject_id,
            "subjectName": subject_name,
            "actorId": actor_id,
            "actorName": actor_name,
            "action": actions,
            "resourceType": resource_types,
            "from": since.isoformat() if since else None,
            "to": until.isoformat() if until else None,
            "page": page,
            "limit": limit,
        }
        return self._caller.get("/v2/giftcards/audit-logs", query, read=lambda value: read_model(AuditLogPage, value))

    # Sign-in with the vendor's own accounts

    def sign_in(self, username: str, password: str) -> SignIn:
        """POST /v2/token, without a bearer. With ``mfa_pending`` set, go on to ``verify_mfa``."""
        body = urlencode({"grant_type": "password", "username": username, "password": password}).encode()
        return self._sign_in("/v2/token", body, "application/x-www-form-urlencoded", "user name and password")

    def verify_mfa(
        self, pending_token: str, code: str, *, pending_field: str = "pendingToken", code_field: str = "code"
    ) -> SignIn:
        """POST /v2/token/mfa-verify, without a bearer. The body's field names are undocumented, hence configurable."""
        body = json.dumps({pending_field: pending_token, code_field: code}).encode()
        return self._sign_in("/v2/token/mfa-verify", body, "application/json", "code")

    def _sign_in(self, path: str, body: bytes, content_type: str, what: str) -> SignIn:
        try:
            received = self._caller.sign_in(path, body, content_type)
        except (NotAuthenticated, Rejected) as error:
            error.message = f"LoyaltyDog did not accept this {what}."
            error.next_step = "Check what you entered and try again."
            error.turn = "you"
            raise
        return received.read(lambda value: read_model(SignIn, value))


def _one_of(customer_id: str | None, email: str | None, phone: str | None) -> Query:
    if sum(value is not None for value in (customer_id, email, phone)) != 1:
        raise ValueError("exactly one of customer_id, email and phone is needed")
    return {"customerId": customer_id, "customerEmail": email, "customerPhone": phone}


def _consent(value: Any) -> ConsentRecord:
    return read_model(ConsentRecord, value)


def _consent_body(ask: ConsentAsk) -> dict[str, Any]:
    return {
        "purposes": list(ask.purposes),
        "ipAddress": ask.ip_address,
        "customerEmail": ask.customer_email,
        "customerPhone": ask.customer_phone,
    }


def _scope(program_id: str | None, card_id: str | None) -> dict[str, str | None]:
    return {"programId": program_id, "cardId": card_id}


def _cards_path(program_id: str | None, last: str) -> str:
    return (
        path_to("giftcards", "programs", last)
        if program_id is None
        else path_to("giftcards", "programs", program_id, last)
    )
