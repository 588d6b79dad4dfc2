"""The guard of connections, around a real uvicorn on loopback with each of its protocols that is installed."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn
from hypothesis import given
from hypothesis import strategies as st
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from portal.web.gate import connections
from portal.web.gate.connections import Frames, PendingRequests, guard, trust

pytestmark = pytest.mark.keeps("SEC-32")

HELLO = b"HTTP/1.1 200 OK"
KIB = 1024
LARGE = 24 * KIB * KIB  # more than the kernel's buffers take


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Answers requests with 200; a socket is echoed, and trusted when its path is `/member`."""
    if scope["type"] == "http":
        body = b"x" * LARGE if scope["path"] == "/large" else b"ok"
        length = str(len(body)).encode()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", length)]})
        for at in range(0, len(body), 64 * KIB):
            await send({"type": "http.response.body", "body": body[at : at + 64 * KIB], "more_body": True})
        await send({"type": "http.response.body", "body": b""})
    elif scope["type"] == "websocket":
        if scope["path"] == "/member":
            trust(scope)
        await send({"type": "websocket.accept"})
        if scope["path"] == "/large":
            for _ in range(0, LARGE, 64 * KIB):
                await send({"type": "websocket.send", "bytes": b"x" * 64 * KIB})
            await send({"type": "websocket.close", "code": 1000})
            return
        while (message := await receive())["type"] != "websocket.disconnect":
            if message["type"] == "websocket.receive":
                await send({"type": "websocket.send", "text": str(len(message.get("bytes") or b""))})


@asynccontextmanager
async def serving() -> AsyncIterator[int]:
    """The port of a guarded uvicorn in this event loop."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        config = uvicorn.Config(application, lifespan="off", log_level="critical", ws_max_size=8 * KIB * KIB)
        guard(config)
        guard(config)  # a second call changes nothing
        server = uvicorn.Server(config)
        running = asyncio.create_task(server._serve([listening]))
        while not server.started:
            await asyncio.sleep(0.01)
        try:
            yield listening.getsockname()[1]
        finally:
            server.should_exit = True
            await running


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections.RequestGuard.__init__, "__defaults__", (0.4,))
    monkeypatch.setattr(connections, "MIN_PENDING_SECONDS", 0.0)


async def trickle(port: int, first: bytes, more: bytes) -> bytes:
    """Everything the server says to a client that sends a little more again and again, until it is cut off."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    said = b""
    writer.write(first)
    try:
        while True:
            try:
                got = await asyncio.wait_for(reader.read(4096), 0.05)
                if not got:
                    return said
                said += got
            except TimeoutError:
                writer.write(more)
    except ConnectionError:
        return said
    finally:
        writer.close()


REQUEST = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
SLOW = {
    "nothing at all": (b"", b""),
    "headers that never end": (b"GET / HTTP/1.1\r\nHost: x\r\n", b"X-More: 1\r\n"),
    "a second request that never ends": (REQUEST + b"GET / HTTP/1.1\r\n", b"X-More: 1\r\n"),
    "a body nobody waits for": (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 999999\r\n\r\n", b"x"),
}


@pytest.mark.parametrize("kind", SLOW)
def test_an_unfinished_request_is_closed_however_often_it_sends_bytes(kind: str) -> None:
    first, more = SLOW[kind]

    async def story() -> bytes:
        async with serving() as port:
            return await asyncio.wait_for(trickle(port, first, more), 20)

    said = asyncio.run(story())
    assert said.count(HELLO) == (1 if b"\r\n\r\n" in first else 0)


def test_a_finished_request_and_an_open_socket_outlast_the_deadline() -> None:
    async def story() -> None:
        async with serving() as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            async with connect(f"ws://127.0.0.1:{port}/") as tab:
                for _ in range(6):
                    writer.write(REQUEST)
                    assert (await reader.readuntil(b"ok")).startswith(HELLO)
                    await tab.send(b"12345")
                    assert await tab.recv() == "5"
                    await asyncio.sleep(0.15)
            writer.close()
        assert len(connections.pending_requests) == 0

    asyncio.run(story())


def test_beyond_a_number_the_connection_that_has_waited_longest_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "pending_requests", PendingRequests(most=5))
    monkeypatch.setattr(connections.RequestGuard.__init__, "__defaults__", (60.0,))

    async def story() -> None:
        async with serving() as port:
            crowd = []
            for _ in range(12):
                crowd.append(await asyncio.open_connection("127.0.0.1", port))
                crowd[-1][1].write(b"GET / HTTP/1.1\r\n")
                await asyncio.sleep(0.02)
            assert len(connections.pending_requests) == 5
            crowd[-1][1].write(b"Host: x\r\n\r\n")
            assert (await crowd[-1][0].readuntil(b"ok")).startswith(HELLO)
            with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
                await crowd[0][0].readexactly(1)
            for _reader, writer in crowd:
                writer.close()

    asyncio.run(story())


