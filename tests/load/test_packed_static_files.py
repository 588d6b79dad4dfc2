"""Streamlit's scripts are sent packed to browsers that can unpack, and as they are to all others."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from portal.static_files import PackedStatic

SCRIPT = b"const answer = 42; // " + b"x" * 5_000


@pytest.fixture
def app(tmp_path: Path) -> Starlette:
    (tmp_path / "index.abc.js").write_bytes(SCRIPT)
    (tmp_path / "small.js").write_bytes(b"1;")
    (tmp_path / "font.woff2").write_bytes(SCRIPT)
    return Starlette(routes=[Mount("/static", StaticFiles(directory=tmp_path))], middleware=[Middleware(PackedStatic)])


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
