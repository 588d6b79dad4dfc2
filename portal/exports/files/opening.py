"""Looking at a file and taking it out. Each is checked, sealed-verified and audited."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Any, assert_never

from sqlalchemy.orm import Session

from portal import audit
from portal.config import Settings
from portal.errors import StateConflict
from portal.exports.core.base import own_row
from portal.exports.core.download import DerivedKind, Download, FileKind
from portal.exports.core.ledger import SubjectSeal
from portal.exports.files.card_access import CardNumbersShut, may_hold_numbers, use_grant
from portal.exports.files.copying import Copies, LeavingOut, Make, searched
from portal.exports.files.openable import check_released, file_stem, openable
from portal.exports.files.sealed_reading import preview_of, reading_of
from portal.identity import Permission, User, require
from portal.identity.refusal_audit import RefusalAudit, refusals_audited
from portal.storage.engine import Database
from portal.storage.tables import Export
from portal.vault import SealedFiles
from portal.vault.files import FilePlace

if TYPE_CHECKING:
    from portal.preview import AskedPerson, Preview, Reading

MEDIA_TYPES = {"json": "application/json", "csv": "text/csv"}


class CardsIn(StrEnum):
    """How card numbers stand in a copy that leaves; in its audit entries."""

    NONE = "none"
    MASKED = "masked"
    FULL = "full"


@refusals_audited
@dataclass
class Files:
    """Opens the sealed files of exports, after checking the person's role and proof of identity."""

    db: Database
    refusal_audit: RefusalAudit
    settings: Settings
    seal: SubjectSeal
    sealed: SealedFiles
    copies: Copies

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
            found = openable(session, user, export_id, self.settings)
            audit.record(
                session, user.merchant_id, user.account_id, "export:view", object_id=export_id, origin=user.origin
            )
            return found

        return self.db.group_commit(look)

    def check_open(self, user: User, export_id: str) -> None:
        """May this user still look at the file that is on their screen? Raises as `open_preview` does."""
        with self.db.read() as session:
            openable(session, user, export_id, self.settings)

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

    def open_file(self, user: User, export_id: str, kind: FileKind = FileKind.ORIGINAL) -> Download:
        """The file as a download: the original's very bytes, the file with places left out, or made from that a
        spreadsheet-safe CSV or a workbook of text.

        All of it is verified, and a copy searched for what it leaves out, before the first byte is handed out. Without
        a grant of `CardAccess` card numbers stand with their last four in a copy, and an original that holds some
        raises CardNumbersShut.
        """
        if kind is not FileKind.ORIGINAL:
            self._check_decided(user, export_id)

        def take(session: Session) -> tuple[Export, FilePlace, bytes, CardsIn]:
            row, place, key = openable(session, user, export_id, self.settings)
            check_released(row)
            cards = CardsIn.NONE
            if may_hold_numbers(row):
                cards = CardsIn.FULL if use_grant(session, user, export_id) else CardsIn.MASKED
            if kind is FileKind.ORIGINAL and cards is CardsIn.MASKED:
                raise CardNumbersShut(detail=kind)
            if kind is not FileKind.ORIGINAL:
                self.copies.check(session, user, row)
            audit.record(
                session, user.merchant_id, user.account_id, "export:download", object_id=export_id,
                origin=user.origin, kind=kind, bytes=row.file.size_bytes, sha256=row.file.sha256, cards=cards.value,
            )  # fmt: skip
            return row, place, key, cards

        row, place, key, cards = self.db.group_commit(take)
        name = file_stem(row)
        if kind is not FileKind.ORIGINAL:
            return self._derived(user, row, place, key, name, kind, cards)
        self.sealed.verify(place, key, sha256=row.file.sha256, size_bytes=row.file.size_bytes or 0)
        return Download(
            f"{name}.{row.format}", MEDIA_TYPES[row.format], row.file.size_bytes, self.sealed.chunks(place, key)
        )

    def _check_decided(self, user: User, export_id: str) -> None:
        with self.db.read() as session:
            check_released(openable(session, user, export_id, self.settings)[0])
            self.copies.check_decided(session, user, export_id)

    def _derived(
        self, user: User, row: Export, place: FilePlace, key: bytes, name: str, kind: DerivedKind, cards: CardsIn
    ) -> Download:
        from portal.exports.files.derived import csv_of, xlsx_of
        from portal.exports.files.workbook import MEDIA_TYPE

        leaving_out = self.copies.of(row, place, key, cards_in_full=cards is not CardsIn.MASKED)
        match kind:
            case FileKind.REDACTED:
                whole = f"{name}-redacted.{row.format}"
                make, media = self._redacted(row, place, key, leaving_out), MEDIA_TYPES[row.format]
            case FileKind.CSV | FileKind.XLSX:
                whole = f"{name}-spreadsheet.{kind}"
                preview = leaving_out.preview() if leaving_out else self._whole(row, place, key)
                of, media = (
                    (csv_of, "text/csv; charset=utf-8") if kind is FileKind.CSV else (xlsx_of, MEDIA_TYPE)
                )  # fmt: skip
                make = partial(of, preview)
            case _:
                assert_never(kind)
        made = searched(make, leaving_out, whole, archive=kind is FileKind.XLSX) if leaving_out else make()
        return Download(whole, media, None, self._summed(user, row.id, kind, cards, made))

    def _redacted(self, row: Export, place: FilePlace, key: bytes, leaving_out: LeavingOut | None) -> Make:
        if leaving_out is not None:
            return leaving_out.chunks
        self.sealed.verify(place, key, sha256=row.file.sha256, size_bytes=row.file.size_bytes or 0)
        return lambda: self.sealed.chunks(place, key)

    def _summed(
        self, user: User, export_id: str, kind: FileKind, cards: CardsIn, chunks: Iterator[bytes]
    ) -> Iterator[bytes]:
        """A copy is made while it is streamed, so its SHA-256 is known, and written down, when all of it is out."""
        digest, size = hashlib.sha256(), 0
        for chunk in chunks:
            digest.update(chunk)
            size += len(chunk)
            yield chunk
        self._note(
            user, export_id, "export:handed_out", kind=kind, bytes=size, sha256=digest.hexdigest(), cards=cards.value
        )

    def _whole(self, row: Export, place: FilePlace, key: bytes) -> Preview:
        """All of the file, verified. Raises SealBroken, StateConflict when no table can be made of it."""
        from portal.preview import PreviewError

        try:
            return preview_of(self.sealed, row, place, key, self.settings.root)
        except PreviewError as error:
            raise StateConflict(error.message, next_step="Download the original.", detail=error.detail) from None
