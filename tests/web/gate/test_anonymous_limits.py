"""The gate's limits against a stand-in application, with short times; the real server keeps the real ones."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from starlette.datastructures import Headers
from streamlit.proto.BackMsg_pb2 import BackMsg

from portal.audit import AuditUnavailable
from portal.config import Settings
from portal.identity import SessionState
from portal.identity.refusal_audit import RefusalAudit
from portal.web.gate import socket
from portal.web.gate.buckets import MAX_KEYS, Bucket, Buckets, Rate
from portal.web.gate.foreign_logs import LogThrottle
from portal.web.gate.limits import MAX_ADDRESSES, AnonymousSockets, Budgets, SocketLimits
from portal.web.gate.middleware import Gate
from portal.web.gate.visit import Addresses
from portal.web.streamlit.client_messages import ClientMessage, parse_client_message

pytestmark = pytest.mark.keeps("SEC-32")

ORIGIN = "http://127.0.0.1:8501"


def no_trail(write: object) -> None:
    """Nothing is written down here."""
    raise AuditUnavailable


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
        sessions=SimpleNamespace(look=lambda *_a, **_k: SessionState(None)),
        refusal_audit=RefusalAudit(SimpleNamespace(group_commit=no_trail)),  # type: ignore[arg-type]
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


def rerun(**fields: Any) -> dict[str, Any]:
    message = BackMsg()
    message.rerun_script.query_string = ""
    for name, value in fields.items():
        setattr(message.rerun_script, name, value)
    return {"type": "websocket.receive", "bytes": message.SerializeToString()}


HEARTBEAT = {"type": "websocket.receive", "bytes": BackMsg(app_heartbeat=True).SerializeToString()}


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
            client.queue.put_nowait(HEARTBEAT)
            await asyncio.sleep(0.01)
        assert client.close_code == 1001
        assert len(received) > 3

    asyncio.run(story())


def test_a_large_message_never_reaches_the_application(tmp_path: Path) -> None:
    async def story() -> None:
        small, large = rerun(query_string="x" * 60), rerun(query_string="x" * 101)
        door, received = gate(SocketLimits(message_bytes=100), tmp_path)
        client = Client()
        tasks = await opened(door, client)
        client.queue.put_nowait(small)
        client.queue.put_nowait(large)
        await asyncio.gather(*tasks)
        assert client.close_code == 1009
        assert [m["type"] for m in received] == ["websocket.receive", "websocket.disconnect"]

    asyncio.run(story())


def test_a_flood_of_messages_ends_the_socket_unparsed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[bytes] = []
    parse = socket.parse_client_message
    monkeypatch.setattr(socket, "parse_client_message", lambda data: (read.append(data), parse(data))[1])

    async def story() -> None:
        door, _ = gate(SocketLimits(messages=Rate(5, 0.001)), tmp_path)
        client = Client()
        tasks = await opened(door, client)
        for _ in range(1_000):
            client.queue.put_nowait(HEARTBEAT)
        await asyncio.gather(*tasks)
        assert client.close_code == 1008
        assert len(read) == 5

    asyncio.run(story())


def test_sockets_share_their_messages_limit_by_address(tmp_path: Path) -> None:
    async def story() -> None:
        door, received = gate(SocketLimits(messages_of_address=Rate(12, 0.001)), tmp_path)
        flood, neighbour = [Client() for _ in range(3)], Client("192.0.2.2")
        tasks = await opened(door, *flood, neighbour)
        for client in (*flood, neighbour):
            for _ in range(6):
                client.queue.put_nowait(HEARTBEAT)
        await settle(lambda: sum(m["type"] == "websocket.receive" for m in received) == 18)
        await settle(lambda: any(client.close_code == 1008 for client in flood))
        assert neighbour.close_code is None
        await finish(tasks, *flood, neighbour)

    asyncio.run(story())


def test_runs_asked_for_too_fast_wait_and_none_is_refused(tmp_path: Path) -> None:
    async def story() -> None:
        door, received = gate(SocketLimits(reruns=Rate(3, 20)), tmp_path)
        client = Client()
        tasks = await opened(door, client)
        for _ in range(6):
            client.queue.put_nowait(rerun())
        await settle(lambda: len(received) == 3 and client.queue.qsize() == 2)  # the fourth is read, and waits
        client.queue.put_nowait(HEARTBEAT)
        await settle(lambda: len(received) == 7)
        assert client.close_code is None
        await finish(tasks, client)

    asyncio.run(story())


def test_runs_from_many_addresses_wait_for_each_other(tmp_path: Path) -> None:
    async def story() -> None:
        door, received = gate(SocketLimits(reruns_in_all=Rate(4, 0.001)), tmp_path)
        crowd = [Client(f"192.0.2.{number}") for number in range(6)]
        tasks = await opened(door, *crowd)
        for client in crowd:
            client.queue.put_nowait(rerun())
        await settle(lambda: not any(client.queue.qsize() for client in crowd))
        assert len(received) == 4
        assert all(client.close_code is None for client in crowd)
        for task in tasks:
            task.cancel()

    asyncio.run(story())


FOREIGN = {
    "not a message": ({"type": "websocket.receive", "bytes": b"\xff\xff\xff"}, 1002),
    "text": ({"type": "websocket.receive", "text": "hello"}, 1003),
}


@pytest.mark.parametrize("kind", FOREIGN)
def test_a_malformed_message_ends_the_socket_with_few_log_lines(
    tmp_path: Path, kind: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    message, code = FOREIGN[kind]
    monkeypatch.setattr("portal.web.gate.socket.log_throttle", LogThrottle())

    async def story() -> None:
        door, received = gate(SocketLimits(handshakes_per_minute=999), tmp_path)
        for _ in range(100):
            client = Client()
            tasks = await opened(door, client)
            client.queue.put_nowait(message)
            await asyncio.gather(*tasks)
            assert client.close_code == code
        assert {m["type"] for m in received} == {"websocket.disconnect"}

    asyncio.run(story())
    told = "".join(capsys.readouterr())
    assert 0 < told.count("socket.closed") < 20
    assert "Traceback" not in told


@pytest.mark.parametrize("kind", ["clear_cache", "set_run_on_save", "load_git_info", "debug_shutdown_runtime"])
def test_messages_that_our_pages_never_send_do_not_reach_streamlit(tmp_path: Path, kind: str) -> None:
    async def story() -> None:
        door, received = gate(SocketLimits(), tmp_path)
        client = Client()
        tasks = await opened(door, client)
        client.queue.put_nowait({"type": "websocket.receive", "bytes": BackMsg(**{kind: True}).SerializeToString()})
        client.queue.put_nowait(HEARTBEAT)
        await settle(lambda: bool(received))
        assert received == [HEARTBEAT]
        await finish(tasks, client)

    asyncio.run(story())


def test_installing_things_on_the_server_is_none_of_a_browsers_business() -> None:
    message = BackMsg()
    message.backend_operation_request.install_skills.SetInParent()
    assert parse_client_message(message.SerializeToString()) == ClientMessage(allowed=False)


@pytest.mark.parametrize("shared", ["session", "address"])
def test_a_signed_in_persons_sockets_share_a_larger_budget(shared: str) -> None:
    now = 0.0
    of_session, of_address = (Rate(15, 1), Rate(99, 1)) if shared == "session" else (Rate(99, 1), Rate(15, 1))
    limits = SocketLimits(
        member_messages=Rate(10, 1), member_messages_of_session=of_session, member_messages_of_address=of_address
    )
    budgets = Budgets(limits, clock=lambda: now)
    tabs = [budgets.member("her session", "office") for _ in range(2)]
    assert [sum(tab.message() for _ in range(50)) for tab in tabs] == [10, 5]
    other = budgets.member("his session", "home")
    assert sum(other.message() for _ in range(50)) == 10
    now = 5.0
    assert sum(tabs[0].message() for _ in range(50)) == 5


def test_those_who_booked_and_went_away_make_nobody_wait_for_long() -> None:
    bucket = Bucket(Rate(10, 2), clock=lambda: 0.0)
    waits = [bucket.reserve() for _ in range(1_000)]
    assert waits[:12] == [0.0] * 10 + [0.5, 1.0]
    assert max(waits) == 5.0


def test_many_buckets_take_bounded_memory_and_full_ones_go_first() -> None:
    now = 0.0
    buckets = Buckets(Rate(2, 1), clock=lambda: now)
    for number in range(MAX_KEYS // 2):
        buckets.of(f"quiet-{number}")
    spent = buckets.of("spent")
    assert spent.take(2)
    for number in range(MAX_KEYS):
        buckets.of(f"more-{number}")
        assert len(buckets) <= MAX_KEYS
    assert buckets.of("spent") is spent


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
