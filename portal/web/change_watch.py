"""One look a second at what has changed, for all open pages of this process together (see `portal.web.resting`)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping

from portal.log import log
from portal.web.resting import Resting, resting
from portal.web.turns import Turns, turns

LOOK_SECONDS = 1.0  # and a part that shows exports ticks every 3 s: a change is on the screen within 5 s
Marks = Callable[[Collection[str]], Awaitable[Mapping[str, str]]]


class ChangeWatch:
    """`marks` says how it stands with each merchant's exports. Used from one event loop."""

    def __init__(self, marks: Marks, resting: Resting = resting, turns: Turns = turns) -> None:
        self._marks = marks
        self._resting = resting
        self._turns = turns
        self._open = 0
        self._watch: asyncio.Task[None] | None = None

    def enter(self, socket: str) -> None:
        self._resting.enter(socket)
        self._open += 1
        if self._watch is None or self._watch.done():
            self._watch = asyncio.create_task(self._look_again_and_again())

    def leave(self, socket: str) -> None:
        if self._resting.leave(socket):
            self._open -= 1

    def resting_for(self, socket: str) -> Callable[[str], bool]:
        """Whether a tick of this socket's fragment may be dropped."""
        return lambda fragment: self._resting.may_rest(socket, fragment, waiting=self._turns.waiting)

    async def _look_again_and_again(self) -> None:
        while self._open:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                wanted = self._resting.merchants()
                self._resting.tell(await self._marks(wanted) if wanted else {})
            except Exception as error:  # what is not known has changed: every tick is handed on
                self._resting.tell({})
                log.error("changes not looked at", error_type=type(error).__name__)
