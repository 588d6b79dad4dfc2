"""Reads once a second what has changed, for all open pages of this process together (see `refresh_throttle`)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping

from portal.log import log
from portal.web.streamlit.refresh_throttle import RefreshThrottle, refresh_throttle
from portal.web.streamlit.turns import Turns, turns

LOOK_SECONDS = 1.0  # and a fragment that shows exports ticks every 3 s: a change is on the screen within 5 s
Marks = Callable[[Collection[str]], Awaitable[Mapping[str, str]]]


class ChangeWatch:
    """`marks` reads the mark of each merchant's exports. Used from one event loop."""

    def __init__(self, marks: Marks, throttle: RefreshThrottle = refresh_throttle, turns: Turns = turns) -> None:
        self._marks = marks
        self._throttle = throttle
        self._turns = turns
        self._open = 0
        self._watch: asyncio.Task[None] | None = None

    def enter(self, socket: str) -> None:
        self._throttle.enter(socket)
        self._open += 1
        if self._watch is None or self._watch.done():
            self._watch = asyncio.create_task(self._poll())

    def leave(self, socket: str) -> None:
        if self._throttle.leave(socket):
            self._open -= 1

    def may_skip_for(self, socket: str) -> Callable[[str], bool]:
        """Whether a tick of this socket's fragment may be dropped."""
        return lambda fragment: self._throttle.may_skip(socket, fragment, waiting=self._turns.waiting)

    async def _poll(self) -> None:
        while self._open:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                wanted = self._throttle.merchants()
                self._throttle.tell(await self._marks(wanted) if wanted else {})
            except Exception as error:  # unknown counts as changed: every tick is handed on
                self._throttle.tell({})
                log.error("changes.not_read", error_type=type(error).__name__)
