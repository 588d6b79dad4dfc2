"""Pages of at most so many bytes, written row by row: a table that does not fit goes on in the next (PKG-4)."""

from __future__ import annotations

from collections.abc import Callable

from portal.package.readable.tables import Marks

Emit = Callable[[int, list[bytes]], None]
"""Takes the body of page `number`, counted from 1."""
BATCH_CHARS = 1 << 17


class PartWriter:
    """`limit`: bytes of a page's body. Pages are handed to `emit` when full; what is left stays in `rest`."""

    def __init__(self, emit: Emit, limit: int) -> None:
        self._emit = emit
        self._limit = limit
        self._body: list[bytes] = []
        self._size = 0
        self._again, self._close = "", ""
        self.part = 1
        self.anchors: dict[str, int] = {}
        self.marks = Marks()

    @property
    def rest(self) -> list[bytes]:
        return self._body

    def anchor(self, name: str) -> None:
        """What comes next can be found under `name`."""
        self.anchors.setdefault(name, self.part)

    def text(self, html: str) -> None:
        self._put(html.encode())

    def open(self, html: str, again: str, close: str) -> None:
        """A table begins: `again` opens it anew in another page, `close` closes it."""
        self.text(html)
        self._again, self._close = again, close

    def close(self) -> None:
        self.text(self._close)
        self._again = self._close = ""

    def rows(self, html: str) -> None:
        """Rows that stay together."""
        made = html.encode()
        if self._size and self._size + len(made) > self._limit:
            self._body.append(self._close.encode())
            self.flush()
            self._body.append(self._again.encode())
            self._size = len(self._again)
        self._put(made)

    def flush(self) -> None:
        """Hand out the page that is under way, and begin the next."""
        if self._body:
            self._emit(self.part, self._body)
            self.part += 1
        self._body, self._size = [], 0

    def _put(self, made: bytes) -> None:
        self.marks.count(made)
        self._body.append(made)
        self._size += len(made)
