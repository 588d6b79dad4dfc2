"""Looking at an attached file, and taking it out: role and proof checked, the seal verified, each audited first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import update
from sqlalchemy.orm import Session

from portal import audit
from portal.cases.recognition.hiding import check_shown
from portal.cases.services.ledger import CaseSeal
from portal.config import Settings
from portal.errors import NotPermitted, PortalError, StateConflict
from portal.exports.core.download import Download
from portal.exports.files.card_access import CardNumbersShut
from portal.exports.files.card_codes import CardReason
from portal.identity import Permission, User, allows, require, require_fresh_proof
from portal.identity.refusal_audit import RefusalAudit, refusals_audited
from portal.storage.answering.system_tables import SystemFile, SystemKey
from portal.storage.engine import Database
from portal.storage.tables import Merchant, utc_now
from portal.systems.ledger import file_of, place_of
from portal.systems.media import PICTURES, TABLES, Media
from portal.systems.pdf_pages import pages_of
from portal.systems.pictures import picture_of
from portal.systems.views import Shown
from portal.vault import SealedFiles
from portal.vault.files import FilePlace

if TYPE_CHECKING:
    from portal.preview import Preview

SHOWN = TABLES | frozenset(PICTURES) | {Media.TEXT, Media.PDF}
MOST_BYTES = 16 * 1024 * 1024  # of a table, a picture or a PDF
TEXT_BYTES, TEXT_CHARS = 512 * 1024, 100_000
MEDIA_TYPE = "application/octet-stream"  # whatever it is: a download is saved, never opened by its type


class NotShown(PortalError):
    code = "not_shown"
    message = "This file is too large to be shown."
    next_step = "Download it to look at it."


@refusals_audited
@dataclass
class SystemFiles:
    """Opens attached files, of ended cases as well, until their time is over."""

    db: Database
    refusal_audit: RefusalAudit
    seal: CaseSeal
    sealed: SealedFiles
    settings: Settings

    def look(self, user: User, case_id: str, file_id: str) -> Shown:
        """Tables, text, picture or pages, card numbers to the last four; of another kind that nothing is shown.

        Raises NotFound, NotPermitted, StepUpNeeded, StateConflict, SealBroken, NotShown, PictureRefused,
        PdfRefused.
        """
        row, place, key = self._openable(user, case_id, file_id)
        media = Media(row.media)
        if media not in SHOWN:
            return Shown(media)
        self._note_opened(row)
        self._note(user, row, case_id, "system:view", kind=media.value)
        if media is Media.TEXT:
            return self._text(row, place, key)
        if row.size_bytes > MOST_BYTES:
            raise NotShown(detail=media)
        data = self.sealed.read_all(place, key, sha256=row.sha256, size_bytes=row.size_bytes)
        if media in PICTURES:
            return Shown(media, picture=picture_of(data, media))
        if media is Media.PDF:
            return Shown(media, pdf=pages_of(data))
        from portal.preview.card_masking import without_card_numbers
        from portal.preview.card_numbers import holds_card_numbers

        found = _tables(data, "json" if media is Media.JSON else "csv", self.settings)
        return Shown(media, preview=without_card_numbers(found), masked=holds_card_numbers(found))

    def check_open(self, user: User, case_id: str, file_id: str) -> None:
        """May this user still look at the file that is on their screen? Raises as `look` does."""
        self._openable(user, case_id, file_id)

    def download(self, user: User, case_id: str, file_id: str, reason: CardReason | None = None) -> Download:
        """Its very bytes under its own name, verified before the first is handed out. One in which card numbers were
        seen needs a reason, and by the merchant's setting a manager who did not attach it. Raises as `look` does,
        CardNumbersShut."""
        row, place, key = self._openable(user, case_id, file_id)
        why: dict[str, str] = {}
        if self._holds_numbers(row, place, key):
            if reason is None:
                raise CardNumbersShut(next_step="Say why where the file is shown.", detail="attached")
            with self.db.read() as session:
                needs_two = session.get_one(Merchant, user.merchant_id).cards_need_two
            if needs_two and (not allows(user.role, Permission.EXPORT_RELEASE) or row.attached_by == user.account_id):
                raise NotPermitted(
                    "This file holds card numbers, so another manager than who attached it has to take it out.",
                    next_step="Ask a manager.",
                )
            why = {"reason": reason.value}
        self._note_opened(row)
        self._note(user, row, case_id, "system:download", bytes=row.size_bytes, sha256=row.sha256, **why)
        self.sealed.verify(place, key, sha256=row.sha256, size_bytes=row.size_bytes)
        return Download(self.seal.opened(row, "name"), MEDIA_TYPE, row.size_bytes, self.sealed.chunks(place, key))

    # -------------------------------------------------------------------------------------------

    def _openable(self, user: User, case_id: str, file_id: str) -> tuple[SystemFile, FilePlace, bytes]:
        require(user, Permission.EXPORT_OPEN)
        with self.db.read() as session:
            row, _line = file_of(session, user, case_id, file_id)
            require_fresh_proof(user, self.settings)
            check_shown(session, case_id)
            key = session.get(SystemKey, (row.line_id, row.blob_name))
            if key is None or row.destroyed_at is not None:
                raise StateConflict("This file is destroyed.", next_step="Attach it again.", detail="destroyed")
            return row, place_of(row), key.sealed_keyset

    def _holds_numbers(self, row: SystemFile, place: FilePlace, key: bytes) -> bool:
        """Of a table or a text what its look says; a table too large to look at counts as one with numbers. What is in
        pictures, PDF and other files is not known."""
        media = Media(row.media)
        if media is Media.TEXT:
            return self._text(row, place, key).masked
        if media not in TABLES:
            return False
        if row.size_bytes > MOST_BYTES:
            return True
        from portal.preview.card_numbers import holds_card_numbers

        data = self.sealed.read_all(place, key, sha256=row.sha256, size_bytes=row.size_bytes)
        try:
            return holds_card_numbers(_tables(data, "json" if media is Media.JSON else "csv", self.settings))
        except NotShown:
            return True

    def _note_opened(self, row: SystemFile) -> None:
        """Of a file that may replace another, that somebody has seen it."""
        if row.replaces is None or row.opened_at is not None:
            return
        with self.db.write() as session:
            session.execute(
                update(SystemFile)
                .where(SystemFile.id == row.id, SystemFile.opened_at.is_(None))
                .values(opened_at=utc_now())
            )

    def _note(self, user: User, row: SystemFile, case_id: str, action: str, **facts: Any) -> None:
        def write(session: Session) -> None:
            audit.record(
                session, user.merchant_id, user.account_id, action,
                object_id=case_id, origin=user.origin, file=row.id, **facts,
            )  # fmt: skip

        self.db.group_commit(write)

    def _text(self, row: SystemFile, place: FilePlace, key: bytes) -> Shown:
        """The beginning as plain text, with what a screen would hide or obey as escapes."""
        from portal.preview.card_numbers import hidden_in
        from portal.preview.decoding import decode
        from portal.preview.raw import displayable

        self.sealed.verify(place, key, sha256=row.sha256, size_bytes=row.size_bytes)
        first = next(iter(self.sealed.chunks(place, key)))[:TEXT_BYTES]
        text = decode(first).text
        cut = row.size_bytes > len(first) or len(text) > TEXT_CHARS
        hidden = hidden_in(text, frozenset(), cautious=True)
        return Shown(Media.TEXT, text=displayable(hidden[:TEXT_CHARS]), cut=cut, masked=hidden != text)


def _tables(data: bytes, format: Literal["json", "csv"], settings: Settings) -> Preview:
    from portal.preview import PreviewError, read

    try:
        return read(data, format, settings.root)
    except PreviewError as error:
        raise NotShown("No table can be made of this file.", detail=error.detail) from None
