"""Whatever a vendor sends becomes a typed object or a LoyaltyDogError, and never a leak."""

import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from portal.loyaltydog import (
    EXPORT_NOTES,
    AuditLogPage,
    ConsentRecord,
    ErasureAnswer,
    ExportAnswer,
    ExportAsk,
    FieldProblem,
    GiftCard,
    LoyaltyDogError,
    Program,
    RateLimited,
    SignIn,
    Transaction,
    UnreadableAnswer,
    User,
)
from portal.loyaltydog.models import read_time
from portal.loyaltydog.parsing import parse_json, read_list, read_model
from portal.loyaltydog.responses import read_cards, read_export
from portal.loyaltydog.status_errors import error_for, retry_after

pytestmark = pytest.mark.keeps("SEC-16", "SEC-17", "SEC-18")

MODELS: list[type[BaseModel]] = [
    AuditLogPage,
    ConsentRecord,
    ErasureAnswer,
    GiftCard,
    Program,
    SignIn,
    Transaction,
    User,
]
NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
ASK = ExportAsk("json", customer_email="kim@example.com")
CANARY = "kim.canary@example.com"

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
field_names = st.sampled_from(
    [
        "id",
        "_id",
        "email",
        "name",
        "detail",
        "error",
        "code",
        "message",
        "request_id",
        "loc",
        "msg",
        "items",
        "total",
        "page",
        "pages",
        "limit",
        "exportId",
        "downloadUrl",
        "format",
        "requestedAt",
        "expiresAt",
        "status",
        "balance",
        "createdAt",
        "purposes",
        "consentedAt",
        "accessToken",
        "mfaPending",
    ]
)
likely_bodies = st.dictionaries(field_names, json_values, max_size=8)


@given(st.binary(max_size=200) | json_values.map(lambda value: json.dumps(value).encode()))
def test_any_body_is_parsed_or_unreadable(body: bytes) -> None:
    with suppress(UnreadableAnswer):
        parse_json(body)


@given(likely_bodies | json_values)
def test_any_json_becomes_each_model_or_unreadable(value: Any) -> None:
    parsed = _sent(value)
    for model in MODELS:
        with suppress(UnreadableAnswer):
            assert isinstance(read_model(model, parsed), model)
    for read in (lambda: read_cards(parsed), lambda: read_list(Program, parsed)):
        with suppress(UnreadableAnswer):
            read()


@given(likely_bodies)
def test_any_export_answer_has_aware_times_or_is_unreadable(value: Any) -> None:
    good = _export_fields()
    parsed = _sent({**good, **value})
    try:
        answer = read_export(parsed, {"date": str(value.get("name"))}, ASK, sent_request_id="r", now=NOW)
    except UnreadableAnswer:
        return
    assert answer.requested_at.utcoffset() == timedelta(0) == answer.expires_at.utcoffset()


@given(st.integers(100, 599), json_values | likely_bodies, st.text(max_size=20))
def test_any_refusal_becomes_one_error_whose_log_text_quotes_no_value(status: int, body: Any, header: str) -> None:
    error = error_for(status, {"retry-after": header, "x-request-id": header}, _bytes(body))
    assert isinstance(error, LoyaltyDogError)
    assert error.request_id is None or len(error.request_id) <= 128


def _bytes(value: Any) -> bytes:
    return json.dumps(value).encode()


def _sent(value: Any) -> Any:
    try:
        return parse_json(_bytes(value))
    except UnreadableAnswer:
        return None


def _export_fields() -> dict[str, str]:
    return {
        "exportId": "e1",
        "downloadUrl": "/x",
        "format": "json",
        "requestedAt": "2026-11-23T10:00:00Z",
        "expiresAt": "2026-11-24T10:00:00Z",
        "status": "completed",
    }


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "not JSON"),
        (b"<html>", "not JSON"),
        (b"\xff\xfe{", "not UTF-8"),
        (b'{"a":1,"a":2}', "repeats a key"),
        (b'{"a":NaN}', "NaN"),
        (b'{"a":-Infinity}', "NaN or Infinity"),
        (b"[" * 100_000 + b"]" * 100_000, "too deeply"),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "too deeply"),
        (b"[" * 100 + b"]" * 100, "too deeply"),
    ],
)
def test_hostile_json_is_unreadable_and_says_why(body: bytes, reason: str) -> None:
    with pytest.raises(UnreadableAnswer, match=reason):
        parse_json(body)