async def until_closed(port: int, *, pings: int = 0, message: int = 0, path: str = "/") -> tuple[int | None, list[str]]:
    """How the server ended the socket that sent these, and what it answered before."""
    answers: list[str] = []
    async with connect(f"ws://127.0.0.1:{port}{path}", max_size=None) as tab:
        try:
            for _ in range(pings):
                await tab.ping()
            if message:
                await tab.send(b"x" * message)
            while True:
                answers.append(str(await asyncio.wait_for(tab.recv(), 3 if not answers else 0.3)))
        except TimeoutError:
            return None, answers
        except ConnectionClosed:
            return tab.close_code, answers


def test_frames_that_never_reach_the_application_are_counted_too() -> None:
    async def story() -> None:
        async with serving() as port:
            code, _ = await until_closed(port, pings=4 * int(connections.FRAMES.burst))
            assert code in (1006, 1008), "1006 when what was sent on broke the connection before the close was read"

    asyncio.run(story())


def test_only_an_anonymous_message_is_refused_by_its_announced_size() -> None:
    async def story() -> None:
        async with serving() as port:
            assert await until_closed(port, message=64 * KIB) == (None, [str(64 * KIB)])
            code, answers = await until_closed(port, message=1024 * KIB)
            assert code in (1006, 1008)
            assert answers == []
            assert await until_closed(port, message=1024 * KIB, path="/member") == (None, [str(1024 * KIB)])

    asyncio.run(story())


UPGRADE = (
    b"GET /large HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)


@pytest.mark.parametrize("kind", ["request", "socket"])
def test_a_client_that_reads_nothing_is_closed_a_slow_one_is_not(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "STALLED_SECONDS", 0.5)
    lost, really_lost = asyncio.Event(), connections.WrappedProtocol.connection_lost
    monkeypatch.setattr(
        connections.WrappedProtocol, "connection_lost", lambda self, exc: (really_lost(self, exc), lost.set())[0]
    )
    asked = UPGRADE if kind == "socket" else b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n"

    async def story() -> None:
        async with serving() as port:
            loop = asyncio.get_running_loop()
            with socket.create_connection(("127.0.0.1", port)) as deaf:
                deaf.sendall(asked)
                await asyncio.wait_for(lost.wait(), 20)
            with socket.create_connection(("127.0.0.1", port)) as slow:
                slow.setblocking(False)
                await loop.sock_sendall(slow, asked)
                got = 0
                while got < LARGE:
                    piece = await loop.sock_recv(slow, 512 * KIB)
                    assert piece, f"cut off after {got}"
                    got += len(piece)
                    await asyncio.sleep(0.03)

    asyncio.run(story())


def frame(opcode: int, length: int, *, last: bool, masked: bool) -> bytes:
    head = bytes([(0x80 if last else 0) | opcode])
    mask = 0x80 if masked else 0
    if length < 126:
        head += bytes([mask | length])
    elif length < 2**16:
        head += bytes([mask | 126]) + struct.pack("!H", length)
    else:
        head += bytes([mask | 127]) + struct.pack("!Q", length)
    return head + (b"mask" if masked else b"") + b"\x00" * length


FRAME = st.builds(
    frame, st.sampled_from([0, 1, 2, 8, 9, 10]), st.sampled_from([0, 1, 125, 126, 200, 70_000]),
    last=st.booleans(), masked=st.booleans(),
)  # fmt: skip


@given(st.lists(FRAME, max_size=8), st.lists(st.integers(1, 90_000), max_size=12))
def test_frames_are_counted_however_the_bytes_arrive(frames: list[bytes], cuts: list[int]) -> None:
    data, counter, counted = b"".join(frames), Frames(), 0
    for cut in (*cuts, len(data) + 1):
        piece, data = data[:cut], data[cut:]
        begun = counter.count_in(piece, 999, 10**9)
        assert begun is not None
        counted += begun
    assert counted == len(frames)


def test_the_size_of_a_message_is_that_of_all_its_frames() -> None:
    counter = Frames()
    assert counter.count_in(frame(2, 60, last=False, masked=True), 9, 100) == 1
    assert counter.count_in(frame(9, 50, last=True, masked=True), 9, 100) == 1, "a ping between them is no part of it"
    assert counter.count_in(frame(0, 60, last=True, masked=True)[:3], 9, 100) == 1
    assert counter.count_in(frame(0, 60, last=True, masked=True)[3:], 9, 100) is None
