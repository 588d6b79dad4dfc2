"""The gate's limits against a stand-in application, with short times; the real server keeps the real ones."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from starlette.datastructures import Headers

from portal.config import Settings
from portal.identity import SessionState
from portal.web.gate import Gate
from portal.web.limits import MAX_ADDRESSES, AnonymousSockets, SocketLimits
from portal.web.visit import Addresses

pytestmark = pytest.mark.keeps("SEC-32")

ORIGIN = "http://127.0.0.1:8501"


def gate(limits: SocketLimits, tmp_path: Path, **settings: Any) -> tuple[Gate, list[dict[str, Any]]]:
    """A gate over an application that accepts sockets and keeps what it receives."""
    received: list[dict[str, Any]] = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "websocket.accept"})
        while True:
            message = await receive()
            received.append(message)
            if message["type"] == "websocket.disconnect":
                return

    portal = SimpleNamespace(
        settings=Settings(data_dir=tmp_path, **settings),
        identity=SimpleNamespace(look=lambda *_a, **_k: SessionState(None)),
    )
    return Gate(application, lambda: portal, limits), received  # type: ignore[arg-type, return-value]


class Client:
    """One ASGI WebSocket client; `sent` is what the server said."""

    def __init__(self, address: str = "192.0.2.1", headers: tuple[tuple[bytes, bytes], ...] = ()) -> None:
        self.queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.sent: list[dict[str, Any]] = []
        self.scope = {
            "type": "websocket",
            "path": "/_stcore/stream",
            "client": (address, 1),
            "headers": [(b"host", b"127.0.0.1:8501"), (b"origin", ORIGIN.encode()), *headers],
        }

    async def send(self, message: dict[str, Any]) -> None:
        self.sent.append(message)

    def connect(self, to: Gate) -> asyncio.Task[None]:
        return asyncio.create_task(to(self.scope, self.queue.get, self.send))  # type: ignore[arg-type]

    @property
    def accepted(self) -> bool:
        return any(m["type"] == "websocket.accept" for m in self.sent)

    @property
    def close_code(self) -> int | None:
        return next((m["code"] for m in self.sent if m["type"] == "websocket.close"), None)


async def settle(check: Callable[[], bool]) -> None:
    for _ in range(500):
        if check():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("never came about")


async def opened(to: Gate, *clients: Client) -> list[asyncio.Task[None]]:
    tasks = [client.connect(to) for client in clients]
    await settle(lambda: all(c.accepted or c.close_code for c in clients))
    return tasks


async def finish(tasks: list[asyncio.Task[None]], *clients: Client) -> None:
    for client in clients:
        client.queue.put_nowait({"type": "websocket.disconnect", "code": 1000})
    await asyncio.gather(*tasks)


def test_one_address_is_held_to_its_number_while_another_gets_in(tmp_path: Path) -> None:
    async def story() -> None:
        door, _ = gate(SocketLimits(open_per_address=3), tmp_path)
        flood = [Client() for _ in range(6)]
        tasks = await opened(door, *flood)
        assert sum(c.accepted for c in flood) == 3
        neighbour = Client("192.0.2.2")
        tasks += await opened(door, neighbour)
        assert neighbour.accepted
        await finish(tasks, *flood, neighbour)
        late = Client()
        tasks = await opened(door, late)
        assert late.accepted, "closed sockets must give their places back"
        await finish(tasks, late)
        assert door.sockets.open_in_all == 0

    asyncio.run(story())


def test_all_addresses_together_are_held_to_the_cap(tmp_path: Path) -> None:
    async def story() -> None:
        door, _ = gate(SocketLimits(open_in_all=4), tmp_path)
        crowd = [Client(f"192.0.2.{n}") for n in range(9)]
        tasks = await opened(door, *crowd)
        assert sum(c.accepted for c in crowd) == 4
        await finish(tasks, *crowd)

    asyncio.run(story())


def test_an_idle_socket_is_closed(tmp_path: Path) -> None:
    async def story() -> None:
        door, _ = gate(SocketLimits(idle_seconds=0.05), tmp_path)
        client = Client()
        await asyncio.gather(*await opened(door, client))
        assert client.close_code == 1001

    asyncio.run(story())


def test_a_busy_socket_is_closed_at_the_end_of_its_life(tmp_path: Path) -> None:
    async def story() -> None:
        door, received = gate(SocketLimits(idle_seconds=60, life_seconds=0.3), tmp_path)
        client = Client()
        tasks = await opened(door, client)
        while not tasks[0].done():
            client.queue.put_nowait({"type": "websocket.receive", "bytes": b"x"})
            await asyncio.sleep(0.01)
        assert client.close_code == 1001
        assert len(received) > 3

    asyncio.run(story())


def test_a_large_message_never_reaches_the_application(tmp_path: Path) -> None:
    async def story() -> None:
        door, received = gate(SocketLimits(message_bytes=100), tmp_path)
        client = Client()
        tasks = await opened(door, client)
        client.queue.put_nowait({"type": "websocket.receive", "bytes": b"x" * 100})
        client.queue.put_nowait({"type": "websocket.receive", "text": "x" * 101})
        await asyncio.gather(*tasks)
        assert client.close_code == 1009
        assert [m["type"] for m in received] == ["websocket.receive", "websocket.disconnect"]

    asyncio.run(story())


def test_handshakes_are_counted_by_the_minute() -> None:
    now = 0.0
    sockets = AnonymousSockets(SocketLimits(handshakes_per_minute=5, open_per_address=99), clock=lambda: now)
    assert [sockets.enter("a") for _ in range(7)] == [True] * 5 + [False] * 2
    assert sockets.enter("b")
    now = 61.0
    assert sockets.enter("a")


def test_counting_many_addresses_takes_bounded_memory() -> None:
    now = 0.0
    sockets = AnonymousSockets(SocketLimits(open_in_all=10), clock=lambda: now)
    for number in range(MAX_ADDRESSES + 500):
        sockets.enter(f"address-{number}")
    assert len(sockets._handshakes) <= MAX_ADDRESSES
    assert sockets.open_in_all == 10


@pytest.mark.keeps("ASVS-4.1.3", "ASVS-15.3.4")
@pytest.mark.parametrize(
    ("trusted", "peer", "forwarded", "found"),
    [
        ("", "192.0.2.1", "198.51.100.9", "192.0.2.1"),
        ("10.0.0.1", "192.0.2.1", "198.51.100.9", "192.0.2.1"),
        ("10.0.0.1", "10.0.0.1", "198.51.100.9", "198.51.100.9"),
        ("10.0.0.1", "10.0.0.1", "203.0.113.66, 198.51.100.9", "198.51.100.9"),
        ("10.0.0.0/24", "10.0.0.1", "198.51.100.9, 10.0.0.7", "198.51.100.9"),
        ("10.0.0.1", "10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "10.0.0.1", "rubbish", "unknown"),
        ("", "2001:db8:1:2:3:4:5:6", "", "2001:db8:1:2::/64"),
        ("", "::ffff:192.0.2.1", "", "192.0.2.1"),
    ],
)
def test_only_a_trusted_proxy_can_say_who_is_behind_it(
    tmp_path: Path, trusted: str, peer: str, forwarded: str, found: str
) -> None:
    addresses = Addresses(Settings(data_dir=tmp_path, trusted_proxies=trusted))
    headers = Headers(raw=[(b"x-forwarded-for", forwarded.encode())] if forwarded else [])
    assert addresses.of({"type": "http", "client": (peer, 1)}, headers) == found
