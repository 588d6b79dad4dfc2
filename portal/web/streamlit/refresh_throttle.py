"""Drops a fragment's timed refresh at the gate when nothing it shows has changed.

Upstream (Streamlit 1.67): `run_every` redraws a fragment whether or not anything is new. A script therefore records
here what it has drawn and what that depends on; the gate looks it up before it hands a tick on. Only ticks are dropped,
never a person's act. Contract test: `tests/web/streamlit/test_refresh_throttle.py`. Missing: comfort, every tick is
drawn.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

YIELD_SECONDS, LONGEST_YIELD_SECONDS = 5.0, 60.0
"""A changed fragment's timer waits this much longer for each queued page run, so that people's acts come first and
timers alone cannot keep the queue full."""


@dataclass(frozen=True)
class Drawn:
    """One drawing: `mark` of the merchant's exports when it began (None: not known), still good until `until`."""

    merchant_id: str
    mark: str | None
    at: float
    until: float


@dataclass
class RefreshThrottle:
    """Drawings by socket and fragment. Script threads write, the event loop reads; each step is one dict operation, so
    no lock is needed."""

    clock: Callable[[], float] = time.monotonic
    _drawn: dict[str, dict[str, Drawn]] = field(default_factory=dict)
    _marks: dict[str, str] = field(default_factory=dict)

    def enter(self, socket: str) -> None:
        """Begin to record what this socket draws."""
        self._drawn[socket] = {}

    def leave(self, socket: str) -> bool:
        """Forget the socket. Returns whether it was known."""
        return self._drawn.pop(socket, None) is not None

    def mark_of(self, merchant_id: str) -> str | None:
        """The merchant's mark; taken before the drawing reads, so that a change during it counts as new."""
        return self._marks.get(merchant_id)

    def add_drawing(
        self, socket: str, fragment: str, seconds: float, merchant_id: str = "", mark: str | None = None
    ) -> None:
        """The fragment need not be drawn again for `seconds`, or until the merchant's mark is another."""
        of_socket = self._drawn.get(socket)
        if of_socket is not None:
            now = self.clock()
            of_socket[fragment] = Drawn(merchant_id, mark, now, now + seconds)

    def forget_drawn(self, socket: str) -> None:
        """A run of the whole page invalidates all of the socket's drawings."""
        of_socket = self._drawn.get(socket)
        if of_socket is not None:
            of_socket.clear()

    def may_skip(self, socket: str, fragment: str, *, queued: int) -> bool:
        """Whether a tick may be dropped; `queued` is the number of page runs in the queue."""
        drawn = self._drawn.get(socket, {}).get(fragment)
        if drawn is None:
            return False
        now = self.clock()
        if now - drawn.at < min(LONGEST_YIELD_SECONDS, queued * YIELD_SECONDS):
            return True
        if now >= drawn.until:
            return False
        return not drawn.merchant_id or (drawn.mark is not None and drawn.mark == self._marks.get(drawn.merchant_id))

    def merchants(self) -> set[str]:
        """The merchants whose exports are on open pages."""
        return {drawn.merchant_id for noted in list(self._drawn.values()) for drawn in list(noted.values())} - {""}

    def set_marks(self, marks: Mapping[str, str]) -> None:
        """Set the current marks of `merchants()`."""
        self._marks = dict(marks)


refresh_throttle = RefreshThrottle()
"""One a process, shared by scripts and the gate."""
