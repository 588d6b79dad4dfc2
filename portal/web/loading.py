"""Long imports beside a server that answers."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from typing import Any

SHARING_SECONDS = 0.001  # how long an answer waits for the thread that loads; Python's own is five times that
WAY_SECONDS = 0.5  # given away in one load at most: a page may itself wait for what is being loaded
NAP_SECONDS = 0.002
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


class _GivesWay(MetaPathFinder):
    """Finds nothing: it is asked before each module that this thread loads, and sleeps while others are `busy`."""

    def __init__(self, busy: Callable[[], bool]) -> None:
        self._busy = busy
        self._thread = threading.get_ident()
        self._left = WAY_SECONDS

    def find_spec(self, *_asked: Any) -> None:
        if threading.get_ident() != self._thread:
            return
        while self._left > 0 and self._busy():
            time.sleep(NAP_SECONDS)
            self._left -= NAP_SECONDS


@contextmanager
def giving_way(busy: Callable[[], bool]) -> Iterator[None]:
    """While this lasts, this thread loads no further module as long as others are `busy`, `WAY_SECONDS` in all."""
    gives_way = _GivesWay(busy)
    sys.meta_path.insert(0, gives_way)
    try:
        yield
    finally:
        sys.meta_path.remove(gives_way)
