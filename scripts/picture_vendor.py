"""A LoyaltyDog with long answers that can be held back or made to fail: for pictures of waiting, trouble and overflow.

Speaks only what the pictures need; the practice merchant does the rest.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

PROGRAM = "Gift cards for the winter anniversary of all riverside branches and their partner cafés, second series"
PROGRAMS = [{"id": f"{n:024x}", "name": f"{PROGRAM} {n}"} for n in range(1, 41)]
COLUMNS, ROWS = 48, 400
SENTENCE = "Happy birthday from all of us at the counter, and may the coffee always be as you like it. "
WAIT_SECONDS = 25  # under the portal's own limit for an answer


def wide_file(email: str) -> bytes:
    """One person's cards: more columns than any screen, many rows, and long cells."""
    cards = []
    for row in range(ROWS):
        card: dict[str, Any] = {"id": f"{row:024x}", "customerEmail": email, "programName": PROGRAM}
        card |= {f"campaignAttributeNumber{n:02}": f"value {row * n}" for n in range(COLUMNS)}
        card["message"] = SENTENCE * (row % 7 + 1)
        cards.append(card)
    return json.dumps({"customer": {"id": "f" * 24, "email": email}, "giftCards": cards}).encode()


class Vendor:
    """Its address, and what it does just now."""

    def __init__(self) -> None:
        self.failing = False
        self.free = {place: threading.Event() for place in ("programs", "export", "file")}
        for event in self.free.values():
            event.set()
        self.email = ""
        vendor = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                vendor.answer(self, "GET")

            def do_POST(self) -> None:
                vendor.answer(self, "POST")

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    @contextmanager
    def holding(self, place: str) -> Iterator[None]:
        """Answers for `place` (programs, export, file) wait as long as the block runs."""
        self.free[place].clear()
        try:
            yield
        finally:
            self.free[place].set()

    def answer(self, ask: http.server.BaseHTTPRequestHandler, method: str) -> None:
        path = urlsplit(ask.path).path
        body = ask.rfile.read(int(ask.headers.get("content-length") or 0))
        if self.failing:
            self._send(ask, b'{"detail": "Service Unavailable"}', 503)
        elif path == "/v2/token":
            self._send(ask, json.dumps({"id": "1" * 24, "email": "owner@northwindbooks.example.com"}).encode())
        elif path == "/v2/loyalty/programs":
            self.free["programs"].wait(WAIT_SECONDS)
            self._send(ask, json.dumps(PROGRAMS).encode())
        elif method == "POST" and path == "/v2/giftcards/gdpr/export":
            self.free["export"].wait(WAIT_SECONDS)
            self._send(ask, json.dumps(self._export(json.loads(body))).encode())
        elif path.startswith("/files/"):
            self._file(ask)
        else:
            self._send(ask, b'{"detail": "Not Found"}', 404)

    def _export(self, asked: dict[str, Any]) -> dict[str, Any]:
        self.email = asked.get("customerEmail") or ""
        now = dt.datetime.now(dt.UTC)
        return {
            "exportId": "exp_long",
            "downloadUrl": f"{self.address}/files/export.json",
            "format": asked["format"],
            "requestedAt": now.isoformat(),
            "expiresAt": (now + dt.timedelta(hours=20)).isoformat(),
            "status": "completed",
        }

    def _file(self, ask: http.server.BaseHTTPRequestHandler) -> None:
        """Whole, or its first half and then nothing as long as it is held."""
        data = wide_file(self.email)
        self._head(ask, 200, len(data))
        with contextlib.suppress(ConnectionError):
            ask.wfile.write(data[: len(data) // 2])
            ask.wfile.flush()
            self.free["file"].wait(WAIT_SECONDS)
            ask.wfile.write(data[len(data) // 2 :])

    def _send(self, ask: http.server.BaseHTTPRequestHandler, body: bytes, status: int = 200) -> None:
        self._head(ask, status, len(body))
        with contextlib.suppress(ConnectionError):
            ask.wfile.write(body)

    def _head(self, ask: http.server.BaseHTTPRequestHandler, status: int, size: int) -> None:
        ask.send_response(status)
        ask.send_header("content-type", "application/json")
        ask.send_header("content-length", str(size))
        ask.end_headers()


@contextmanager
def vendor() -> Iterator[Vendor]:
    made = Vendor()
    threading.Thread(target=made.server.serve_forever, daemon=True).start()
    try:
        yield made
    finally:
        for event in made.free.values():
            event.set()
        made.server.shutdown()
        made.server.server_close()