def test_numbers_stay_the_text_they_were_sent_as() -> None:
    digits = "9" * 5000
    value = parse_json(b'{"a":1.10,"b":00123,"c":1e400}'.replace(b"00123", digits.encode()))
    assert value == {"a": "1.10", "b": digits, "c": "1e400"}
    assert read_model(GiftCard, parse_json(b'{"id":1,"balance":12.50}')).balance == "12.50"


def test_lone_surrogates_become_replacement_characters() -> None:
    assert parse_json(b'{"\\ud800":["\\udfff","\\ud83d\\ude00"]}') == {"\ufffd": ["\ufffd", "\U0001f600"]}


@pytest.mark.parametrize(
    ("text", "naive"),
    [
        ("2026-11-23T10:00:00Z", False),
        ("2026-11-23T10:00:00.123456789Z", False),
        ("2026-11-23 10:00:00", True),
        ("2026-11-23T10:00", True),
        ("2026-11-23T12:00:00+02:00", False),
        ("2026-11-23T12:00:00+0200", False),
        ("2026-11-23T12:00:00 +02", False),
        ("2026-11-23t10:00:00z", False),
        ("2026-11-23T09:59:60Z", False),
        ("2026-11-23T11:00:00+01:00[Europe/Berlin]", False),
        ("2026-11-23T10:00:00Z[!Etc/UTC][u-ca=gregory]", False),
        ("1795428000", False),
        ("1795428000.5", False),
        ("1795428000000", False),
    ],
)
def test_times_are_read_as_utc_and_a_missing_offset_is_told(text: str, naive: bool) -> None:
    moment, was_naive = read_time(text)
    assert (moment.replace(microsecond=0), was_naive) == (NOW, naive)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "2026-11-23",
        "17900000",
        "17",
        "2026-11-23T10:00.5Z",
        "2026-11-23T10:00:00Z[x",
        "0001-01-01T00:00:00+14:00",
        "2026-13-01T00:00:00Z",
    ],
)
def test_text_that_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        read_time(text)


@pytest.mark.parametrize(
    ("change", "headers", "note"),
    [
        ({"requestedAt": "2026-11-23T10:00:00"}, {}, "requested_at_naive"),
        ({"expiresAt": "2026-11-24T10:00:00"}, {}, "expires_at_naive"),
        ({"expiresAt": "2026-11-23T10:00:00Z"}, {}, "expires_before_requested"),
        ({"expiresAt": "2027-11-23T10:00:00Z"}, {}, "expires_far_ahead"),
        ({"expiresAt": None}, {}, "expires_at_unknown"),
        ({"expiresAt": "in two days"}, {}, "expires_at_unknown"),
        ({"requestedAt": []}, {}, "requested_at_unknown"),
        ({"format": "csv"}, {}, "format_differs"),
        ({"exportId": "a/b?c"}, {}, "export_id_unusual"),
        ({"downloadUrl": ""}, {}, "download_url_missing"),
        ({"status": "warp"}, {}, "status_unknown"),
        ({}, {"date": "Mon, 23 Nov 2026 10:10:00 GMT"}, "clock_skewed"),
    ],
)
def test_odd_export_answer_is_kept_and_noted(change: dict[str, str], headers: dict[str, str], note: str) -> None:
    plain = read_export(_export_fields(), {}, ASK, sent_request_id="r", now=NOW)
    assert plain.notes == () and plain.meaning == "ready" and plain.request_id == "r"
    answer = read_export({**_export_fields(), **change}, headers, ASK, sent_request_id="r", now=NOW)
    assert answer.notes == (note,)


