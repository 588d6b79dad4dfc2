"""What the gate turns away is in the trail, a bounded number of times."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select
from websockets.exceptions import InvalidStatus

from portal.storage.tables import AuditEntry
from portal.web.gate.access import Access, access_of
from portal.web.gate.limits import SocketLimits

pytestmark = pytest.mark.keeps("SEC-31", "SEC-49")

REQUESTS = (
    ("GET", "/exports/" + "a" * 32 + "/file", {}, Access.MEMBERS, 401),
    ("GET", "/audit/trail.jsonl", {}, Access.MEMBERS, 401),
    ("GET", "/audit/evidence", {}, Access.MEMBERS, 401),
    ("GET", "/exports.csv", {}, Access.MEMBERS, 401),
    ("GET", "/media/x.csv", {}, Access.SHUT, 403),
    ("POST", "/auth/start", {}, Access.SHUT, 403),
    ("GET", "/", {"host": "elsewhere.example"}, Access.SHELL, 421),
)


def written(server: Any, place: str, status: int, source: str = "127.0.0.1") -> int:
    with server.database.read() as session:
        rows = session.scalars(select(AuditEntry).where(AuditEntry.action == "gate:refused"))
        wanted = {"place": place, "status": status}
        return sum(
            wanted.items() <= row.facts.items() and (row.actor, row.origin) == ("anonymous", source) for row in rows
        )


@pytest.mark.parametrize(("method", "path", "headers", "place", "status"), REQUESTS)
def test_a_request_turned_away_at_the_gate_leaves_an_entry(
    server: Any, method: str, path: str, headers: dict[str, str], place: Access, status: int
) -> None:
    assert access_of(method, path) is place
    with server.client(**headers) as client:
        assert client.request(method, path).status_code == status
    assert written(server, place.name.lower(), status) >= 1


def test_another_site_that_posts_for_somebody_signed_in_leaves_an_entry(server: Any) -> None:
    with server.client(server.cookie("agent@one"), sec_fetch_site="cross-site") as client:
        assert client.post("/exports/new/thing").status_code == 403
    assert written(server, "members", 403) >= 1


def entries(server: Any) -> int:
    with server.database.read() as session:
        return session.scalar(select(func.count()).where(AuditEntry.action == "gate:refused")) or 0


def test_a_flood_of_requests_turned_away_leaves_few_entries(server: Any) -> None:
    before = entries(server)
    with server.client() as client:
        for number in range(100):
            assert client.get(f"/media/{number}.csv").status_code == 403
    assert entries(server) - before <= 4


@pytest.mark.parametrize(
    ("source", "how"),
    [
        ("127.0.1.1", {"origin": "https://evil.example"}),
        ("127.0.1.2", {"host": "evil.example"}),
        ("127.0.1.3", {"path": "/_stcore/agent/mcp"}),
    ],
)
def test_a_socket_turned_away_leaves_an_entry_and_many_leave_few(
    server: Any, open_page: Callable[..., Any], source: str, how: dict[str, str]
) -> None:
    before = entries(server)
    for _ in range(20):
        with pytest.raises(InvalidStatus), open_page(server.cookie("agent@one"), source=source, **how):
            pass
    assert written(server, "socket", 1008, source) >= 1
    assert entries(server) - before <= 4


def test_a_socket_too_many_leaves_an_entry(server: Any, open_page: Callable[..., Any]) -> None:
    with contextlib.ExitStack() as stack, pytest.raises(InvalidStatus):
        for _ in range(SocketLimits().open_per_address + 1):
            stack.enter_context(open_page(source="127.0.1.4"))
    assert written(server, "socket", 1013, "127.0.1.4") >= 1
