"""The LoyaltyDog API, call by call.

Reads (GET) are repeated by ``retry_reads`` within the connection's total time; whatever writes is sent at most once and never
repeated here (SEC-13). Each call carries its own X-Request-Id, so that even a call without an answer can be asked about.
Every call raises LoyaltyDogError and nothing else of the network's. Source: api/openapi.yaml.
"""

import json
import random
import ssl
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import quote, urlencode

from . import answers
from .connection import Connection
from .errors import LoyaltyDogError, NotAuthenticated, Rejected, TooLarge, UnreadableAnswer
from .fetch import FetchedFile, FetchPolicy, fetch_file
from .limits import MAX_ANSWER_BYTES, MAX_ERROR_BODY_BYTES, Deadline
from .models import (
    AuditLogPage,
    CardPage,
    ConsentAsk,
    ConsentRecord,
    ErasureAnswer,
    ErasureAsk,
    ExportAnswer,
    ExportAsk,
    FileFormat,
    GiftCard,
    Program,
    SignIn,
    Transaction,
    User,
)
from .retry import retry_reads
from .transport import Answer, Outgoing, check_ssl_context, exchange
from .wire import Resolver

__all__ = ["LoyaltyDog"]

Result = TypeVar("Result")
Query = Mapping[str, str | int | bool | Sequence[str] | None]


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
        self._base = connection.base_address
        self._resolver = resolver
        self._ssl_context = check_ssl_context(ssl_context) if ssl_context is not None else None
        self._sleep = sleep

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
        return self._get("/v2/token", read=lambda value: answers.read_model(User, value))

    def programs(self) -> list[Program]:
        """GET /v2/loyalty/programs: the merchant's programs, unpaged."""
        return self._get("/v2/loyalty/programs", read=lambda value: answers.read_list(Program, value))

    # Gift cards

    def search_cards(self, text: str, *, program_id: str | None = None, page: int = 1, limit: int = 50) -> CardPage:
        """Cards by number, last four digits, customer name or e-mail; exact or partial is undocumented."""
        query: Query = {"q": text, "page": page, "limit": limit}
        return self._get(_cards_path(program_id, "search"), query, read=answers.read_cards)

    def cards(
        self,
        *,
        program_id: str | None = None,
        status: str | None = None,
        positive_balance: bool | None = None,
        page: int = 1,
        limit: int = 50,
    ) -> CardPage:
        """Cards of one program, or of all."""
        query: Query = {"status": status, "positive_balance": positive_balance, "page": page, "limit": limit}
        return self._get(_cards_path(program_id, "cards"), query, read=answers.read_cards)

    def card(self, program_id: str, card_id: str, *, include_transactions: bool = False) -> GiftCard:
        """One card, on request with its transactions."""
        path = _path("giftcards", "programs", program_id, "cards", card_id)
        query: Query = {"include_transactions": include_transactions or None}
        return self._get(path, query, read=lambda value: answers.read_model(GiftCard, value))

    def card_transactions(self, program_id: str, card_id: str, *, page: int = 1, limit: int = 50) -> list[Transaction]:
        """Money moves of one card, newest first."""
        path = _path("giftcards", "programs", program_id, "cards", card_id, "transactions")
        query: Query = {"page": page, "limit": limit}
        return self._get(path, query, read=lambda value: answers.read_list(Transaction, value))

    # Exports

    def request_export(self, ask: ExportAsk) -> ExportAnswer:
        """POST /v2/giftcards/gdpr/export, sent at most once (SEC-13).

        On an error, ``delivery`` tells whether LoyaltyDog may have acted; repeat only as ``retry_export_post`` decides.
        """
        body = {"format": ask.format, "customerId": ask.customer_id, "customerEmail": ask.customer_email}
        received = self._post("/v2/giftcards/gdpr/export", _scope(ask.program_id, ask.card_id), body)

        def read(value: Any) -> ExportAnswer:
            return answers.read_export(
                value, received.headers, ask, sent_request_id=received.request_id, now=datetime.now(UTC)
            )

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
        return _target("/v2/giftcards/gdpr/download", {**query, **_scope(ask.program_id, ask.card_id)})

    def loyalty_customer_export(
        self, program_id: str, customer_id: str, *, format: FileFormat, sink: Callable[[bytes], None]
    ) -> FetchedFile:
        """The loyalty system's own export: the data itself, passed to ``sink`` under the guarded fetch's limits."""
        path = _path("loyalty", "programs", program_id, "customers", customer_id, "export")
        connection = self._connection
        policy = FetchPolicy(connection.base_url, allow_loopback_http=connection.allow_loopback_http)
        return fetch_file(
            _target(path, {"format": format}),
            policy,
            expected_format=format,
            sink=sink,
            connection=connection,
            resolver=self._resolver,
            ssl_context=self._ssl_context,
        )

    # Erasure and consent

    def erase(self, ask: ErasureAsk) -> ErasureAnswer:
        """POST /v2/giftcards/gdpr/erasure, sent at most once. Whether it can be undone is undocumented."""
        body = {"customerId": ask.customer_id, "customerEmail": ask.customer_email, "reason": ask.reason}
        received = self._post("/v2/giftcards/gdpr/erasure", _scope(ask.program_id, ask.card_id), body)
        return received.read(lambda value: answers.read_model(ErasureAnswer, value))

    def find_consent(
        self, *, customer_id: str | None = None, email: str | None = None, phone: str | None = None
    ) -> ConsentRecord:
        """GET .../consent/lookup by exactly one identifier. Raises ValueError for none or several."""
        if sum(value is not None for value in (customer_id, email, phone)) != 1:
            raise ValueError("exactly one of customer_id, email and phone is needed")
        query: Query = {"customerId": customer_id, "customerEmail": email, "customerPhone": phone}
        return self._get("/v2/giftcards/gdpr/consent/lookup", query, read=_consent)

    def consent(self, customer_id: str) -> ConsentRecord:
        """GET .../consent/{customerId}."""
        return self._get(_path("giftcards", "gdpr", "consent", customer_id), read=_consent)

    def write_consent(self, customer_id: str, ask: ConsentAsk) -> ConsentRecord:
        """POST .../consent/{customerId}, once; whether purposes replace or add is undocumented."""
        return self._post(_path("giftcards", "gdpr", "consent", customer_id), {}, _consent_body(ask)).read(_consent)

    def create_consent(self, ask: ConsentAsk) -> ConsentRecord:
        """POST .../consent for a customer named by e-mail or phone, once. Raises ValueError without either."""
        if not (ask.customer_email or ask.customer_phone):
            raise ValueError("customer_email or customer_phone is needed")
        return self._post("/v2/giftcards/gdpr/consent", {}, _consent_body(ask)).read(_consent)

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
        return self._get("/v2/giftcards/audit-logs", query, read=lambda value: answers.read_model(AuditLogPage, value))

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
            received = self._send("POST", path, self._deadline(), body=body, content_type=content_type, bearer=False)
        except (NotAuthenticated, Rejected) as error:
            error.message = f"LoyaltyDog did not accept this {what}."
            error.next_step = "Check what you entered and try again."
            error.turn = "you"
            raise
        return received.read(lambda value: answers.read_model(SignIn, value))

    # Sending

    def _deadline(self) -> Deadline:
        return Deadline(self._connection.timeout_seconds)

    def _get(self, path: str, query: Query | None = None, *, read: Callable[[Any], Result]) -> Result:
        deadline, attempt = self._deadline(), 1
        while True:
            try:
                return self._send("GET", _target(path, query or {}), deadline).read(read)
            except LoyaltyDogError as error:
                decision = retry_reads(error, attempt, random.random())  # noqa: S311 - spreads load, guards nothing
                if not decision.retry or decision.after_seconds >= deadline.left():
                    error.as_read()
                    raise
            self._sleep(decision.after_seconds)
            attempt += 1

    def _post(self, path: str, query: Query, body: Mapping[str, Any]) -> "_Received":
        content = json.dumps({name: value for name, value in body.items() if value is not None}).encode()
        return self._send("POST", _target(path, query), self._deadline(), body=content, content_type="application/json")

    def _send(
        self,
        method: str,
        target: str,
        deadline: Deadline,
        *,
        body: bytes | None = None,
        content_type: str | None = None,
        bearer: bool = True,
    ) -> "_Received":
        """One request, once. Raises LoyaltyDogError for everything but a 2xx with a body within limits."""
        request_id = uuid.uuid4().hex
        headers = [
            ("Accept", "application/json"),
            ("User-Agent", "loyaltydog-privacy-portal"),
            ("X-Request-Id", request_id),
        ]
        if content_type is not None:
            headers.append(("Content-Type", content_type))
        if bearer:
            if not self._connection.token:
                raise NotAuthenticated("no token configured", delivery="never_sent")
            headers += self._connection.credentials()
        outgoing = Outgoing(method, replace(self._base, target=target), headers, body)
        try:
            with exchange(
                outgoing,
                deadline,
                allow_loopback=self._connection.allow_loopback_http,
                resolver=self._resolver,
                ssl_context=self._ssl_context,
            ) as answer:
                return _received(answer, request_id)
        except LoyaltyDogError as error:
            error.request_id = error.request_id or request_id
            raise


