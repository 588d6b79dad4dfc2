"""Rate limit for refusal entries: the first ones in a minute are written, the others as a count in the next entry."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass

MINUTE = 60.0
MOST_KEYS = 10_000  # the oldest is forgotten beyond that


@dataclass
class _Counted:
    since: float
    written: int = 0
    left_out: int = 0


class RefusalRate:
    """At most `each` entries a minute of one kind and `all_together` in all, in this process."""

    def __init__(self, each: int, all_together: int) -> None:
        self._each, self._most = each, all_together
        self._lock = threading.Lock()
        self._kinds: OrderedDict[Hashable, _Counted] = OrderedDict()
        self._total = _Counted(-MINUTE)

    def times(self, kind: Hashable, now: float | None = None) -> int:
        """How many refusals this entry covers: itself and those left out before it. 0: do not write it."""
        now = time.monotonic() if now is None else now
        with self._lock:
            counted = self._kinds.pop(kind, None) or _Counted(now)
            self._kinds[kind] = counted
            if len(self._kinds) > MOST_KEYS:
                self._kinds.popitem(last=False)
            for one in (counted, self._total):
                if now - one.since >= MINUTE:
                    one.since, one.written = now, 0
            if counted.written >= self._each or self._total.written >= self._most:
                counted.left_out += 1
                return 0
            counted.written += 1
            self._total.written += 1
            stands_for, counted.left_out = counted.left_out + 1, 0
            return stands_for
