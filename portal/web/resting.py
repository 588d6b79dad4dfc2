"""Parts of a page that draw themselves again by a timer: a tick with nothing new stops at the gate.

Streamlit lets a browser ask for a part every few seconds, and draws it whether or not anything is new. What a script
has just drawn it therefore notes here, with what it depends on; the gate asks before it hands a tick on. Only timers
are held back, never an act of a person.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

YIELD_SECONDS, LONGEST_YIELD_SECONDS = 5.0, 60.0
"""For each page that waits for its turn, a part that changed waits this much longer to be drawn by its timer: people
come first, and timers cannot keep a queue standing by themselves."""


@dataclass(frozen=True)
class Drawn:
    """One drawing: `mark` of the merchant's exports when it began (None: not known), still good until `until`."""

    merchant_id: str
    mark: str | None
    at: float
    until: float


@dataclass
class Resting:
    """By the gate's name of a socket and Streamlit's of a fragment. Scripts' threads write, the event loop reads: each
    step is one act on a dict, so it needs no lock."""

    clock: Callable[[], float] = time.monotonic
    _drawn: dict[str, dict[str, Drawn]] = field(default_factory=dict)
    _marks: dict[str, str] = field(default_factory=dict)

    def enter(self, socket: str) -> None:
        """The socket is open; what it draws is noted from now on."""
        self._drawn[socket] = {}

    def leave(self, socket: str) -> bool:
        """Whether it was open."""
        return self._drawn.pop(socket, None) is not None

    def mark_of(self, merchant_id: str) -> str | None:
        """To be asked before the drawing begins to read."""
        return self._marks.get(merchant_id)

    def note(self, socket: str, fragment: str, seconds: float, merchant_id: str = "", mark: str | None = None) -> None:
        """The fragment need not be drawn again for `seconds`, or until the merchant's mark is another."""
        of_socket = self._drawn.get(socket)
        if of_socket is not None:
            now = self.clock()
            of_socket[fragment] = Drawn(merchant_id, mark, now, now + seconds)

    def stir(self, socket: str) -> None:
        """The whole page is drawn anew: nothing noted before holds."""
        of_socket = self._drawn.get(socket)
        if of_socket is not None:
            of_socket.clear()

    def may_rest(self, socket: str, fragment: str, *, waiting: int) -> bool:
        """Whether a tick can be dropped while `waiting` pages wait for their turn."""
        drawn = self._drawn.get(socket, {}).get(fragment)
        if drawn is None:
            return False
        now = self.clock()
        if now - drawn.at < min(LONGEST_YIELD_SECONDS, waiting * YIELD_SECONDS):
            return True
        if now >= drawn.until:
            return False
        return not drawn.merchant_id or (drawn.mark is not None and drawn.mark == self._marks.get(drawn.merchant_id))

    def merchants(self) -> set[str]:
        """Whose exports the open pages show."""
        return {drawn.merchant_id for noted in list(self._drawn.values()) for drawn in list(noted.values())} - {""}

    def tell(self, marks: Mapping[str, str]) -> None:
        """How it stands now with those of `merchants()`."""
        self._marks = dict(marks)


resting = Resting()
"""The process's own: scripts and the gate meet here."""
