"""Looking at a file and taking it out. Each is checked, sealed-verified and audited."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, assert_never

from sqlalchemy.orm import Session

from portal import audit
from portal.config import Settings
from portal.errors import NotPermitted, StateConflict
from portal.exports.core.base import own_row
from portal.exports.core.download import DerivedKind, Download, FileKind
from portal.exports.core.ledger import SubjectSeal
from portal.exports.core.states import State
from portal.exports.files.sealed_reading import preview_of, reading_of
from portal.identity import Permission, User, allows, require, require_fresh_proof
from portal.identity.refusal_audit import RefusalAudit, refusals_audited
from portal.storage.engine import Database
from portal.storage.tables import Export, FileKey
from portal.vault import SealedFiles
from portal.vault.files import FilePlace

if TYPE_CHECKING:
    from portal.preview import AskedPerson, Preview, Reading

MEDIA_TYPES = {"json": "application/json", "csv": "text/csv"}


@refusals_audited
@dataclass
class Files:
    """Opens the sealed files of exports, after checking the person's role and proof of identity."""

    db: Database
    refusal_audit: RefusalAudit
    settings: Settings
    seal: SubjectSeal
    sealed: SealedFiles

    def open_preview(self, user: User, export_id: str) -> Preview:
        """The whole file as tables of text; audited as a view.

        Raises NotPermitted, StepUpNeeded, StateConflict, SealBroken, PreviewError.
        """
        row, place, key = self._viewed(user, export_id)
        return preview_of(self.sealed, row, place, key, self.settings.root)

    def open_reading(self, user: User, export_id: str) -> Reading:
        """A large file, to be read while one looks at it; audited as a view. Raises as `open_preview` does, the reading
        itself SealBroken and PreviewError."""
        row, place, key = self._viewed(user, export_id)
        return reading_of(self.sealed, row, place, key, self.settings.root)

    def _viewed(self, user: User, export_id: str) -> tuple[Export, FilePlace, bytes]:
        def look(session: Session) -> tuple[Export, FilePlace, bytes]:
            found = self._openable(session, user, export_id)
            audit.record(
                session, user.merchant_id, user.account_id, "export:view", object_id=export_id, origin=user.origin
            )
            return found

        return self.db.group_commit(look)

    def check_open(self, user: User, export_id: str) -> None:
        """May this user still look at the file that is on their screen? Raises as `open_preview` does."""
        with self.db.read() as session:
            self._openable(session, user, export_id)

    def note_reveal(self, user: User, export_id: str, what: str) -> None:
        """Masked values of the file are about to be shown; audited before they are."""
        require(user, Permission.EXPORT_OPEN)
        require_fresh_proof(user, self.settings)
        self._note(user, export_id, "export:reveal", what=what)

    def note_file_search(self, user: User, export_id: str) -> None:
        """Record a search in the open file; the search words are not kept."""
        require(user, Permission.EXPORT_OPEN)
        self._note(user, export_id, "export:search")

    def _note(self, user: User, export_id: str, action: str, **facts: Any) -> None:
        def write(session: Session) -> None:
            own_row(session, user, export_id)
            audit.record(
                session, user.merchant_id, user.account_id, action, object_id=export_id, origin=user.origin, **facts
            )

        self.db.group_commit(write)

    def asked_person(self, user: User, export_id: str) -> AskedPerson:
        """Whom the export was asked for, to mark everybody else. Part of opening it."""
        from portal.preview import AskedPerson

        require(user, Permission.EXPORT_OPEN)
        with self.db.read() as session:
            row = own_row(session, user, export_id)
            subject = self.seal.open(row, "subject")
        by_email = row.asked.subject_kind == "email"
        return AskedPerson(email=subject if by_email else None, customer_id=None if by_email else subject)

    def _openable(self, session: Session, user: User, export_id: str) -> tuple[Export, FilePlace, bytes]:
        """Row, place and wrapped key of a file this user may open now."""
        row = own_row(session, user, export_id)
        require(user, Permission.EXPORT_OPEN)
        require_fresh_proof(user, self.settings)
        if State(row.state) is State.ATTENTION:
            if not allows(user.role, Permission.EXPORT_RELEASE):
                raise NotPermitted(
                    "A check of this file failed, so only a manager may open it.", next_step="Ask a manager to decide."
                )
        elif State(row.state) not in (State.READY, State.EXPIRED):
            raise StateConflict("There is no file to open.", next_step="See the export's state.", detail=row.state)
        key = session.get(FileKey, (row.id, row.file.blob_name))
        if key is None or row.file.destroyed_at is not None:
            raise StateConflict("The file has been destroyed or was never fetched.", next_step="Ask again for it.")
        return row, FilePlace(row.merchant_id, row.id, row.file.blob_name), key.sealed_keyset

    def open_file(self, user: User, export_id: str, kind: FileKind = FileKind.ORIGINAL) -> Download:
        """The file as a download: the original's very bytes, or a derived spreadsheet-safe CSV or workbook of text.

        All of it is verified before the first byte is handed out.
        """

        def take(session: Session) -> tuple[Export, FilePlace, bytes]:
            row, place, key = self._openable(session, user, export_id)
            if State(row.state) is State.ATTENTION:
                raise StateConflict(
                    "A check of this file failed, so it cannot leave the portal yet.",
                    next_step="A manager can release it on its preview.",
                )
            audit.record(
                session, user.merchant_id, user.account_id, "export:download",
                object_id=export_id, origin=user.origin, kind=kind, bytes=row.file.size_bytes, sha256=row.file.sha256,
            )  # fmt: skip
            return row, place, key

        row, place, key = self.db.group_commit(take)
        name = f"export-{row.requested_at:%Y-%m-%d}-{row.id[:8]}"
        if kind is not FileKind.ORIGINAL:
            return self._derived(user, row, place, key, name, kind)
        self.sealed.verify(place, key, sha256=row.file.sha256, size_bytes=row.file.size_bytes or 0)
        return Download(
            f"{name}.{row.format}", MEDIA_TYPES[row.format], row.file.size_bytes, self.sealed.chunks(place, key)
        )

    def _derived(self, user: User, row: Export, place: FilePlace, key: bytes, name: str, kind: DerivedKind) -> Download:
        from portal.exports.files.derived import csv_of, xlsx_of
        from portal.exports.files.workbook import MEDIA_TYPE

        preview = self._whole(row, place, key)
        match kind:
            case FileKind.CSV:
                made, media = csv_of(preview), "text/csv; charset=utf-8"
            case FileKind.XLSX:
                made, media = xlsx_of(preview), MEDIA_TYPE
            case _:
                assert_never(kind)
        return Download(f"{name}-spreadsheet.{kind}", media, None, self._summed(user, row.id, kind, made))

    def _summed(self, user: User, export_id: str, kind: FileKind, chunks: Iterator[bytes]) -> Iterator[bytes]:
        """A copy is made while it is streamed, so its SHA-256 is known, and written down, when all of it is out."""
        digest, size = hashlib.sha256(), 0
        for chunk in chunks:
            digest.update(chunk)
            size += len(chunk)
            yield chunk
        self._note(user, export_id, "export:handed_out", kind=kind, bytes=size, sha256=digest.hexdigest())

    def _whole(self, row: Export, place: FilePlace, key: bytes) -> Preview:
        """All of the file, verified. Raises SealBroken, StateConflict when no table can be made of it."""
        from portal.preview import PreviewError

        try:
            return preview_of(self.sealed, row, place, key, self.settings.root)
        except PreviewError as error:
            raise StateConflict(error.message, next_step="Download the original.", detail=error.detail) from None
