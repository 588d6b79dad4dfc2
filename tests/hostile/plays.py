"""What a hostile vendor can play, as tables: each misbehaviour with what must come of it.

Two readers: the client's tests (error class and words) and the portal's (state and problem code of the export). Markers
that must never leak hold the word `canary`, or are the card number below.
"""

import datetime as dt
import gzip
import json
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from portal.loyaltydog import (
    AddressRefused,
    ConnectionLost,
    Delivery,
    EmptyFile,
    EncodedBody,
    HostNotAllowed,
    LinkExpired,
    LoyaltyDogError,
    RateLimited,
    RedirectRefused,
    Rejected,
    ServerTrouble,
    TimedOut,
    TooLarge,
    TooSlow,
    Truncated,
    UnreadableAnswer,
    WrongMediaType,
)

EMAIL = "kim.canary@example.com"
OTHER_EMAIL = "lee.canary@example.net"
TOKEN = "token-canary"
LINK = "/file?sig=url-canary"
CARD_NUMBER = "7770001112223334"
NOW = dt.datetime.now(dt.UTC).replace(microsecond=0)


def instant(**later: float) -> str:
    return (NOW + dt.timedelta(**later)).strftime("%Y-%m-%dT%H:%M:%SZ")


GOOD: dict[str, Any] = {
    "exportId": "exp-1",
    "downloadUrl": LINK,
    "format": "json",
    "requestedAt": instant(),
    "expiresAt": instant(days=1),
    "status": "completed",
}
Play = Callable[[socket.socket], None]
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
BOMB = gzip.compress(bytes(64 * 1024 * 1024), 9)
DOUBLE_BOMB = gzip.compress(BOMB, 9)
ZSTD_BOMB = (  # RFC 8878, 3.1.1: a window of 128 KiB and blocks of one byte each that stand for as many
    b"\x28\xb5\x2f\xfd\x00\x38"
    + b"".join((131_072 << 3 | 1 << 1 | last).to_bytes(3, "little") + b"\0" for last in [*[0] * 511, 1])
)
BR_BOMB = bytes.fromhex(  # 64 MiB of zeros, by zlib.brotliCompressSync of Node.js
    "cbffff3ff82700e2b14020f7fe8fffff7ff04f00c4611180eefd1fffffffe09f0088c30200ddfb3ffeffffc13f0110870500baf77ffc"
    "ffff837f02200e0b0074effff8ffff07ff04401c1600e8defff1ffff0ffe0980382c00d0bdffcbffff3ffc1300715800a07bff07"
)
ROWS = b"id,name\n" + b"1,Kim\n" * 5000


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
    """What is played, and what must come of it; ``clean`` when no byte of a file may have reached the sink."""

    play: Play | bytes
    error: type[LoyaltyDogError]
    delivery: Delivery = "unknown"
    words: str = ""
    clean: bool = True


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
    "br bomb": Misbehaviour(answer(BR_BOMB, 200, "Content-Encoding: br"), UnreadableAnswer),
    "zstd bomb": Misbehaviour(answer(ZSTD_BOMB, 200, "Content-Encoding: zstd"), UnreadableAnswer),
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
    "list instead of object": Misbehaviour(answer([GOOD]), UnreadableAnswer),
    "missing export id": Misbehaviour(answer({key: GOOD[key] for key in GOOD if key != "exportId"}), UnreadableAnswer),
    "echo of the typed address": Misbehaviour(
        answer(
            {"detail": [{"loc": ["body", EMAIL], "msg": EMAIL, "type": EMAIL, "input": EMAIL, "ctx": {EMAIL: 1}}]}, 422
        ),
        Rejected,
        "answered",
    ),
}
SLOW = {"silence", "drip in the head", "drip of headers", "drip in the body"}

