"""A sealed file that a review is about, wherever it is kept: how it is opened and read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy.orm import Session

from portal.exports.files.sealed_reading import verified
from portal.identity import User
from portal.preview import LARGE_BYTES as LARGE_BYTES
from portal.preview import AskedPerson, Preview, Reading, read
from portal.preview.inspection.people import Own
from portal.review.found.own import NOTHING
from portal.review.kinds import Written
from portal.review.ledger import File
from portal.review.texts import text_preview
from portal.vault import SealedFiles
from portal.vault.files import FilePlace


@dataclass(frozen=True)
class Asked:
    """Whom the file is about. `known`: what else they are known by."""

    person: AskedPerson = field(repr=False)
    known: Own = field(repr=False, default=NOTHING)


@dataclass(frozen=True)
class OpenedFile:
    """`case_id`: of the case whose answer it is for. `charset`: the encoding that came with it, or nothing."""

    file: File
    case_id: str
    place: FilePlace
    key: bytes = field(repr=False)
    written: Written
    size_bytes: int
    charset: str = ""

    def chunks(self, sealed: SealedFiles) -> Iterator[bytes]:
        """The file as it came, compared at its end. Raises SealBroken."""
        return verified(sealed, self.place, self.key, sha256=self.file.sha256, size_bytes=self.size_bytes)

    def whole(self, sealed: SealedFiles, folder: Path) -> Preview:
        """All of it. Raises SealBroken, PreviewError."""
        if self.written != "text" and self.size_bytes >= LARGE_BYTES:
            return self.reading(sealed, folder).whole()
        data = sealed.read_all(self.place, self.key, sha256=self.file.sha256, size_bytes=self.size_bytes)
        return text_preview(data) if self.written == "text" else read(data, self.written, folder, self.charset)

    def reading(self, sealed: SealedFiles, folder: Path) -> Reading:
        """Of a large file, piece by piece."""
        assert self.written != "text", "texts are read whole"
        return Reading(self.chunks(sealed), self.written, self.size_bytes, folder, self.charset)


class Shelf(Protocol):
    """Where a review's files are kept, and in whose name its acts are recorded."""

    def file(self, session: Session, user: User, file_id: str) -> File:
        """Which file it is, of one this user may open now. Raises as `opened` does."""

    def opened(self, session: Session, user: User, file_id: str) -> OpenedFile:
        """A file this user may open now. Raises NotFound, NotPermitted, StepUpNeeded, StateConflict."""

    def asked(self, session: Session, file: File) -> Asked:
        """Whom it is about."""

    def cards_in_full(self, session: Session, user: User, file_id: str) -> bool:
        """May this user's copy hold card numbers?"""

    def record(self, session: Session, user: User, file_id: str, action: str, **facts: Any) -> None:
        """The entry of an act."""
