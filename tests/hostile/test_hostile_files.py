"""A file host that misbehaves: nothing unfit reaches the sink, every end is named, memory stays small."""

import ssl
import tracemalloc
from typing import Any

import pytest

from portal.loyaltydog import Connection, FetchPolicy, LoyaltyDogError, RedirectRefused, fetch_file
from tests.hostile.plays import FILES, LINK, ROWS, SILENT, TOKEN, answer

pytestmark = pytest.mark.keeps("SEC-4", "SEC-5", "SEC-6", "SEC-7", "SEC-8")

MEMORY_BOUND_BYTES = 16 * 1024 * 1024


def fetch(vendor: Any, trusting: ssl.SSLContext, name: str) -> tuple[LoyaltyDogError, bytes]:
    play = FILES[name].play
    vendor.play = (lambda line: line.sendall(play)) if isinstance(play, bytes) else play
    policy = FetchPolicy(
        vendor.base_url,
        allowed_hosts=("files.example.net",),
        allow_loopback_http=True,
        max_bytes=1_000_000,
        deadline_seconds=0.4 if name in SILENT else 5.0,
        min_bytes_per_second=1000.0,
        min_rate_grace_seconds=0.2,
        max_redirects=1 if "redirect" in name else 0,
    )
    names = {"localhost": ["127.0.0.1"], "files.example.net": ["93.184.216.34", "127.0.0.1"]}
    got = bytearray()
    with pytest.raises(LoyaltyDogError) as caught:
        fetch_file(
            LINK,
            policy,
            expected_format="csv",
            sink=got.extend,
            connection=Connection(vendor.base_url, TOKEN, allow_loopback_http=True),
            resolver=lambda host, port: names[host],
            ssl_context=trusting,
        )
    return caught.value, bytes(got)


@pytest.mark.parametrize("name", FILES)
def test_misbehaviour_ends_in_its_error_and_spares_the_sink(vendor: Any, trusting: ssl.SSLContext, name: str) -> None:
    expected = FILES[name]
    error, got = fetch(vendor, trusting, name)
    assert type(error) is expected.error, error
    assert expected.words in f"{error.message} {error.next_step}"
    assert len(got) <= 1_000_000 and not (expected.clean and got)
    assert "canary" not in str(error) + repr(error)
    assert len(vendor.requests) == (2 if name == "redirect loop" else 1)


@pytest.mark.parametrize("name", [name for name in FILES if "bomb" in name or "endless" in name])
def test_memory_stays_bounded(vendor: Any, trusting: ssl.SSLContext, name: str) -> None:
    tracemalloc.start()
    try:
        fetch(vendor, trusting, name)
        assert tracemalloc.get_traced_memory()[1] < MEMORY_BOUND_BYTES
    finally:
        tracemalloc.stop()


def test_tokens_reach_the_api_only(vendor: Any, trusting: ssl.SSLContext) -> None:
    fetch(vendor, trusting, "redirect to a rebinding name")
    assert b"Bearer token-canary" in vendor.requests[0] and len(vendor.requests) == 1


def test_redirect_never_leaves_tls_even_for_a_listed_host(
    vendor: Any, plain_vendor: Any, trusting: ssl.SSLContext
) -> None:
    plain_vendor.play = lambda line: line.sendall(answer(ROWS))
    vendor.play = lambda line: line.sendall(answer(b"", 302, f"Location: http://127.0.0.1:{plain_vendor.port}/x"))
    listed = (f"127.0.0.1:{plain_vendor.port}",)
    policy = FetchPolicy(vendor.base_url, listed, allow_loopback_http=True, max_redirects=1)
    with pytest.raises(RedirectRefused, match="https to http"):
        fetch_file("/x", policy, expected_format="csv", sink=lambda data: None, ssl_context=trusting)
    assert plain_vendor.requests == []
