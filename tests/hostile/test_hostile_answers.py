"""A vendor that misbehaves while answering the export POST: one POST, the right error and sentence, little memory."""

import re
import socket
import ssl
import tracemalloc
from typing import Any

import pytest

from portal.loyaltydog import Connection, ExportAsk, LoyaltyDog, LoyaltyDogError, RateLimited, retry_export_post
from tests.hostile.plays import ANSWERS, EMAIL, GOOD, SLOW, TOKEN, Play, answer

pytestmark = pytest.mark.keeps("SEC-7", "SEC-13", "SEC-16")

ASK = ExportAsk("json", customer_email=EMAIL)
MEMORY_BOUND_BYTES = 48 * 1024 * 1024  # an 8 MiB answer, joined once and decoded once, fits; a bomb does not


def ask(vendor: Any, trusting: ssl.SSLContext, play: Play | bytes, seconds: float = 5.0) -> Any:
    vendor.play = (lambda line: line.sendall(play)) if isinstance(play, bytes) else play
    connection = Connection(vendor.base_url, TOKEN, allow_loopback_http=True, timeout_seconds=seconds)
    return LoyaltyDog(connection, ssl_context=trusting).request_export(ASK)


@pytest.mark.parametrize("name", ANSWERS)
def test_misbehaviour_ends_in_its_error_after_one_post(vendor: Any, trusting: ssl.SSLContext, name: str) -> None:
    expected = ANSWERS[name]
    with pytest.raises(LoyaltyDogError) as caught:
        ask(vendor, trusting, expected.play, seconds=0.4 if name in SLOW else 5.0)
    error = caught.value
    assert (type(error), error.delivery) == (expected.error, expected.delivery), error
    assert expected.words in f"{error.message} {error.next_step}"
    assert vendor.posts == 1
    assert error.request_id, "even a call without an answer can be asked about"
    assert retry_export_post(error, 1).retry is (expected.error is RateLimited)
    assert "canary" not in str(error) + repr(error)
    assert not re.search(r"[\x00-\x1f]", str(error))


@pytest.mark.parametrize("name", [name for name in ANSWERS if "bomb" in name or "endless" in name or "levels" in name])
def test_memory_stays_bounded(vendor: Any, trusting: ssl.SSLContext, name: str) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(LoyaltyDogError):
            ask(vendor, trusting, ANSWERS[name].play)
        assert tracemalloc.get_traced_memory()[1] < MEMORY_BOUND_BYTES
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("change", "rows", "note"),
    [
        ({"requestedAt": "2026-11-23T10:00:00", "expiresAt": "2026-11-24 10:00:00"}, (), "requested_at_naive"),
        ({"expiresAt": "2020-01-01T00:00:00Z"}, (), "expires_before_requested"),
        ({"expiresAt": "2099-01-01T00:00:00Z"}, (), "expires_far_ahead"),
        ({}, ("Date: Mon, 23 Nov 2020 10:00:00 GMT",), "clock_skewed"),
        ({"status": "\ud800\x1b[31m"}, (), "status_unknown"),
        ({"format": "csv"}, (), "format_differs"),
        ({"surprise": {"deep": [1.10]}}, (), None),
    ],
)
def test_oddity_that_harms_nobody_is_accepted_and_noted(
    vendor: Any, trusting: ssl.SSLContext, change: dict[str, Any], rows: tuple[str, ...], note: str | None
) -> None:
    got = ask(vendor, trusting, answer(GOOD | change, 200, *rows))
    assert (note in got.notes) if note else got.notes == ()
    assert "\x1b" not in got.status and got.status.isprintable()


def test_answer_before_the_whole_request_was_read_still_decides(vendor: Any, trusting: ssl.SSLContext) -> None:
    def early(line: socket.socket) -> None:
        line.sendall(b"HTTP/1.1 100 Continue\r\n\r\n" + answer({"detail": "no"}, 403))

    with pytest.raises(LoyaltyDogError) as caught:
        ask(vendor, trusting, early)
    assert (caught.value.code, caught.value.delivery) == ("forbidden", "answered")
