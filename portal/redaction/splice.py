"""A copy of a file that differs from it in the given places and nowhere else, byte for byte (RED-1)."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise

from portal.redaction.places import Edit, NotSpliceable, PlacesOverlap

Opened = Callable[[], Iterable[bytes]]
"""Opens the file anew from its beginning."""
_UTF_8 = frozenset({"utf-8", "utf8", "utf-8-sig", "ascii", "us-ascii"})
_BYTE_ORDER = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16's, with which it begins
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def spliced(chunks: Iterable[bytes], edits: Sequence[Edit]) -> Iterator[bytes]:
    """The bytes of `chunks` with `edits`, which are in the order of the file, applied. Holds one chunk at a time.

    Raises PlacesOverlap for edits out of order, NotSpliceable when the file ends before the last of them.
    """
    _check_order(edits)
    offset, done = 0, 0
    for chunk in chunks:
        end, at = offset + len(chunk), 0
        while done < len(edits) and edits[done].start < end:
            edit = edits[done]
            if edit.start >= offset + at:
                yield chunk[at : edit.start - offset]
                yield edit.replacement
            at = max(at, min(edit.end, end) - offset)
            if edit.end > end:
                break  # the rest of it is in the next chunk
            done += 1
        yield chunk[at:]
        offset = end
    for edit in edits[done:]:
        if edit.start != offset or edit.end != offset:
            raise NotSpliceable("the file is shorter than when its places were found")
        yield edit.replacement


def cut(chunks: Iterable[bytes], edits: Sequence[Edit]) -> list[bytes]:
    """What stands where `edits`, which are in the order of the file, put something else. Raises as `spliced` does."""
    _check_order(edits)
    found: list[bytes] = [b""] * len(edits)
    offset, done = 0, 0
    for chunk in chunks:
        end = offset + len(chunk)
        while done < len(edits) and edits[done].start < end:
            edit = edits[done]
            found[done] += chunk[max(0, edit.start - offset) : edit.end - offset]
            if edit.end > end:
                break
            done += 1
        offset = end
    if any(edit.end > offset for edit in edits):
        raise NotSpliceable("the file is shorter than when its places were found")
    return found


def _check_order(edits: Sequence[Edit]) -> None:
    for one, two in pairwise(edits):
        if two.start < one.end or one.end < one.start:
            raise PlacesOverlap("edits out of order")


def in_utf8(opened: Opened, encoding: str) -> tuple[Opened, str]:
    """The file as UTF-8, and the encoding in which `from_utf8` writes it back without a difference. A file that is not
    in UTF-8 is held whole. Raises NotSpliceable."""
    if encoding.lower().replace("_", "-") in _UTF_8:
        return opened, "utf-8"
    data = b"".join(opened())
    exact = next((name for mark, name in _BYTE_ORDER if data.startswith(mark)), encoding)
    try:
        text = data.decode(exact)
        same = text.encode(exact) == data
    except (UnicodeError, LookupError):
        same = False
    if not same:
        raise NotSpliceable("the encoding does not give back the same bytes")
    return (lambda: [text.encode()]), exact


def from_utf8(chunks: Iterable[bytes], encoding: str) -> Iterable[bytes]:
    """The inverse of `in_utf8`. What a marker holds and the encoding lacks becomes a question mark."""
    if encoding == "utf-8":
        return chunks
    return [b"".join(chunks).decode().encode(encoding, errors="replace")]
