"""A vendor that misbehaves while answering the export POST: one POST, the right error and sentence, little memory."""

import gzip
import json
import re
import socket
import ssl
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from portal.loyaltydog import (
    Connection,
    ConnectionLost,
    Delivery,
    ExportAsk,
    LoyaltyDog,
    LoyaltyDogError,
    RateLimited,
    RedirectRefused,
    Rejected,
    ServerTrouble,
    TimedOut,
    UnreadableAnswer,
    retry_export_post,
)

EMAIL = "kim.canary@example.com"
ASK = ExportAsk("json", customer_email=EMAIL)
MEMORY_BOUND_BYTES = 48 * 1024 * 1024  # an 8 MiB answer, joined once and decoded once, fits; a bomb does not
GOOD = {
    "exportId": "exp-1",
    "downloadUrl": "/x",
    "format": "json",
    "requestedAt": "2026-11-23T10:00:00Z",
    "expiresAt": "2026-11-24T10:00:00Z",
    "status": "completed",
}
BOMB = gzip.compress(bytes(64 * 1024 * 1024), 9)
DOUBLE_BOMB = gzip.compress(BOMB, 9)
Play = Callable[[socket.socket], None]


def answer(body: object = b"", status: int = 200, *rows: str, declared: int | None = None) -> bytes:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    length = len(raw) if declared is None else declared
    head = "".join(f"{row}\r\n" for row in (f"Content-Length: {length}", *rows))
    return f"HTTP/1.1 {status} X\r\n{head}\r\n".encode() + raw


def endlessly(head: bytes, piece: bytes, pause: float = 0.0) -> Play:
    def play(line: socket.socket) -> None:
        line.sendall(head)
        while True:
            line.sendall(piece)
            time.sleep(pause)

    return play


@dataclass(frozen=True)
class Misbehaviour:
    """What is played, and what must come of it."""

    play: Play | bytes
    error: type[LoyaltyDogError]
    delivery: Delivery = "unknown"
    words: str = ""


