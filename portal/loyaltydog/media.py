"""Is this the format that was asked for? Media type and first bytes, before anything is kept (SEC-8). Pure; no I/O.

Storage hosts name what they like: the vendor declares ``application/json`` for csv, others ``application/jsonl``,
``text/tab-separated-values`` or nothing. So a media type refuses a file only when it names something that is no text of
records at all; of everything else the first bytes decide. A login page or a storage error would otherwise be sealed as
a person's data.
"""

import re

from .file_errors import EmptyFile, WrongMediaType
from .params import FileFormat

__all__ = ["SNIFF_BYTES", "charset_of", "check_first_bytes", "check_media_type"]

SNIFF_BYTES = 1024

_MEDIA_TYPE = re.compile(r"[\w.+-]{1,60}/[\w.+-]{1,60}", re.ASCII)
_CHARSET = re.compile(r";\s*charset\s*=\s*[\"']?([A-Za-z0-9_-]{1,40})(?=[\"'\s;]|$)", re.IGNORECASE | re.ASCII)
_OTHER_TYPES = re.compile(
    r"(image|audio|video|font|model|multipart|message)/.*"
    r"|text/(html|xml|css|javascript|calendar|vcard|rtf)"
    r"|application/(.*\+(xml|zip|gzip)|xml|pdf|zip|gzip|x-gzip|x-tar|x-bzip2?|zstd|x-7z-compressed|vnd\.rar|rtf)"
    r"|application/(javascript|msword|vnd\.openxmlformats-.*|vnd\.oasis\..*|wasm|x-www-form-urlencoded)",
    re.ASCII,
)
"""Media types that are never JSON or CSV."""
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
    """The bare media type in lower case, or None when absent or malformed: the first bytes decide then.

    Raises WrongMediaType when it names something that is no text of records.
    """
    media_type = (content_type or "").partition(";")[0].strip().lower()
    if not _MEDIA_TYPE.fullmatch(media_type):
        return None
    if not _OTHER_TYPES.fullmatch(media_type):
        return media_type
    message = None
    if media_type in ("text/html", "application/xhtml+xml"):
        message = "A web page came back instead of the file, perhaps a sign-in page."
    raise WrongMediaType(f"media type {media_type} for {expected}", message=message)


def charset_of(content_type: str | None) -> str | None:
    """The charset parameter in lower case, or None when absent or no plain name."""
    found = _CHARSET.search(content_type or "")
    return found[1].lower() if found else None


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
