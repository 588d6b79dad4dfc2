"""`python -m portal serve` as a process, with a scripted LoyaltyDog beside it that hands out a file of the test's own.

Used where the practice merchant's invented people are not enough: hostile text, and files of a given size.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import http.server
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser

from tests.browser.conftest import PASSWORD, ROOT, Demo, Desk, answers, free_port, new_context

AGENT = "sam@shop.example.com"
MEDIA = {"json": "application/json", "csv": "text/csv"}


@dataclass
class Script:
    """What the scripted LoyaltyDog hands out for each format, and which paths it was asked for.

    `refusal`: status and body that answer an export while set.
    """

    files: dict[str, bytes]
    asked: list[str] = field(default_factory=list)
    refusal: tuple[int, object] | None = None


def _handler(script: Script) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self, status: int, body: bytes, media: str = "application/json") -> None:
            script.asked.append(f"{self.command} {urlsplit(self.path).path}")
            self.send_response(status)
            self.send_header("content-type", media)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            with contextlib.suppress(ConnectionError):
                self.wfile.write(body)

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers.get("content-length") or 0)) or b"{}")
            if urlsplit(self.path).path != "/v2/giftcards/gdpr/export":
                return self._answer(404, b'{"detail": "Not Found"}')
            if script.refusal is not None:
                return self._answer(script.refusal[0], json.dumps(script.refusal[1]).encode())
            now = dt.datetime.now(dt.UTC)
            address = f"http://{self.headers['host']}/files/export.{body['format']}"
            answer = {
                "exportId": f"exp_{len(script.asked):08d}",
                "downloadUrl": address,
                "format": body["format"],
                "requestedAt": now.isoformat(),
                "expiresAt": (now + dt.timedelta(hours=48)).isoformat(),
                "status": "completed",
            }
            return self._answer(200, json.dumps(answer).encode())

        def do_GET(self) -> None:
            kind = urlsplit(self.path).path.removeprefix("/files/export.")
            if kind not in script.files:
                return self._answer(404, b'{"detail": "Not Found"}')
            return self._answer(200, script.files[kind], MEDIA[kind])

        def log_message(self, format: str, *args: Any) -> None:
            pass

    return Handler


@contextlib.contextmanager
def served(script: Script, folder: Path, *, role: str = "agent", port: int = 0, **settings: str) -> Iterator[Demo]:
    """The scripted LoyaltyDog and a portal that asks it, with one person's account, on free ports and loopback.

    `settings` are further `PORTAL_…` variables; an empty one is left out.
    """
    merchant = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _handler(script))
    threading.Thread(target=merchant.serve_forever, daemon=True).start()
    port = port or free_port()
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PORTAL_", "STREAMLIT_", "PRACTICE_"))}
    environment |= {
        "PORTAL_DATA_DIR": str(folder / "data"),
        "PORTAL_KEYSET_PATH": str(folder / "keys" / "master.keyset.json"),
        "PORTAL_PORT": str(port),
        "PORTAL_API_URL": f"http://127.0.0.1:{merchant.server_port}",
        "PORTAL_API_TOKEN": "scripted-token",
        "PORTAL_ALLOW_LOOPBACK_HTTP": "1",
        **settings,
    }
    environment = {name: value for name, value in environment.items() if value}
    add = [sys.executable, "-m", "portal", "accounts", "add", AGENT, "--merchant", "A Shop"]
    add += ["--role", role, "--password-stdin"]
    subprocess.run(add, cwd=ROOT, env=environment, input=f"{PASSWORD}\n", text=True, check=True, capture_output=True)
    log = folder / "portal.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "portal", "serve"], cwd=ROOT, env=environment, stdout=out, stderr=out
        )
    portal = Demo(process, port, merchant.server_port, folder)
    try:
        for _ in range(240):
            if process.poll() is not None or answers(f"{portal.origin}/readyz"):
                break
            time.sleep(0.25)
        if process.poll() is not None:
            pytest.fail("The portal did not start:\n" + log.read_text()[-3000:])
        yield portal
    finally:
        process.terminate()
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(timeout=10)
        merchant.shutdown()
        merchant.server_close()


@contextlib.contextmanager
def agent_at(portal: Demo, chromium: Browser) -> Iterator[Desk]:
    """The agent, signed in. Leaves only when nothing went wrong and nothing but the portal itself was asked."""
    context, trouble = new_context(chromium)
    strangers: list[str] = []

    def check(url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("blob", "data") and parts.netloc != f"127.0.0.1:{portal.port}":
            strangers.append(url)

    context.on("request", lambda request: check(request.url))
    page = context.new_page()
    page.on("websocket", lambda socket: check(socket.url))
    person = Desk(portal, page, trouble)
    try:
        person.sign_in(AGENT)
        yield person
        assert not strangers, strangers
        assert not trouble.unexpected(), trouble.unexpected()
    except BaseException:
        print(
            page.url,
            page.locator("body").inner_text()[:2000],
            trouble.seen,
            (portal.folder / "portal.log").read_text()[-2000:],
        )
        raise
    finally:
        context.close()
