"""Throttles what libraries log about foreign input: one line, no traceback, at a limited rate.

Any client can make uvicorn, websockets and Streamlit log a line, some with a traceback, for each unexpected message.
The traceback's last location and type are kept; its message, which may quote the input, is not.
"""

from __future__ import annotations

import logging
import time
import traceback
from collections.abc import Callable

from portal.log import log
from portal.web.gate.buckets import Buckets, Rate

OFTEN = Rate(10, 0.1)  # of one kind: ten lines at once, then one every ten seconds
ROOTS = ("streamlit", "uvicorn", "websockets", "asyncio", "starlette")
BY_FOREIGN_INPUT = (
    "uvicorn.error",
    "asyncio",
    "websockets.server",
    "streamlit.error_util",
    "streamlit.web.server.starlette.starlette_websocket",
    "streamlit.runtime.app_session",
    "streamlit.runtime.runtime",
    "streamlit.runtime.scriptrunner.script_runner",
    "streamlit.runtime.scriptrunner.exec_code",
    "streamlit.runtime.state.session_state",
)
"""Loggers that may not exist yet when `throttle_library_logs` is called."""


class LogThrottle:
    """Limits our own lines about foreign input to the same rate; each says how many were left out before it."""

    def __init__(self, rate: Rate = OFTEN, clock: Callable[[], float] = time.monotonic) -> None:
        self._buckets = Buckets(rate, clock)
        self._left_out: dict[str, int] = {}

    def take(self, kind: str) -> int | None:
        """How many of this kind were left out since the last line; None: leave this one out too."""
        if not self._buckets.of(kind).take():
            self._left_out[kind] = self._left_out.get(kind, 0) + 1
            return None
        return self._left_out.pop(kind, 0)

    def log(self, event: str, *, code: int) -> None:
        left_out = self.take(f"{event} {code}")
        if left_out is not None:
            log.info(event, code=code, count=left_out + 1)


log_throttle = LogThrottle()
"""One per process."""


class ThrottledLines(logging.Filter):
    """Filter for library loggers. Lines are of one kind when the same line of code logs them."""

    def __init__(self, log_throttle: LogThrottle) -> None:
        super().__init__()
        self._throttle = log_throttle

    def filter(self, record: logging.LogRecord) -> bool:
        left_out = self._throttle.take(f"{record.name}:{record.lineno}") if record.levelno >= logging.INFO else 0
        if left_out is None:
            return False
        if record.exc_info:
            record.msg = f"{record.msg} ({_origin(record)})"
            record.exc_info, record.exc_text = None, None
        record.stack_info = None
        if left_out:
            record.msg = f"{record.msg} [{left_out} more of these left out]"
        return True


def _origin(record: logging.LogRecord) -> str:
    """Type and last line of a traceback: `ValueError in session_state.py:512`."""
    kind, _value, trace = record.exc_info if isinstance(record.exc_info, tuple) else (None, None, None)
    frames = traceback.extract_tb(trace)
    name = kind.__name__ if kind else "error"
    if not frames:
        return name
    last = frames[-1]
    return f"{name} in {last.filename.replace(chr(92), '/').rsplit('/', 1)[-1]}:{last.lineno}"


_throttled = ThrottledLines(log_throttle)


def throttle_library_logs() -> None:
    """Add the filter to every logger of these libraries. Called again after imports, for new loggers."""
    known = [name for name in logging.Logger.manager.loggerDict if name.split(".")[0] in ROOTS]
    for name in {*known, *BY_FOREIGN_INPUT}:
        logging.getLogger(name).addFilter(_throttled)
