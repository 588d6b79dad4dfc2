"""Reading answers to particular calls: parsed JSON and headers in, typed objects out. Pure; no I/O."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from pydantic import SecretStr

from .asks import ExportAsk
from .errors import UnreadableAnswer
from .models import SKEW_NOTED_SECONDS, CardPage, ExportAnswer, GiftCard, read_time
from .parsing import for_person, read_list, without_addresses
from .refusals import clock_skew, request_id_of

__all__ = ["EXPORT_NOTES", "read_cards", "read_export"]

EXPORT_NOTES = {
    "requested_at_naive": "LoyaltyDog's time of the request had no time zone; it was read as UTC.",
    "expires_at_naive": "LoyaltyDog's time of expiry had no time zone; it was read as UTC.",
    "expires_before_requested": "By LoyaltyDog's own times the link expires before it was asked for.",
    "expires_far_ahead": "LoyaltyDog says that the link lives for more than 30 days; do not rely on it.",
    "format_differs": "LoyaltyDog's answer names another format than the one asked for; the file itself was checked.",
    "download_url_missing": "LoyaltyDog's answer holds no link to the file.",
    "export_id_unusual": "LoyaltyDog's export ID has an unusual form; quote it exactly.",
    "status_unknown": "LoyaltyDog's word for the state is not one this portal knows; the file itself was checked.",
    "clock_skewed": "LoyaltyDog's clock and this portal's differ by more than a minute.",
}
"""What was odd about an answer that could be used all the same: code and sentence for the person (SEC-16, SEC-17)."""

_FAR_AHEAD = timedelta(days=30)  # SEC-16
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
    """The answer to an export POST, checked against SEC-16 and SEC-17. Raises UnreadableAnswer.

    Only what names the export and its times must be as documented. Which word ``status`` holds, or none, decides
    nothing: the file is judged by itself. An answer without a link is an answer; fetching it raises LinkMissing.
    """
    if not isinstance(value, dict):
        raise UnreadableAnswer("export answer is not an object")
    texts = {name: value.get(name) for name in ("exportId", "requestedAt", "expiresAt")}
    wrong = [name for name, text in texts.items() if not isinstance(text, str)]
    export_id = str(texts["exportId"])
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
        download_url=SecretStr(_text(value, "downloadUrl")),
        format=for_person(_text(value, "format"), 100),
        requested_at=times["requestedAt"],
        expires_at=times["expiresAt"],
        status=without_addresses(for_person(_text(value, "status"), 100)),
        request_id=request_id_of(headers) or sent_request_id,
        clock_skew_seconds=clock_skew(headers, now),
    )
    return _with_notes(answer, ask, notes, now)


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
