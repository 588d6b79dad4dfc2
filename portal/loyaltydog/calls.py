"""One API call: headers, body, limits, repeats. Knows the API's manners, not its operations.

Each call carries its own X-Request-Id, so that even a call without an answer can be asked about.
"""

import json
import random
import ssl
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

from .connection import Connection
from .errors import LoyaltyDogError, NotAuthenticated, UnreadableAnswer
from .file_errors import TooLarge
from .network.limits import MAX_ANSWER_BYTES, MAX_ERROR_BODY_BYTES, Deadline
from .network.line import Resolver
from .network.transport import Answer, Outgoing, exchange
from .parsing import parse_json
from .retry import retry_reads
from .status_errors import error_for, request_id_of

__all__ = ["Caller", "Query", "Received", "path_to", "target_of"]

Result = TypeVar("Result")
Query = Mapping[str, str | int | bool | Sequence[str] | None]


@dataclass(frozen=True)
class Received:
    """A 2xx answer, read whole."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    request_id: str

    def read(self, reader: Callable[[Any], Result]) -> Result:
        """What ``reader`` makes of the JSON body. Raises UnreadableAnswer with status and request id."""
        try:
            return reader(parse_json(self.body))
        except UnreadableAnswer as error:
            error.status = self.status
            error.request_id = request_id_of(self.headers) or self.request_id
            raise


def _received(answer: Answer, request_id: str) -> Received:
    if not 200 <= answer.status < 300:
        try:
            body = b"".join(answer.chunks(MAX_ERROR_BODY_BYTES))
        except LoyaltyDogError:
            body = b""  # the status line has already decided
        raise error_for(answer.status, answer.headers, body, sent_request_id=request_id)
    if answer.headers.get("content-encoding", "").strip().lower() not in ("", "identity"):
        raise UnreadableAnswer("answer is compressed although plain bytes were asked for", status=answer.status)
    problem: str
    try:
        return Received(answer.status, answer.headers, b"".join(answer.chunks(MAX_ANSWER_BYTES)), request_id)
    except TooLarge as error:
        problem = error.detail
    raise UnreadableAnswer(f"answer is too large: {problem}", status=answer.status)


class Caller:
    """Sends calls over one connection; immutable, hence safe to share between threads."""

    def __init__(
        self,
        connection: Connection,
        resolver: Resolver | None,
        ssl_context: ssl.SSLContext | None,
        sleep: Callable[[float], None],
    ) -> None:
        self._connection = connection
        self._base = connection.base_address
        self._resolver = resolver
        self._ssl_context = ssl_context
        self._sleep = sleep

    def sign_in(self, path: str, body: bytes, content_type: str) -> Received:
        """A POST without the bearer, once."""
        return self._send("POST", path, self._deadline(), body=body, content_type=content_type, bearer=False)

    def _deadline(self) -> Deadline:
        return Deadline(self._connection.timeout_seconds)

    def get(self, path: str, query: Query | None = None, *, read: Callable[[Any], Result]) -> Result:
        """A GET, repeated as ``retry_reads`` decides while the connection's total time lasts."""
        return self._repeated(path, query, lambda received: received.read(read))

    def get_unread(self, path: str, query: Query | None = None) -> Received:
        """A GET like ``get``, its answer not yet interpreted: for who keeps the bytes before reading them."""
        return self._repeated(path, query, lambda received: received)

    def _repeated(self, path: str, query: Query | None, use: Callable[[Received], Result]) -> Result:
        deadline, attempt = self._deadline(), 1
        while True:
            try:
                return use(self._send("GET", target_of(path, query or {}), deadline))
            except LoyaltyDogError as error:
                decision = retry_reads(error, attempt, random.random())  # noqa: S311 - spreads load, guards nothing
                if not decision.retry or decision.after_seconds >= deadline.left():
                    error.as_read()
                    raise
            self._sleep(decision.after_seconds)
            attempt += 1

    def post(self, path: str, query: Query, body: Mapping[str, Any]) -> Received:
        """A POST of the fields that are not None, at most once."""
        content = json.dumps({name: value for name, value in body.items() if value is not None}).encode()
        return self._send(
            "POST", target_of(path, query), self._deadline(), body=content, content_type="application/json"
        )

    def _send(
        self,
        method: str,
        target: str,
        deadline: Deadline,
        *,
        body: bytes | None = None,
        content_type: str | None = None,
        bearer: bool = True,
    ) -> Received:
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
                proxy=self._connection.proxy,
            ) as answer:
                return _received(answer, request_id)
        except LoyaltyDogError as error:
            error.request_id = error.request_id or request_id
            raise


def path_to(*segments: str) -> str:
    """/v2/... with each segment quoted. Raises ValueError for one that would climb or vanish."""
    if any(segment in ("", ".", "..") for segment in segments):
        raise ValueError("an id is empty or would change the path")
    return "/v2/" + "/".join(quote(segment, safe="") for segment in segments)


def target_of(path: str, query: Query) -> str:
    """Path and query as they go on the wire; None is left out, a sequence repeats its name."""
    given = {
        name: ("true" if value else "false") if isinstance(value, bool) else value
        for name, value in query.items()
        if value is not None
    }
    text = urlencode(given, doseq=True, quote_via=quote)
    return f"{path}?{text}" if text else path
