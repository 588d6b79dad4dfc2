"""A file host that misbehaves: nothing unfit reaches the sink, every end is named, memory stays small."""

import gzip
import json
import socket
import ssl
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from portal.loyaltydog import (
    AddressRefused,
    Connection,
    ConnectionLost,
    EmptyFile,
    EncodedBody,
    FetchPolicy,
    HostNotAllowed,
    LinkExpired,
    LoyaltyDogError,
    RedirectRefused,
    TimedOut,
    TooLarge,
    TooSlow,
    Truncated,
    UnreadableAnswer,
    WrongMediaType,
    fetch_file,
)

MEMORY_BOUND_BYTES = 16 * 1024 * 1024
BOMB = gzip.compress(bytes(64 * 1024 * 1024), 9)
ROWS = b"id,name\n" + b"1,Kim\n" * 5000
Play = Callable[[socket.socket], None]


def answer(body: bytes = b"", status: int = 200, *rows: str, declared: int | None = None) -> bytes:
    length = len(body) if declared is None else declared
    return f"HTTP/1.1 {status} X\r\n{''.join(f'{row}{chr(13)}{chr(10)}' for row in rows)}".encode() + (
        b"Content-Length: %d\r\n\r\n" % length + body
    )


def endlessly(head: bytes, piece: bytes, pause: float = 0.0) -> Play:
    def play(line: socket.socket) -> None:
        line.sendall(head)
        while True:
            line.sendall(piece)
            time.sleep(pause)

    return play


@dataclass(frozen=True)
class Misbehaviour:
    """What is played, and what must come of it; ``clean`` when no byte may have reached the sink."""

    play: Play | bytes
    error: type[LoyaltyDogError]
    words: str = ""
    clean: bool = True


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
FILES = {
    "silence": Misbehaviour(lambda line: time.sleep(3), TimedOut, "Nothing was changed"),
    "hang up": Misbehaviour(b"", ConnectionLost, "Nothing was changed"),
    "drip in the head": Misbehaviour(endlessly(b"HTTP/1.1 200 OK\r\nX: ", b"a", 0.02), TimedOut),
    "drip in the body": Misbehaviour(endlessly(b"HTTP/1.1 200 OK\r\n\r\n", b"a", 0.02), TooSlow, "too slowly"),
    "drip in chunk framing": Misbehaviour(endlessly(CHUNKED + b"1;", b"x", 0.02), TooSlow),
    "gzip bomb": Misbehaviour(answer(BOMB, 200, "Content-Encoding: gzip"), EncodedBody, "compressed"),
    "doubled gzip bomb": Misbehaviour(answer(gzip.compress(BOMB), 200, "Content-Encoding: gzip, gzip"), EncodedBody),
    "br bomb": Misbehaviour(answer(b"\xcf\xff\xff", 200, "Content-Encoding: br"), EncodedBody),
    "zstd bomb": Misbehaviour(answer(b"\x28\xb5\x2f\xfd", 200, "Content-Encoding: zstd"), EncodedBody),
    "unannounced gzip bomb": Misbehaviour(answer(BOMB), WrongMediaType, "not the file that was asked for"),
    "endless rows": Misbehaviour(endlessly(b"HTTP/1.1 200 OK\r\n\r\n", ROWS), TooLarge, "larger", clean=False),
    "endless chunks": Misbehaviour(endlessly(CHUNKED, b"258\r\n" + b"1,Kim\n" * 100 + b"\r\n"), TooLarge, clean=False),
    "endless framing": Misbehaviour(endlessly(CHUNKED, b"1;" + b"x" * 4000 + b"\r\na\r\n"), TooLarge, clean=False),
    "monstrous declared length": Misbehaviour(answer(ROWS, declared=10**15), TooLarge),
    "length too long": Misbehaviour(answer(ROWS, declared=len(ROWS) + 1), Truncated, "incomplete", clean=False),
    "length too short": Misbehaviour(answer(ROWS, declared=len(ROWS) - 1), Truncated, "incomplete", clean=False),
    "cut chunk": Misbehaviour(CHUNKED + b"ffff\r\n" + ROWS, Truncated, clean=False),
    "broken chunk": Misbehaviour(CHUNKED + b"6\r\n1,Kim\n\r\nbanana\r\n", Truncated),
    "flood of headers": Misbehaviour(
        b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: a\r\n" % number for number in range(10_000)) + b"\r\n",
        UnreadableAnswer,
    ),
    "login page": Misbehaviour(answer(b"<html>Sign in", 200, "Content-Type: text/html"), WrongMediaType, "web page"),
    "login page in disguise": Misbehaviour(answer(b"\n<!DOCTYPE html>", 200, "Content-Type: text/csv"), WrongMediaType),
    "storage error": Misbehaviour(answer(b"<?xml version='1.0'?><Error/>"), WrongMediaType),
    "PDF": Misbehaviour(answer(b"%PDF-1.7 " + ROWS), WrongMediaType),
    "ZIP": Misbehaviour(answer(b"PK\x03\x04" + ROWS), WrongMediaType),
    "the other format": Misbehaviour(answer(json.dumps([{"id": 1}]).encode()), WrongMediaType),
    "refresh to elsewhere": Misbehaviour(answer(b"<p>", 200, "Refresh: 0; url=http://127.0.0.1:1/"), WrongMediaType),
    "empty": Misbehaviour(answer(b""), EmptyFile, "empty"),
    "only a byte order mark": Misbehaviour(answer(b"\xef\xbb\xbf\n"), EmptyFile),
    "no content": Misbehaviour(answer(b"", 204), EmptyFile),
    "partial content": Misbehaviour(answer(ROWS, 206), UnreadableAnswer),
    "link expired": Misbehaviour(answer(b"<Error/>", 404), LinkExpired, "no longer works"),
    "redirect to loopback": Misbehaviour(answer(b"", 302, "Location: https://127.0.0.1:1/"), HostNotAllowed),
    "redirect to http": Misbehaviour(answer(b"", 302, "Location: http://files.example.net/"), AddressRefused),
    "redirect to metadata": Misbehaviour(answer(b"", 302, "Location: https://169.254.169.254/x"), HostNotAllowed),
    "redirect to private": Misbehaviour(answer(b"", 302, "Location: https://10.0.0.1/"), HostNotAllowed),
    "redirect to decimal": Misbehaviour(answer(b"", 302, "Location: https://2130706433/"), AddressRefused),
    "redirect to a rebinding name": Misbehaviour(
        answer(b"", 302, "Location: https://files.example.net/x"), AddressRefused, "private or special network"
    ),
    "redirect loop": Misbehaviour(answer(b"", 307, "Location: /file"), RedirectRefused, "points to another address"),
    "redirect to data": Misbehaviour(answer(b"", 302, "Location: data:text/csv,a"), AddressRefused),
    "redirect without a place": Misbehaviour(answer(b"", 302), AddressRefused),
}
SILENT = {"silence", "drip in the head"}


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
            "/file?sig=canary",
            policy,
            expected_format="csv",
            sink=got.extend,
            connection=Connection(vendor.base_url, "token-canary", allow_loopback_http=True),
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
