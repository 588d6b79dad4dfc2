"""Reading answers: bytes and headers in, typed objects or typed errors out. Pure; no I/O.

Rules kept: nothing a vendor sends raises anything but LoyaltyDogError; ``detail`` never quotes the body (a 422 repeats the
typed e-mail in ``input`` and sometimes in ``msg``, SEC-18); duplicate keys, NaN and deep nesting are refused.
"""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

from pydantic import BaseModel, SecretStr, ValidationError

from .errors import (
    FieldProblem,
    Forbidden,
    Gone,
    LoyaltyDogError,
    NotAuthenticated,
    NotFound,
    RateLimited,
    RedirectRefused,
    Rejected,
    ServerTrouble,
    StatusError,
    SubscriptionInactive,
    TimedOut,
    UnreadableAnswer,
)
from .limits import MAX_JSON_DEPTH
from .models import CardPage, ExportAnswer, ExportAsk, GiftCard, read_time

__all__ = [
    "EXPORT_NOTES",
    "clock_skew",
    "error_for",
    "parse_json",
    "read_cards",
    "read_export",
    "read_list",
    "read_model",
    "request_id_of",
    "retry_after",
]

EXPORT_NOTES = {
    "requested_at_naive": "requestedAt had no offset and was read as UTC",
    "expires_at_naive": "expiresAt had no offset and was read as UTC",
    "expires_before_requested": "expiresAt is not after requestedAt",
    "expires_far_ahead": "expiresAt is more than 30 days ahead",
    "format_differs": "the answer names another format than the one asked for",
    "export_id_unusual": "exportId holds characters other than letters, digits, dot, dash, underscore and colon",
    "status_unknown": "status has a value this portal does not know",
    "clock_skewed": "the vendor's clock and ours differ by more than a minute",
}
_FAR_AHEAD = timedelta(days=30)  # SEC-16
_SKEW_NOTE_SECONDS = 60.0  # SEC-17
_MAX_RETRY_AFTER_SECONDS = 7 * 24 * 60 * 60.0

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,128}", re.ASCII)
_TOKEN = re.compile(r"[A-Za-z0-9_.-]{1,64}", re.ASCII)
_SURROGATE = re.compile("[\ud800-\udfff]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_STATUS_ERRORS: dict[int, type[StatusError]] = {
    401: NotAuthenticated,
    402: SubscriptionInactive,
    403: Forbidden,
    404: NotFound,
    410: Gone,
    429: RateLimited,
}
Model = TypeVar("Model", bound=BaseModel)
Headers = Mapping[str, str]


class _Number(str):
    """A JSON number as it was written: ``1.10`` stays ``1.10`` and 5,000 digits stay harmless."""

    __slots__ = ()


def parse_json(body: bytes) -> Any:
    """JSON with numbers as the text they were sent as, lone surrogates replaced. Raises UnreadableAnswer."""
    problem: str
    try:
        text = body.decode("utf-8-sig")
        return _checked(
            json.loads(
                text,
                parse_float=_Number,
                parse_int=_Number,
                parse_constant=_refuse,
                object_pairs_hook=_without_duplicates,
            )
        )
    except UnicodeDecodeError:
        problem = "body is not UTF-8"
    except RecursionError:
        problem = "body is nested too deeply"
    except ValueError as trouble:
        problem = str(trouble) if isinstance(trouble, _NotPlainJson) else "body is not JSON"
    raise UnreadableAnswer(problem)


def read_model(model: type[Model], value: object) -> Model:
    """One object of the expected kind. Raises UnreadableAnswer naming the fields, never their values."""
    try:
        return model.model_validate(value)
    except ValidationError as trouble:
        names = sorted(
            {_place(problem["loc"]) for problem in trouble.errors(include_input=False, include_context=False)}
        )
    raise UnreadableAnswer(f"{model.__name__} not as documented: {', '.join(names[:10])}")


def read_list(model: type[Model], value: object) -> list[Model]:
    """A bare list, or an envelope around one. Raises UnreadableAnswer."""
    if isinstance(value, dict):
        value = next(
            (value[key] for key in ("items", "data", "results", "cards", "programs", "transactions") if key in value),
            None,
        )
    if not isinstance(value, list):
        raise UnreadableAnswer(f"no list of {model.__name__} in the answer")
    return [read_model(model, item) for item in value]


def read_cards(value: object) -> CardPage:
    """A page of cards from a bare list or an envelope with a total; the vendor declares neither."""
    total = None
    if isinstance(value, dict):
        text = next((value[key] for key in ("total", "totalCount", "count") if key in value), None)
        if isinstance(text, str) and len(text) < 16 and text.isascii() and text.isdigit():
            total = int(text)
    return CardPage(read_list(GiftCard, value), total)


