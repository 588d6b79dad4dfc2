"""A FIFO queue of page runs: a few run at once.

Python runs one thread at a time. A hundred runnable threads are a hundred slow pages and a starved event loop, whose
sockets then break; a queue does the same work in order. A waiting run holds no lock and no connection.

Upstream (Streamlit 1.67): runs are not limited. Contract test: `tests/web/streamlit/test_runs_take_turns.py`.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

AT_ONCE = 2  # one draws while another waits for the database
LEASE_SECONDS = 0.5  # a longer run waits for LoyaltyDog or reads a large file: it must not block the others


class _Turn:
    """One run: queued until `granted` is set, then a holder since `since`."""

    def __init__(self) -> None:
        self.granted = threading.Event()
        self.since = 0.0


class Turns:
    """Thread-safe. A turn is a lease: at most `at_once` runs hold one; when a lease runs out, the next run starts."""

    def __init__(self, at_once: int = AT_ONCE, lease_seconds: float = LEASE_SECONDS) -> None:
        self._at_once = at_once
        self._lease = lease_seconds
        self._lock = threading.Lock()
        self._queue: deque[_Turn] = deque()
        self._holders: list[_Turn] = []

    @property
    def waiting(self) -> int:
        """How many runs are queued."""
        return len(self._queue)

    @property
    def busy(self) -> bool:
        """Is a page being drawn, or about to be?"""
        return bool(self._queue or self._holders)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Run the block when its turn comes."""
        mine = _Turn()
        with self._lock:
            self._queue.append(mine)
            self._grant()
        while not mine.granted.wait(self._wait_seconds(mine)):
            with self._lock:
                self._grant()
        try:
            yield
        finally:
            with self._lock:
                if mine in self._holders:
                    self._holders.remove(mine)
                self._grant()

    def _wait_seconds(self, mine: _Turn) -> float:
        """Seconds until the next look: the first in the queue looks when a lease ends, the others seldom."""
        with self._lock:
            first = self._queue[0] if self._queue else mine
            oldest = min((one.since for one in self._holders), default=time.monotonic())
        return max(0.01, oldest + self._lease - time.monotonic()) if first is mine else 4 * self._lease

    def _grant(self) -> None:
        """Grant free turns to the first in the queue. The caller holds the lock."""
        now = time.monotonic()
        self._holders = [one for one in self._holders if now - one.since < self._lease]
        while self._queue and len(self._holders) < self._at_once:
            one = self._queue.popleft()
            one.since = now
            self._holders.append(one)
            one.granted.set()


turns = Turns()
"""One a process, as there is one interpreter."""
