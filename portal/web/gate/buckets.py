"""Token buckets: how much may come at once, and how much for ever. In process: each replica has its own."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

MAX_KEYS = 10_000


@dataclass(frozen=True)
class Pace:
    """`burst` at once, then `a_second`."""

    burst: float
    a_second: float


class Bucket:
    """Full at first. Used from the event loop only, so it needs no lock."""

    def __init__(self, pace: Pace, clock: Callable[[], float] = time.monotonic) -> None:
        self._pace = pace
        self._clock = clock
        self._left = pace.burst
        self._at = clock()

    def _fill(self) -> None:
        now = self._clock()
        self._left = min(self._pace.burst, self._left + (now - self._at) * self._pace.a_second)
        self._at = now

    @property
    def full(self) -> bool:
        self._fill()
        return self._left >= self._pace.burst

    def take(self, count: int = 1) -> bool:
        """Whether there was enough; nothing is taken otherwise."""
        self._fill()
        if self._left < count:
            return False
        self._left -= count
        return True

    def book(self) -> float:
        """Take one in any case; seconds until it is there. The debt is at most one `burst`: sockets which booked
        and went away do not make the next one wait for long."""
        self._fill()
        self._left = max(self._left - 1, -self._pace.burst)
        return max(0.0, -self._left / self._pace.a_second)


class Buckets:
    """A bucket for each key (an address, a session). Bounded: full ones are forgotten, and then the oldest."""

    def __init__(self, pace: Pace, clock: Callable[[], float] = time.monotonic) -> None:
        self._pace = pace
        self._clock = clock
        self._of: dict[str, Bucket] = {}

    def __len__(self) -> int:
        return len(self._of)

    def of(self, key: str) -> Bucket:
        found = self._of.get(key)
        if found is None:
            self._make_room()
            found = self._of[key] = Bucket(self._pace, self._clock)
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
    """What one socket may send: from buckets of its own and those it shares with others."""

    messages: Sequence[Bucket]
    reruns: Sequence[Bucket] = ()

    def message(self) -> bool:
        """Whether one more message may come. What the first bucket, its own, refuses, costs the others nothing."""
        return all(bucket.take() for bucket in self.messages)

    def rerun(self) -> float:
        """Seconds to wait before one more run of the script may be asked for."""
        return max((bucket.book() for bucket in self.reruns), default=0.0)
