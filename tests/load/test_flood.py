"""A signed-out flood beside a signed-in person, against real processes: `bench/flood.py` with little of each kind.

What is asserted are bounds that no flood met before the limits were there (log lines, memory, sockets let in), and that
the person's work goes on. The person's times are figures of the bench: here other things run on the machine.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from bench.flood import measure
from bench.flooding import A_SECOND, flood_half_open
from bench.servers import Server, portal, wait_until_warm
from portal.web.gate.connections import HEAD_SECONDS
from portal.web.gate.limits import SocketLimits

pytestmark = pytest.mark.keeps("SEC-32", "SEC-52")

SECONDS = 4.0
HALF_OPEN = 700


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with portal(60, STREAMLIT_SERVER_DISCONNECTED_SESSION_TTL="1") as running:
        wait_until_warm(running)
        yield running


def found_in(server: Server, kind: str) -> dict[str, Any]:
    return asyncio.run(measure(server, kind, SECONDS, quiet_rounds=4, rest=2.0))


@pytest.mark.parametrize("kind", ["messages", "reruns", "pings", "malformed"])
def test_a_signed_out_flood_leaves_memory_log_and_a_persons_work_alone(server: Server, kind: str) -> None:
    found = found_in(server, kind)
    told = found["flood"]
    assert found["memory_ratio"] < 1.2
    assert found["log_bytes"] < 10_000
    assert found["clicks"] >= 2, "each was answered, or `measure` had raised"
    assert told["opened"] <= SocketLimits().handshakes_per_minute
    if kind in {"messages", "pings"}:
        assert told["sent"] < A_SECOND * SECONDS, "sockets that send too much are closed"
    assert "Traceback" not in server.log.read_text()


def test_half_open_requests_are_closed_and_their_memory_comes_back(server: Server) -> None:
    before = server.memory()
    told = asyncio.run(flood_half_open(server.origin, 2 * HEAD_SECONDS, HALF_OPEN))
    assert told["closed"] == told["opened"] == HALF_OPEN
    assert "still open" not in told
    assert server.memory() < 1.2 * before
