"""The files of exports, for a review and for the copies that `portal.exports.files` hands out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from portal import audit
from portal.config import Settings
from portal.exports.core import ledger as export_ledger
from portal.exports.core.base import own_row
from portal.exports.core.ledger import SubjectSeal
from portal.exports.files.card_access import may_hold_numbers, use_grant
from portal.exports.files.openable import openable
from portal.exports.files.sealed_reading import charset_of
from portal.identity import User
from portal.preview import AskedPerson
from portal.review.copying.copies import RedactedCopies
from portal.review.copying.spliced import CardsOnly, Spliced
from portal.review.kinds import Written
from portal.review.ledger import File
from portal.review.opened import Asked, OpenedFile
from portal.storage.tables import Export
from portal.vault.files import FilePlace


@dataclass
class ExportShelf:
    """Its files are asked for by the export's id."""

    settings: Settings
    seal: SubjectSeal

    def file(self, session: Session, user: User, file_id: str) -> File:
        return file_of(openable(session, user, file_id, self.settings)[0])

    def opened(self, session: Session, user: User, file_id: str) -> OpenedFile:
        return opened_export(*openable(session, user, file_id, self.settings))

    def asked(self, session: Session, file: File) -> Asked:
        row = export_ledger.load(session, file.file_id, file.merchant_id)
        subject = self.seal.open(row, "subject")
        by_email = row.asked.subject_kind == "email"
        return Asked(AskedPerson(email=subject if by_email else None, customer_id=None if by_email else subject))

    def cards_in_full(self, session: Session, user: User, file_id: str) -> bool:
        return not may_hold_numbers(own_row(session, user, file_id)) or use_grant(session, user, file_id)

    def record(self, session: Session, user: User, file_id: str, action: str, **facts: Any) -> None:
        own_row(session, user, file_id)
        audit.record(
            session, user.merchant_id, user.account_id, action, object_id=file_id, origin=user.origin, **facts
        )  # fmt: skip


@dataclass
class ExportCopies:
    """`portal.exports.files.copying.Copies` by what a review decided."""

    copies: RedactedCopies
    shelf: ExportShelf

    def check_decided(self, session: Session, user: User, export_id: str) -> None:
        """Raises Undecided."""
        self.copies.check_decided(session, user, self.shelf, export_id)

    def check(self, session: Session, user: User, row: Export) -> None:
        """Raises SecondPersonNeeded."""
        self.copies.check(session, file_of(row))

    def of(self, row: Export, place: FilePlace, key: bytes, *, cards_in_full: bool) -> Spliced | CardsOnly | None:
        """Raises NotByPlace."""
        return self.copies.of(opened_export(row, place, key), cards_in_full=cards_in_full)


def file_of(row: Export) -> File:
    return File(row.merchant_id, row.id, row.file.sha256)


def opened_export(row: Export, place: FilePlace, key: bytes) -> OpenedFile:
    written: Written = "json" if row.format == "json" else "csv"
    return OpenedFile(file_of(row), row.case_id, place, key, written, row.file.size_bytes or 0, charset_of(row))
