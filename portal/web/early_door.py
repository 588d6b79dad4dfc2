"""Listens while the portal is still being loaded: `/healthz` is answered, whoever asks for a page waits for it.

A supervisor that asks whether the process lives need not be told "connection refused" meanwhile. Pages come first
(Streamlit, the gate, the sign-in page), then what is behind them (SQLAlchemy, cryptography, the workers), while people
sign in already: what they send waits for it. Imports nothing heavy.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, MutableMapping
from typing import TYPE_CHECKING, Any

from portal.web.loading import sharing
from portal.web.places import HEALTH_PATHS

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

HEALTH_PATH = "/healthz"
LIVELY_SECONDS = 0.05  # a page is several requests, one soon after the other
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
    """ASGI application in front of the one that `load` gives; `behind` opens what is behind it (a thread's work both).

    `failed` is called when one of them raised; what, is `failure` then.
    """

    def __init__(self, load: Callable[[], ASGIApp], behind: Callable[[], None], failed: Callable[[], None]) -> None:
        self._load = load
        self._behind = behind
        self._failed = failed
        self._app: ASGIApp | None = None
        self._last_knock = -math.inf
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
        if scope["path"] not in HEALTH_PATHS:
            self._last_knock = time.monotonic()
        if self._app is not None:
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await _answer(send, 503, b'{"status":"failed"}')
        else:
            await send({"type": "websocket.close", "code": 1013})

    @property
    def lively(self) -> bool:
        """Has somebody just come in?"""
        return time.monotonic() - self._last_knock < LIVELY_SECONDS

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
                self._settled.set()
                await asyncio.to_thread(self._behind)
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
