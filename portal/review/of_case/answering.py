"""The bytes of one file as they are sent, made from the sealed file each time they are asked for."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from portal.exports.files.copying import as_searched
from portal.exports.files.sealed_reading import verified
from portal.language import catalogue_of
from portal.redaction import left_out_list as listed
from portal.redaction.reasons import Reason
from portal.review.copying.copies import RedactedCopies
from portal.review.copying.spliced import Spliced
from portal.review.of_case.shelf import Located
from portal.review.of_case.views import AnswerBytes, LeftOutLine
from portal.review.opened import OpenedFile
from portal.review.shelves.telling import told_places
from portal.vault import SealedFiles

WHOLE_FILE = "file"
PARTS, ALL = "parts of the file", "the whole file"


@dataclass(frozen=True)
class Why:
    """Why a file is left out as one, and the language of the answer."""

    reason: Reason
    section: str
    language: str

    def line(self, place: str) -> LeftOutLine:
        words = catalogue_of(self.language).text(place)
        return LeftOutLine(1, words, WHOLE_FILE, self.reason, self.section)


def by_place(copies: RedactedCopies, opened: OpenedFile, media: str, language: str) -> AnswerBytes:
    """But for what was decided, and card numbers to their last four. Raises NotByPlace, StillThere, SealBroken."""
    leaving_out = copies.of(opened, cards_in_full=False, language=language)
    if leaving_out is None:
        return AnswerBytes(
            partial(copies.original, opened), opened.size_bytes, opened.file.sha256, opened.file.sha256, media
        )  # fmt: skip
    digest, size = hashlib.sha256(), 0

    def summed() -> Iterator[bytes]:
        nonlocal size
        for chunk in leaving_out.chunks():
            digest.update(chunk)
            size += len(chunk)
            yield chunk

    leaving_out.search("copy", summed(), archive=False)
    lines = _lines(leaving_out) if isinstance(leaving_out, Spliced) else ()
    return AnswerBytes(
        partial(as_searched, leaving_out.chunks, digest.digest()), size, digest.hexdigest(), opened.file.sha256, media,
        redacted=True, left_out=lines,
    )  # fmt: skip


def whole(sealed: SealedFiles, located: Located, key: bytes) -> AnswerBytes:
    """The very bytes. Raises SealBroken."""
    given = partial(
        verified, sealed, located.place, key, sha256=located.file.sha256, size_bytes=located.size_bytes
    )  # fmt: skip
    return AnswerBytes(given, located.size_bytes, located.file.sha256, located.file.sha256, located.media)


def instead(sealed: SealedFiles, original: Located, given: Located, key: bytes, why: Why) -> AnswerBytes:
    """The file that the merchant redacted. Raises SealBroken."""
    sent = whole(sealed, given, key)
    return AnswerBytes(
        sent.chunks, sent.size_bytes, sent.sha256, original.file.sha256, given.media, redacted=True,
        left_out=(why.line(PARTS),),
    )  # fmt: skip


def nothing(located: Located, why: Why) -> AnswerBytes:
    """A file that is left out as one."""
    return AnswerBytes(
        lambda: iter(()), 0, hashlib.sha256().hexdigest(), located.file.sha256, located.media, redacted=True,
        left_out=(why.line(ALL),), sent=False,
    )  # fmt: skip


def _lines(spliced: Spliced) -> tuple[LeftOutLine, ...]:
    rows = {number: one.cell.row for number, one in enumerate(spliced.places, 1)}
    return tuple(
        LeftOutLine(
            line.number, _place_words(line, rows[line.number], spliced), line.kind.value, line.reason, line.section
        )
        for line in told_places(spliced).lines(spliced.language)
    )


def _place_words(line: listed.LeftOutLine, row: int, spliced: Spliced) -> str:
    """Names of tables and columns may be keys of the file, and so be what is left out: then the row alone is named."""
    if spliced.leaks.find("", [line.place_words.encode("utf-8", "replace")]):
        return listed.position_words(row, spliced.language)
    return line.place_words
