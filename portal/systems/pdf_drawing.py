"""Draws the first pages of a PDF. A program of its own, that `pdf_pages` starts with nothing but standard input and
output: a PDF is read by a large C++ library, and a fault there must not reach what the portal holds.

In: the PDF. Out: the number of pages, then each drawn page's length and its JPEG; numbers as four bytes, big-endian.
No script of the file runs: pypdfium2's PDFium is built without a JavaScript engine.
"""

from __future__ import annotations

import contextlib
import io
import resource
import struct
import sys

import pypdfium2
from PIL import Image

MOST_PAGES = 10
SHOWN_PIXELS = 1_200  # a side
MOST_SCALE = 2.0
LIMITS = (
    (resource.RLIMIT_CPU, 20),
    (resource.RLIMIT_AS, 2 * 1024**3),
    (resource.RLIMIT_FSIZE, 0),
    (resource.RLIMIT_NOFILE, 3),  # the three that are open: neither a file nor a socket can be opened any more
)


def confine() -> None:
    """Give up what drawing does not need. Pillow's formats are modules it imports late, so they come first."""
    Image.preinit()
    for kind, most in LIMITS:
        with contextlib.suppress(ValueError, OSError):  # macOS knows no limit of address space
            resource.setrlimit(kind, (most, most))


def draw(data: bytes) -> None:
    out = sys.stdout.buffer
    with pypdfium2.PdfDocument(data) as document:
        out.write(struct.pack(">I", len(document)))
        for number in range(min(len(document), MOST_PAGES)):
            page = document[number]
            scale = min(MOST_SCALE, SHOWN_PIXELS / max(1.0, *page.get_size()))
            jpeg = io.BytesIO()
            page.render(scale=scale).to_pil().convert("RGB").save(jpeg, "JPEG", quality=85)
            page.close()
            out.write(struct.pack(">I", jpeg.tell()) + jpeg.getvalue())
            out.flush()


if __name__ == "__main__":
    confine()
    draw(sys.stdin.buffer.read())
