"""A plain text as a table of its lines, so that it is reviewed as any other file. Pure.

A row is a line, or a part of one that is long: names are looked for in short texts. The path of a row says where in the
decoded text it begins, in code points, a byte order mark not counted.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import pairwise

from portal.preview import Preview, Table
from portal.preview.decoding import decode
from portal.preview.raw import RawText
from portal.redaction.places import MARKER, Grain, Place
from portal.review.left_out import TEXT_PATH, LeftOut

TABLE, COLUMN = "text", "line"
LONGEST_ROW = 500
_LINE = re.compile(r"[^\r\n]*")
_ENDING = re.compile(r"\r\n|\r|\n")


def text_preview(data: bytes) -> Preview:
    decoded = decode(data)
    text = decoded.text.removeprefix("\ufeff")
    starts, rows = [], []
    for start, row in rows_of(text):
        starts.append(start)
        rows.append([row])
    table = Table(TABLE, (COLUMN,), (COLUMN,), _rows=rows, _paths=lambda row: [f"{TEXT_PATH}{starts[row]}"])
    return Preview(
        tables=(table,), warnings=(), format="csv", encoding=decoded.encoding, encoding_is_guess=decoded.is_guess,
        size_bytes=len(data), complete=True, record_kind="text", raw=RawText(text),
    )  # fmt: skip


def rows_of(text: str) -> Iterator[tuple[int, str]]:
    """Where each row begins, and what it says without its line end."""
    at = 0
    while at < len(text):
        line = _LINE.match(text, at)
        end = line.end() if line else at
        while end - at > LONGEST_ROW:
            cut = text.rfind(" ", at + 1, at + LONGEST_ROW) + 1 or at + LONGEST_ROW
            yield at, text[at:cut]
            at = cut
        yield at, text[at:end]
        ending = _ENDING.match(text, end)
        at = ending.end() if ending else end


def spans_of(preview: Preview, words: str) -> list[tuple[int, tuple[int, int]]]:
    """(row, span) of everything that `words` stand for in the text of a preview, each time they stand there."""
    text = preview.raw.text
    rows = list(rows_of(text))
    found: list[tuple[int, tuple[int, int]]] = []
    row, at = 0, text.find(words) if words else -1
    while at >= 0:
        end = at + len(words)
        while row < len(rows) and rows[row][0] + len(rows[row][1]) <= at:
            row += 1
        for number in range(row, len(rows)):
            start, said = rows[number]
            if start >= end:
                break
            part = (max(at, start) - start, min(end, start + len(said)) - start)
            if part[0] < part[1]:
                found.append((number, part))
        at = text.find(words, end)
    return found


def lines_at(text: str, points: Sequence[int]) -> list[int]:
    """On which line of a text each code point stands, counted from 1."""
    ends = [ending.end() for ending in _ENDING.finditer(text)]
    return [bisect_right(ends, point) + 1 for point in points]


def as_spans(preview: Preview, places: Sequence[Place], left: Sequence[LeftOut]) -> list[Place]:
    """The places as spans of the whole text."""
    rows = preview.tables[0]
    spans: list[Place] = []
    for place, one in zip(places, left, strict=True):
        start = int(one.steps[0])
        said = rows.rows(one.cell.row, one.cell.row + 1)[0][0]
        first, last = one.span or (0, len(str(said)))
        spans.append(Place(place.number, (), place.reason, Grain.SPAN, (start + first, start + last)))
    return spans


def kept_of(text: str, spans: Sequence[Place]) -> list[str]:
    """What stays of a text before, between and after its spans, worked out from the text and not from its bytes."""
    ends = [0, *sorted(end for place in spans for end in place.span or ()), len(text)]
    return [text[start:end] for start, end in list(pairwise(ends))[::2]]


def reads_as(copy: str, kept: Sequence[str]) -> bool:
    """Is a copy what was kept, with one marker between each two pieces, and nothing else?"""
    at = len(kept[0])
    if not copy.startswith(kept[0]):
        return False
    for piece in kept[1:]:
        found = MARKER.match(copy, at)
        if found is None or not copy.startswith(piece, found.end()):
            return False
        at = found.end() + len(piece)
    return at == len(copy)
