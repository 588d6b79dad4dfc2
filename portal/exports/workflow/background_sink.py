"""A sink that runs in a thread of its own: bytes arrive while earlier ones are hashed, sealed and stored.

Hashing, encrypting and storing cost about as much time as receiving; one after the other they halve the rate
(bench/fetch_throughput.py).
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

MAX_QUEUED = 3  # pieces of at most 1 MiB that may wait


class BackgroundSink:
    """Call it with each piece. Leaving the block waits until the sink has taken the last one.

    What the sink raises is raised by the next call, or on leaving the block.
    """

    def __init__(self, sink: Callable[[bytes], None]) -> None:
        self._sink = sink
        self._queue: queue.Queue[bytes | None] = queue.Queue(MAX_QUEUED)
        self._error: BaseException | None = None
        self._broken_off = False
        self._thread = threading.Thread(target=self._run, name="sealing", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __call__(self, piece: bytes) -> None:
        if self._error is not None:
            raise self._error
        self._queue.put(piece)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._broken_off = error is not None
        self._queue.put(None)
        self._thread.join()
        if error is None and self._error is not None:
            raise self._error

    def _run(self) -> None:
        """Empty the queue in any case: a caller blocked on a full one must not wait for ever."""
        while (piece := self._queue.get()) is not None:
            if self._error is not None or self._broken_off:
                continue
            try:
                self._sink(piece)
            except BaseException as error:  # raised again in the caller's thread
                self._error = error
