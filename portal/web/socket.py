"""One WebSocket under guard: every client message re-checks the session; the anonymous are kept small."""

from __future__ import annotations

import time
from collections.abc import Awaitable
from typing import Protocol

import anyio
from starlette.types import Message, Receive, Send

from portal.identity import SessionState
from portal.web import bridge
from portal.web.limits import SocketLimits
from portal.web.visit import Visit

POLICY, TOO_BIG, GOING_AWAY = 1008, 1009, 1001


class Look(Protocol):
    """Asks the session table whether this socket may still speak for its session."""

    def __call__(self, *, touch: bool) -> Awaitable[SessionState]: ...


class SocketGuard:
    """Wraps `receive` and `send`. A dead session or a broken limit closes the socket and reads as a disconnect."""

    def __init__(self, visit: Visit, look: Look, receive: Receive, send: Send, limits: SocketLimits) -> None:
        self._visit = visit
        self._look = look
        self._receive = receive
        self._send = send
        self._limits = limits
        self._born = time.monotonic()
        self._closed = False

    async def receive(self) -> Message:
        if self._closed:
            return {"type": "websocket.disconnect", "code": POLICY}
        if self._visit.user is None:
            return await self._receive_anonymous()
        message = await self._receive()
        if message["type"] != "websocket.receive":
            return message
        data = message.get("bytes") or b""
        state = await self._look(touch=bridge.is_act(data))
        if state.user is None:
            return await self._close(POLICY)
        return message

    async def _receive_anonymous(self) -> Message:
        left = self._limits.life_seconds - (time.monotonic() - self._born)
        with anyio.move_on_after(max(0.0, min(self._limits.idle_seconds, left))):
            message = await self._receive()
            size = len(message.get("bytes") or b"") + len(message.get("text") or "")
            return await self._close(TOO_BIG) if size > self._limits.message_bytes else message
        return await self._close(GOING_AWAY)

    async def cut(self) -> None:
        """End the socket from outside; a message on its way is dropped."""
        await self._close(POLICY)

    async def _close(self, code: int) -> Message:
        if not self._closed:
            self._closed = True
            await self._send({"type": "websocket.close", "code": code})
        return {"type": "websocket.disconnect", "code": code}

    async def send(self, message: Message) -> None:
        if self._closed:
            return  # Streamlit's sender task may still hold messages for the page we have just cut off
        if message["type"] == "websocket.close":
            self._closed = True
        await self._send(message)
