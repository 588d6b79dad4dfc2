"""The event loop of `serve` and `demo`: asyncio's, woken once for many calls from other threads.

asyncio writes a byte to itself for every call from another thread, and Streamlit makes one for each of the 60 to 90
messages of a page. Each is a system call that lets go of the interpreter, so the page and the loop took turns message
by message. One byte that is not yet read is enough to wake it.
"""

from __future__ import annotations

import asyncio


class CalmLoop(asyncio.SelectorEventLoop):
    """A byte is written only when none is on its way. Overrides two private methods (3.11 to 3.14: the same)."""

    _byte_under_way = False

    def _write_to_self(self) -> None:
        if not self._byte_under_way:
            self._byte_under_way = True
            super()._write_to_self()  # type: ignore[misc]

    def _read_from_self(self) -> None:
        # Reset after reading: what was queued before this line is run in this round, later calls write anew.
        super()._read_from_self()  # type: ignore[misc]
        self._byte_under_way = False


def calm_loop() -> asyncio.AbstractEventLoop:
    """For `uvicorn.Config(loop="portal.web.loop:calm_loop")`."""
    return CalmLoop()
