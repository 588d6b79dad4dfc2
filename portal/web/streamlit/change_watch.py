"""Reads once a second which merchants' exports have changed: one query for all open pages of this process.

Upstream (Streamlit 1.67): a fragment with `run_every` is redrawn at each tick, whether or not anything is new.
`refresh_throttle` drops ticks by the marks that are read here. No private part of Streamlit is used, so none can be
missing; a mark that could not be read counts as changed, and every tick is handed on.
Contract test: `tests/web/streamlit/test_refresh_throttle.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping

from portal.log import log
from portal.web.streamlit.refresh_throttle import RefreshThrottle, refresh_throttle
from portal.web.streamlit.run_queue import RunQueue, run_queue

POLL_SECONDS = 1.0  # and a fragment that shows exports ticks every 3 s: a change is on the screen within 5 s
Marks = Callable[[Collection[str]], Awaitable[Mapping[str, str]]]


class ChangeWatch:
    """`marks` reads a mark per merchant, which changes with its exports. Used from one event loop."""

    def __init__(self, marks: Marks, throttle: RefreshThrottle = refresh_throttle, queue: RunQueue = run_queue) -> None:
        self._marks = marks
        self._throttle = throttle
        self._queue = queue
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
        """A function that says whether a tick of one of this socket's fragments may be dropped."""
        return lambda fragment: self._throttle.may_skip(socket, fragment, queued=self._queue.queued)

    async def _poll(self) -> None:
        while self._open:
            await asyncio.sleep(POLL_SECONDS)
            try:
                wanted = self._throttle.merchants()
                self._throttle.set_marks(await self._marks(wanted) if wanted else {})
            except Exception as error:  # unknown counts as changed: every tick is handed on
                self._throttle.set_marks({})
                log.error("changes.not_read", error_type=type(error).__name__)
