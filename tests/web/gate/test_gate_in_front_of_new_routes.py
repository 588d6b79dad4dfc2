"""A route somebody adds tomorrow and forgets to list: nobody without a session may meet it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route, Router

from portal.audit import AuditUnavailable
from portal.config import Settings
from portal.identity import SessionState
from portal.identity.refusal_audit import RefusalAudit
from portal.web.gate.middleware import Gate

pytestmark = pytest.mark.keeps("SEC-31", "SEC-52")


def answer_to(tmp_path: Path, path: str) -> httpx.Response:
    async def forgotten(request: Request) -> PlainTextResponse:
        return PlainTextResponse("canary-contents")

    async def shell(request: Request) -> PlainTextResponse:
        return PlainTextResponse("shell")

    async def broken(request: Request) -> PlainTextResponse:
        raise RuntimeError("canary-detail")

    inner = Router(
        routes=[
            Route("/", shell),
            Route("/report", forgotten),
            Route("/api/report", forgotten),
            Route("/readyz", broken),
        ]
    )

    def no_trail(write: object) -> None:
        raise AuditUnavailable

    portal = SimpleNamespace(
        settings=Settings(data_dir=tmp_path),
        sessions=SimpleNamespace(check_cookie=lambda *_a, **_k: SessionState(None)),
        refusal_audit=RefusalAudit(SimpleNamespace(group_commit=no_trail)),  # type: ignore[arg-type]
    )
    gate: Any = Gate(inner, lambda: portal)  # type: ignore[arg-type, return-value]

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app=gate)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8501") as client:
            return await client.get(path)

    return asyncio.run(ask())


@pytest.mark.parametrize(("path", "status"), [("/report", 200), ("/api/report", 401)])
def test_a_new_route_is_out_of_reach_until_it_is_listed(tmp_path: Path, path: str, status: int) -> None:
    answer = answer_to(tmp_path, path)
    assert answer.status_code == status
    assert "canary" not in answer.text


def test_a_fault_behind_the_gate_is_a_page_with_a_reference(tmp_path: Path) -> None:
    answer = answer_to(tmp_path, "/readyz")
    assert answer.status_code == 500
    assert "Reference" in answer.text
    assert "canary" not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"