UNREADABLE = "in a form that this portal does not understand"
UNKNOWN = "not known whether LoyaltyDog acted"
ANSWERS = {
    "silence": Misbehaviour(lambda line: time.sleep(3), TimedOut, words=UNKNOWN),
    "hang up": Misbehaviour(b"", ConnectionLost, words=UNKNOWN),
    "drip in the head": Misbehaviour(endlessly(b"HTTP/1.1 200 OK\r\nX: ", b"a", 0.02), TimedOut, words=UNKNOWN),
    "drip of headers": Misbehaviour(endlessly(b"HTTP/1.1 200 OK\r\n", b"X: a\r\n", 0.02), TimedOut),
    "drip in the body": Misbehaviour(
        endlessly(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", b" ", 0.02), TimedOut
    ),
    "flood of headers": Misbehaviour(
        b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: a\r\n" % number for number in range(10_000)), UnreadableAnswer
    ),
    "endless headers": Misbehaviour(
        endlessly(b"HTTP/1.1 200 OK\r\n", b"X: " + b"a" * 4000 + b"\r\n"), UnreadableAnswer
    ),
    "endless hints": Misbehaviour(
        endlessly(b"", b"HTTP/1.1 103 E\r\nL: " + b"a" * 999 + b"\r\n\r\n"), UnreadableAnswer
    ),
    "endless body": Misbehaviour(
        endlessly(b"HTTP/1.1 200 OK\r\n\r\n", b"[" * 65536), UnreadableAnswer, words=UNREADABLE
    ),
    "endless chunks": Misbehaviour(
        endlessly(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1;" + b"x" * 4000 + b"\r\n[\r\n"),
        UnreadableAnswer,
    ),
    "gzip bomb": Misbehaviour(answer(BOMB, 200, "Content-Encoding: gzip"), UnreadableAnswer, words=UNREADABLE),
    "doubled gzip bomb": Misbehaviour(answer(DOUBLE_BOMB, 200, "Content-Encoding: gzip, gzip"), UnreadableAnswer),
    "br bomb": Misbehaviour(answer(b"\xcf\xff\xff", 200, "Content-Encoding: br"), UnreadableAnswer),
    "zstd bomb": Misbehaviour(answer(b"\x28\xb5\x2f\xfd", 200, "Content-Encoding: zstd"), UnreadableAnswer),
    "unannounced gzip bomb": Misbehaviour(answer(BOMB), UnreadableAnswer),
    "gzip bomb in a refusal": Misbehaviour(answer(BOMB, 422, "Content-Encoding: gzip"), Rejected, "answered"),
    "endless refusal": Misbehaviour(endlessly(b"HTTP/1.1 422 X\r\n\r\n", b"[" * 65536), Rejected, "answered"),
    "length too long": Misbehaviour(answer(GOOD, declared=99_999), ConnectionLost, words=UNKNOWN),
    "length too short": Misbehaviour(answer(GOOD, declared=20), UnreadableAnswer),
    "two lengths": Misbehaviour(answer(GOOD, 200, "Content-Length: 7"), UnreadableAnswer),
    "negative length": Misbehaviour(answer(GOOD, declared=-1), UnreadableAnswer),
    "login page": Misbehaviour(answer(b"<html>Sign in</html>", 200, "Content-Type: text/html"), UnreadableAnswer),
    "storage error": Misbehaviour(answer(b"<?xml version='1.0'?><Error/>"), UnreadableAnswer),
    "no body": Misbehaviour(answer(b"", 204), UnreadableAnswer),
    "redirect to loopback": Misbehaviour(answer(b"", 307, "Location: http://127.0.0.1:1/"), RedirectRefused),
    "redirect to metadata": Misbehaviour(answer(b"", 302, "Location: http://169.254.169.254/"), RedirectRefused),
    "redirect to private": Misbehaviour(answer(b"", 308, "Location: https://10.0.0.1/"), RedirectRefused),
    "redirect to itself": Misbehaviour(answer(b"", 301, "Location: /v2/giftcards/gdpr/export"), RedirectRefused),
    "502 after acceptance": Misbehaviour(answer(b"<html>", 502), ServerTrouble, words=UNKNOWN),
    "504 after acceptance": Misbehaviour(answer(b"", 504), ServerTrouble, words=UNKNOWN),
    "503 with a wait": Misbehaviour(answer(b"", 503, "Retry-After: 1"), ServerTrouble, words=UNKNOWN),
    "status 999": Misbehaviour(answer(b"", 999), ServerTrouble),
    "429 in seconds": Misbehaviour(answer({}, 429, "Retry-After: 7"), RateLimited, "answered", "slow down"),
    "429 as a date": Misbehaviour(
        answer({}, 429, "Date: Mon, 23 Nov 2026 10:00:00 GMT", "Retry-After: Mon, 23 Nov 2026 10:00:07 GMT"),
        RateLimited,
        "answered",
    ),
    "429 without a wait": Misbehaviour(answer({}, 429), RateLimited, "answered"),
    "not HTTP": Misbehaviour(b"220 mail.example.com ESMTP\r\n\r\n", UnreadableAnswer),
    "HTTP/2 preface": Misbehaviour(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", UnreadableAnswer),
    "not UTF-8": Misbehaviour(answer(b'{"exportId":"\xff"}'), UnreadableAnswer),
    "duplicate keys": Misbehaviour(answer(json.dumps(GOOD)[:-1].encode() + b',"exportId":"other"}'), UnreadableAnswer),
    "NaN": Misbehaviour(answer(json.dumps(GOOD | {"extra": float("nan")}).encode()), UnreadableAnswer),
    "100,000 levels": Misbehaviour(answer(b"[" * 100_000 + b"]" * 100_000), UnreadableAnswer, words=UNREADABLE),
    "100,000 levels of objects": Misbehaviour(answer(b'{"a":' * 100_000), UnreadableAnswer),
    "export id of 5,000 digits": Misbehaviour(
        answer(json.dumps(GOOD).replace('"exp-1"', "9" * 5000).encode()), UnreadableAnswer
    ),
    "lone surrogate as export id": Misbehaviour(answer(GOOD | {"exportId": "\ud800"}), UnreadableAnswer),
    "line break in the export id": Misbehaviour(answer(GOOD | {"exportId": "e\r\nX: y"}), UnreadableAnswer),
    "time as a number": Misbehaviour(answer(GOOD | {"expiresAt": 1795600000}), UnreadableAnswer),
    "time out of range": Misbehaviour(answer(GOOD | {"expiresAt": "9999-12-31T23:59:59-14:00"}), UnreadableAnswer),
    "list instead of object": Misbehaviour(answer([GOOD]), UnreadableAnswer),
    "missing link": Misbehaviour(answer({key: GOOD[key] for key in GOOD if key != "downloadUrl"}), UnreadableAnswer),
    "echo of the typed address": Misbehaviour(
        answer(
            {"detail": [{"loc": ["body", EMAIL], "msg": EMAIL, "type": EMAIL, "input": EMAIL, "ctx": {EMAIL: 1}}]}, 422
        ),
        Rejected,
        "answered",
    ),
}
SLOW = {"silence", "drip in the head", "drip of headers", "drip in the body"}


def ask(vendor: Any, trusting: ssl.SSLContext, play: Play | bytes, seconds: float = 5.0) -> Any:
    vendor.play = (lambda line: line.sendall(play)) if isinstance(play, bytes) else play
    connection = Connection(vendor.base_url, "token-canary", allow_loopback_http=True, timeout_seconds=seconds)
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
