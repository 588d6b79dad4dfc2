"""Guards connections below the HTTP parser: closes requests that are never finished, limits a WebSocket's frames, and
cuts off clients that do not read their responses.

uvicorn (0.54) waits without limit for the end of a request's headers, and answers pings and joins fragments without
asking the application. Its protocol classes are wrapped, not replaced: `guard` is called for a server of our own before
it runs and, from the lifespan, for one that `streamlit run` or `uvicorn` has started.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any, cast

import uvicorn
from starlette.types import Scope

from portal.web.gate.buckets import Bucket, Rate
from portal.web.gate.foreign_logs import log_throttle, throttle_library_logs
from portal.web.gate.limits import SocketLimits

HEAD_SECONDS = 10.0  # from a connection's first moment, or a request's first byte, to the end of its headers
MAX_PENDING = 512  # connections without a whole request; beyond it the oldest is closed
MIN_PENDING_SECONDS = 1.0  # younger ones are kept: after a start, everybody connects at once
FRAMES = Rate(2_000, 100)  # a browser sends a pong every 20 s, and a large message in frames of 64 KiB and more
STALLED_SECONDS = 60.0  # uvicorn and asyncio wait for ever for a client that reads nothing, even when closing
END_SECONDS = 1.0  # to send what is written already; then the connection is cut
CLOSE_FRAME = b"\x88\x02\x03\xf0"  # a close frame (RFC 6455, section 5.5.1) with 1008, policy violation
CONNECTION = "portal.connection"
"""Where a socket's scope (in its `extensions`) holds its connection, for the gate."""
FRAME_OVERHEAD = 1_024  # bytes by which a frame may exceed the gate's limit on a message


class PendingRequests:
    """The connections of this process whose request has not arrived whole, oldest first."""

    def __init__(self, most: int = MAX_PENDING) -> None:
        self._most = most
        self._since: dict[RequestGuard, float] = {}

    def __len__(self) -> int:
        return len(self._since)

    def enter(self, guard: RequestGuard) -> None:
        now = time.monotonic()
        if guard in self._since:
            return
        while len(self._since) >= self._most:
            oldest = next(iter(self._since))
            if now - self._since[oldest] < MIN_PENDING_SECONDS:
                break
            oldest.cut()
        self._since[guard] = now

    def leave(self, guard: RequestGuard) -> None:
        self._since.pop(guard, None)


pending_requests = PendingRequests()
"""One per process."""


class WrappedProtocol(asyncio.Protocol):
    """Forwards everything to the inner protocol, and aborts a connection to which nothing can be written."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self._transport: asyncio.Transport | None = None
        self._stalls = StallWatch(self)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._inner.connection_made(transport)
        self._stalls.watch(self._transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._stalls.stop()
        self._inner.connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._inner.data_received(data)

    def eof_received(self) -> bool | None:
        return cast("bool | None", self._inner.eof_received())

    def pause_writing(self) -> None:
        self._stalls.paused = True
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        self._stalls.paused = False
        self._inner.resume_writing()


class StallWatch:
    """Checks a connection every `STALLED_SECONDS`: aborts it if it has been closing since the last check, or if it has
    been paused since then and has not less to write."""

    def __init__(self, protocol: asyncio.Protocol) -> None:
        self._protocol = protocol
        self._next: asyncio.TimerHandle | None = None
        self._paused = self._was_closing = False
        self._left: int | None = None
        """Bytes in the write buffer at the last check, if the connection has been paused since then."""

    @property
    def paused(self) -> bool:
        return self._paused

    @paused.setter
    def paused(self, paused: bool) -> None:
        self._paused, self._left = paused, None

    def watch(self, transport: asyncio.Transport) -> None:
        self._next = asyncio.get_running_loop().call_later(STALLED_SECONDS, self._check, transport)

    def stop(self) -> None:
        if self._next is not None:
            self._next.cancel()

    def _check(self, transport: asyncio.Transport) -> None:
        if transport.get_protocol() is not self._protocol:
            return  # another protocol has it, with a watch of its own
        left, closing = transport.get_write_buffer_size(), transport.is_closing()
        if (closing and self._was_closing) or (self._left is not None and left >= self._left):
            transport.abort()
            return
        self._was_closing, self._left = closing, left if self._paused else None
        self.watch(transport)


class RequestGuard(WrappedProtocol):
    """One HTTP connection with a deadline for each request, which only the end of the headers lifts. It begins with the
    connection and with each request's first byte. A body that comes after the response counts as a new request."""

    def __init__(self, inner: Any, pending: PendingRequests, seconds: float = HEAD_SECONDS) -> None:
        super().__init__(inner)
        self._pending = pending
        self._seconds = seconds
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._start_deadline()

    def connection_lost(self, exc: Exception | None) -> None:
        self._lift_deadline()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._is_socket() or self._is_answering():
            self._lift_deadline()
        else:
            self._start_deadline()

    def _is_socket(self) -> bool:
        """Whether the connection was handed over to the WebSocket's protocol."""
        return self._transport is not None and self._transport.get_protocol() is not self

    def _is_answering(self) -> bool:
        cycle = self._inner.cycle
        return cycle is not None and not cycle.response_complete

    def _start_deadline(self) -> None:
        if self._deadline is None and self._transport is not None and not self._transport.is_closing():
            self._deadline = asyncio.get_running_loop().call_later(self._seconds, self.cut)
            self._pending.enter(self)

    def _lift_deadline(self) -> None:
        self._pending.leave(self)
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def cut(self) -> None:
        """Abort the connection: its request did not arrive in time, or too many are pending."""
        self._lift_deadline()
        log_throttle.log("request.not_finished", code=408)
        if self._transport is not None:
            self._transport.abort()


