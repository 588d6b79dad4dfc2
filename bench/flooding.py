"""The flood of `bench/flood.py`, in a process of its own that loads next to nothing.

    python bench/flooding.py ORIGIN KIND SECONDS

Sends only to the address it is given, 1,200 a second in fifty small heaps; prints what it counted as one line of JSON.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import Counter
from contextlib import suppress

from streamlit.proto.BackMsg_pb2 import BackMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidHandshake, WebSocketException

A_SECOND = 1_200
BATCHES = 50
HALF_OPEN = 1_500
KINDS = ("messages", "reruns", "pings", "malformed", "half_open")
FOREIGN = {kind: f"192.0.2.{66 + number}" for number, kind in enumerate(KINDS)}
"""The flood's address behind a trusted proxy; the person has another."""


def rerun() -> bytes:
    message = BackMsg()
    message.rerun_script.query_string = ""
    return bytes(message.SerializeToString())


def payload(kind: str) -> bytes:
    return {"messages": b"", "reruns": rerun(), "malformed": b"\xff\xff\xff", "pings": b""}[kind]


async def _socket(origin: str, kind: str) -> ClientConnection:
    return await connect(
        origin.replace("http", "ws", 1) + "/_stcore/stream",
        additional_headers={"Origin": origin, "X-Forwarded-For": FOREIGN[kind]},
        subprotocols=["streamlit", "flood"],  # type: ignore[list-item]
        compression=None, ping_interval=None, close_timeout=0.2, max_size=None, max_queue=None,
    )  # fmt: skip


async def _send(socket: ClientConnection, kind: str, count: int) -> None:
    for _ in range(count):
        await (socket.ping() if kind == "pings" else socket.send(payload(kind)))


async def flood_sockets(origin: str, kind: str, seconds: float, a_second: int) -> Counter[str]:
    """One socket at a time; another as soon as the portal ends it."""
    told, end = Counter[str](), time.monotonic() + seconds
    socket: ClientConnection | None = None
    while time.monotonic() < end:
        begun = time.monotonic()
        try:
            if socket is None:
                socket = await _socket(origin, kind)
                told["opened"] += 1
            count = 1 if kind == "malformed" else a_second // BATCHES
            await _send(socket, kind, count)
            told["sent"] += count
            if kind == "malformed":
                await socket.wait_closed()
                socket = None
        except InvalidHandshake:
            told["refused"] += 1
        except (WebSocketException, OSError):
            told[f"closed {socket.close_code if socket else ''}"] += 1
            socket = None
        await asyncio.sleep(max(0.0, begun + 1 / BATCHES - time.monotonic()))
    if socket is not None:
        with suppress(WebSocketException, OSError):
            await socket.close()
    return told


async def flood_half_open(origin: str, seconds: float, count: int) -> Counter[str]:
    """`count` requests that are never finished; a line more for each every second. Says when they were closed."""
    told, begun = Counter[str](), time.monotonic()
    host, _, port = origin.removeprefix("http://").partition(":")

    async def one() -> None:
        writer: asyncio.StreamWriter | None = None
        try:
            reader, writer = await asyncio.open_connection(host, int(port))
            told["opened"] += 1
            writer.write(f"GET / HTTP/1.1\r\nHost: {host}:{port}\r\n".encode())
            while time.monotonic() - begun < seconds:
                with suppress(TimeoutError):
                    if not await asyncio.wait_for(reader.read(1024), 1):
                        break
                writer.write(b"X-More: 1\r\n")
                await writer.drain()
            else:
                told["still open"] += 1
                return
        except OSError:
            pass
        finally:
            if writer is not None:
                writer.close()
        told["closed"] += 1
        told["last closed after, ms"] = int(1000 * (time.monotonic() - begun))

    await asyncio.gather(*(one() for _ in range(count)))
    return told


async def flood(origin: str, kind: str, seconds: float, a_second: int = A_SECOND) -> Counter[str]:
    if kind == "half_open":
        return await flood_half_open(origin, seconds, HALF_OPEN)
    return await flood_sockets(origin, kind, seconds, a_second)


if __name__ == "__main__":
    origin, kind, seconds = sys.argv[1:4]
    print(json.dumps(asyncio.run(flood(origin, kind, float(seconds)))))
