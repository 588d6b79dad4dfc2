"""Closes the signed-in sockets of this process soon after their session has ended on any replica (SEC-34).

Polls the session table with one query for all sockets, so that pages need not poll.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import NamedTuple

from portal.identity import AllowedSockets
from portal.log import log
from portal.web.gate.socket import SocketGuard

POLL_SECONDS = 2.0  # a revoked session's page is gone within 5 s, reconnecting included
LiveSessions = Callable[[Collection[str]], Awaitable[Mapping[str, "AllowedSockets"]]]


class Opened(NamedTuple):
    """The session and cookie value a socket was opened with; `name` is the gate's name for it."""

    session_hash: str
    cookie_value: str
    name: str


class LiveSockets:
    """`live_sessions` gives those of these sessions that are still valid. Used from one event loop."""

    def __init__(self, live_sessions: LiveSessions) -> None:
        self._live_sessions = live_sessions
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
            await asyncio.sleep(POLL_SECONDS)
            try:
                await self._close_ended()
            except Exception as error:  # each message is checked too, and refused while that fails
                log.error("sessions.not_checked", error_type=type(error).__name__)

    async def _close_ended(self) -> None:
        asked = dict(self._sockets)
        if not asked:
            return
        live = await self._live_sessions({opened.session_hash for opened in asked.values()})
        for guard, opened in asked.items():
            allowed = live.get(opened.session_hash)
            if allowed is None or not allowed.include(opened.cookie_value, opened.name):
                self.leave(guard)
                await guard.cut()