class Frames:
    """Counts a client's frames and the bytes of its messages (RFC 6455, section 5.2), without storing any."""

    def __init__(self) -> None:
        self._head = b""
        self._body_left = 0
        self.message_bytes = 0
        """Size of the current message, as its frames announce it."""

    def count_in(self, data: bytes, most_frames: int, most_bytes: int) -> int | None:
        """How many frames begin in these bytes; None when those, or a message's bytes, exceed the limits."""
        at = begun = 0
        while at < len(data):
            if self._body_left:
                step = min(self._body_left, len(data) - at)
                at, self._body_left = at + step, self._body_left - step
                continue
            if not self._head:
                begun += 1
            step = self._head_size() - len(self._head)
            self._head, at = self._head + data[at : at + step], at + step
            if len(self._head) == self._head_size():
                self._begin()
            if begun > most_frames or self.message_bytes > most_bytes:
                return None
        return begun

    def _head_size(self) -> int:
        if len(self._head) < 2:
            return 2
        length, masked = self._head[1] & 0x7F, self._head[1] & 0x80
        return 2 + {126: 2, 127: 8}.get(length, 0) + (4 if masked else 0)

    def _begin(self) -> None:
        length = self._head[1] & 0x7F
        if length >= 126:
            length = int.from_bytes(self._head[2 : 4 if length == 126 else 10], "big")
        opcode = self._head[0] & 0x0F
        if opcode in (1, 2):  # text and binary begin a message, 0 continues it; others are control frames
            self.message_bytes = length
        elif opcode == 0:
            self.message_bytes += length
        self._head, self._body_left = b"", length


class SocketConnection(WrappedProtocol):
    """One WebSocket connection; until `trust`, messages have the size limit of anonymous ones."""

    def __init__(self, inner: Any, most_bytes: int, small_bytes: int, rate: Rate = FRAMES) -> None:
        super().__init__(inner)
        self._frames = Frames()
        self._rate = rate
        self._bucket = Bucket(rate)
        self._most_bytes = most_bytes
        self._allowed_bytes = small_bytes
        self._opened = False
        self._over = False

    def data_received(self, data: bytes) -> None:
        if self._over:
            return
        if not self._opened:
            self._open(data)
            return
        begun = self._frames.count_in(data, int(self._rate.burst), self._allowed_bytes)
        if begun is None or not self._bucket.take(begun):
            self._end()
        else:
            self._inner.data_received(data)

    def _open(self, request: bytes) -> None:
        """The handshake, which uvicorn rewrites as one piece."""
        self._opened = True
        self._inner.data_received(request)
        scope = getattr(self._inner, "scope", None)
        if isinstance(scope, dict):
            scope.setdefault("extensions", {})[CONNECTION] = self
        else:
            self.trust()  # no scope to be found by: the gate alone limits the messages

    def trust(self) -> None:
        """Raise the limit: the socket belongs to a signed-in person."""
        self._allowed_bytes = self._most_bytes

    def _end(self) -> None:
        self._over = True
        log_throttle.log("socket.closed", code=1008)
        transport = self._transport
        if transport is not None and not transport.is_closing():
            transport.write(CLOSE_FRAME)
            transport.close()
            asyncio.get_running_loop().call_later(END_SECONDS, transport.abort)


def trust(scope: Scope) -> None:
    """Raise the size limit of this scope's socket to the server's, for a valid session."""
    connection = (scope.get("extensions") or {}).get(CONNECTION)
    if isinstance(connection, SocketConnection):
        connection.trust()


def guard(config: uvicorn.Config) -> None:
    """Wrap the protocol classes of a server's configuration. Idempotent."""
    if not config.loaded:
        config.load()
    http: Callable[..., Any] = config.http_protocol_class
    sockets: Callable[..., Any] | None = config.ws_protocol_class
    throttle_library_logs()
    if getattr(http, "guarded", False):
        return

    def request_guard(*args: Any, **kwargs: Any) -> asyncio.Protocol:
        inner = http(*args, **kwargs)
        return RequestGuard(inner, pending_requests) if hasattr(inner, "cycle") else cast("asyncio.Protocol", inner)

    def socket_connection(*args: Any, **kwargs: Any) -> asyncio.Protocol:
        assert sockets is not None
        return SocketConnection(
            sockets(*args, **kwargs), config.ws_max_size, SocketLimits().message_bytes + FRAME_OVERHEAD
        )

    config.ws_per_message_deflate = False  # the size of a compressed message says nothing about its content's
    request_guard.guarded = True  # type: ignore[attr-defined]
    config.http_protocol_class = request_guard  # type: ignore[assignment]
    if sockets is not None:
        config.ws_protocol_class = socket_connection  # type: ignore[assignment]
