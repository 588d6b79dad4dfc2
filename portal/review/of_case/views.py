"""What the files of a case come to: frozen. A name may name somebody: for the screen, never for a log."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from portal.redaction.reasons import Reason
from portal.review.kinds import FileOf, SecondReason, Whole


@dataclass(frozen=True)
class Replacement:
    """The newest file that was given in the place of another. `opened`: somebody has looked at it."""

    id: str
    name: str = field(repr=False)
    media: str
    size_bytes: int
    sha256: str
    opened: bool


@dataclass(frozen=True)
class CaseFileView:
    """One file that the answer of a case is made of.

    `name`: of an attached file its own, empty for a role that may not open it; of an answer the program's. `kind`: the
    code of the source (`portal.sources.kinds.SourceKind`), of an attached file the system's name. `page`: which of
    several of one answer, from 1. `reviewable`: single places of it can be left out. `undecided`: people in it, or the
    file itself, that nobody decided about. `waits`: an export that a manager has to decide about on Preview first.
    """

    file: FileOf
    id: str
    name: str = field(repr=False)
    kind: str
    media: str
    size_bytes: int
    sha256: str
    page: int = 0
    reviewable: bool = False
    people: int = 0
    staff: int = 0
    undecided: int = 0
    left_out: int = 0
    second: SecondReason | None = None
    approved: bool = False
    may_approve: bool = False
    whole: Whole = Whole.BY_PLACE
    reason: Reason | None = None
    replaced_by: str = ""
    """SHA-256 of the file that goes out in its place."""
    replacement: Replacement | None = None
    last_decision: int = 0
    """The newest one that stands, 0 for none."""
    waits: bool = False
    destroyed: bool = False

    @property
    def needs_second(self) -> bool:
        return self.second is not None

    @property
    def settled(self) -> bool:
        """May it go out as it is decided?"""
        return not self.undecided and not self.waits and (self.second is None or self.approved)


@dataclass(frozen=True)
class LeftOutLine:
    """One place that a copy leaves out, under the number of its marker. `place_words` say where it stood, never what.
    `kind`: value, key, span, or file for all of it. `section`: of the law that exempts it."""

    number: int
    place_words: str
    kind: str
    reason: Reason
    section: str = ""


@dataclass(frozen=True)
class AnswerBytes:
    """A file as it is sent. `chunks` gives its bytes anew each time; they do not end where they differ from `sha256`.
    `sent` False: it is left out whole, and there are none."""

    chunks: Callable[[], Iterator[bytes]] = field(repr=False)
    size_bytes: int
    sha256: str
    source_sha256: str
    media: str
    redacted: bool = False
    left_out: tuple[LeftOutLine, ...] = ()
    sent: bool = True

    def read(self) -> bytes:
        return b"".join(self.chunks())
