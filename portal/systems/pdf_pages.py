"""A PDF's first pages as pictures, drawn by a process that can reach nothing else (`pdf_drawing`)."""

from __future__ import annotations

import struct
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from portal.errors import PortalError
from portal.systems.media import Media
from portal.systems.pictures import Picture, picture_of

DRAWING = Path(__file__).with_name("pdf_drawing.py")
PATIENCE_SECONDS = 30
_NUMBER = struct.Struct(">I")


class PdfRefused(PortalError):
    code = "pdf"
    message = "This PDF is damaged or asks for a password, so it is not shown."
    next_step = "Download it to look at it."


@dataclass(frozen=True)
class PdfPages:
    """`pages`: the first ones. `count`: how many the file has."""

    pages: tuple[Picture, ...]
    count: int


def pages_of(data: bytes) -> PdfPages:
    """Raises PdfRefused: damaged, locked by a password, or not drawn within time and memory."""
    try:
        done = subprocess.run(
            [sys.executable, "-I", str(DRAWING)], input=data, capture_output=True, env={}, timeout=PATIENCE_SECONDS,
            check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise PdfRefused(detail="too slow") from None
    if done.returncode != 0:
        raise PdfRefused(detail=f"status {done.returncode}")
    try:
        count, pages = _read(done.stdout)
    except struct.error:
        raise PdfRefused(detail="answer cut off") from None
    return PdfPages(tuple(picture_of(page, Media.JPEG) for page in pages), count)


def _read(out: bytes) -> tuple[int, list[bytes]]:
    """The number of pages, and the JPEGs. Raises struct.error."""
    at, pages = _NUMBER.size, []
    (count,) = _NUMBER.unpack_from(out)
    while at < len(out):
        (length,) = _NUMBER.unpack_from(out, at)
        at += _NUMBER.size + length
        pages.append(out[at - length : at])
    return count, pages
