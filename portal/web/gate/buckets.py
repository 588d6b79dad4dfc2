"""Token buckets, which limit bursts and sustained rates. In memory: each replica has its own."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

MAX_KEYS = 10_000


@dataclass(frozen=True)
class Rate:
    """At most `burst` at once and `per_second` in the long run."""

    burst: float
    per_second: float


class Bucket:
    """Full at first. Used from the event loop only, so it needs no lock."""

    def __init__(self, rate: Rate, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._clock = clock
        self._left = rate.burst
        self._at = clock()

    def _fill(self) -> None:
        now = self._clock()
        self._left = min(self._rate.burst, self._left + (now - self._at) * self._rate.per_second)
        self._at = now

    @property
    def full(self) -> bool:
        self._fill()
        return self._left >= self._rate.burst

    def take(self, count: int = 1) -> bool:
        """Take tokens if there are enough. Returns whether there were."""
        self._fill()
        if self._left < count:
            return False
        self._left -= count
        return True

    def reserve(self) -> float:
        """Take a token in advance if need be. Returns the seconds to wait for it. The debt is at most one `burst`, so
        that sockets which reserved and left do not delay others for long."""
        self._fill()
        self._left = max(self._left - 1, -self._rate.burst)
        return max(0.0, -self._left / self._rate.per_second)


class Buckets:
    """A bucket per key (an address, a session). Bounded: full ones are dropped first, then the oldest."""

    def __init__(self, rate: Rate, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._clock = clock
        self._of: dict[str, Bucket] = {}

    def __len__(self) -> int:
        return len(self._of)

    def of(self, key: str) -> Bucket:
        found = self._of.get(key)
        if found is None:
            self._make_room()
            found = self._of[key] = Bucket(self._rate, self._clock)
        return found

    def _make_room(self) -> None:
        if len(self._of) < MAX_KEYS:
            return
        for key in [key for key, bucket in self._of.items() if bucket.full]:
            del self._of[key]
        while len(self._of) >= MAX_KEYS:
            del self._of[next(iter(self._of))]


@dataclass(frozen=True)
class Budget:
    """What one socket may send: buckets of its own, and some shared with other sockets."""

    messages: Sequence[Bucket]
    reruns: Sequence[Bucket] = ()

    def message(self) -> bool:
        """Whether one more message is allowed. The socket's own bucket comes first: what it refuses costs no other."""
        return all(bucket.take() for bucket in self.messages)

    def rerun(self) -> float:
        """Seconds to wait before the next run of the script."""
        return max((bucket.reserve() for bucket in self.reruns), default=0.0)
