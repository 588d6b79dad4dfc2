"""What a file is, judged from its first bytes alone: a name or a declared type can say anything. Pure.

HTML and SVG are text here: they are never rendered.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum

from portal.preview.csv.dialect import DELIMITERS, dialect_of
from portal.preview.decoding import MARKS, decode, unmarked_utf16

SAMPLE_BYTES = 64 * 1024


class Media(StrEnum):
    CSV = "csv"
    JSON = "json"
    TEXT = "text"
    PNG = "png"
    JPEG = "jpeg"
    GIF = "gif"
    WEBP = "webp"
    PDF = "pdf"
    OTHER = "other"


PICTURES: Mapping[Media, str] = {Media.PNG: "PNG", Media.JPEG: "JPEG", Media.GIF: "GIF", Media.WEBP: "WEBP"}
"""With Pillow's name of the format."""
TABLES = frozenset({Media.CSV, Media.JSON})

_MAGIC = (
    (b"\x89PNG\r\n\x1a\n", Media.PNG),
    (b"\xff\xd8\xff", Media.JPEG),
    (b"GIF87a", Media.GIF),
    (b"GIF89a", Media.GIF),
    (b"%PDF-", Media.PDF),
)
_BINARY = (b"PK\x03\x04", b"PK\x05\x06", b"Rar!", b"7z\xbc\xaf", b"\x1f\x8b", b"{\\rtf", b"%!PS")
"""Begin like text, and are not read as such: archives, RTF, PostScript."""
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")  # without tab, line ends, form feed, escape
_MOST_CONTROLS = 0.001
_JSON = re.compile(r'\{\s*(?:"|\}|\Z)|\[\s*(?:[\[{"\]]|-?\d|true|false|null|\Z)')
_FEWEST_LINES, _LINES_JUDGED = 2, 50
_REGULAR = 0.9


def judge(sample: bytes) -> Media:
    """`sample`: the first bytes of a file, or all of them."""
    sample = sample[:SAMPLE_BYTES]
    for mark, media in _MAGIC:
        if sample.startswith(mark):
            return media
    if sample[:4] == b"RIFF" and sample[8:12] == b"WEBP":
        return Media.WEBP
    if sample.startswith(_BINARY) or not _is_text(sample):
        return Media.OTHER
    text = decode(sample).text.lstrip("\ufeff \t\r\n")
    if _JSON.match(text):
        return Media.JSON
    return Media.CSV if _is_table(text) else Media.TEXT


def _is_text(sample: bytes) -> bool:
    wide = any(sample.startswith(mark) for mark, _codec, _name in MARKS) or unmarked_utf16(sample) is not None
    if b"\x00" in sample and not wide:
        return False
    text = decode(sample).text
    return len(_CONTROLS.findall(text)) <= _MOST_CONTROLS * len(text)


def _is_table(text: str) -> bool:
    """Lines that nearly all have the same delimiters; prose and markup have not."""
    if text.startswith("<"):
        return False
    lines = [line for line in text.splitlines()[:_LINES_JUDGED] if line.strip()]
    delimiter = dialect_of(text).delimiter
    if len(lines) < _FEWEST_LINES or delimiter not in DELIMITERS or delimiter not in lines[0]:
        return False
    return sum(delimiter in line for line in lines) >= _REGULAR * len(lines)
