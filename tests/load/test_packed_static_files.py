"""Streamlit's scripts are sent packed to browsers that can unpack, and as they are to all others."""

from __future__ import annotations

import asyncio
import gzip
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Message

from portal.web.routes.static_files import CompressedStatic

SCRIPT = b"const answer = 42; // " + b"x" * 5_000


@pytest.fixture
def app(tmp_path: Path) -> Starlette:
    (tmp_path / "index.abc.js").write_bytes(SCRIPT)
    (tmp_path / "small.js").write_bytes(b"1;")
    (tmp_path / "font.woff2").write_bytes(SCRIPT)
    return Starlette(
        routes=[Mount("/static", StaticFiles(directory=tmp_path))], middleware=[Middleware(CompressedStatic)]
    )


def get(app: Starlette, path: str, **headers: str) -> list[httpx.Response]:
    """Twice: what is packed anew, and what is kept."""

    async def ask() -> list[httpx.Response]:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://portal.example") as client:
            return [await client.get(path, headers={k.replace("_", "-"): v for k, v in headers.items()}) for _ in "12"]

    return asyncio.run(ask())


def test_a_browser_gets_scripts_packed_the_first_time_and_again(app: Starlette) -> None:
    for answer in get(app, "/static/index.abc.js", accept_encoding="gzip, deflate, br"):
        assert answer.status_code == 200
        assert answer.headers["content-encoding"] == "gzip"
        assert int(answer.headers["content-length"]) < len(SCRIPT) / 10
        assert "accept-encoding" in answer.headers["vary"].lower()
        assert answer.content == SCRIPT


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/static/index.abc.js", {"accept_encoding": "identity"}),
        ("/static/small.js", {"accept_encoding": "gzip"}),
        ("/static/font.woff2", {"accept_encoding": "gzip"}),
        ("/static/missing.js", {"accept_encoding": "gzip"}),
        ("/static/index.abc.js", {"accept_encoding": "gzip", "range": "bytes=0-9"}),
    ],
)
def test_what_cannot_or_need_not_be_packed_is_sent_as_it_is(app: Starlette, path: str, headers: dict[str, str]) -> None:
    for answer in get(app, path, **headers):
        assert "content-encoding" not in answer.headers
        assert answer.status_code in (200, 206, 404)


def test_a_visitor_who_leaves_midway_spoils_the_file_for_nobody(tmp_path: Path) -> None:
    """Streamlit's answers stop when the visitor is gone; half a script must never be kept."""

    async def stops_when_told(scope: Any, receive: Any, send: Any) -> None:
        length = [(b"content-length", str(len(SCRIPT)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": length})
        gone = asyncio.ensure_future(receive())
        for place in range(0, len(SCRIPT), 1_000):
            await asyncio.sleep(0.001)
            if gone.done():
                return
            more = place + 1_000 < len(SCRIPT)
            await send({"type": "http.response.body", "body": SCRIPT[place : place + 1_000], "more_body": more})
        gone.cancel()

    async def ask(app: Any, *, leaves: bool) -> bytes:
        scope = {"type": "http", "method": "GET", "path": "/static/a.js", "headers": [(b"accept-encoding", b"gzip")]}
        parts: list[bytes] = []

        async def receive() -> Message:
            if not leaves:
                await asyncio.sleep(3600)
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            parts.append(message.get("body", b""))

        await app(scope, receive, send)
        return b"".join(parts)

    async def one_leaves_and_another_comes() -> bytes:
        app = CompressedStatic(stops_when_told)
        await ask(app, leaves=True)
        return await ask(app, leaves=False)

    assert gzip.decompress(asyncio.run(one_leaves_and_another_comes())) == SCRIPT


def test_an_answer_shorter_than_it_says_is_never_kept() -> None:
    async def cut_short(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"9999")]})
        await send({"type": "http.response.body", "body": SCRIPT})

    app = CompressedStatic(cut_short)
    for answer in get_raw(app):
        assert not any(name == b"content-encoding" for name, _ in answer)


def get_raw(app: Any) -> list[list[tuple[bytes, bytes]]]:
    """The headers of two answers, read below httpx, which would refuse a wrong length."""

    async def ask() -> list[list[tuple[bytes, bytes]]]:
        found: list[list[tuple[bytes, bytes]]] = []

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                found.append(list(message["headers"]))

        async def receive() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        scope = {"type": "http", "method": "GET", "path": "/static/a.js", "headers": [(b"accept-encoding", b"gzip")]}
        for _ in "12":
            await app(scope, receive, send)
        return found

    return asyncio.run(ask())
