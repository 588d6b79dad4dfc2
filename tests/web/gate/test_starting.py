"""While the portal is loaded and opened: health is told, everybody else gets a page that says so, nobody is let in, and
a failed start ends with its reason."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from portal.web.gate.starting import Starting
from tests.web.conftest import a_free_port

ROOT = Path(__file__).resolve().parents[3]
MEMBER = {"cookie": "portal_session=" + "A" * 43, "accept-language": "de"}
ADDRESSES = ("/", "/past_exports", "/exports/list.csv", "/auth/start?ticket=canary", "/_stcore/health", "/static/x.js")


class App:
    """What `load` gives: answers every request with its path while its lifespan lasts."""

    def __init__(self, trouble: Exception | None = None) -> None:
        self.trouble = trouble
        self.up = False

    def lifespan(self) -> Any:
        @asynccontextmanager
        async def life(_app: Any) -> AsyncIterator[None]:
            if self.trouble is not None:
                raise self.trouble
            self.up = True
            yield
            self.up = False

        return life

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        assert self.up
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": scope["path"].encode()})


class Server:
    """What uvicorn does with an application, without the network."""

    def __init__(self, load: Callable[[], Any]) -> None:
        self.calls: list[str] = []
        self.app = Starting(load, lambda: self.calls.append("ready"), lambda: self.calls.append("failed"))
        self._in: asyncio.Queue[Any] = asyncio.Queue()
        self._out: asyncio.Queue[Any] = asyncio.Queue()

    async def start(self) -> None:
        self._life = asyncio.create_task(self.app({"type": "lifespan"}, self._in.get, self._out.put))
        await self._in.put({"type": "lifespan.startup"})
        assert (await self._out.get())["type"] == "lifespan.startup.complete"

    async def settled(self) -> None:
        while not self.calls:
            await asyncio.sleep(0.005)

    async def stop(self) -> None:
        await self._in.put({"type": "lifespan.shutdown"})
        assert (await self._out.get())["type"] == "lifespan.shutdown.complete"
        await self._life

    async def get(self, path: str, **headers: str) -> httpx.Response:
        transport = httpx.ASGITransport(app=self.app)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8501", headers=sent) as client:
            return await client.get(path)


@pytest.mark.keeps("SEC-31")
def test_before_readiness_only_health_answers_others_get_the_starting_page() -> None:
    open_it, app = threading.Event(), App()

    def load() -> Any:
        open_it.wait(30)
        return app

    async def main() -> None:
        server = Server(load)
        await server.start()
        health, ready = await server.get("/healthz"), await server.get("/readyz")
        assert (health.status_code, health.json()) == (200, {"status": "ok"})
        assert (ready.status_code, ready.json(), ready.headers["retry-after"]) == (503, {"status": "starting"}, "1")
        for path in ADDRESSES:
            for headers in ({}, MEMBER):
                told = await server.get(path, **headers)
                assert (told.status_code, told.headers["retry-after"], told.headers["refresh"]) == (503, "1", "1"), path
                assert told.headers["cache-control"] == "no-store" and "default-src 'none'" in str(told.headers)
                assert "canary" not in told.text and "set-cookie" not in told.headers
        assert '<html lang="de">' in told.text
        assert server.calls == []
        open_it.set()
        await server.settled()
        assert server.calls == ["ready"]
        assert (await server.get("/healthz")).text == "/healthz"
        assert (await server.get("/")).status_code == 200
        await server.stop()
        assert not app.up
        assert server.app.failure is None

    asyncio.run(main())


class Broken(Exception):
    pass


def broken_load() -> Any:
    raise Broken("canary")


@pytest.mark.keeps("SEC-31", "SEC-52")
@pytest.mark.parametrize("load", [broken_load, lambda: App(Broken("canary"))], ids=["load", "lifespan"])
def test_a_failed_start_keeps_its_reason_and_lets_nobody_in(load: Callable[[], Any]) -> None:
    async def main() -> None:
        server = Server(load)
        await server.start()
        await server.settled()
        for path in (*ADDRESSES, "/readyz"):
            told = await server.get(path, **MEMBER)
            assert told.status_code == 503
            assert "canary" not in told.text and "refresh" not in told.headers
        closed: list[Any] = []

        async def send(message: Any) -> None:
            closed.append(message)

        await server.app({"type": "websocket", "path": "/_stcore/stream"}, None, send)  # type: ignore[arg-type]
        assert closed == [{"type": "websocket.close", "code": 1013}]
        await server.stop()
        assert server.calls == ["failed"]
        assert isinstance(server.app.failure, Broken)

    asyncio.run(main())


def test_a_stop_while_it_loads_closes_what_came_up() -> None:
    app = App()

    async def main() -> None:
        server = Server(lambda: app)
        await server.start()
        await server.stop()
        assert not app.up

    asyncio.run(main())


def started(folder: Path, port: int, **settings: str) -> subprocess.Popen[str]:
    known = {k: v for k, v in os.environ.items() if not k.startswith(("PORTAL_", "STREAMLIT_", "PRACTICE_"))}
    known |= {
        "PORTAL_DATA_DIR": str(folder / "data"),
        "PORTAL_KEYSET_PATH": str(folder / "keys" / "master.keyset.json"),
        "PORTAL_PORT": str(port),
        **settings,
    }
    command = [sys.executable, "-m", "portal", "serve"]
    return subprocess.Popen(command, cwd=ROOT, env=known, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def test_serve_shows_the_starting_page_until_the_portal_is_ready(tmp_path: Path) -> None:
    port, seen = a_free_port(), []
    process = started(tmp_path, port)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=20) as client:
            while not seen or seen[-1] != 200:
                try:
                    page, ready = client.get("/"), client.get("/readyz")
                except httpx.HTTPError:
                    assert process.poll() is None, process.communicate()[0]
                    time.sleep(0.02)
                    continue
                if not seen:
                    assert page.status_code == 503 and "The portal is starting." in page.text
                    with pytest.raises(InvalidStatus):
                        connect(f"ws://127.0.0.1:{port}/_stcore/stream", origin=f"http://127.0.0.1:{port}")  # type: ignore[arg-type]
                seen.append(ready.status_code)
                time.sleep(0.05)
            assert set(seen) == {503, 200}
            assert "stApp" in client.get("/").text or "root" in client.get("/").text
    finally:
        process.terminate()
        said, _ = process.communicate(timeout=40)
    assert process.returncode == 0 and "Privacy portal ready" in said, said


def test_serve_that_cannot_open_says_why_and_ends(tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir(mode=0o700)
    first = started(tmp_path, a_free_port())
    assert first.stdout is not None
    while "Privacy portal ready" not in (line := first.stdout.readline()):
        assert line, "ended before it was ready"
    first.terminate()
    first.communicate(timeout=40)
    (tmp_path / "keys" / "master.keyset.json").write_text("{}")
    (tmp_path / "keys" / "master.keyset.json").chmod(0o600)
    second = started(tmp_path, a_free_port())
    said, _ = second.communicate(timeout=60)
    assert second.returncode == 1 and "Traceback" not in said and "keyset" in said, said
