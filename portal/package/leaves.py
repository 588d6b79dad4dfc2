"""How many values a JSON text holds, told from its bytes in pieces, without parsing it.

A value with nothing below it (a text, a number, true, false, null, an empty list or object) is a leaf. Each comma
outside texts parts two members, so one document has one leaf more than it has such commas. Independent of the reader
whose tables are held against it (PKG-3).
"""

from __future__ import annotations

from portal.preview import Bare


class LeafCount:
    """Feed it UTF-8."""

    def __init__(self) -> None:
        self.commas = 0
        self._inside = False
        self._held = b""

    def feed(self, piece: bytes) -> None:
        piece = self._held + piece
        backslashes = len(piece) - len(piece.rstrip(b"\\"))
        self._held = b"\\" if backslashes % 2 else b""  # escapes what comes next
        if self._held:
            piece = piece[:-1]
        if b"\\" in piece:
            piece = piece.replace(b"\\\\", b"").replace(b'\\"', b"")
        parts = piece.split(b'"')
        outside = parts[1::2] if self._inside else parts[::2]
        self.commas += sum(part.count(b",") for part in outside)
        self._inside ^= len(parts) % 2 == 0

    def of(self, documents: int = 1) -> int:
        return self.commas + documents


def is_list(cell: object) -> bool:
    """A cell that holds a list or object as written, for the tables ended above it."""
    return type(cell) is Bare and len(cell) > 2 and cell[0] in "[{"


def leaves_of_list(text: str) -> int:
    """How many leaves such a cell holds."""
    count = LeafCount()
    count.feed(text.encode("utf-8", "surrogatepass"))
    return count.of()
