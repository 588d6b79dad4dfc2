"""How long and how much: one clock and one set of byte limits for a whole exchange (SEC-7)."""

import time
from dataclasses import dataclass

__all__ = ["Deadline", "HeaderLimits"]


class Deadline:
    """Seconds left of one total allowance, counted on the monotonic clock from the moment of creation."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds left; zero or less when over."""
        return self._end - time.monotonic()


@dataclass(frozen=True)
class HeaderLimits:
    """What an answer's head may measure."""

    max_count: int = 100
    max_bytes: int = 64 * 1024


HEADER_LIMITS = HeaderLimits()
HEAD_WIRE_BYTES = 160 * 1024  # h11 gives up at 100 KiB of unfinished head; a 64 KiB read may come on top
BODY_READ_BYTES = 1024 * 1024
CHUNK_FRAMING_BYTES = 256 * 1024  # on top of twice the body: what chunked framing may cost before it is abuse
MAX_ANSWER_BYTES = 8 * 1024 * 1024  # one API answer; the export itself comes through the guarded fetch
MAX_ERROR_BODY_BYTES = 256 * 1024
MAX_JSON_DEPTH = 64