@dataclass(frozen=True)
class _Received:
    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    request_id: str

    def read(self, reader: Callable[[Any], Result]) -> Result:
        try:
            return reader(answers.parse_json(self.body))
        except UnreadableAnswer as error:
            error.status = self.status
            error.request_id = answers.request_id_of(self.headers) or self.request_id
            raise


def _received(answer: Answer, request_id: str) -> _Received:
    if not 200 <= answer.status < 300:
        try:
            body = b"".join(answer.chunks(MAX_ERROR_BODY_BYTES))
        except LoyaltyDogError:
            body = b""  # the status line has already decided
        raise answers.error_for(answer.status, answer.headers, body, sent_request_id=request_id)
    if answer.headers.get("content-encoding", "").strip().lower() not in ("", "identity"):
        raise UnreadableAnswer("answer is compressed although plain bytes were asked for", status=answer.status)
    problem: str
    try:
        return _Received(answer.status, answer.headers, b"".join(answer.chunks(MAX_ANSWER_BYTES)), request_id)
    except TooLarge as error:
        problem = error.detail
    raise UnreadableAnswer(f"answer is too large: {problem}", status=answer.status)


def _consent(value: Any) -> ConsentRecord:
    return answers.read_model(ConsentRecord, value)


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
        _path("giftcards", "programs", last) if program_id is None else _path("giftcards", "programs", program_id, last)
    )


def _path(*segments: str) -> str:
    """/v2/... with each segment quoted. Raises ValueError for one that would climb or vanish."""
    if any(segment in ("", ".", "..") for segment in segments):
        raise ValueError("an id is empty or would change the path")
    return "/v2/" + "/".join(quote(segment, safe="") for segment in segments)


def _target(path: str, query: Query) -> str:
    given = {
        name: ("true" if value else "false") if isinstance(value, bool) else value
        for name, value in query.items()
        if value is not None
    }
    text = urlencode(given, doseq=True, quote_via=quote)
    return f"{path}?{text}" if text else path
