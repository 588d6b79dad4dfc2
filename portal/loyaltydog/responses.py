"""Reading answers to particular calls: parsed JSON and headers in, typed objects out. Pure; no I/O."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from pydantic import SecretStr

from .errors import UnreadableAnswer
from .models import (
    SKEW_NOTED_SECONDS,
    CardPage,
    CustomerPage,
    ExportAnswer,
    GiftCard,
    LoyaltyCustomer,
    read_time,
)
from .params import ExportAsk
from .parsing import for_person, read_list, without_addresses
from .status_errors import clock_skew, request_id_of

__all__ = ["EXPORT_NOTES", "read_cards", "read_customers", "read_export"]

EXPORT_NOTES = {
    "requested_at_naive": "LoyaltyDog's time of the request had no time zone; it was read as UTC.",
    "expires_at_naive": "LoyaltyDog's time of expiry had no time zone; it was read as UTC.",
    "requested_at_unknown": "LoyaltyDog's answer holds no time of the request that can be read.",
    "expires_at_unknown": "LoyaltyDog did not say when the link expires, or not in a way that can be read; "
    "one hour is assumed.",
    "expires_before_requested": "By LoyaltyDog's own times the link expires before it was asked for.",
    "expires_far_ahead": "LoyaltyDog says that the link lives for more than 30 days; do not rely on it.",
    "format_differs": "LoyaltyDog's answer names another format than the one asked for; the file itself was checked.",
    "download_url_missing": "LoyaltyDog's answer holds no link to the file.",
    "export_id_unusual": "LoyaltyDog's export ID has an unusual form; quote it exactly.",
    "status_unknown": "LoyaltyDog's word for the state is not one this portal knows; the file itself was checked.",
    "clock_skewed": "LoyaltyDog's clock and this portal's differ by more than a minute.",
}
"""What was odd about an answer that could be used all the same: code and sentence for the person (SEC-16, SEC-17)."""

ASSUMED_LIFE = timedelta(hours=1)
"""Of a link whose expiry is not known: the shortest that storage hosts give by default."""
_FAR_AHEAD = timedelta(days=30)  # SEC-16
Headers = Mapping[str, str]


def read_cards(value: object) -> CardPage:
    """A page of cards from a bare list or an envelope with a total; the vendor declares neither."""
    return CardPage(read_list(GiftCard, value), _total(value))


def read_customers(value: object) -> CustomerPage:
    """A page of loyalty customers from a bare list, or ``{customers, total}``; prose names both."""
    inner = value["customers"] if isinstance(value, dict) and "customers" in value else value
    return CustomerPage(read_list(LoyaltyCustomer, inner), _total(value))


def _total(value: object) -> int | None:
    if not isinstance(value, dict):
        return None
    text = next((value[key] for key in ("total", "totalCount", "count") if key in value), None)
    known = isinstance(text, str) and len(text) < 16 and text.isascii() and text.isdigit()
    return int(str(text)) if known else None


def read_export(
    value: object, headers: Headers, ask: ExportAsk, *, sent_request_id: str, now: datetime
) -> ExportAnswer:
    """The answer to an export POST, checked against SEC-16 and SEC-17. Raises UnreadableAnswer.

    Only the field that identifies the export is required. ``status`` decides nothing: the file itself is inspected. A
    response without a link is accepted; fetching it raises LinkMissing. A missing or unreadable time is noted and
    replaced: requested now, link valid for ``ASSUMED_LIFE``.
    """
    if not isinstance(value, dict):
        raise UnreadableAnswer("export answer is not an object")
    export_id = value.get("exportId")
    if not isinstance(export_id, str) or not re.fullmatch(r"[\x21-\x7e]{1,256}", export_id):
        raise UnreadableAnswer("export answer not as documented: exportId")
    notes: list[str] = []
    skew = clock_skew(headers, now)
    there = now + timedelta(seconds=skew or 0.0)  # by the vendor's clock, as the times it sends are
    requested_at = _time(value.get("requestedAt"), "requested_at", there, notes)
    expires_at = _time(value.get("expiresAt"), "expires_at", there + ASSUMED_LIFE, notes)
    answer = ExportAnswer(
        export_id=export_id,
        download_url=SecretStr(_text(value, "downloadUrl")),
        format=for_person(_text(value, "format"), 100),
        requested_at=requested_at,
        expires_at=expires_at,
        status=without_addresses(for_person(_text(value, "status"), 100)),
        request_id=request_id_of(headers) or sent_request_id,
        clock_skew_seconds=skew,
    )
    return _with_notes(answer, ask, notes, now)


def _time(value: object, name: str, otherwise: datetime, notes: list[str]) -> datetime:
    """The time, or `otherwise`; what was odd about it is added to `notes`."""
    try:
        moment, naive = read_time(value)
    except ValueError:
        notes.append(f"{name}_unknown")
        return otherwise
    if naive:
        notes.append(f"{name}_naive")
    return moment


def _text(value: dict[str, object], name: str) -> str:
    found = value.get(name)
    return found if isinstance(found, str) else ""


def _with_notes(answer: ExportAnswer, ask: ExportAsk, notes: list[str], now: datetime) -> ExportAnswer:
    found = {
        "expires_before_requested": answer.expires_at <= answer.requested_at,
        "expires_far_ahead": answer.expires_at - max(now, answer.requested_at) > _FAR_AHEAD,
        "format_differs": answer.format.strip().lower() != ask.format,
        "download_url_missing": not answer.download_url.get_secret_value().strip(),
        "export_id_unusual": not re.fullmatch(r"[A-Za-z0-9._:-]+", answer.export_id, re.ASCII),
        "status_unknown": answer.meaning == "unknown",
        "clock_skewed": abs(answer.clock_skew_seconds or 0.0) > SKEW_NOTED_SECONDS,
    }
    return replace(answer, notes=(*notes, *(note for note, holds in found.items() if holds)))
