"""The download route over a stand-in service; the sealed files themselves are tested with the exports."""

from __future__ import annotations

import asyncio
import html
from collections.abc import Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette

from portal.errors import NotFound, NotPermitted, SealBroken, StateConflict, StepUpNeeded
from portal.exports.core.download import DocumentKind, FileKind
from portal.identity import Role, User
from portal.ui.common.navigation import file_address, left_out_address
from portal.web.gate.visit import VISIT_KEY, Visit
from portal.web.routes.downloads import disposition, download_routes

pytestmark = pytest.mark.keeps("SEC-23", "SEC-24", "SEC-40")

EXPORT = "e" * 32
ANN = User("a" * 32, "m" * 32, "Shop", "ann@one.example", "Ann", Role.AGENT, False, "UTC")


@dataclass
class File:
    chunks: Iterator[bytes]
    size: int | None = None
    file_name: str = "export.json"
    media_type: str = "application/json"


class Service:
    """Answers what it is told to and notes how it was asked."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer
        self.asked: list[tuple[Any, ...]] = []

    def open_file(self, *asked: Any) -> File:
        self.asked.append(asked)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def register_csv(self, *asked: Any) -> File:
        return self.open_file(*asked)

    def document(self, *asked: Any) -> File:
        return self.open_file(*asked)


def get(service: Service, path: str, user: User | None = ANN, **headers: str) -> httpx.Response:
    portal = SimpleNamespace(files=service, register=service, left_out_lists=service)
    inner = Starlette(routes=download_routes(lambda: portal))  # type: ignore[arg-type, return-value]

    async def application(scope: Any, receive: Any, send: Any) -> None:
        scope[VISIT_KEY] = Visit(user, "", "", "192.0.2.1", "")
        await inner(scope, receive, send)

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app=application, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://portal.test") as client:
            return await client.get(path, headers={k.replace("_", "-"): v for k, v in headers.items()})

    return asyncio.run(ask())


def test_the_bytes_arrive_whole_with_headers_that_keep_them_private() -> None:
    service = Service(File(iter([b"one", b"", b"two"]), size=6))
    answer = get(service, f"/exports/{EXPORT}/file", sec_fetch_site="same-origin")
    assert answer.content == b"onetwo"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-disposition"] == 'attachment; filename="export.json"'
    assert answer.headers["content-encoding"] == "identity"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert answer.headers["content-length"] == "6"
    assert service.asked == [(ANN, EXPORT, "original")]


@pytest.mark.parametrize("kind", list(FileKind))
def test_every_kind_a_page_can_ask_for_is_the_kind_opened(kind: FileKind) -> None:
    service = Service(File(iter([b"x"])))
    assert get(service, file_address(EXPORT, kind)).status_code == 200
    assert service.asked == [(ANN, EXPORT, kind)]


@pytest.mark.parametrize("kind", list(DocumentKind))
def test_the_list_of_what_was_left_out_has_an_address_for_each_kind(kind: DocumentKind) -> None:
    service = Service(File(iter([b"x"])))
    assert get(service, left_out_address(EXPORT, kind)).status_code == 200
    assert service.asked == [(ANN, EXPORT, kind)]
    assert get(service, f"/exports/{EXPORT}/left-out?kind=pdf").status_code == 404
    assert len(service.asked) == 1


def test_an_unknown_kind_is_not_found_and_opens_nothing() -> None:
    service = Service(File(iter([b"x"])))
    assert get(service, f"/exports/{EXPORT}/file?kind=../../etc").status_code == 404
    assert service.asked == []


def test_the_register_has_its_own_address() -> None:
    service = Service(File(iter([b"a,b\r\n"]), file_name="exports.csv", media_type="text/csv"))
    assert get(service, "/exports/list.csv").content == b"a,b\r\n"
    assert service.asked == [(ANN,)]


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_another_site_cannot_start_a_download(site: str) -> None:
    service = Service(File(iter([b"x"])))
    assert get(service, f"/exports/{EXPORT}/file", sec_fetch_site=site).status_code == 403
    assert service.asked == []


def test_without_a_session_the_service_is_never_asked() -> None:
    service = Service(File(iter([b"x"])))
    assert get(service, f"/exports/{EXPORT}/file", user=None).status_code == 401
    assert service.asked == []


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (NotFound(detail="canary"), 404),
        (NotPermitted(detail="canary"), 403),
        (StepUpNeeded(detail="canary"), 403),
        (StateConflict(detail="canary"), 409),
        (SealBroken(detail="canary"), 500),
    ],
)
def test_each_refusal_is_a_plain_page_with_the_next_step(error: Any, status: int) -> None:
    answer = get(Service(error), f"/exports/{EXPORT}/file")
    assert answer.status_code == status
    assert error.message in answer.text
    assert error.next_step in html.unescape(answer.text)
    assert "canary" not in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize("size", [100, None])
def test_a_seal_that_breaks_midway_never_ends_as_a_whole_file(size: int | None) -> None:
    """The last body message is what tells server and browser "complete"; it must not be sent."""
    closed: list[bool] = []

    def chunks() -> Iterator[bytes]:
        try:
            yield b"verified"
            raise SealBroken(detail="segment 2")
        finally:
            closed.append(True)

    portal = SimpleNamespace(files=Service(File(chunks(), size=size)))
    application = Starlette(routes=download_routes(lambda: portal))  # type: ignore[arg-type, return-value]
    said: list[dict[str, Any]] = []

    async def story() -> None:
        async def send(message: Any) -> None:
            said.append(message)

        async def receive() -> dict[str, Any]:
            await asyncio.sleep(3600)
            return {}

        scope = {"type": "http", "method": "GET", "path": f"/exports/{EXPORT}/file", "query_string": b"", "headers": []}
        await application({**scope, VISIT_KEY: Visit(ANN, "", "", "192.0.2.1", "")}, receive, send)

    with pytest.raises((SealBroken, ExceptionGroup)):
        asyncio.run(story())
    bodies = [m for m in said if m["type"] == "http.response.body"]
    assert [m["body"] for m in bodies] == [b"verified"]
    assert all(m["more_body"] for m in bodies)
    assert closed == [True]


@given(st.text(max_size=80))
def test_no_file_name_breaks_out_of_its_header(name: str) -> None:
    header = disposition(name)
    assert header.startswith('attachment; filename="')
    assert header.isascii()
    assert not any(c in header for c in "\r\n\x00")
    assert header.count('"') == 2
    assert "/" not in header
    assert "\\" not in header


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("../../x", 'attachment; filename="x"'),
        ("a\r\nSet-Cookie: b", 'attachment; filename="aSet-Cookie b"'),
        ("", 'attachment; filename="export"'),
        ("Grüße.csv", "attachment; filename=\"Gre.csv\"; filename*=UTF-8''Gr%C3%BC%C3%9Fe.csv"),
    ],
)
def test_hostile_and_foreign_names_become_plain_ones(name: str, header: str) -> None:
    assert disposition(name) == header