@pytest.mark.parametrize("value", [None, [], {}, True])
def test_export_answer_without_its_id_is_unreadable(value: object) -> None:
    with pytest.raises(UnreadableAnswer, match="exportId"):
        read_export({**_export_fields(), "exportId": value}, {}, ASK, sent_request_id="r", now=NOW)


@pytest.mark.parametrize("value", [None, "", "soon", [], {}, True, "9" * 40])
@pytest.mark.parametrize("date", ["Mon, 23 Nov 2026 10:00:00 GMT", "Mon, 23 Nov 2026 12:00:00 GMT"])
def test_an_unknown_expiry_is_an_hour_from_now_by_our_clock(value: object, date: str) -> None:
    answer = read_export({**_export_fields(), "expiresAt": value}, {"date": date}, ASK, sent_request_id="r", now=NOW)
    assert answer.expires_here == NOW + timedelta(hours=1)
    assert "expires_at_unknown" in answer.notes


@pytest.mark.parametrize(
    ("name", "note"),
    [("status", "status_unknown"), ("format", "format_differs"), ("downloadUrl", "download_url_missing")],
)
@pytest.mark.parametrize("value", [None, [], {}, True])
def test_export_answer_is_used_although_a_field_that_decides_nothing_is_missing(
    name: str, note: str, value: object
) -> None:
    answer = read_export({**_export_fields(), name: value}, {}, ASK, sent_request_id="r", now=NOW)
    assert answer.notes == (note,) and answer.export_id == _export_fields()["exportId"]


def test_every_note_has_a_sentence_for_the_person() -> None:
    for sentence in EXPORT_NOTES.values():
        assert sentence[0].isupper() and sentence.endswith(".") and len(sentence) < 130


@pytest.mark.parametrize(
    ("date", "moved"),
    [
        ("10:00:04", 0),  # drowned by the network's delay
        ("10:00:30", -30),
        ("10:10:00", -600),  # the vendor's clock is ahead: by ours the link dies earlier
        ("09:50:00", 600),
    ],
)
def test_expiry_by_our_clock_takes_the_skew_into_account(date: str, moved: int) -> None:
    headers = {"date": f"Mon, 23 Nov 2026 {date} GMT"}
    answer = read_export(_export_fields(), headers, ASK, sent_request_id="r", now=NOW)
    assert (answer.expires_here - answer.expires_at).total_seconds() == moved


@pytest.mark.parametrize("date", ["Mon, 23 Nov 2020 10:00:00 GMT", "Sun, 23 Nov 2098 10:00:00 GMT", "yesterday"])
def test_absurd_vendor_clock_moves_no_expiry(date: str) -> None:
    answer = read_export(_export_fields(), {"date": date}, ASK, sent_request_id="r", now=NOW)
    assert answer.expires_here == answer.expires_at


def test_expiry_at_the_end_of_time_survives_the_skew() -> None:
    fields = {**_export_fields(), "expiresAt": "9999-12-31T23:59:59Z"}
    headers = {"date": "Mon, 23 Nov 2026 09:50:00 GMT"}
    answer = read_export(fields, headers, ASK, sent_request_id="r", now=NOW)
    assert answer.expires_here == answer.expires_at


def test_clock_skew_is_the_vendors_clock_minus_ours() -> None:
    headers = {"date": "Mon, 23 Nov 2026 09:59:30 GMT"}
    assert read_export(_export_fields(), headers, ASK, sent_request_id="r", now=NOW).clock_skew_seconds == -30.0


@pytest.mark.parametrize(
    ("body", "says", "logged"),
    [
        ({"detail": "No such customer"}, "No such customer", "HTTP 404"),
        ({"error": {"code": "not_found", "message": "Nobody", "details": {}}}, "Nobody", "HTTP 404, not_found"),
        ({"code": "missing", "message": "Gone fishing", "request_id": "req-7"}, "Gone fishing", "HTTP 404, missing"),
        ({"detail": {"code": "odd", "message": "Nested"}}, "Nested", "HTTP 404, odd"),
        ({"detail": [7, {}]}, None, "HTTP 404, fields ?"),
        ([], None, "HTTP 404"),
        ({"detail": f"unknown {CANARY}\r\nX: y"}, f"unknown {CANARY} X: y", "HTTP 404"),
        ({"code": CANARY, "message": CANARY}, CANARY, "HTTP 404"),
    ],
)
def test_all_documented_error_bodies_are_read(body: object, says: str | None, logged: str) -> None:
    error = error_for(404, {}, _bytes(body))
    assert (error.vendor_says, error.detail) == (says, logged)


