"""The calendar's address as a program meets it: through the gate, without a cookie, over a stand-in service."""

from __future__ import annotations

import asyncio
import secrets
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from portal.config import Settings
from portal.errors import NotFound
from portal.identity import SessionState
from portal.web.gate import middleware
from portal.web.gate.access import Access, access_of
from portal.web.gate.buckets import Rate
from portal.web.gate.middleware import Gate
from portal.web.routes.calendars import calendar_routes

pytestmark = pytest.mark.keeps("SEC-31")

TOKEN = secrets.token_urlsafe(32)


class Calendar:
    def __init__(self) -> None:
        self.asked: list[str] = []

    def by_token(self, token: str) -> bytes:
        self.asked.append(token)
        if token != TOKEN:
            raise NotFound(next_step="")
        return b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"


@pytest.fixture
def calendar() -> Calendar:
    return Calendar()


@pytest.fixture
def gate(calendar: Calendar, tmp_path: Path) -> Any:
    portal = SimpleNamespace(
        settings=Settings(data_dir=tmp_path),
        sessions=SimpleNamespace(look=lambda *_a, **_k: SessionState(None)),
        refusal_audit=SimpleNamespace(record_request=lambda **_k: None),
        case_calendar=calendar,
    )
    inner = Starlette(routes=calendar_routes(lambda: portal))  # type: ignore[arg-type, return-value]
    return Gate(inner, lambda: portal)  # type: ignore[arg-type, return-value]


def ask(gate: Any, *paths: str, method: str = "GET", client: str = "192.0.2.1") -> list[httpx.Response]:
    async def all_of_them() -> list[httpx.Response]:
        transport = httpx.ASGITransport(app=gate, client=(client, 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8501") as web:
            return [await web.request(method, path) for path in paths]

    return asyncio.run(all_of_them())


def test_the_secret_alone_opens_the_calendar(gate: Any) -> None:
    (answer,) = ask(gate, f"/calendar/{TOKEN}.ics")
    assert answer.status_code == 200 and answer.content.startswith(b"BEGIN:VCALENDAR")
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-robots-tag"] == "noindex"
    assert "set-cookie" not in answer.headers


def test_an_unknown_secret_is_not_found_and_nothing_else(gate: Any, calendar: Calendar) -> None:
    (answer,) = ask(gate, f"/calendar/{secrets.token_urlsafe(32)}.ics")
    assert answer.status_code == 404 and "VCALENDAR" not in answer.text
    assert answer.headers["x-robots-tag"] == "noindex" and len(calendar.asked) == 1
    assert calendar.asked[0] not in answer.text


@pytest.mark.parametrize(
    ("method", "path", "access"),
    [
        ("GET", f"/calendar/{'a' * 43}.ics", Access.CALENDAR),
        ("POST", f"/calendar/{'a' * 43}.ics", Access.SHUT),
        ("GET", f"/calendar/{'a' * 42}.ics", Access.MEMBERS),
        ("GET", f"/calendar/{'a' * 44}.ics", Access.MEMBERS),
        ("GET", f"/calendar/{'a' * 43}.ics/", Access.MEMBERS),
        ("GET", f"/calendar/../{'a' * 40}.ics", Access.MEMBERS),
        ("GET", f"/calendar/{'a' * 42}é.ics", Access.MEMBERS),
        ("GET", f"/calendar/{'a' * 43}.ics\n", Access.MEMBERS),
    ],
)
def test_only_an_address_of_that_form_is_open(method: str, path: str, access: Access) -> None:
    assert access_of(method, path) is access


def test_what_is_not_of_that_form_never_reaches_the_service(gate: Any, calendar: Calendar) -> None:
    answers = ask(gate, f"/calendar/{TOKEN}", f"/calendar/{TOKEN}x.ics", "/calendar/")
    assert {answer.status_code for answer in answers} == {401} and calendar.asked == []
    assert ask(gate, f"/calendar/{TOKEN}.ics", method="POST")[0].status_code == 403


def test_who_asks_too_often_waits_and_others_do_not(
    monkeypatch: pytest.MonkeyPatch, calendar: Calendar, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    monkeypatch.setattr(middleware, "CALENDARS_OF_ADDRESS", Rate(3, 0.001))
    gate = request.getfixturevalue("gate")
    guesses = [f"/calendar/{secrets.token_urlsafe(32)}.ics" for _ in range(5)]
    assert [answer.status_code for answer in ask(gate, *guesses)] == [404, 404, 404, 429, 429]
    assert len(calendar.asked) == 3
    assert ask(gate, f"/calendar/{TOKEN}.ics", client="192.0.2.2")[0].status_code == 200
