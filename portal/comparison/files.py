"""The sealed files of a case that fingerprints are taken of: exports that were checked, S4 and S5 of its sources."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from portal.comparison.fingerprints import Origin, pseudonym
from portal.comparison.retention import kept_still
from portal.errors import SealBroken
from portal.exports.core.ledger import SubjectSeal
from portal.exports.core.states import State
from portal.exports.files.sealed_reading import TakesTooLong, preview_of
from portal.preview import LARGE_BYTES, Preview, Reading, read
from portal.sources.kinds import SourceKind, SourceState
from portal.sources.ledger import pages_of, place_of
from portal.storage.answering.source_tables import CaseSource, SourceFile, SourceKey
from portal.storage.case_tables import Case
from portal.storage.tables import CaseFingerprints, Export, ExportFile, FileKey, utc_now
from portal.vault import SealedFiles
from portal.vault.files import FilePlace

OPENED = (State.READY, State.EXPIRED)
"""One that waits for a manager may be somebody else's."""
OF_SOURCES = (SourceKind.LOYALTY_DATA, SourceKind.CARD_CONSENT, SourceKind.LOYALTY_CONSENT)
GIFT_CARDS = "cards"
MOST_SECONDS = 300.0
MOST_BYTES = 1024 * 1024 * 1024
"""Of a larger file, and of one that takes longer to read, only the rows are counted."""
MOST_AT_ONCE = 100


class Gone(Exception):
    """The file is not there any more, or not to be opened yet."""


@dataclass(frozen=True)
class Wanted:
    """A file without fingerprints. `what` is the table it is found in."""

    what: type[Export | CaseSource]
    id: str
    sha256: str


@dataclass(frozen=True)
class TakenFile:
    """A file as it is opened for its fingerprints."""

    merchant_id: str
    case_id: str
    sha256: str
    size_bytes: int
    row_count: int
    taken_at: dt.datetime
    pieces: tuple[tuple[FilePlace, bytes, str, int], ...] = field(repr=False)
    row: Export | CaseSource = field(repr=False)


def wanted_files(
    session: Session, *, cases: Collection[str] = (), most_bytes: int | None = None, limit: int = MOST_AT_ONCE
) -> list[Wanted]:
    """Files that have no fingerprints yet, or those of an earlier answer; of all cases, or of these."""
    exports = (
        select(Export.id, ExportFile.sha256)
        .join(ExportFile, ExportFile.export_id == Export.id)
        .outerjoin(CaseFingerprints, CaseFingerprints.file_id == Export.id)
        .join(Case, Case.id == Export.case_id)
        .where(ExportFile.destroyed_at.is_(None), ExportFile.size_bytes.is_not(None), Export.state.in_(OPENED))
        .where(kept_still(utc_now()))
        .where(or_(CaseFingerprints.file_id.is_(None), CaseFingerprints.sha256 != ExportFile.sha256))
    )
    sources = (
        select(CaseSource.id, SourceFile.sha256)
        .join(SourceFile, SourceFile.source_id == CaseSource.id)
        .outerjoin(CaseFingerprints, CaseFingerprints.file_id == CaseSource.id)
        .join(Case, Case.id == CaseSource.case_id)
        .where(SourceFile.destroyed_at.is_(None), SourceFile.size_bytes.is_not(None), kept_still(utc_now()))
        .where(CaseSource.state == SourceState.FETCHED, CaseSource.kind.in_(OF_SOURCES))
        .where(or_(CaseFingerprints.file_id.is_(None), CaseFingerprints.sha256 != SourceFile.sha256))
    )
    if most_bytes is not None:
        exports = exports.where(ExportFile.size_bytes <= most_bytes)
        sources = sources.where(SourceFile.size_bytes <= most_bytes)
    if cases:
        exports = exports.where(Export.case_id.in_(cases))
        sources = sources.where(CaseSource.case_id.in_(cases))
    found = [Wanted(Export, *row) for row in session.execute(exports.limit(limit))]
    return found + [Wanted(CaseSource, *row) for row in session.execute(sources.limit(limit))]


def file_of(session: Session, wanted: Wanted) -> TakenFile:
    """Raises Gone."""
    if wanted.what is Export:
        return _of_export(session, wanted)
    return _of_source(session, wanted)


def _of_export(session: Session, wanted: Wanted) -> TakenFile:
    row = session.get(Export, wanted.id, populate_existing=True)
    key = session.get(FileKey, (wanted.id, row.file.blob_name)) if row is not None else None
    if row is None or key is None or row.file.destroyed_at or State(row.state) not in OPENED:
        raise Gone
    size, place = row.file.size_bytes or 0, FilePlace(row.merchant_id, row.id, row.file.blob_name)
    return TakenFile(
        row.merchant_id, row.case_id, row.file.sha256, size, row.file.row_count or 0,
        row.file.collected_at or row.updated_at, ((place, key.sealed_keyset, row.file.sha256, size),), row,
    )  # fmt: skip


def _of_source(session: Session, wanted: Wanted) -> TakenFile:
    row = session.get(CaseSource, wanted.id, populate_existing=True)
    if row is None or row.file.destroyed_at or row.state != SourceState.FETCHED:
        raise Gone
    pieces = []
    for page in pages_of(session, row.id):
        key = session.get(SourceKey, (row.id, page.blob_name))
        if key is None:
            raise Gone
        pieces.append((place_of(row, page.blob_name), key.sealed_keyset, page.sha256, page.size_bytes))
    if not pieces:
        raise Gone
    return TakenFile(
        row.merchant_id, row.case_id, row.file.sha256, row.file.size_bytes or 0, row.file.row_count or 0,
        row.settled_at or row.updated_at, tuple(pieces), row,
    )  # fmt: skip


def origin_of(taken: TakenFile, secret: bytes, seal: SubjectSeal) -> Origin:
    row = taken.row
    if isinstance(row, CaseSource):
        return Origin(row.kind, "json", row.program_id, row.program_name, part=row.place)
    card, subject = seal.open(row, "card_id") or "", seal.open(row, "subject") or ""
    return Origin(
        GIFT_CARDS,
        row.format,
        row.program_id or "",
        row.program_name,
        pseudonym(secret, "card", card) if card else "",
        pseudonym(secret, row.asked.subject_kind, subject),
    )


def opened(files: SealedFiles, taken: TakenFile, folder: Path) -> Preview:
    """The file's tables; large ones from a side file, as the screen reads them. Raises SealBroken, PreviewError,
    StorageTrouble, TakesTooLong."""
    if taken.size_bytes > MOST_BYTES:
        raise TakesTooLong
    if isinstance(taken.row, Export):
        ((place, key, _sha256, _size),) = taken.pieces
        return preview_of(files, taken.row, place, key, folder, seconds=MOST_SECONDS)
    if len(taken.pieces) > 1:
        raise SealBroken(detail="an answer in pages is not one document")
    ((place, key, sha256, size),) = taken.pieces
    if size < LARGE_BYTES:
        return read(files.read_all(place, key, sha256=sha256, size_bytes=size), "json", folder)
    files.verify(place, key, sha256=sha256, size_bytes=size)
    return Reading(_chunks(files, place, key), "json", size, folder).whole()


def _chunks(files: SealedFiles, place: FilePlace, key: bytes) -> Iterator[bytes]:
    yield from files.chunks(place, key)