def test_validation_error_names_fields_to_the_person_and_drops_the_typed_value() -> None:
    item = {"loc": ["body", "customerEmail"], "msg": f"{CANARY} is no address", "type": "value_error", "input": CANARY}
    error = error_for(
        422, {"x-request-id": "req-8"}, _bytes({"detail": [item, {"loc": ["body", CANARY, 0], "msg": "x"}]})
    )
    assert error.fields == (
        FieldProblem(("body", "customerEmail"), f"{CANARY} is no address", "value_error"),
        FieldProblem(("body", 0), "x"),
    )
    assert CANARY not in str(error) + repr(error) + repr(error.fields)
    assert error.detail == "HTTP 422, fields body.customerEmail, body.0" and error.request_id == "req-8"


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        ("0", 0.0),
        ("1.5", 1.5),
        ("Mon, 23 Nov 2026 10:00:09 GMT", 9.0),
        ("Mon, 23 Nov 2026 09:00:00 GMT", 0.0),
        ("999999999", 604800.0),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("Mon, 99 Nov 2026", None),
        ("\u0667", None),
    ],
)
def test_retry_after_is_read_as_seconds_and_as_date(header: str, seconds: float | None) -> None:
    headers = {"retry-after": header, "date": "Mon, 23 Nov 2026 10:00:00 GMT"}
    assert retry_after(headers) == seconds
    error = error_for(429, headers, b"")
    assert isinstance(error, RateLimited) and error.retry_after_seconds == seconds


def test_cards_come_as_a_bare_list_or_in_an_envelope() -> None:
    bare = read_cards([{"id": "c1"}])
    assert (bare.items[0].id, bare.total) == ("c1", None)
    for body in (b'{"items":[{"_id":"c1"}],"total":31}', b'{"cards":[{"id":"c1"}],"count":31}'):
        page = read_cards(parse_json(body))
        assert (page.items[0].id, page.total) == ("c1", 31)


@pytest.mark.parametrize("value", [None, {}, {"items": {}}, [1], [{}], {"items": "x"}])
def test_cards_in_another_shape_are_unreadable(value: object) -> None:
    with pytest.raises(UnreadableAnswer):
        read_cards(value)


def test_repr_of_answers_and_asks_shows_no_person() -> None:
    card = read_model(
        GiftCard, {"id": "c1", "cardNumber": "4111", "customerEmail": CANARY, "customerName": CANARY, "extra": CANARY}
    )
    user = read_model(User, {"id": "u1", "email": CANARY, "name": CANARY})
    answer = read_export({**_export_fields(), "downloadUrl": CANARY}, {}, ASK, sent_request_id="r", now=NOW)
    token = read_model(SignIn, {"access_token": CANARY, "mfaPending": False})
    ask = ExportAsk("csv", customer_email=CANARY)
    assert CANARY not in "".join(map(repr, (card, user, answer, token, ask))) + str(card) + str(user)
    assert token.access_token is not None and token.access_token.get_secret_value() == CANARY
    assert isinstance(answer, ExportAnswer)


@pytest.mark.parametrize(
    ("customer_id", "customer_email"),
    [(None, None), ("c1", "kim@example.com"), ("", None), (" ", None), (None, "a\nb")],
)
def test_export_for_nobody_or_for_two_identifiers_cannot_be_asked(
    customer_id: str | None, customer_email: str | None
) -> None:
    with pytest.raises(ValueError):
        ExportAsk("json", customer_id=customer_id, customer_email=customer_email)
