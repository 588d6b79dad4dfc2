"""Looking at a file and taking it out. Each is checked, sealed-verified and audited."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy.orm import Session

from portal import audit
from portal.errors import NotPermitted, StateConflict
from portal.exports.base import ExportsBase
from portal.exports.listing import Download
from portal.exports.sealed_reading import preview_of, reading_of
from portal.exports.states import State
from portal.identity import Permission, User, allows, require, require_fresh_proof
from portal.storage.tables import Export, FileKey
from portal.vault.files import FilePlace

if TYPE_CHECKING:
    from portal.preview import AskedPerson, Preview, Reading

MEDIA_TYPES = {"json": "application/json", "csv": "text/csv"}


class Opening(ExportsBase):
    def open_preview(self, user: User, export_id: str) -> Preview:
        """The whole file as tables of text; audited as a view.

        Raises NotPermitted, StepUpNeeded, StateConflict, SealBroken, PreviewError.
        """
        row, place, key = self._viewed(user, export_id)
        return preview_of(self.files, row, place, key, self.settings.root)

    def open_reading(self, user: User, export_id: str) -> Reading:
        """A large file, to be read while one looks at it; audited as a view. Raises as `open_preview` does, the reading
        itself SealBroken and PreviewError."""
        row, place, key = self._viewed(user, export_id)
        return reading_of(self.files, row, place, key, self.settings.root)

    def _viewed(self, user: User, export_id: str) -> tuple[Export, FilePlace, bytes]:
        def look(session: Session) -> tuple[Export, FilePlace, bytes]:
            found = self._openable(session, user, export_id)
            audit.record(
                session, user.merchant_id, user.account_id, "export:view", object_id=export_id, origin=user.origin
            )
            return found

        return self.db.together(look)

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
        """Somebody searches the file that is on their screen; the words searched for are never kept."""
        require(user, Permission.EXPORT_OPEN)
        self._note(user, export_id, "export:search")

    def _note(self, user: User, export_id: str, action: str, **facts: Any) -> None:
        def write(session: Session) -> None:
            self._row(session, user, export_id)
            audit.record(
                session, user.merchant_id, user.account_id, action, object_id=export_id, origin=user.origin, **facts
            )

        self.db.together(write)

    def asked_person(self, user: User, export_id: str) -> AskedPerson:
        """Whom the export was asked for, to mark everybody else. Part of opening it."""
        from portal.preview import AskedPerson

        require(user, Permission.EXPORT_OPEN)
        with self.db.read() as session:
            row = self._row(session, user, export_id)
            subject = self.seal.open(row, "subject")
        by_email = row.subject_kind == "email"
        return AskedPerson(email=subject if by_email else None, customer_id=None if by_email else subject)

    def _openable(self, session: Session, user: User, export_id: str) -> tuple[Export, FilePlace, bytes]:
        """Row, place and wrapped key of a file this user may open now."""
        row = self._row(session, user, export_id)
        require(user, Permission.EXPORT_OPEN)
        require_fresh_proof(user, self.settings)
        if State(row.state) is State.ATTENTION:
            if not allows(user.role, Permission.EXPORT_RELEASE):
                raise NotPermitted(
                    "A check of this file failed, so only a manager may open it.", next_step="Ask a manager to decide."
                )
        elif State(row.state) not in (State.READY, State.EXPIRED):
            raise StateConflict("There is no file to open.", next_step="See the export's state.", detail=row.state)
        key = session.get(FileKey, (row.id, row.blob_name))
        if key is None or row.destroyed_at is not None:
            raise StateConflict("The file has been destroyed or was never fetched.", next_step="Ask again for it.")
        return row, FilePlace(row.merchant_id, row.id, row.blob_name), key.sealed_keyset

    def open_file(self, user: User, export_id: str, kind: Literal["original", "csv", "xlsx"] = "original") -> Download:
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
                object_id=export_id, origin=user.origin, kind=kind, bytes=row.size_bytes, sha256=row.sha256,
            )  # fmt: skip
            return row, place, key

        row, place, key = self.db.together(take)
        name = f"export-{row.requested_at:%Y-%m-%d}-{row.id[:8]}"
        if kind != "original":
            return self._derived(user, row, place, key, name, kind)
        self.files.verify(place, key, sha256=row.sha256, size_bytes=row.size_bytes or 0)
        return Download(f"{name}.{row.format}", MEDIA_TYPES[row.format], row.size_bytes, self.files.chunks(place, key))

    def _derived(
        self, user: User, row: Export, place: FilePlace, key: bytes, name: str, kind: Literal["csv", "xlsx"]
    ) -> Download:
        from portal.exports.derived import csv_of, xlsx_of
        from portal.exports.workbook import MEDIA_TYPE

        preview = self._whole(row, place, key)
        if kind == "csv":
            chunks = self._summed(user, row.id, kind, csv_of(preview))
            return Download(f"{name}-spreadsheet.csv", "text/csv; charset=utf-8", None, chunks)
        return Download(
            f"{name}-spreadsheet.xlsx", MEDIA_TYPE, None, self._summed(user, row.id, kind, xlsx_of(preview))
        )

    def _summed(self, user: User, export_id: str, kind: str, chunks: Iterator[bytes]) -> Iterator[bytes]:
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
            return preview_of(self.files, row, place, key, self.settings.root)
        except PreviewError as error:
            raise StateConflict(error.message, next_step="Download the original.", detail=error.detail) from None
