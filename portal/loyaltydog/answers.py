"""Reading answers to particular calls: parsed JSON and headers in, typed objects out. Pure; no I/O."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from pydantic import SecretStr

from .errors import UnreadableAnswer
from .models import CardPage, ExportAnswer, ExportAsk, GiftCard, read_time
from .parsing import for_person, read_list
from .refusals import clock_skew, request_id_of

__all__ = ["EXPORT_NOTES", "read_cards", "read_export"]

EXPORT_NOTES = {
    "requested_at_naive": "requestedAt had no offset and was read as UTC",
    "expires_at_naive": "expiresAt had no offset and was read as UTC",
    "expires_before_requested": "expiresAt is not after requestedAt",
    "expires_far_ahead": "expiresAt is more than 30 days ahead",
    "format_differs": "the answer names another format than the one asked for",
    "download_url_missing": "downloadUrl is empty; the file can still be asked for by its export ID",
    "export_id_unusual": "exportId holds characters other than letters, digits, dot, dash, underscore and colon",
    "status_unknown": "status has a value this portal does not know",
    "clock_skewed": "the vendor's clock and ours differ by more than a minute",
}
_FAR_AHEAD = timedelta(days=30)  # SEC-16
_SKEW_NOTE_SECONDS = 60.0  # SEC-17
Headers = Mapping[str, str]


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
    wrong = [name for name, text in texts.items() if not isinstance(text, str)]
    export_id, status = str(texts["exportId"]), str(texts["status"])
    if not re.fullmatch(r"[\x21-\x7e]{1,256}", export_id):
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
        format=for_person(str(texts["format"]), 100),
        requested_at=times["requestedAt"],
        expires_at=times["expiresAt"],
        status=for_person(status, 100),
        request_id=request_id_of(headers) or sent_request_id,
        clock_skew_seconds=clock_skew(headers, now),
    )
    return _with_notes(answer, ask, notes, now)


def _with_notes(answer: ExportAnswer, ask: ExportAsk, notes: list[str], now: datetime) -> ExportAnswer:
    found = {
        "expires_before_requested": answer.expires_at <= answer.requested_at,
        "expires_far_ahead": answer.expires_at - max(now, answer.requested_at) > _FAR_AHEAD,
        "format_differs": answer.format.strip().lower() != ask.format,
        "download_url_missing": not answer.download_url.get_secret_value().strip(),
        "export_id_unusual": not re.fullmatch(r"[A-Za-z0-9._:-]+", answer.export_id, re.ASCII),
        "status_unknown": answer.meaning == "unknown",
        "clock_skewed": abs(answer.clock_skew_seconds or 0.0) > _SKEW_NOTE_SECONDS,
    }
    return replace(answer, notes=(*notes, *(note for note, holds in found.items() if holds)))