FILES = {
    "silence": Misbehaviour(lambda line: time.sleep(3), TimedOut, words="Nothing was changed"),
    "hang up": Misbehaviour(b"", ConnectionLost, words="Nothing was changed"),
    "drip in the head": Misbehaviour(endlessly(b"HTTP/1.1 200 OK\r\nX: ", b"a", 0.02), TimedOut),
    "drip in the body": Misbehaviour(endlessly(b"HTTP/1.1 200 OK\r\n\r\n", b"a", 0.02), TooSlow, words="too slowly"),
    "drip in chunk framing": Misbehaviour(endlessly(CHUNKED + b"1;", b"x", 0.02), TooSlow),
    "gzip bomb": Misbehaviour(answer(BOMB, 200, "Content-Encoding: gzip"), EncodedBody, words="compressed"),
    "doubled gzip bomb": Misbehaviour(answer(gzip.compress(BOMB), 200, "Content-Encoding: gzip, gzip"), EncodedBody),
    "br bomb": Misbehaviour(answer(BR_BOMB, 200, "Content-Encoding: br"), EncodedBody),
    "zstd bomb": Misbehaviour(answer(ZSTD_BOMB, 200, "Content-Encoding: zstd"), EncodedBody),
    "unannounced gzip bomb": Misbehaviour(answer(BOMB), WrongMediaType, words="not the file that was asked for"),
    "endless rows": Misbehaviour(endlessly(b"HTTP/1.1 200 OK\r\n\r\n", ROWS), TooLarge, words="larger", clean=False),
    "endless chunks": Misbehaviour(endlessly(CHUNKED, b"258\r\n" + b"1,Kim\n" * 100 + b"\r\n"), TooLarge, clean=False),
    "endless framing": Misbehaviour(endlessly(CHUNKED, b"1;" + b"x" * 4000 + b"\r\na\r\n"), TooLarge, clean=False),
    "monstrous declared length": Misbehaviour(answer(ROWS, declared=10**15), TooLarge),
    "length too long": Misbehaviour(answer(ROWS, declared=len(ROWS) + 1), Truncated, words="incomplete", clean=False),
    "length too short": Misbehaviour(answer(ROWS, declared=len(ROWS) - 1), Truncated, words="incomplete", clean=False),
    "cut chunk": Misbehaviour(CHUNKED + b"ffff\r\n" + ROWS, Truncated, clean=False),
    "broken chunk": Misbehaviour(CHUNKED + b"6\r\n1,Kim\n\r\nbanana\r\n", Truncated),
    "flood of headers": Misbehaviour(
        b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: a\r\n" % number for number in range(10_000)) + b"\r\n",
        UnreadableAnswer,
    ),
    "login page": Misbehaviour(
        answer(b"<html>Sign in", 200, "Content-Type: text/html"), WrongMediaType, words="web page"
    ),
    "login page in disguise": Misbehaviour(answer(b"\n<!DOCTYPE html>", 200, "Content-Type: text/csv"), WrongMediaType),
    "storage error": Misbehaviour(answer(b"<?xml version='1.0'?><Error/>"), WrongMediaType),
    "PDF": Misbehaviour(answer(b"%PDF-1.7 " + ROWS), WrongMediaType),
    "ZIP": Misbehaviour(answer(b"PK\x03\x04" + ROWS), WrongMediaType),
    "the other format": Misbehaviour(answer(json.dumps([{"id": 1}]).encode()), WrongMediaType),
    "refresh to elsewhere": Misbehaviour(answer(b"<p>", 200, "Refresh: 0; url=http://127.0.0.1:1/"), WrongMediaType),
    "empty": Misbehaviour(answer(b""), EmptyFile, words="empty"),
    "only a byte order mark": Misbehaviour(answer(b"\xef\xbb\xbf\n"), EmptyFile),
    "no content": Misbehaviour(answer(b"", 204), EmptyFile),
    "partial content": Misbehaviour(answer(ROWS, 206), UnreadableAnswer),
    "link expired": Misbehaviour(answer(b"<Error/>", 404), LinkExpired, words="no longer works"),
    "redirect to loopback": Misbehaviour(answer(b"", 302, "Location: https://127.0.0.1:1/"), HostNotAllowed),
    "redirect to http": Misbehaviour(answer(b"", 302, "Location: http://files.example.net/"), AddressRefused),
    "redirect to metadata": Misbehaviour(answer(b"", 302, "Location: https://169.254.169.254/x"), HostNotAllowed),
    "redirect to private": Misbehaviour(answer(b"", 302, "Location: https://10.0.0.1/"), HostNotAllowed),
    "redirect to decimal": Misbehaviour(answer(b"", 302, "Location: https://2130706433/"), AddressRefused),
    "redirect to a rebinding name": Misbehaviour(
        answer(b"", 302, "Location: https://files.example.net/x"), AddressRefused, words="private or special network"
    ),
    "redirect loop": Misbehaviour(
        answer(b"", 307, "Location: /file"), RedirectRefused, words="points to another address"
    ),
    "redirect to data": Misbehaviour(answer(b"", 302, "Location: data:text/csv,a"), AddressRefused),
    "redirect without a place": Misbehaviour(answer(b"", 302), RedirectRefused),
}
SILENT = {"silence", "drip in the head"}
