"""Compresses Streamlit's scripts and styles once and caches them.

Streamlit sends them uncompressed, as compressing them at each request would cost more than it saves
(streamlit/web/server/starlette/starlette_gzip_middleware.py).
"""

from __future__ import annotations

import gzip

import anyio
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

FOLDER = "/static/"
COMPRESSED = (".js", ".css", ".json", ".svg")
CACHE_BYTES = 8 * 1024 * 1024
LEAST_BYTES = 1_000
LEVEL = 6
CONDITIONS = ("range", "if-none-match", "if-modified-since")


class CompressedStatic:
    """ASGI middleware. File names below `FOLDER` contain their content's hash: a cached file is never stale."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._cache: dict[str, tuple[list[tuple[bytes, bytes]], bytes]] = {}
        self._size = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not _wants_compressed(scope):
            await self.app(scope, receive, send)
            return
        path = scope["path"]
        if path not in self._cache and self._size < CACHE_BYTES:
            start, body = await self._ask(scope)
            if not _cacheable(start, body):
                await send(start)
                await send({"type": "http.response.body", "body": body})
                return
            await self._store(path, start, body)
        if path not in self._cache:
            await self.app(scope, receive, send)
            return
        headers, packed = self._cache[path]
        await send({"type": "http.response.start", "status": 200, "headers": list(headers)})
        await send({"type": "http.response.body", "body": packed})

    async def _ask(self, scope: Scope) -> tuple[Message, bytes]:
        """The whole response of the wrapped application, even when the visitor disconnects: a truncated file would be
        cached and served to all."""
        start: Message = {}
        parts: list[bytes] = []

        async def take(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
            else:
                parts.append(message.get("body", b""))

        await self.app({**scope, "extensions": {}}, _never_disconnects, take)
        return start, b"".join(parts)

    async def _store(self, path: str, start: Message, body: bytes) -> None:
        packed = await anyio.to_thread.run_sync(lambda: gzip.compress(body, LEVEL, mtime=0))
        headers = MutableHeaders(raw=list(start["headers"]))
        del headers["etag"]
        headers["content-encoding"] = "gzip"
        headers["content-length"] = str(len(packed))
        headers.add_vary_header("accept-encoding")
        if path not in self._cache:
            self._size += len(packed)
        self._cache[path] = (headers.raw, packed)


async def _never_disconnects() -> Message:
    """The `receive` of a client that has sent its request and never disconnects."""
    await anyio.sleep_forever()
    raise AssertionError  # not reached


def _cacheable(start: Message, body: bytes) -> bool:
    headers = Headers(raw=start["headers"])
    whole = headers.get("content-length") == str(len(body))
    return bool(start["status"] == 200 and whole and len(body) >= LEAST_BYTES and "content-encoding" not in headers)


def _wants_compressed(scope: Scope) -> bool:
    if scope["type"] != "http" or scope["method"] != "GET":
        return False
    if not scope["path"].startswith(FOLDER) or not scope["path"].endswith(COMPRESSED):
        return False
    headers = Headers(scope=scope)
    offered = {part.strip() for part in headers.get("accept-encoding", "").split(",")}
    return "gzip" in offered and not any(name in headers for name in CONDITIONS)
