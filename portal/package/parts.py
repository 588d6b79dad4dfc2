"""The parts of a package: the caller fills them, the build reads them. No part is computed from the clock."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256

from portal.language import ENGLISH
from portal.redaction.reasons import Reason

TEMPLATE_VERSION = 3
"""Goes up whenever the same parts give other bytes."""
PIECE_BYTES = 1 << 18

Source = Callable[[], Iterable[bytes]]
"""Gives the bytes of a file from the beginning, each time it is called."""


class FileKind(StrEnum):
    """What a file is about: decides its place in the package and the topic of its tables."""

    GIFT_CARDS = "gift_cards"
    LOYALTY = "loyalty"
    CONSENTS = "consents"
    ACCESSES = "accesses"
    PORTAL = "portal"
    OTHER = "other"
    """A file of another system of the merchant, as it was attached."""


class Media(StrEnum):
    JSON = "application/json"
    CSV = "text/csv"
    OTHER = "application/octet-stream"
    """Goes out as it is and is named on the page; no tables are made of it."""


class Outcome(StrEnum):
    YES = "yes"
    PARTLY = "partly"
    NOTHING = "nothing"
    REFUSED = "refused"
    NOT_IDENTIFIED = "unidentified"


LETTER_ALONE = frozenset({Outcome.REFUSED, Outcome.NOT_IDENTIFIED})
"""Such a package holds the letter with which the case ended, and nothing about a person."""


class Variant(StrEnum):
    ACCESS = "access"
    """Article 15: everything."""
    PORTABILITY = "portability"
    """Article 20: what the person gave and what was observed of them, for machines (PKG-8)."""


@dataclass(frozen=True)
class LeftOutLine:
    """One place that was left out; never its value. `number` counts from 1 in one file, as in its marker. `section`:
    of the law that exempts it."""

    number: int
    place_words: str
    kind: str
    reason: Reason
    section: str = ""


@dataclass(frozen=True)
class PackageFile:
    """`sha256` is that of the bytes `data` gives, `source_sha256` that of what was fetched: equal unless `redacted`
    or `portable`.

    `portable`: made from the source for Article 20.
    `name`: its stem in `data/`, without extension. `fetched_at`: when the source gave it. `filters`: what it was asked
    for, as (name, value).
    """

    kind: FileKind
    name: str
    title: str
    media: Media
    data: Source = field(repr=False)
    sha256: str
    source_sha256: str
    extension: str = ""
    redacted: bool = False
    left_out: tuple[LeftOutLine, ...] = ()
    fetched_at: dt.datetime | None = None
    filters: tuple[tuple[str, str], ...] = ()
    charset: str = ""
    portable: bool = False


@dataclass(frozen=True)
class WithheldFile:
    """A file that is left out whole: what it is called for the person, and why. None of its bytes go out."""

    title: str
    kind: FileKind
    reason: Reason
    section: str = ""


@dataclass(frozen=True)
class Letter:
    """`html` is a fragment made by our own templates, values escaped: it goes into the page as it is."""

    html: str = field(repr=False)
    text: str = field(repr=False, default="")


class NoPdf(StrEnum):
    """Why a package has no PDF although one can be made here."""

    GLYPH = "glyph"
    LENGTH = "length"


PDF_BYTES = 1_500_000
"""Of the pages that are set as one; longer ones are hundreds of sheets, which nobody prints."""


@dataclass(frozen=True)
class MadePdf:
    """`content` is empty where there is a reason why."""

    content: bytes = field(default=b"", repr=False)
    why_not: NoPdf | None = None


MakePdf = Callable[[str, Sequence[str], str], MadePdf]
"""Takes title, finished pages and language."""


@dataclass(frozen=True)
class CaseFacts:
    """`reference` names the folder. Moments on the page are shown in `zone`."""

    merchant: str
    case: str
    reference: str
    received_on: dt.date
    answered_on: dt.date
    outcome: Outcome = Outcome.YES
    version: int = 1
    zone: dt.tzinfo = dt.UTC
    eu: bool = True
    """The GDPR's articles apply by these numbers (EU and UK)."""


@dataclass(frozen=True)
class PackageParts:
    case: CaseFacts
    letter: Letter
    files: tuple[PackageFile, ...] = ()
    language: str = ENGLISH
    variant: Variant = Variant.ACCESS
    software: str = ""
    withheld: tuple[WithheldFile, ...] = ()

    @property
    def left_out(self) -> int:
        """Places left out, each file that is left out whole among them."""
        return len(self.withheld) + sum(len(file.left_out) for file in self.files)

    @property
    def folder(self) -> str:
        return f"answer-{self.case.reference}"


def file_of_bytes(
    kind: FileKind, name: str, title: str, media: Media, content: bytes, *, source_sha256: str = "",
    extension: str = "", redacted: bool = False, left_out: tuple[LeftOutLine, ...] = (),
    fetched_at: dt.datetime | None = None,
) -> PackageFile:  # fmt: skip
    """A file that is in memory; its digest is taken here."""
    digest = sha256(content).hexdigest()
    return PackageFile(
        kind, name, title, media, lambda: (content,), digest, source_sha256 or digest, extension, redacted, left_out,
        fetched_at,
    )  # fmt: skip
