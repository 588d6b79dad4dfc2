"""A stream of bytes through which a scanner moves, holding what it looks at."""

from __future__ import annotations

from collections.abc import Iterable


class Window:
    """`data[at:]` is what was read and not passed yet; `base` is the offset in the stream of `data[0]`."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self.data = b""
        self.base = 0
        self.at = 0

    @property
    def offset(self) -> int:
        """Of `at` in the stream."""
        return self.base + self.at

    def more(self) -> bool:
        """Read on, as much as is held at least, so that a long value is looked at a few times only. What lies before
        `at` is let go. False: the stream has ended."""
        held = self.data[self.at :]
        parts, got = [held], 0
        for chunk in self._chunks:
            parts.append(chunk)
            got += len(chunk)
            if got >= len(held) and got:
                break
        self.base += self.at
        self.at = 0
        self.data = b"".join(parts)
        return got > 0

    def byte(self) -> bytes:
        """The byte at `at`; empty at the end of the stream."""
        while self.at >= len(self.data):
            if not self.more():
                return b""
        return self.data[self.at : self.at + 1]
