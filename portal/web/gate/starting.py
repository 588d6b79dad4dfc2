"""What `serve` and `demo` answer while the portal is imported and opened, which takes about two seconds.

Until then `/healthz` says that the process lives, `/readyz` that it is not ready, and every other address gets a page
that says so and reloads itself. No cookie is read and no request is passed on. Imports no service, so that the port is
open at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

from starlette.datastructures import Headers
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from portal.language import best_language, current_language
from portal.web.gate.plain import page

RETRY_SECONDS = "1"
TRY_AGAIN_LATER = 1013  # close code of a WebSocket (RFC 6455 registry)


class Application(Protocol):
    """A mountable ASGI application (`st.App`); the caller runs its lifespan."""

    def lifespan(self) -> Callable[[Any], AbstractAsyncContextManager[None]]: ...

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None: ...


class Starting:
    """ASGI application in front of the one that `load` gives; `load` is called in a thread.

    `ready` is called when its lifespan has begun. When that or `load` raises, `failed` is called, the exception is in
    `failure`, and all requests get 503.
    """

    def __init__(self, load: Callable[[], Application], ready: Callable[[], None], failed: Callable[[], None]) -> None:
        self._load = load
        self._ready = ready
        self._failed = failed
        self._app: Application | None = None
        self.failure: BaseException | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif self._app is not None:
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": TRY_AGAIN_LATER})
        else:
            await self._not_yet(scope)(scope, receive, send)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        stop = asyncio.Event()
        running = asyncio.create_task(self._run(stop))
        await send({"type": "lifespan.startup.complete"})
        await receive()
        stop.set()
        await running
        await send({"type": "lifespan.shutdown.complete"})

    async def _run(self, stop: asyncio.Event) -> None:
        """Hold the application open until `stop`."""
        try:
            app = await asyncio.to_thread(self._load)
            async with app.lifespan()(app):
                self._app = app
                self._ready()
                await stop.wait()
        except BaseException as error:
            self.failure = error
            self._failed()
        finally:
            self._app = None

    def _not_yet(self, scope: Scope) -> Response:
        """The response until the application is up. `failure` is reported by the process, not here."""
        path, failed = scope["path"], self.failure is not None
        current_language.set(best_language(Headers(scope=scope).get("accept-language", "")))
        if path == "/healthz":
            answer: Response = JSONResponse({"status": "ok"})
        elif path == "/readyz":
            answer = JSONResponse({"status": "failed" if failed else "starting"}, status_code=503)
        elif failed:
            answer = page(503, "The portal could not start.", "The portal's operator: its log says why.")
        else:
            answer = page(503, "The portal is starting.", "This page opens by itself in a moment.")
            answer.headers["refresh"] = RETRY_SECONDS
        if answer.status_code == 503:
            answer.headers["retry-after"] = RETRY_SECONDS
        answer.headers["cache-control"] = "no-store"
        answer.headers["x-content-type-options"] = "nosniff"
        return answer
