"""The sign-in page, drawn once for nobody as soon as the process is up, so that the first person's is no slower.

Goes through the application as a browser does (shell, socket, one run), without a network in between.
"""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping
from typing import Any

from starlette.types import ASGIApp, Scope

from portal.config import Settings
from portal.web.places import SOCKET_PATH

PATIENCE_SECONDS = 20.0
PROTOCOLS = ("streamlit", "rehearsal")


async def rehearse(app: ASGIApp, settings: Settings) -> bool:
    """Whether the page was drawn to its end; a failure is nobody's trouble and told by the page's own log line."""
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            await _shell(app, settings)
            return await _page(app, settings)
    except TimeoutError:
        return False


async def _shell(app: ASGIApp, settings: Settings) -> None:
    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(_message: MutableMapping[str, Any]) -> None:
        return None

    await app({**_scope("http", "/", settings), "method": "GET"}, receive, send)


async def _page(app: ASGIApp, settings: Settings) -> bool:
    from streamlit.proto.BackMsg_pb2 import BackMsg
    from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

    to_app: asyncio.Queue[MutableMapping[str, Any]] = asyncio.Queue()
    drawn: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

    async def send(message: MutableMapping[str, Any]) -> None:
        over = message["type"] == "websocket.close"
        data = message.get("bytes")
        if data and ForwardMsg.FromString(data).WhichOneof("type") == "script_finished":
            over = True
        if over and not drawn.done():
            drawn.set_result(bool(data))

    scope = {**_scope("websocket", SOCKET_PATH, settings), "subprotocols": list(PROTOCOLS)}
    scope["headers"].append((b"sec-websocket-protocol", ", ".join(PROTOCOLS).encode()))
    run = BackMsg()
    run.rerun_script.query_string = ""
    await to_app.put({"type": "websocket.connect"})
    await to_app.put({"type": "websocket.receive", "bytes": run.SerializeToString()})
    socket: asyncio.Future[Any] = asyncio.ensure_future(app(scope, to_app.get, send))
    either: set[asyncio.Future[Any]] = {socket, drawn}
    try:
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        return drawn.done() and drawn.result()
    finally:
        await to_app.put({"type": "websocket.disconnect", "code": 1000})
        await asyncio.wait({socket}, timeout=PATIENCE_SECONDS)


def _scope(kind: str, path: str, settings: Settings) -> Scope:
    """A request to the portal's own address from this machine."""
    scheme, _, host = settings.origin.partition("://")
    headers = [(b"host", host.encode()), (b"origin", settings.origin.encode())]
    return {
        "type": kind, "asgi": {"version": "3.0", "spec_version": "2.4"}, "http_version": "1.1",
        "scheme": scheme if kind == "http" else scheme.replace("http", "ws"), "path": path, "raw_path": path.encode(),
        "query_string": b"", "root_path": "", "headers": headers, "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 1), "state": {}, "extensions": {},
    }  # fmt: skip
