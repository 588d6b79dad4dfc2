"""A small vendor on loopback that counts POSTs by customer and serves one file each; and a house that talks to it.

Used by the crash tests and by `make crash`. The practice merchant counts by situation only; here every
export has a customer of its own, so that "no second POST" is counted export by export.
"""

from __future__ import annotations

import datetime as dt
import json
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

CANARY = "canary-8d1f-Quillfeather"
"""Stands in every file and customer of these runs; nowhere on disk may it be read in clear."""


MEMBER = "canary-8d1f-member"


class CountingShop:
    """`posts` counts export POSTs by customer, `fetches` the files. An email with `refused` in it is refused. The first
    file of each customer takes `first_file_seconds` longer than the next ones."""

    def __init__(self, *, answer_seconds: float = 0.01, file_lines: int = 20, first_file_seconds: float = 0) -> None:
        self.posts: Counter[str] = Counter()
        self.fetches: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._answer_seconds = answer_seconds
        self._file_lines = file_lines
        self._first_file_seconds = first_file_seconds
        shop = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                shop.answer_post(self, body)

            def do_GET(self) -> None:
                shop.answer_get(self)

            def log_message(self, *_: object) -> None:
                return

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

            def handle_error(self, *_: object) -> None:
                return  # the client was killed: that is what these tests do

        self._server = Server(("127.0.0.1", 0), Handler)
        self.port = int(self._server.server_address[1])
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def answer_post(self, handler: BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
        email = str(body.get("customerEmail"))
        with self._lock:
            self.posts[email] += 1
        time.sleep(self._answer_seconds)
        if "refused" in email:
            self._say(handler, 403, {"error": {"code": "FORBIDDEN", "message": "not this one"}})
            return
        now = dt.datetime.now(dt.UTC)
        answer = {
            "exportId": f"exp-{abs(hash(email)):x}",
            "format": body.get("format"),
            "status": "completed",
            "requestedAt": now.isoformat(),
            "expiresAt": (now + dt.timedelta(hours=48)).isoformat(),
            "downloadUrl": f"http://127.0.0.1:{self.port}/files/{email.encode().hex()}?sig={CANARY}",
        }
        self._say(handler, 200, answer)

    def answer_get(self, handler: BaseHTTPRequestHandler) -> None:
        if handler.path.startswith("/v2/"):
            self._say(handler, *source_answer(handler.path))
            return
        email = bytes.fromhex(handler.path.partition("?")[0].rpartition("/")[2]).decode()
        with self._lock:
            self.fetches[email] += 1
            first = self.fetches[email] == 1
        if first:
            time.sleep(self._first_file_seconds)
        card = {"customerEmail": email, "cardNumber": "0012345", "note": CANARY, "balance": "1.10"}
        self._say(handler, 200, {"giftCards": [card | {"line": n} for n in range(self._file_lines)]})

    def _say(self, handler: BaseHTTPRequestHandler, status: int, value: object) -> None:
        data = json.dumps(value).encode()
        handler.send_response(status)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def source_answer(path: str) -> tuple[int, object]:
    """Status and body of a question about a person beside the gift cards: two programs, one of them shut. The person
    is on the second page of the other, for whatever email is asked."""
    place, _, query = path.partition("?")
    asked = {name: values[0] for name, values in parse_qs(query).items()}
    if place == "/v2/loyalty/programs":
        return 200, [{"id": "club", "name": "Club"}, {"id": "shut", "name": "Shut"}]
    if place == "/v2/giftcards/programs/search":
        return 200, [{"id": "card-1", "customerEmail": asked["q"], "customerName": CANARY}]
    if "/shut/" in place:
        return 403, {"detail": "no"}
    if place.endswith("/club/customers"):
        if asked["page"] == "2":
            return 200, [{"id": MEMBER, "email": asked["email"], "name": CANARY}]
        return 200, [{"id": f"other-{n}", "email": f"other.{n}@example.org", "name": CANARY} for n in range(250)]
    if place.endswith("/export"):
        return 200, {"customer": {"id": MEMBER, "note": CANARY}}
    if place.endswith("/consents"):
        return 200, []
    if place.endswith("/audit-logs"):
        return 200, {"items": [], "total": 0, "page": 1, "pages": 0, "limit": 200}
    return 404, {"detail": "none"}


def readable_remains(folder: Path) -> list[str]:
    """Files below `folder` in which a canary can be read, as clear text, base64 or hex."""
    import base64

    marks = [CANARY.encode(), CANARY.encode().hex().encode()]
    marks.append(MEMBER.encode())
    marks += [base64.b64encode(b"x" * shift + CANARY.encode())[4 : 4 + 24] for shift in range(3)]
    found = []
    for path in folder.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            if any(mark in data for mark in marks):
                found.append(str(path.relative_to(folder)))
    return found
