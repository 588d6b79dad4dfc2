"""Limits on anonymous WebSockets, per address and in all (SEC-32). In process: each replica has its own."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

WINDOW_SECONDS = 60.0
MAX_ADDRESSES = 10_000


@dataclass(frozen=True)
class SocketLimits:
    """Sockets per address and in all, handshakes a minute, bytes a message, seconds of idleness and of life."""

    open_per_address: int = 20
    handshakes_per_minute: int = 60
    open_in_all: int = 500
    message_bytes: int = 64 * 1024
    idle_seconds: float = 120.0
    life_seconds: float = 600.0


class AnonymousSockets:
    """Counts of one process; used from the event loop only, so it needs no lock."""

    def __init__(self, limits: SocketLimits, clock: Callable[[], float] = time.monotonic) -> None:
        self.limits = limits
        self._clock = clock
        self._open: dict[str, int] = {}
        self._handshakes: dict[str, deque[float]] = {}

    @property
    def open_in_all(self) -> int:
        return sum(self._open.values())

    def enter(self, address: str) -> bool:
        """Whether one more anonymous socket from the address may open; counts the handshake either way."""
        now = self._clock()
        self._sweep(now)
        times = self._handshakes.setdefault(address, deque(maxlen=self.limits.handshakes_per_minute + 1))
        times.append(now)
        recent = sum(1 for t in times if now - t < WINDOW_SECONDS)
        if recent > self.limits.handshakes_per_minute:
            return False
        if self._open.get(address, 0) >= self.limits.open_per_address or self.open_in_all >= self.limits.open_in_all:
            return False
        self._open[address] = self._open.get(address, 0) + 1
        return True

    def leave(self, address: str) -> None:
        left = self._open.get(address, 0) - 1
        if left > 0:
            self._open[address] = left
        else:
            self._open.pop(address, None)

    def _sweep(self, now: float) -> None:
        if len(self._handshakes) < MAX_ADDRESSES:
            return
        for address in [a for a, times in self._handshakes.items() if now - times[-1] >= WINDOW_SECONDS]:
            del self._handshakes[address]
        while len(self._handshakes) >= MAX_ADDRESSES:  # a flood from many addresses: forget the oldest
            del self._handshakes[next(iter(self._handshakes))]
