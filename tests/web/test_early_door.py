"""The port is open before pages are loaded, and pages are served before the services: health is told, who asks waits
for what is missing, and a failed start ends with its reason."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest

from portal.web.early_door import LIVELY_SECONDS, EarlyDoor, NotStarted


async def app(scope: Any, receive: Any, send: Any) -> None:
    """An application with a lifespan that answers every request with its path."""
    if scope["type"] == "lifespan":
        await receive()
        scope["state"]["up"] = True
        await send({"type": "lifespan.startup.complete"})
        await receive()
        scope["state"]["up"] = False
        await send({"type": "lifespan.shutdown.complete"})
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": scope["path"].encode()})


class Server:
    """What uvicorn does with an application, without the network."""

    def __init__(self, load: Callable[[], Any], behind: Callable[[], None] = lambda: None) -> None:
        self.calls: list[str] = []
        self.state: dict[str, Any] = {}
        self.door = EarlyDoor(load, self.opening(behind), lambda: self.calls.append("failed"))
        self._in: asyncio.Queue[Any] = asyncio.Queue()
        self._out: asyncio.Queue[Any] = asyncio.Queue()

    def opening(self, behind: Callable[[], None]) -> Callable[[], None]:
        def opens() -> None:
            behind()
            self.calls.append("open")

        return opens

    async def start(self) -> None:
        scope = {"type": "lifespan", "state": self.state}
        self._life = asyncio.create_task(self.door(scope, self._in.get, self._out.put))  # type: ignore[arg-type]
        await self._in.put({"type": "lifespan.startup"})
        assert (await self._out.get())["type"] == "lifespan.startup.complete"

    async def stop(self) -> None:
        await self._in.put({"type": "lifespan.shutdown"})
        assert (await self._out.get())["type"] == "lifespan.shutdown.complete"
        await self._life

    async def get(self, path: str) -> tuple[int, bytes, dict[bytes, bytes]]:
        sent: list[Any] = []

        async def send(message: Any) -> None:
            sent.append(message)

        await self.door({"type": "http", "method": "GET", "path": path}, self._in.get, send)
        return sent[0]["status"], sent[1]["body"], dict(sent[0]["headers"])


def test_health_is_told_at_once_and_pages_wait_until_they_can_be_drawn() -> None:
    open_it = threading.Event()

    def load() -> Any:
        open_it.wait(30)
        return app

    async def main() -> None:
        server = Server(load)
        await server.start()
        page = asyncio.create_task(server.get("/"))
        status, body, headers = await server.get("/healthz")
        assert (status, body) == (200, b'{"status":"ok"}')
        assert headers[b"x-content-type-options"] == b"nosniff"
        assert headers[b"cache-control"] == b"no-store"
        assert not page.done()
        assert server.calls == []
        open_it.set()
        assert (await page)[:2] == (200, b"/")
        assert (await server.get("/healthz"))[1] == b"/healthz"
        assert server.state == {"up": True}
        await server.stop()
        assert server.calls == ["open"]
        assert server.state == {"up": False}

    asyncio.run(main())


def test_pages_are_served_while_what_is_behind_them_is_opened() -> None:
    open_it = threading.Event()

    async def main() -> None:
        server = Server(lambda: app, lambda: bool(open_it.wait(30)) or None)
        await server.start()
        assert (await server.get("/"))[:2] == (200, b"/")
        assert server.calls == []
        open_it.set()
        await server.stop()
        assert server.calls == ["open"]

    asyncio.run(main())


def test_somebody_who_comes_in_is_noticed_for_a_moment_and_a_machine_that_looks_is_not() -> None:
    async def main() -> None:
        server = Server(lambda: app)
        await server.start()
        assert not server.door.lively
        await server.get("/readyz")
        assert not server.door.lively
        await server.get("/")
        assert server.door.lively
        await asyncio.sleep(2 * LIVELY_SECONDS)
        assert not server.door.lively
        await server.stop()

    asyncio.run(main())


class Broken(Exception):
    pass


def test_services_that_do_not_open_end_the_process_with_their_reason() -> None:
    def behind() -> None:
        raise Broken

    async def main() -> None:
        server = Server(lambda: app, behind)
        await server.start()
        await server.get("/")
        await server.stop()
        assert server.calls == ["failed"]
        assert isinstance(server.door.failure, Broken)
        assert server.state == {"up": False}

    asyncio.run(main())


def broken_load() -> Any:
    raise Broken


def broken_app() -> Any:
    async def refuses(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "no"})
        raise Broken

    return refuses


def silent_app() -> Any:
    async def ends(scope: Any, receive: Any, send: Any) -> None:
        await receive()

    return ends


@pytest.mark.parametrize(("load", "reason"), [(broken_load, Broken), (broken_app, Broken), (silent_app, NotStarted)])
def test_what_cannot_start_says_why_and_keeps_nobody_waiting(load: Any, reason: type[Exception]) -> None:
    async def main() -> None:
        server = Server(load)
        await server.start()
        assert (await server.get("/"))[0] == 503
        closed: list[Any] = []

        async def send(message: Any) -> None:
            closed.append(message)

        await server.door({"type": "websocket", "path": "/"}, server.get, send)  # type: ignore[arg-type]
        assert closed == [{"type": "websocket.close", "code": 1013}]
        await server.stop()
        assert server.calls == ["failed"]
        assert isinstance(server.door.failure, reason)

    asyncio.run(main())


def test_a_stop_while_it_loads_waits_for_the_load_and_then_ends_what_came_up() -> None:
    async def main() -> None:
        server = Server(lambda: app)
        await server.start()
        await server.stop()
        assert server.state == {"up": False}

    asyncio.run(main())
