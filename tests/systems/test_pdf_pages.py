"""A PDF is drawn by a process that can reach nothing, and a bad one is refused in words."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pikepdf
import pytest
from PIL import Image

from portal.systems import pdf_pages
from portal.systems.pdf_pages import DRAWING, PdfRefused, pages_of

pytestmark = pytest.mark.keeps("SEC-20")


def pdf(pages: int = 1, size: tuple[int, int] = (300, 200)) -> bytes:
    drawn = [Image.new("RGB", size, "teal") for _ in range(pages)]
    out = io.BytesIO()
    drawn[0].save(out, "PDF", save_all=True, append_images=drawn[1:])
    return out.getvalue()


def locked() -> bytes:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf())) as document:
        document.save(out, encryption=pikepdf.Encryption(owner="owner", user="user"))
    return out.getvalue()


def test_the_first_ten_pages_are_drawn_and_all_are_counted() -> None:
    found = pages_of(pdf(12))
    assert (len(found.pages), found.count) == (10, 12)
    with Image.open(io.BytesIO(found.pages[0].content)) as page:
        red, green, blue = page.convert("RGB").getpixel((20, 20))  # type: ignore[misc]
    assert red < 20 and abs(green - 128) < 20 and abs(blue - 128) < 20


def test_a_page_of_any_size_is_drawn_small() -> None:
    (page,) = pages_of(pdf(size=(6000, 40))).pages
    with Image.open(io.BytesIO(page.content)) as drawn:
        assert max(drawn.size) <= 1_201


@pytest.mark.parametrize(
    "data", [b"%PDF-1.7", b"%PDF-1.7\n" + b"1 0 obj<<>>endobj\n" * 2000, pdf()[:400], locked()],
    ids=["head alone", "no pages", "cut off", "locked"],
)  # fmt: skip
def test_what_cannot_be_drawn_is_refused_in_words(data: bytes) -> None:
    with pytest.raises(PdfRefused) as refused:
        pages_of(data)
    assert "damaged or asks for a password" in refused.value.message


@pytest.mark.parametrize("said", [b"", b"\x00\x00", b"\x00\x00\x00\x01\x00"])
def test_a_drawing_process_that_says_too_little_is_refused_in_words(
    said: bytes, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    broken = tmp_path / "drawing.py"
    broken.write_text(f"import sys; sys.stdin.buffer.read(); sys.stdout.buffer.write({said!r})")
    monkeypatch.setattr(pdf_pages, "DRAWING", broken)
    with pytest.raises(PdfRefused):
        pages_of(pdf())


def test_the_drawing_process_opens_neither_file_nor_socket() -> None:
    tried = f"""
import runpy, socket
drawing = runpy.run_path({str(DRAWING)!r})
drawing["confine"]()
for act in (lambda: open({str(DRAWING)!r}), socket.socket):
    try:
        act()
    except OSError:
        print("refused")
"""
    done = subprocess.run([sys.executable, "-I", "-c", tried], capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["refused", "refused"], done.stderr
