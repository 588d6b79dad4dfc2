"""The encoding that came with a file counts where the file itself does not say otherwise."""

from __future__ import annotations

import pytest

from portal.preview import Preview, Reading, read

POLISH, RUSSIAN = "imię,miasto\nŁukasz Żółć,Łódź\n", "имя,город\nМария,Тверь\n"


def both(data: bytes, charset: str) -> tuple[Preview, Preview]:
    """By the reader of small files and by that of large ones, in pieces."""
    pieces = [data[start : start + 7] for start in range(0, len(data), 7)]
    return read(data, "csv", None, charset), Reading(pieces, "csv", len(data), None, charset).whole()


def text_of(preview: Preview) -> str:
    return preview.raw.page(0)


@pytest.mark.parametrize(
    ("text", "codec", "charset", "shown"),
    [
        (POLISH, "cp1250", "windows-1250", "Windows-1250"),
        (POLISH, "cp1250", "CP1250", "Windows-1250"),
        (POLISH, "iso-8859-2", '"iso-8859-2"', "ISO-8859-2"),
        (RUSSIAN, "cp1251", "windows-1251", "Windows-1251"),
        (RUSSIAN, "koi8-r", "koi8-r", "KOI8-R"),
        ("name\nZoë – café\n", "cp1252", "iso-8859-1", "Windows-1252"),
        ("名前\n山田\n", "shift_jis", "shift_jis", "SHIFT_JIS"),
    ],
)
def test_a_named_encoding_is_used_and_is_no_guess(text: str, codec: str, charset: str, shown: str) -> None:
    for preview in both(text.encode(codec), charset):
        assert text_of(preview) == text
        assert (preview.encoding.upper(), preview.encoding_is_guess) == (shown.upper(), False)


@pytest.mark.parametrize("charset", ["iso-8859-1", "windows-1250", "us-ascii", "utf-16", ""])
def test_utf8_is_utf8_whatever_was_named(charset: str) -> None:
    for preview in both(POLISH.encode(), charset):
        assert text_of(preview) == POLISH


def test_a_mark_stands_above_what_was_named() -> None:
    for preview in both(POLISH.encode("utf-16"), "windows-1250"):
        assert text_of(preview) == POLISH


def test_one_foreign_byte_does_not_make_a_file_of_another_encoding() -> None:
    data = "name,note\nZoë Müller,straße\n".encode() + b"Max,\xfc\n"
    for preview in both(data, "iso-8859-1"):
        assert "Zoë Müller,straße" in text_of(preview) and "\\xfc" in text_of(preview)


@pytest.mark.parametrize("charset", ["utf-7", "unicode_escape", "idna", "rot13", "zlib", "x" * 40, "utf-8", "none", ""])
def test_a_name_that_is_no_encoding_of_files_says_nothing(charset: str) -> None:
    data = "name\nZoë\n".encode("cp1252")
    for preview in both(data, charset):
        assert (text_of(preview), preview.encoding, preview.encoding_is_guess) == ("name\nZoë\n", "Windows-1252", True)
