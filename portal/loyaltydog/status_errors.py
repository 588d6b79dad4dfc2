"""Reading refusals: status, headers and any of the four documented error bodies in, one typed error out. Pure; no I/O.

``detail`` never quotes the body: a 422 repeats the typed e-mail in ``input`` and sometimes in ``msg`` (SEC-18).
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from .errors import (
    FieldProblem,
    Forbidden,
    Gone,
    LoyaltyDogError,
    NotAuthenticated,
    NotFound,
    RateLimited,
    Rejected,
    ServerTrouble,
    StatusError,
    SubscriptionInactive,
    TimedOut,
    UnreadableAnswer,
)
from .file_errors import RedirectRefused
from .parsing import for_person, parse_json, place

__all__ = ["clock_skew", "error_for", "request_id_of", "retry_after"]

_MAX_RETRY_AFTER_SECONDS = 7 * 24 * 60 * 60.0
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,128}", re.ASCII)
_TOKEN = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,63}", re.ASCII)
_STATUS_ERRORS: dict[int, type[StatusError]] = {
    401: NotAuthenticated,
    402: SubscriptionInactive,
    403: Forbidden,
    404: NotFound,
    410: Gone,
    429: RateLimited,
}
Headers = Mapping[str, str]


def error_for(status: int, headers: Headers, body: bytes, *, sent_request_id: str | None = None) -> LoyaltyDogError:
    """The error for a response of this status; reads the four documented error bodies and tolerates any other."""
    facts = _ErrorBody(body)
    request_id = request_id_of(headers) or facts.request_id or sent_request_id
    detail = f"HTTP {status}" + (f", {facts.described}" if facts.described else "")
    if 200 <= status < 300:
        return UnreadableAnswer(detail, status=status, request_id=request_id)
    if 300 <= status < 400 or status < 200:
        return RedirectRefused(
            detail,
            status=status,
            request_id=request_id,
            message="LoyaltyDog's address answered by pointing somewhere else.",
            next_step="Ask a manager to check the API address in Settings.",
            turn="manager",
        )
    if status == 408:  # the vendor stopped waiting; what it did with what it had is not known
        return TimedOut(detail, status=status, request_id=request_id)
    kind = ServerTrouble if status >= 500 else _STATUS_ERRORS.get(status, Rejected)
    return kind(
        detail,
        status=status,
        request_id=request_id,
        retry_after_seconds=retry_after(headers) if status in (429, 503) else None,
        fields=facts.fields,
        vendor_says=facts.message,
    )


def request_id_of(headers: Headers) -> str | None:
    """The vendor's X-Request-Id, if it has the documented shape."""
    text = headers.get("x-request-id", "")
    return text if _REQUEST_ID.fullmatch(text) else None


def retry_after(headers: Headers, now: datetime | None = None) -> float | None:
    """Seconds to wait from Retry-After, given as seconds or as an HTTP date (counted from the answer's own Date)."""
    text = headers.get("retry-after", "").strip()
    if re.fullmatch(r"\d{1,9}(\.\d{1,9})?", text, re.ASCII):
        return min(float(text), _MAX_RETRY_AFTER_SECONDS)
    until = _http_date(text)
    if until is None:
        return None
    reference = _http_date(headers.get("date", "")) or now or datetime.now(UTC)
    return min(max((until - reference).total_seconds(), 0.0), _MAX_RETRY_AFTER_SECONDS)


def clock_skew(headers: Headers, now: datetime) -> float | None:
    """The vendor's clock minus ours, in seconds, from the Date header."""
    date = _http_date(headers.get("date", ""))
    return None if date is None else (date - now).total_seconds()


def _http_date(text: str) -> datetime | None:
    try:
        parsed = parsedate_to_datetime(text)
        return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


class _ErrorBody:
    """What an error body says, in any of the four documented shapes."""

    def __init__(self, body: bytes) -> None:
        self.message: str | None = None
        self.request_id: str | None = None
        self.fields: tuple[FieldProblem, ...] = ()
        self._code: str | None = None
        try:
            value = parse_json(body)
        except UnreadableAnswer:
            value = None
        if isinstance(value, dict):
            self._read(value)

    @property
    def described(self) -> str:
        """Code and field places only: for the log."""
        places = ", ".join(dict.fromkeys(place(problem.loc) for problem in self.fields))
        return "; ".join(part for part in (self._code, f"fields {places}" if places else None) if part)

    def _read(self, value: dict[str, Any]) -> None:
        inner = value.get("error")
        source = inner if isinstance(inner, dict) else value
        detail = value.get("detail")
        if isinstance(detail, dict):
            source = detail
        if isinstance(detail, list):
            self.fields = tuple(_field_problem(item) for item in detail[:50] if isinstance(item, dict))
        code, request_id = source.get("code"), source.get("request_id")
        message = detail if isinstance(detail, str) else source.get("message")
        self._code = code if isinstance(code, str) and _TOKEN.fullmatch(code) else None
        self.request_id = request_id if isinstance(request_id, str) and _REQUEST_ID.fullmatch(request_id) else None
        self.message = for_person(message) if isinstance(message, str) and message.strip() else None


def _field_problem(item: dict[str, Any]) -> FieldProblem:
    loc = item.get("loc")
    parts = loc[:10] if isinstance(loc, list) else []
    clean = tuple(
        int(part) if isinstance(part, str) and part.isascii() and part.isdigit() and len(part) < 6 else part
        for part in parts
    )
    kept = tuple(part for part in clean if isinstance(part, int) or (isinstance(part, str) and _TOKEN.fullmatch(part)))
    msg, kind = item.get("msg"), item.get("type")
    return FieldProblem(
        kept,
        for_person(msg) if isinstance(msg, str) else "",
        kind if isinstance(kind, str) and _TOKEN.fullmatch(kind) else "",
    )
