"""A sink in a thread of its own, so that bytes arrive while the ones before are hashed, sealed and stored.

Hashing, encrypting and storing cost about as much time as receiving; one after the other they halve the rate
(bench/fetch_throughput.py).
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

DEPTH = 3  # pieces of at most 1 MiB that may wait


class Behind:
    """Give it pieces by calling it. Leaving the block waits for the last one; then all is with the sink.

    What the sink raises is raised by the next call, or on leaving.
    """

    def __init__(self, sink: Callable[[bytes], None]) -> None:
        self._sink = sink
        self._waiting: queue.Queue[bytes | None] = queue.Queue(DEPTH)
        self._trouble: BaseException | None = None
        self._given_up = False
        self._thread = threading.Thread(target=self._run, name="sealing", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __call__(self, piece: bytes) -> None:
        if self._trouble is not None:
            raise self._trouble
        self._waiting.put(piece)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._given_up = error is not None
        self._waiting.put(None)
        self._thread.join()
        if error is None and self._trouble is not None:
            raise self._trouble

    def _run(self) -> None:
        """To the end in any case: whoever waits to hand over a piece must not wait for ever."""
        while (piece := self._waiting.get()) is not None:
            if self._trouble is not None or self._given_up:
                continue
            try:
                self._sink(piece)
            except BaseException as error:  # raised again where the pieces come from
                self._trouble = error
