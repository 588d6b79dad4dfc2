"""Long imports beside a server that answers."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

SHARING_SECONDS = 0.001  # how long an answer waits for the thread that loads; Python's own is five times that
_lock = threading.Lock()
_loads = 0
_usual = sys.getswitchinterval()


@contextmanager
def sharing() -> Iterator[None]:
    """While this lasts, threads take turns more often. Several may last at once."""
    global _loads
    with _lock:
        _loads += 1
        sys.setswitchinterval(SHARING_SECONDS)
    try:
        yield
    finally:
        with _lock:
            _loads -= 1
            if not _loads:
                sys.setswitchinterval(_usual)
