"""Limits on anonymous WebSockets, on what any WebSocket may send (SEC-32), on calendar requests and on
the pages of links.

In memory: each replica has its own.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from portal.web.gate.buckets import Bucket, Buckets, Budget, Rate

WINDOW_SECONDS = 60.0
MAX_ADDRESSES = 10_000

# Anonymous sockets: each one, all of one address, all. Runs of the script draw a page and are counted apart; the limit
# for all leaves most of the interpreter's time to signed-in people.
MESSAGES, MESSAGES_OF_ADDRESS = Rate(60, 10), Rate(600, 60)
RERUNS, RERUNS_OF_ADDRESS, RERUNS_IN_ALL = Rate(20, 2), Rate(60, 5), Rate(120, 15)
# Signed-in sockets: each one, all of one login session, all of one address.
MEMBER_MESSAGES = Rate(500, 50)
MEMBER_MESSAGES_OF_SESSION, MEMBER_MESSAGES_OF_ADDRESS = Rate(1_000, 100), Rate(10_000, 1_000)

# Calendar requests: of one address, and all. A program asks a few times an hour; an office shares an address.
CALENDARS_OF_ADDRESS, CALENDARS_IN_ALL = Rate(60, 1), Rate(600, 20)
# Pages of links: of one address, and all. A thousand people open theirs after a mailing; a company shares an address.
RECIPIENTS_OF_ADDRESS, RECIPIENTS_IN_ALL = Rate(120, 2), Rate(4_000, 100)

# Pages on which people ask for themselves. The limit for all lets a flood of 10,000 a minute from as many addresses
# pass to where its forms are told from people's: here it would shut both out (bench/front_door.py).
DOORS_OF_ADDRESS, DOORS_IN_ALL = Rate(120, 2), Rate(10_000, 200)


@dataclass(frozen=True)
class SocketLimits:
    """Anonymous sockets: number per address and in all, handshakes a minute, bytes per message, idle seconds, seconds
    in all, messages, runs of the script. Then messages of signed-in sockets (`member_…`)."""

    open_per_address: int = 20
    handshakes_per_minute: int = 60
    open_in_all: int = 500
    message_bytes: int = 64 * 1024
    idle_seconds: float = 120.0
    life_seconds: float = 600.0
    messages: Rate = MESSAGES
    messages_of_address: Rate = MESSAGES_OF_ADDRESS
    reruns: Rate = RERUNS
    reruns_of_address: Rate = RERUNS_OF_ADDRESS
    reruns_in_all: Rate = RERUNS_IN_ALL
    member_messages: Rate = MEMBER_MESSAGES
    member_messages_of_session: Rate = MEMBER_MESSAGES_OF_SESSION
    member_messages_of_address: Rate = MEMBER_MESSAGES_OF_ADDRESS


class AnonymousSockets:
    """Counts the anonymous sockets of this process. Used from the event loop only, so it needs no lock."""

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
        while len(self._handshakes) >= MAX_ADDRESSES:  # a flood from many addresses: drop the oldest
            del self._handshakes[next(iter(self._handshakes))]


class Budgets:
    """Makes each socket's budget; sockets of one address, or of one session, share buckets."""

    def __init__(self, limits: SocketLimits, clock: Callable[[], float] = time.monotonic) -> None:
        self._limits = limits
        self._clock = clock
        self._messages = Buckets(limits.messages_of_address, clock)
        self._reruns = Buckets(limits.reruns_of_address, clock)
        self._all_reruns = Bucket(limits.reruns_in_all, clock)
        self._of_session = Buckets(limits.member_messages_of_session, clock)
        self._of_address = Buckets(limits.member_messages_of_address, clock)

    def anonymous(self, address: str) -> Budget:
        own, runs = Bucket(self._limits.messages, self._clock), Bucket(self._limits.reruns, self._clock)
        return Budget((own, self._messages.of(address)), (runs, self._reruns.of(address), self._all_reruns))

    def member(self, session_hash: str, address: str) -> Budget:
        own = Bucket(self._limits.member_messages, self._clock)
        return Budget((own, self._of_session.of(session_hash), self._of_address.of(address)))


class AnonymousRequests:
    """Limits requests of one kind, by address and in all: of calendars, or of the pages of links."""

    def __init__(self, of_address: Rate, in_all: Rate, clock: Callable[[], float] = time.monotonic) -> None:
        self._of_address = Buckets(of_address, clock)
        self._in_all = Bucket(in_all, clock)

    def enter(self, address: str) -> bool:
        """Whether one more request is allowed. One refused for its address takes nothing from the common bucket."""
        return self._of_address.of(address).take() and self._in_all.take()
