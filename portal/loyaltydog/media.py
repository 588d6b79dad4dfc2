"""Is this the format that was asked for? Media type and first bytes, before anything is kept (SEC-8). Pure; no I/O.

The vendor declares ``application/json`` even for csv and storage hosts send ``application/octet-stream``, so the media
type alone decides only when it names something else; the first bytes must fit as well. A login page or a storage error
would otherwise be sealed as a person's data.
"""

import re

from .asks import FileFormat
from .file_errors import EmptyFile, WrongMediaType

__all__ = ["SNIFF_BYTES", "check_first_bytes", "check_media_type"]

SNIFF_BYTES = 1024

_ANY = {
    "",
    "application/octet-stream",
    "binary/octet-stream",
    "text/plain",
    "application/force-download",
    "application/download",
}
_TYPES: dict[FileFormat, set[str]] = {
    "json": _ANY | {"application/json", "text/json", "application/x-ndjson"},
    "csv": _ANY
    | {"text/csv", "application/csv", "text/x-csv", "application/vnd.ms-excel", "text/comma-separated-values"}
    | {"application/json"},
}
_MARKS = (
    (b"%PDF-", "a PDF"),
    (b"PK\x03\x04", "a ZIP archive or office document"),
    (b"PK\x05\x06", "an empty ZIP archive"),
    (b"\x1f\x8b", "gzip data"),
    (b"\x28\xb5\x2f\xfd", "zstd data"),
    (b"BZh91AY&SY", "bzip2 data"),
    (b"\xfd7zXZ\x00", "xz data"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"\xd0\xcf\x11\xe0", "an office document"),
    (b"\x89PNG", "a picture"),
    (b"GIF8", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"SQLite format 3\x00", "a database"),
)
_BOMS = (
    (b"\xff\xfe\x00\x00", "utf-32-le"),
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
_JSON_START = re.compile(r'[{\["\-0-9tfn]')
_JSON_OBJECT_OR_LIST = re.compile(r'\{\s*["}]|\[\s*[{\["\]]')


def check_media_type(content_type: str | None, expected: FileFormat) -> str | None:
    """The bare media type in lower case, or None when absent. Raises WrongMediaType when it names something else."""
    media_type = (content_type or "").partition(";")[0].strip().lower()
    if media_type in _TYPES[expected] or (
        expected == "json" and re.fullmatch(r"application/[\w.+-]+\+json", media_type)
    ):
        return media_type or None
    shown = media_type if re.fullmatch(r"[\w.+-]{1,60}/[\w.+-]{1,60}", media_type, re.ASCII) else "something unnamed"
    message = None
    if media_type in ("text/html", "application/xhtml+xml"):
        message = "A web page came back instead of the file, perhaps a sign-in page."
    raise WrongMediaType(f"media type {shown} for {expected}", message=message)


def check_first_bytes(prefix: bytes, expected: FileFormat, *, complete: bool) -> None:
    """Look at the first bytes (SNIFF_BYTES, or the whole file when ``complete``). Raises WrongMediaType, EmptyFile."""
    for mark, name in _MARKS:
        if prefix.startswith(mark):
            raise WrongMediaType(f"first bytes are {name}, not {expected}")
    text, wide = _decoded(prefix)
    start = text.lstrip("\ufeff \t\r\n")
    if not start:
        if complete:
            raise EmptyFile(f"{len(prefix)} bytes, nothing in them")
        return
    if not wide and b"\x00" in prefix:
        raise WrongMediaType(f"first bytes are binary, not {expected}")
    if start.startswith("<"):
        page = re.match(r"<(!doctype\s+html|html|head|body)", start, re.IGNORECASE)
        message = "A web page came back instead of the file, perhaps a sign-in page." if page else None
        raise WrongMediaType(f"first bytes are {'a web page' if page else 'markup'}, not {expected}", message=message)
    if expected == "json" and not _JSON_START.match(start):
        raise WrongMediaType("first bytes are not JSON")
    if expected == "csv" and _JSON_OBJECT_OR_LIST.match(start):
        raise WrongMediaType("first bytes are JSON, not csv")


def _decoded(prefix: bytes) -> tuple[str, bool]:
    """The prefix as text, and whether it is UTF-16 or UTF-32. Bytes that fit nothing become replacement characters."""
    for bom, encoding in _BOMS:
        if prefix.startswith(bom):
            return prefix[len(bom) :].decode(encoding, "replace"), encoding != "utf-8"
    if len(prefix) >= 2 and prefix[1] == 0 and prefix[0] != 0:
        return prefix.decode("utf-16-le", "replace"), True
    if len(prefix) >= 2 and prefix[0] == 0 and prefix[1] != 0:
        return prefix.decode("utf-16-be", "replace"), True
    return prefix.decode("utf-8", "replace"), False
