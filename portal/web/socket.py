"""One WebSocket under guard: every client message re-checks the session; the anonymous are kept small."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Protocol

import anyio
from starlette.types import Message, Receive, Send

from portal.web import bridge
from portal.web.limits import SocketLimits
from portal.web.visit import Visit

if TYPE_CHECKING:
    from portal.identity import SessionState

POLICY, TOO_BIG, GOING_AWAY = 1008, 1009, 1001


class Look(Protocol):
    """Asks the session table whether this socket may still speak for its session."""

    def __call__(self, *, touch: bool) -> Awaitable[SessionState]: ...


def _never(_fragment: str) -> bool:
    return False


class SocketGuard:
    """Wraps `receive` and `send`. A dead session or a broken limit closes the socket and reads as a disconnect.

    `may_rest` is asked for each tick of a fragment's timer; one that may is not handed on.
    """

    def __init__(
        self,
        visit: Visit,
        look: Look,
        receive: Receive,
        send: Send,
        limits: SocketLimits,
        may_rest: Callable[[str], bool] = _never,
    ) -> None:
        self._visit = visit
        self._look = look
        self._may_rest = may_rest
        self._receive = receive
        self._send = send
        self._limits = limits
        self._born = time.monotonic()
        self._closed = False

    async def receive(self) -> Message:
        if self._visit.user is None and not self._closed:
            return await self._receive_anonymous()
        while not self._closed:
            message = await self._receive()
            if message["type"] != "websocket.receive":
                return message
            said = bridge.said_by(message.get("bytes") or b"")
            if said.tick and self._may_rest(said.tick):
                continue  # nothing is drawn or told; `portal.web.live` watches the session meanwhile
            state = await self._look(touch=said.act)
            if state.user is None:
                return await self._close(POLICY)
            return message
        return {"type": "websocket.disconnect", "code": POLICY}

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
