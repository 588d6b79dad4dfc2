"""Guards one WebSocket: counts and parses each client message and checks the session again.

Anonymous sockets have tight limits. Too many messages close the socket with 1008 (policy). A run of the sign-in page
that comes too soon is delayed, not refused; nothing is read from that socket until then.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Protocol

import anyio
from starlette.types import Message, Receive, Send

from portal.identity import SessionState
from portal.web.gate.buckets import Budget
from portal.web.gate.foreign_logs import log_throttle
from portal.web.gate.limits import SocketLimits
from portal.web.gate.visit import Visit
from portal.web.streamlit.client_messages import ClientMessage, parse_client_message

POLICY, TOO_BIG, TRY_LATER, GOING_AWAY, NOT_OURS, NOT_BINARY = 1008, 1009, 1013, 1001, 1002, 1003


class SessionCheck(Protocol):
    """Reads the session table: may this socket still act for its session?"""

    def __call__(self, *, touch: bool) -> Awaitable[SessionState]: ...


def _never(_fragment: str) -> bool:
    return False


class SocketGuard:
    """Wraps `receive` and `send`. An ended session or a broken limit closes the socket and looks like a disconnect.

    `budget` is charged before a message is parsed. `may_skip` says whether to drop a tick of a fragment's timer.
    """

    def __init__(
        self,
        visit: Visit,
        check_session: SessionCheck,
        receive: Receive,
        send: Send,
        limits: SocketLimits,
        budget: Budget,
        may_skip: Callable[[str], bool] = _never,
    ) -> None:
        self._visit = visit
        self._check_session = check_session
        self._may_skip = may_skip
        self._receive = receive
        self._send = send
        self._limits = limits
        self._budget = budget
        self._born = time.monotonic()
        self._closed = False

    async def receive(self) -> Message:
        while not self._closed:
            message = await (self._receive() if self._visit.user else self._receive_in_time())
            if message["type"] != "websocket.receive":
                return message
            refused = self._refused(message)
            if refused:
                log_throttle.log("socket.closed", code=refused)
                return await self._close(refused)
            parsed = parse_client_message(message["bytes"])
            if parsed is None:
                log_throttle.log("socket.closed", code=NOT_OURS)
                return await self._close(NOT_OURS)
            if parsed.allowed and await self._hand_on(parsed):
                return message
        return {"type": "websocket.disconnect", "code": POLICY}

    def _refused(self, message: Message) -> int:
        """The close code when the message breaks a limit on number or size, else 0."""
        if not self._budget.message():
            return POLICY
        data = message.get("bytes")
        if data is None:
            return NOT_BINARY
        return TOO_BIG if self._visit.user is None and len(data) > self._limits.message_bytes else 0

    async def _hand_on(self, parsed: ClientMessage) -> bool:
        """Whether Streamlit gets it. Dropped: a tick of a timer with nothing new, and all after the session's end."""
        if self._visit.user is None:
            if parsed.run:
                await anyio.sleep(self._budget.rerun())
            return not self._closed
        if parsed.tick and self._may_skip(parsed.tick):
            return False  # the session is not checked here; `portal.web.gate.live` polls it
        state = await self._check_session(touch=parsed.act)
        if state.user is None:
            await self._close(POLICY)
        return not self._closed

    async def _receive_in_time(self) -> Message:
        """The next message of an anonymous socket, or its end when it was idle or open for too long."""
        left = self._limits.life_seconds - (time.monotonic() - self._born)
        with anyio.move_on_after(max(0.0, min(self._limits.idle_seconds, left))):
            return await self._receive()
        return await self._close(GOING_AWAY)

    async def cut(self) -> None:
        """Close the socket; a message being handled is dropped."""
        await self._close(POLICY)

    async def _close(self, code: int) -> Message:
        if not self._closed:
            self._closed = True
            await self._send({"type": "websocket.close", "code": code})
        return {"type": "websocket.disconnect", "code": code}

    async def send(self, message: Message) -> None:
        if self._closed:
            return  # Streamlit's sender task may still have messages for the closed page
        if message["type"] == "websocket.close":
            self._closed = True
        await self._send(message)
