"""Opens one sealed answer of a case and gives what it says of whose its records are. Nothing of it is logged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from portal.cases.services.intake import IdentifierKind
from portal.cases.services.ledger import CaseSeal
from portal.errors import NotFound, SealBroken
from portal.exports.files.sealed_reading import TakesTooLong, preview_of
from portal.log import log
from portal.loyaltydog import UnreadableAnswer
from portal.people.graph import Known, Mark
from portal.preview import PreviewError
from portal.sources.kinds import SourceKind
from portal.sources.ledger import pages_of, place_of
from portal.sources.whose.answers import of_cards, of_consent, of_export, of_members
from portal.sources.whose.facts import Compared, Facts, TooMany
from portal.sources.whose.ledger import MARK_OF, Input
from portal.storage.answering.source_tables import CaseSource, SourceKey
from portal.storage.case_tables import CaseIdentifier
from portal.storage.engine import Database
from portal.storage.tables import Export, FileKey
from portal.vault import SealedFiles
from portal.vault.files import FilePlace

MAX_COMPARED_BYTES = 64 * 1024 * 1024
MAX_SECONDS = 60.0
"""Reading happens while the page is drawn, so it is bounded."""


@dataclass(frozen=True)
class AnswerReader:
    db: Database
    files: SealedFiles
    seal: CaseSeal

    def read(self, one: Input, known: Known) -> tuple[Compared, Facts | None]:
        """Raises StorageTrouble."""
        if one.size_bytes > MAX_COMPARED_BYTES:
            return Compared.TOO_LARGE, None
        try:
            return Compared.COMPARED, self._facts(one, known)
        except (TooMany, TakesTooLong):
            return Compared.TOO_LARGE, None
        except (UnreadableAnswer, PreviewError, SealBroken) as error:
            log.error("source.not_compared", source=one.origin, error_type=type(error).__name__)
            return Compared.UNREADABLE, None

    def _facts(self, one: Input, known: Known) -> Facts:
        if one.source_id is None:
            return self._of_export(one, known)
        with self.db.read() as session:
            row = session.get_one(CaseSource, one.source_id)
            asked_by = self._asked_by(session, row)
            pages = [
                (page, session.get(SourceKey, (row.id, page.blob_name))) for page in pages_of(session, row.id)
            ]  # fmt: skip
        bodies = [self._body(row, page, key) for page, key in pages]
        match one.kind:
            case SourceKind.MEMBERS:
                return of_members(bodies, known, row.program_name or row.program_id)
            case SourceKind.CARDS_FOUND:
                return of_cards(bodies, known)
            case _:
                return of_consent(bodies, known, asked_by)

    def _asked_by(self, session: Session, row: CaseSource) -> tuple[Mark, str]:
        identifier = session.get_one(CaseIdentifier, row.identifier_id)
        return MARK_OF[IdentifierKind(identifier.kind)], self.seal.value(session, identifier)

    def _body(self, row: CaseSource, page: Any, key: SourceKey | None) -> bytes:
        if key is None:
            raise SealBroken(detail="key of a page is missing")
        place = place_of(row, page.blob_name)
        return self.files.read_all(place, key.sealed_keyset, sha256=page.sha256, size_bytes=page.size_bytes)

    def _of_export(self, one: Input, known: Known) -> Facts:
        with self.db.read() as session:
            row = session.get(Export, one.export_id)
            if row is None:
                raise NotFound(detail="export")
            key = session.get(FileKey, (row.id, row.file.blob_name))
        if key is None:
            raise SealBroken(detail="key of a file is missing")
        place = FilePlace(row.merchant_id, row.id, row.file.blob_name)
        return of_export(preview_of(self.files, row, place, key.sealed_keyset, seconds=MAX_SECONDS), known)
