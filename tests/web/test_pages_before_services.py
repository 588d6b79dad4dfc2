"""The sign-in page comes before the services: it needs none of them, and whoever does need them waits."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route, Router

from portal import runtime
from portal.config import Settings
from portal.identity import SessionState
from portal.web.gate import Gate

ROOT = Path(__file__).resolve().parents[2]
ORIGIN = "http://127.0.0.1:8501"
SERVICES = "sqlalchemy cryptography tink httpx dbos pandas numpy portal.composition portal.identity portal.exports"
DRAW = f"""
import asyncio, sys
from portal.asgi import app
from portal.web import rehearsal
from portal.web.services import services
services.later = True
done = []
rehearse = rehearsal.rehearse
async def main():
    inbox = asyncio.Queue()
    async def send(message): print(message["type"])
    import portal.asgi
    async def drawn(*given):
        done.append(await rehearse(*given))
        print("drawn", done, *[name for name in {SERVICES.split()!r} if name in sys.modules])
    portal.asgi.rehearse = drawn
    await inbox.put({{"type": "lifespan.startup"}})
    await inbox.put({{"type": "lifespan.shutdown"}})
    await app({{"type": "lifespan", "state": {{}}}}, inbox.get, send)
asyncio.run(main())
"""


def test_the_sign_in_page_is_drawn_without_any_of_the_services(tmp_path: Path) -> None:
    known = {k: v for k, v in os.environ.items() if not k.startswith(("PORTAL_", "STREAMLIT_"))}
    known |= {"PORTAL_MODE": "practice", "PORTAL_DATA_DIR": str(tmp_path / "data")}
    ran = subprocess.run(
        [sys.executable, "-c", DRAW], cwd=ROOT, env=known, capture_output=True, text=True, timeout=120, check=False
    )
    assert ran.stdout.splitlines() == ["drawn [True]", "lifespan.startup.complete", "lifespan.shutdown.complete"], ran
    assert not (tmp_path / "data").exists()


class House:
    """A gate over a portal that is still being opened."""

    def __init__(self, tmp_path: Path) -> None:
        self.open_it = threading.Event()
        self.trouble: Exception | None = None

        async def page(request: Request) -> PlainTextResponse:
            return PlainTextResponse("here")

        def source() -> Any:
            assert self.open_it.wait(30)
            if self.trouble is not None:
                raise self.trouble
            return SimpleNamespace(identity=SimpleNamespace(look_cookie=lambda *_a, **_k: SessionState(None, "idle")))

        inner = Router(routes=[Route("/auth/language", page), Route("/exports/list.csv", page)])
        settings = Settings(data_dir=tmp_path, allow_loopback_http=True)
        self.gate: Any = Gate(inner, source, settings=lambda: settings)

    async def ask(self, path: str, **headers: str) -> httpx.Response:
        transport = httpx.ASGITransport(app=self.gate)
        async with httpx.AsyncClient(transport=transport, base_url=ORIGIN, headers=headers) as client:
            return await client.get(path)


COOKIE = {"cookie": "portal_session=" + "A" * 43}


@pytest.mark.keeps("SEC-31")
def test_who_has_no_cookie_gets_the_page_and_everybody_else_waits(tmp_path: Path) -> None:
    house = House(tmp_path)

    async def main() -> None:
        assert (await house.ask("/")).status_code == 200
        waiting = [
            asyncio.create_task(house.ask("/", **COOKIE)),
            asyncio.create_task(house.ask("/auth/language")),
            asyncio.create_task(house.ask("/exports/list.csv")),
        ]
        assert not (await asyncio.wait(waiting, timeout=0.3))[0]
        house.open_it.set()
        assert [(await one).status_code for one in waiting] == [200, 200, 401]

    asyncio.run(main())


@pytest.mark.keeps("SEC-31", "SEC-52")
def test_a_portal_that_does_not_open_lets_nobody_in(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.trouble = RuntimeError("canary")
    house.open_it.set()

    async def main() -> None:
        for path, headers in (("/", COOKIE), ("/auth/language", {}), ("/exports/list.csv", COOKIE)):
            answer = await house.ask(path, **headers)
            assert answer.status_code == 503
            assert "canary" not in answer.text
        assert (await house.ask("/")).status_code == 200

    asyncio.run(main())


def test_whoever_asks_for_the_portal_waits_until_it_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    portal: Any = SimpleNamespace(settings=Settings(port=8777))
    got: list[Any] = []
    asks = threading.Thread(target=lambda: got.append(runtime.get_portal()))
    try:
        with runtime.opening():
            asks.start()
            asks.join(0.2)
            assert asks.is_alive()
            runtime.set_portal(portal)
            assert runtime.get_portal() is portal
            asks.join(0.2)
            assert got == []
        asks.join(30)
        assert got == [portal]
        assert runtime.get_settings().port == 8777
    finally:
        runtime.set_portal(None)
