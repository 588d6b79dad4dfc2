"""What a file is, is judged from its bytes; a name says nothing. Pictures are decoded within limits."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from portal.systems.media import PICTURES, Media, judge
from portal.systems.names import FILE_NAME_MAX, file_name
from portal.systems.pictures import SHOWN_PIXELS, PictureRefused, picture_of


@pytest.mark.parametrize(
    ("data", "media"),
    [
        (b"a,b\n1,2\n3,4\n", Media.CSV),
        ("Nr;Betrag;Ort\r\n1;4,50;Köln\r\n2;7,10;Bonn\r\n".encode("cp1252"), Media.CSV),
        ("\ufeffa\tb\n1\t2\n".encode("utf-16"), Media.CSV),
        (b'  {"a": [1, 2]}', Media.JSON),
        (b"[]", Media.JSON),
        (b"[1, 2]", Media.JSON),
        (b"[note] call back, please\nthanks\nBen\n", Media.TEXT),
        (b"Dear all,\nno table here.\nYours, Ben\n", Media.TEXT),
        (b"<!doctype html><script>alert(1)</script>\n<p>a,b</p>", Media.TEXT),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", Media.TEXT),
        (b"\x89PNG\r\n\x1a\nrest", Media.PNG),
        (b"\xff\xd8\xff\xe0rest", Media.JPEG),
        (b"GIF89a rest", Media.GIF),
        (b"RIFF\x10\x00\x00\x00WEBPVP8 ", Media.WEBP),
        (b"RIFF\x10\x00\x00\x00WAVEfmt ", Media.OTHER),
        (b"%PDF-1.7\n", Media.PDF),
        (b"PK\x03\x04rest", Media.OTHER),
        (b"MZ\x90\x00\x03\x00\x00\x00", Media.OTHER),
        (b"\x00" * 100, Media.OTHER),
    ],
)
def test_a_file_is_what_its_bytes_say(data: bytes, media: Media) -> None:
    assert judge(data) is media


@given(st.binary(max_size=300))
def test_any_bytes_are_judged(data: bytes) -> None:
    assert judge(data) in Media


@given(st.binary(max_size=200), st.sampled_from(sorted(PICTURES)))
def test_any_bytes_are_a_picture_or_refused(data: bytes, media: Media) -> None:
    try:
        picture_of({Media.PNG: b"\x89PNG\r\n\x1a\n", Media.GIF: b"GIF89a"}.get(media, b"") + data, media)
    except PictureRefused:
        return


def saved(kind: str, mode: str = "RGB", size: tuple[int, int] = (60, 40)) -> bytes:
    out = io.BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "taken at Ada's"
    Image.new(mode, size).save(out, kind, **({"exif": exif} if kind == "JPEG" else {}))
    return out.getvalue()


@pytest.mark.parametrize("media", list(PICTURES))
def test_each_kind_of_picture_is_decoded_and_written_anew(media: Media) -> None:
    data = saved(PICTURES[media])
    assert judge(data) is media
    shown = picture_of(data, media)
    assert b"Ada" not in shown.content and shown.content != data
    with Image.open(io.BytesIO(shown.content)) as opened:
        assert opened.size == (60, 40)


def test_a_see_through_picture_stays_so_and_a_wide_one_is_made_smaller() -> None:
    assert picture_of(saved("PNG", "RGBA"), Media.PNG).media_type == "image/png"
    shown = picture_of(saved("PNG", size=(3 * SHOWN_PIXELS, 30)), Media.PNG)
    with Image.open(io.BytesIO(shown.content)) as opened:
        assert opened.width == SHOWN_PIXELS


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few hundred bytes whose head promises so many pixels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(b"\x00" * 1_000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


@pytest.mark.parametrize(("width", "height"), [(60_000, 60_000), (2**31 - 1, 1), (7_000, 7_000)])
def test_a_picture_that_promises_too_much_is_not_decoded(width: int, height: int) -> None:
    with pytest.raises(PictureRefused) as refused:
        picture_of(bomb(width, height), Media.PNG)
    assert "too large" in refused.value.message


def test_a_picture_of_another_format_than_its_first_bytes_is_refused() -> None:
    with pytest.raises(PictureRefused):
        picture_of(saved("GIF"), Media.PNG)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("receipts.csv", "receipts.csv"),
        ("C:\\Users\\ada\\receipts.csv", "receipts.csv"),
        ("../../etc/passwd", "passwd"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("a\r\nSet-Cookie: x=1.csv", "aSet-Cookie x=1.csv"),
        ("…", "…"),
        ("  ..", "file"),
        ("", "file"),
        ("x" * 300 + ".csv", "x" * (FILE_NAME_MAX - 4) + ".csv"),
    ],
)
def test_a_name_is_kept_without_what_could_do_harm(given: str, kept: str) -> None:
    assert file_name(given) == kept


@given(st.text())
def test_any_name_is_one_line_of_a_bounded_length(given: str) -> None:
    kept = file_name(given)
    assert kept and kept.isprintable() and len(kept) <= FILE_NAME_MAX and not set(kept) & set('/\\<>:"|?*')
