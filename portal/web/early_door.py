"""Listens while the portal is still being loaded: `/healthz` is answered, whoever asks for a page waits for it.

Loading takes about a second (Streamlit, SQLAlchemy, cryptography, the workers); a supervisor that asks whether the
process lives need not be told "connection refused" meanwhile. `/readyz` waits like every page. Imports nothing heavy.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, MutableMapping
from typing import TYPE_CHECKING, Any

from portal.web.loading import sharing

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

HEALTH_PATH = "/healthz"
ALIVE = b'{"status":"ok"}'
HEADERS = {
    "content-type": "application/json",
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
}


class NotStarted(RuntimeError):
    """The application did not come up; its own message says why."""


class EarlyDoor:
    """ASGI application in front of the one that `load` gives (called in a thread of its own).

    `loaded` is called when pages are served, `failed` when they never will be; the reason is `failure` then.
    """

    def __init__(self, load: Callable[[], ASGIApp], loaded: Callable[[], None], failed: Callable[[], None]) -> None:
        self._load = load
        self._loaded = loaded
        self._failed = failed
        self._app: ASGIApp | None = None
        self._settled = asyncio.Event()
        self._to_app: asyncio.Queue[MutableMapping[str, Any]] = asyncio.Queue()
        self._life: asyncio.Task[None] | None = None
        self.failure: BaseException | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(scope, receive, send)
            return
        if self._app is None and scope["type"] == "http" and scope["path"] == HEALTH_PATH:
            await _answer(send, 200, ALIVE)
            return
        await self._settled.wait()
        if self._app is not None:
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await _answer(send, 503, b'{"status":"failed"}')
        else:
            await send({"type": "websocket.close", "code": 1013})

    async def _live(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        loading = asyncio.create_task(self._come_up(scope))
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await loading
        if self._life is not None:
            await self._to_app.put({"type": "lifespan.shutdown"})
            await asyncio.gather(self._life, return_exceptions=True)
        await send({"type": "lifespan.shutdown.complete"})

    async def _come_up(self, scope: Scope) -> None:
        try:
            with sharing():
                app = await asyncio.to_thread(self._load)
                await self._start(app, scope)
            self._app = app
            await asyncio.to_thread(self._loaded)
        except BaseException as error:
            self.failure = error
            self._failed()
        finally:
            self._settled.set()

    async def _start(self, app: ASGIApp, scope: Scope) -> None:
        """Run the application's own lifespan up to its start. Raises what it raises, or NotStarted."""
        answer: asyncio.Queue[MutableMapping[str, Any]] = asyncio.Queue()
        await self._to_app.put({"type": "lifespan.startup"})
        life = asyncio.ensure_future(app(scope, self._to_app.get, answer.put))
        said = asyncio.ensure_future(answer.get())
        await asyncio.wait({life, said}, return_when=asyncio.FIRST_COMPLETED)
        if said.done() and said.result()["type"] == "lifespan.startup.complete":
            self._life = life
            return
        said.cancel()
        await life
        raise NotStarted("the application ended while it started")


async def _answer(send: Send, status: int, body: bytes) -> None:
    headers = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
