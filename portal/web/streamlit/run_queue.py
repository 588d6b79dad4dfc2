"""A FIFO queue of page runs, of which two run at once.

Python runs one thread at a time. With a hundred runnable threads every page is slow, and the event loop gets too little
time to keep its sockets open. The queue does the same work in order. A queued run holds no lock and no connection.
`portal.web.streamlit.runs.queue_runs` puts Streamlit's runs into it.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

MAX_RUNNING = 2  # one draws while another waits for the database
LEASE_SECONDS = 0.5  # a longer run waits for LoyaltyDog or reads a large file and must not block the others


class _QueuedRun:
    """One run: it waits until `granted` is set; `since` is when it began."""

    def __init__(self) -> None:
        self.granted = threading.Event()
        self.since = 0.0


class RunQueue:
    """Thread-safe. At most `max_running` runs hold a slot. A slot is a lease: when it has run out, the next starts."""

    def __init__(self, max_running: int = MAX_RUNNING, lease_seconds: float = LEASE_SECONDS) -> None:
        self._max_running = max_running
        self._lease = lease_seconds
        self._lock = threading.Lock()
        self._queue: deque[_QueuedRun] = deque()
        self._running: list[_QueuedRun] = []

    @property
    def queued(self) -> int:
        """How many runs are queued."""
        return len(self._queue)

    @contextmanager
    def slot(self) -> Iterator[None]:
        """Run the block when a slot is free; first come, first served."""
        mine = _QueuedRun()
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
                if mine in self._running:
                    self._running.remove(mine)
                self._grant()

    def _wait_seconds(self, mine: _QueuedRun) -> float:
        """Timeout of the wait: the first in the queue checks again when a lease ends, the others seldom."""
        with self._lock:
            first = self._queue[0] if self._queue else mine
            oldest = min((one.since for one in self._running), default=time.monotonic())
        return max(0.01, oldest + self._lease - time.monotonic()) if first is mine else 4 * self._lease

    def _grant(self) -> None:
        """Give free slots to the first in the queue. The caller holds the lock."""
        now = time.monotonic()
        self._running = [one for one in self._running if now - one.since < self._lease]
        while self._queue and len(self._running) < self._max_running:
            one = self._queue.popleft()
            one.since = now
            self._running.append(one)
            one.granted.set()


run_queue = RunQueue()
"""One per process, as there is one interpreter."""
