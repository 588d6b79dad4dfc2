"""Where parts of a plain text stand in its bytes, found in one pass.

A place has no steps: it is a span of the decoded text, in code points, a byte order mark not counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from portal.redaction.places import Edit, Grain, NotSpliceable, Place, check_all_found, tree_of

Words = Callable[[Place], str]
_BOM = b"\xef\xbb\xbf"


def text_edits(chunks: Iterable[bytes], places: Sequence[Place], words: Words) -> list[Edit]:
    """What to exchange in a plain text in UTF-8, in the order of the file. Raises PlaceMissing, PlacesOverlap and
    NotSpliceable."""
    if any(place.grain is not Grain.SPAN or place.steps for place in places):
        raise NotSpliceable("a place of a plain text is a span")
    spans = tree_of(places).spans
    wanted = sorted({end for place in spans for end in place.span or ()})
    offsets = _byte_offsets(chunks, wanted)
    found = [place for place in spans if place.span is not None and place.span[1] in offsets]
    check_all_found(places, {place.number for place in found})
    return [
        Edit(offsets[place.span[0]], offsets[place.span[1]], words(place).encode())
        for place in found
        if place.span is not None
    ]


def _byte_offsets(chunks: Iterable[bytes], wanted: Sequence[int]) -> dict[int, int]:
    """Code point -> the byte it begins at, of those `wanted` that the text has; its end counts as one."""
    data = b"".join(chunks)
    at = len(_BOM) if data.startswith(_BOM) else 0
    try:
        text = data[at:].decode()
    except UnicodeDecodeError:
        raise NotSpliceable("a text that is not UTF-8") from None
    found: dict[int, int] = {}
    done = 0
    for point in wanted:
        if point > len(text):
            break
        at += len(text[done:point].encode())
        found[point] = at
        done = point
    return found
