"""Streamlit's scripts and styles, packed once and kept. Streamlit sends them as they are, since packing them at every
request costs it more than it saves (streamlit/web/server/starlette/starlette_gzip_middleware.py)."""

from __future__ import annotations

import gzip

import anyio
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

FOLDER = "/static/"
PACKED = (".js", ".css", ".json", ".svg")
KEPT_BYTES = 8 * 1024 * 1024
LEAST_BYTES = 1_000
LEVEL = 6
CONDITIONS = ("range", "if-none-match", "if-modified-since")


class PackedStatic:
    """ASGI middleware. Files below `FOLDER` bear their content's hash in their name: what is kept stays true."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._kept: dict[str, tuple[list[tuple[bytes, bytes]], bytes]] = {}
        self._size = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not _wants_packed(scope):
            await self.app(scope, receive, send)
            return
        path = scope["path"]
        if path not in self._kept and self._size < KEPT_BYTES:
            start, body = await self._ask(scope)
            if not _worth_keeping(start, body):
                await send(start)
                await send({"type": "http.response.body", "body": body})
                return
            await self._keep(path, start, body)
        if path not in self._kept:
            await self.app(scope, receive, send)
            return
        headers, packed = self._kept[path]
        await send({"type": "http.response.start", "status": 200, "headers": list(headers)})
        await send({"type": "http.response.body", "body": packed})

    async def _ask(self, scope: Scope) -> tuple[Message, bytes]:
        """The whole response of the wrapped application, also when the visitor disconnects; otherwise a truncated file
        would be cached and served to all.
        """
        start: Message = {}
        parts: list[bytes] = []

        async def take(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
            else:
                parts.append(message.get("body", b""))

        await self.app({**scope, "extensions": {}}, _patient, take)
        return start, b"".join(parts)

    async def _keep(self, path: str, start: Message, body: bytes) -> None:
        packed = await anyio.to_thread.run_sync(lambda: gzip.compress(body, LEVEL, mtime=0))
        headers = MutableHeaders(raw=list(start["headers"]))
        del headers["etag"]
        headers["content-encoding"] = "gzip"
        headers["content-length"] = str(len(packed))
        headers.add_vary_header("accept-encoding")
        if path not in self._kept:
            self._size += len(packed)
        self._kept[path] = (headers.raw, packed)


async def _patient() -> Message:
    """A visitor who has sent the request and never leaves."""
    await anyio.sleep_forever()
    raise AssertionError  # not reached


def _worth_keeping(start: Message, body: bytes) -> bool:
    headers = Headers(raw=start["headers"])
    whole = headers.get("content-length") == str(len(body))
    return bool(start["status"] == 200 and whole and len(body) >= LEAST_BYTES and "content-encoding" not in headers)


def _wants_packed(scope: Scope) -> bool:
    if scope["type"] != "http" or scope["method"] != "GET":
        return False
    if not scope["path"].startswith(FOLDER) or not scope["path"].endswith(PACKED):
        return False
    headers = Headers(scope=scope)
    offered = {part.strip() for part in headers.get("accept-encoding", "").split(",")}
    return "gzip" in offered and not any(name in headers for name in CONDITIONS)
