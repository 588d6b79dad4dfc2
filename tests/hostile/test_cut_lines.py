"""A line that may break at any byte: however it breaks, at most one POST arrives (SEC-13)."""

import json
import ssl
import time
from collections import Counter
from typing import Any

import pytest

from portal.loyaltydog import (
    Connection,
    ExportAsk,
    FetchPolicy,
    LoyaltyDog,
    LoyaltyDogError,
    fetch_file,
    retry_export_post,
)

pytestmark = pytest.mark.keeps("SEC-13")

BODY = json.dumps(
    {
        "exportId": "exp-1",
        "downloadUrl": "/x",
        "format": "json",
        "requestedAt": "2026-11-23T10:00:00Z",
        "expiresAt": "2026-11-24T10:00:00Z",
        "status": "completed",
    }
).encode()
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(BODY) + BODY


def ask_as_the_workflow_does(vendor: Any, proxy: Any, trusting: ssl.SSLContext | None, person: str) -> str:
    """First try through the cutting proxy; a repeat, if one is allowed, goes the straight way. Returns the end."""
    scheme = "https" if trusting else "http"
    for attempt, port in enumerate((proxy.port, vendor.port), start=1):
        connection = Connection(f"{scheme}://localhost:{port}", "t", allow_loopback_http=True, timeout_seconds=5.0)
        api = LoyaltyDog(connection, ssl_context=trusting, resolver=lambda host, port: ["127.0.0.1"])
        try:
            api.request_export(ExportAsk("json", customer_id=person))
            return f"answered at try {attempt}"
        except LoyaltyDogError as error:
            if not retry_export_post(error, attempt).retry:
                return error.delivery
    return "gave up"


def posts_by_person(vendor: Any) -> Counter[str]:
    return Counter(json.loads(request.partition(b"\r\n\r\n")[2])["customerId"] for request in list(vendor.requests))


def bytes_of_an_uncut_exchange(vendor: Any, proxy: Any, trusting: ssl.SSLContext | None, direction: str) -> int:
    proxy.limit = 10**9
    assert ask_as_the_workflow_does(vendor, proxy, trusting, "uncut") == "answered at try 1"
    while not proxy.seen[direction]:  # counted when the line has closed on both sides
        time.sleep(0.01)
    return int(proxy.seen[direction])


@pytest.mark.parametrize("direction", ["request", "answer"])
def test_cut_at_each_byte_lets_at_most_one_post_arrive(plain_vendor: Any, cutting: Any, direction: str) -> None:
    plain_vendor.play = lambda line: line.sendall(ANSWER)
    proxy = cutting(plain_vendor.port)
    size = bytes_of_an_uncut_exchange(plain_vendor, proxy, None, direction)
    proxy.direction = direction
    for limit in range(1, size):
        proxy.limit = limit
        assert ask_as_the_workflow_does(plain_vendor, proxy, None, f"c{limit:04}") == "unknown", limit
    arrived = posts_by_person(plain_vendor)
    assert set(arrived.values()) == {1}
    assert len(arrived) == (1 if direction == "request" else size), "only a whole request counts as one"


@pytest.mark.parametrize("direction", ["request", "answer"])
def test_cut_at_any_byte_of_a_tls_line_lets_at_most_one_post_arrive(
    vendor: Any, cutting: Any, trusting: ssl.SSLContext, direction: str
) -> None:
    vendor.play = lambda line: line.sendall(ANSWER)
    proxy = cutting(vendor.port)
    size = bytes_of_an_uncut_exchange(vendor, proxy, trusting, direction)
    proxy.direction = direction
    ends = Counter()
    for limit in range(0, size - 30, 13):
        proxy.limit = limit
        ends[ask_as_the_workflow_does(vendor, proxy, trusting, f"c{limit:04}")] += 1
    assert set(posts_by_person(vendor).values()) == {1}
    assert ends["unknown"] and ends["answered at try 2"], "a cut handshake is repeated, a cut request never"


ROWS = b"id,name\n" + b"1,Kim\n" * 12
CHUNKS = b"".join(b"%x\r\n%b\r\n" % (len(row), row) for row in ROWS.splitlines(keepends=True)) + b"0\r\n\r\n"


@pytest.mark.parametrize(
    "whole",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(ROWS) + ROWS,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + CHUNKS,
    ],
    ids=["length", "chunked"],
)
def test_file_cut_at_each_byte_is_never_taken_for_whole(plain_vendor: Any, cutting: Any, whole: bytes) -> None:
    plain_vendor.play = lambda line: line.sendall(whole)
    proxy = cutting(plain_vendor.port)
    proxy.direction = "answer"
    policy = FetchPolicy(f"http://127.0.0.1:{proxy.port}", allow_loopback_http=True, deadline_seconds=5.0)
    for limit in range(len(whole)):
        proxy.limit = limit
        with pytest.raises(LoyaltyDogError) as caught:
            fetch_file("/x", policy, expected_format="csv", sink=lambda data: None)
        assert caught.value.code in ("truncated", "connection_lost"), limit
