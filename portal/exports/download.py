"""A file leaving the portal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Download:
    """`chunks` streams it; `size` is bytes when known."""

    file_name: str
    media_type: str
    size: int | None
    chunks: Iterator[bytes]


def whole(file_name: str, media_type: str, content: bytes) -> Download:
    """A file that is in memory already."""
    return Download(file_name, media_type, len(content), iter([content]))