def read_export(
    value: object, headers: Headers, ask: ExportAsk, *, sent_request_id: str, now: datetime
) -> ExportAnswer:
    """The answer to an export POST, checked against SEC-16 and SEC-17. Raises UnreadableAnswer."""
    if not isinstance(value, dict):
        raise UnreadableAnswer("export answer is not an object")
    texts = {
        name: value.get(name) for name in ("exportId", "downloadUrl", "format", "requestedAt", "expiresAt", "status")
    }
    wrong = [name for name, text in texts.items() if not isinstance(text, str) or not text.strip()]
    export_id, status = str(texts["exportId"]), str(texts["status"])
    if not export_id.isascii() or not export_id.isprintable() or len(export_id) > 256:
        wrong.append("exportId")
    notes: list[str] = []
    times: dict[str, datetime] = {}
    for name, note in (("requestedAt", "requested_at_naive"), ("expiresAt", "expires_at_naive")):
        try:
            times[name], naive = read_time(texts[name])
        except ValueError:
            wrong.append(name)
        else:
            notes += [note] if naive else []
    if wrong:
        raise UnreadableAnswer(f"export answer not as documented: {', '.join(sorted(set(wrong)))}")
    answer = ExportAnswer(
        export_id=export_id,
        download_url=SecretStr(str(texts["downloadUrl"])),
        format=_CONTROL.sub(" ", str(texts["format"]))[:100],
        requested_at=times["requestedAt"],
        expires_at=times["expiresAt"],
        status=_CONTROL.sub(" ", status)[:100],
        request_id=request_id_of(headers) or sent_request_id,
        clock_skew_seconds=clock_skew(headers, now),
    )
    return _with_notes(answer, ask, notes, now)


def error_for(status: int, headers: Headers, body: bytes, *, sent_request_id: str | None = None) -> LoyaltyDogError:
    """The error an answer of this status stands for; reads all four documented error bodies, and survives any other."""
    facts = _ErrorBody(body)
    request_id = request_id_of(headers) or facts.request_id or sent_request_id
    detail = f"HTTP {status}" + (f", {facts.described}" if facts.described else "")
    if 200 <= status < 300:
        return UnreadableAnswer(detail, status=status, request_id=request_id)
    if 300 <= status < 400 or status < 200:
        return RedirectRefused(detail, status=status, request_id=request_id)
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
    """Seconds to wait from Retry-After, given as seconds or as an HTTP date (measured against the answer's own Date)."""
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


def _with_notes(answer: ExportAnswer, ask: ExportAsk, notes: list[str], now: datetime) -> ExportAnswer:
    from dataclasses import replace

    found = {
        "expires_before_requested": answer.expires_at <= answer.requested_at,
        "expires_far_ahead": answer.expires_at - max(now, answer.requested_at) > _FAR_AHEAD,
        "format_differs": answer.format.strip().lower() != ask.format,
        "export_id_unusual": not re.fullmatch(r"[A-Za-z0-9._:-]+", answer.export_id, re.ASCII),
        "status_unknown": answer.meaning == "unknown",
        "clock_skewed": abs(answer.clock_skew_seconds or 0.0) > _SKEW_NOTE_SECONDS,
    }
    return replace(answer, notes=(*notes, *(note for note, holds in found.items() if holds)))


class _NotPlainJson(ValueError):
    """Our own findings inside ``json.loads``; their text quotes nothing."""


def _refuse(_: str) -> Any:
    raise _NotPlainJson("body holds NaN or Infinity")


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _NotPlainJson("body repeats a key")
    return found


def _checked(value: Any) -> Any:
    """The same value with lone surrogates replaced, nested at most MAX_JSON_DEPTH deep."""

    def clean(item: Any, depth: int) -> Any:
        if depth > MAX_JSON_DEPTH:
            raise _NotPlainJson("body is nested too deeply")
        if isinstance(item, _Number):
            return item
        if isinstance(item, str):
            return _SURROGATE.sub("\ufffd", item)
        if isinstance(item, list):
            return [clean(entry, depth + 1) for entry in item]
        if isinstance(item, dict):
            return {_SURROGATE.sub("\ufffd", key): clean(entry, depth + 1) for key, entry in item.items()}
        return item

    return clean(value, 0)


def _place(loc: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in loc if isinstance(part, int) or _TOKEN.fullmatch(part)) or "?"


class _ErrorBody:
    """What can be learned from an error body, whichever of the four documented shapes it has."""

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
        places = ", ".join(dict.fromkeys(_place(problem.loc) for problem in self.fields))
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
        self.message = _for_person(message) if isinstance(message, str) and message.strip() else None


def _field_problem(item: dict[str, Any]) -> FieldProblem:
    loc = item.get("loc")
    parts = loc[:10] if isinstance(loc, list) else []
    clean = tuple(
        int(part) if isinstance(part, _Number) and part.isdigit() and len(part) < 6 else part for part in parts
    )
    kept = tuple(part for part in clean if isinstance(part, int) or (isinstance(part, str) and _TOKEN.fullmatch(part)))
    msg = item.get("msg")
    return FieldProblem(kept, _for_person(msg) if isinstance(msg, str) else "")


def _for_person(text: str) -> str:
    return _CONTROL.sub(" ", text).strip()[:500]
