"""What happens in front of every route: request id, counting, the edge rate limit and the added latency."""

import asyncio
import json
import math
import re
import secrets
import time
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from portal.practice.state import State

REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,128}")
EXPORT_PATH: Final = "/v2/giftcards/gdpr/export"
HOOKS_PREFIX: Final = "/_practice/"


class Edge:
    """ASGI middleware. Test hooks under ``/_practice/`` are neither limited nor delayed."""

    def __init__(self, app: ASGIApp, state: State, *, limited: bool = True) -> None:
        self._app = app
        self._state = state
        self._limited = limited
        self._windows: dict[str, tuple[float, int]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the call on, or answer 429 when the caller's address has used up its window."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        asked_id = Headers(scope=scope).get("x-request-id", "")
        request_id = asked_id if REQUEST_ID.fullmatch(asked_id) else secrets.token_hex(16)

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["X-Request-Id"] = request_id
            await send(message)

        if self._limited and not scope["path"].startswith(HOOKS_PREFIX):
            if scope["path"] == EXPORT_PATH and scope["method"] == "POST":
                self._state.count("export_posts")
            if (wait := self._seconds_to_wait(scope)) > 0:
                await _too_many(send_with_id, wait)
                return
            if self._state.settings.latency_ms:
                await asyncio.sleep(self._state.settings.latency_ms / 1000)
        await self._app(scope, receive, send_with_id)

    def _seconds_to_wait(self, scope: Scope) -> float:
        """Zero while the address is within its limit; else the seconds until its window ends."""
        settings = self._state.settings
        if not settings.edge_limit:
            return 0
        now = time.monotonic()
        address = scope["client"][0] if scope.get("client") else ""
        started, used = self._windows.get(address, (now, 0))
        if now - started >= settings.edge_window_seconds:
            started, used = now, 0
        self._windows[address] = (started, used + 1)
        return started + settings.edge_window_seconds - now if used >= settings.edge_limit else 0


async def _too_many(send: Send, wait: float) -> None:
    body = json.dumps({"detail": "Too many requests"}).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"retry-after", str(max(1, math.ceil(wait))).encode()),
    ]
    await send({"type": "http.response.start", "status": 429, "headers": headers})
    await send({"type": "http.response.body", "body": body})
