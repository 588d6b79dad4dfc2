"""Page runs take turns: a few at once, first come first served.

Python runs one thread at a time. A hundred threads that all want to are a hundred slow pages and a starved event loop,
whose sockets then break off; a queue is the same work done in order. Whoever stands in it holds nothing.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

AT_ONCE = 2  # one draws while another's question is with the database
LEASE_SECONDS = 0.5  # a longer run waits for LoyaltyDog or reads a large file: it must not hold up the others


class _Turn:
    """One run: in line until `called`, then a holder since `since`."""

    def __init__(self) -> None:
        self.called = threading.Event()
        self.since = 0.0


class Turns:
    """Used by many threads. A turn is a lease: `at_once` runs hold one, and a run that outlasts it lets the next in."""

    def __init__(self, at_once: int = AT_ONCE, lease_seconds: float = LEASE_SECONDS) -> None:
        self._at_once = at_once
        self._lease = lease_seconds
        self._door = threading.Lock()
        self._line: deque[_Turn] = deque()
        self._holders: list[_Turn] = []

    @property
    def waiting(self) -> int:
        """How many stand in line."""
        return len(self._line)

    @property
    def busy(self) -> bool:
        """Is a page being drawn, or about to be?"""
        return bool(self._line or self._holders)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Run the block when it is one's turn."""
        mine = _Turn()
        with self._door:
            self._line.append(mine)
            self._call()
        while not mine.called.wait(self._patience(mine)):
            with self._door:
                self._call()
        try:
            yield
        finally:
            with self._door:
                if mine in self._holders:
                    self._holders.remove(mine)
                self._call()

    def _patience(self, mine: _Turn) -> float:
        """Seconds to wait to be called: the first in line looks when a lease ends, the others seldom."""
        with self._door:
            first = self._line[0] if self._line else mine
            oldest = min((one.since for one in self._holders), default=time.monotonic())
        return max(0.01, oldest + self._lease - time.monotonic()) if first is mine else 4 * self._lease

    def _call(self) -> None:
        """Call the next in line to the places that are free; for whoever holds the door."""
        now = time.monotonic()
        self._holders = [one for one in self._holders if now - one.since < self._lease]
        while self._line and len(self._holders) < self._at_once:
            one = self._line.popleft()
            one.since = now
            self._holders.append(one)
            one.called.set()


turns = Turns()
"""The process's own: there is one interpreter to share."""
