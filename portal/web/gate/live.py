"""Closes the signed-in sockets of this process as soon as their session has ended anywhere (SEC-34).

One query to the session table for all of them, so that pages need not poll.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import NamedTuple

from portal.identity import AllowedSockets
from portal.log import log
from portal.web.gate.socket import SocketGuard

LOOK_SECONDS = 2.0  # a revoked session's page clears within 5 s, the new connection included
Living = Callable[[Collection[str]], Awaitable[Mapping[str, "AllowedSockets"]]]


class Opened(NamedTuple):
    """The session and cookie value a socket was opened with; `name` is the gate's name for it."""

    session_hash: str
    cookie_value: str
    name: str


class LiveSockets:
    """`living` gives those of these sessions that are still good. Used from one event loop."""

    def __init__(self, living: Living) -> None:
        self._living = living
        self._sockets: dict[SocketGuard, Opened] = {}
        self._watch: asyncio.Task[None] | None = None

    def enter(self, guard: SocketGuard, opened: Opened) -> None:
        self._sockets[guard] = opened
        if self._watch is None or self._watch.done():
            self._watch = asyncio.create_task(self._poll())

    def leave(self, guard: SocketGuard) -> None:
        self._sockets.pop(guard, None)

    async def _poll(self) -> None:
        while self._sockets:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                await self._look()
            except Exception as error:  # the next message of each socket is still checked, and refused while it fails
                log.error("sessions.not_checked", error_type=type(error).__name__)

    async def _look(self) -> None:
        asked = dict(self._sockets)
        if not asked:
            return
        living = await self._living({opened.session_hash for opened in asked.values()})
        for guard, opened in asked.items():
            allowed = living.get(opened.session_hash)
            if allowed is None or not allowed.include(opened.cookie_value, opened.name):
                self.leave(guard)
                await guard.cut()
