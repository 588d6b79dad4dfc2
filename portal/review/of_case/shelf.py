"""The sealed answers of sources and the attached files of a case, for a review."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import audit
from portal.cases.recognition.hiding import check_shown
from portal.cases.services.intake import IdentifierKind
from portal.cases.services.ledger import CaseSeal
from portal.config import Settings
from portal.errors import NotFound, StateConflict
from portal.identifiers import normal
from portal.identity import Permission, User, require, require_fresh_proof
from portal.preview import AskedPerson
from portal.preview.inspection.addresses import normal_id
from portal.preview.inspection.people import Own, digits, wanted_email
from portal.review.files import NotByPlace
from portal.review.kinds import FileOf, Written
from portal.review.ledger import File
from portal.review.opened import Asked, OpenedFile
from portal.sources.kinds import IN_ANSWER, SourceState
from portal.sources.ledger import identifiers_of
from portal.storage.answering.source_tables import CaseSource, SourceKey, SourcePage
from portal.storage.answering.system_tables import CaseSystem, SystemFile, SystemKey
from portal.storage.case_tables import Case
from portal.systems.ledger import place_of
from portal.systems.media import Media
from portal.vault.files import FilePlace

WRITTEN: Mapping[Media, Written | None] = {
    Media.JSON: "json",
    Media.CSV: "csv",
    Media.TEXT: "text",
    Media.PNG: None,
    Media.JPEG: None,
    Media.GIF: None,
    Media.WEBP: None,
    Media.PDF: None,
    Media.OTHER: None,
}
"""None: no single place can be left out."""
MOST_BYTES = 16 * 1024 * 1024  # of an attached file; a larger one is sent, left out or replaced as one
_IDS = frozenset({IdentifierKind.CUSTOMER_ID, IdentifierKind.MEMBER_ID})


@dataclass(frozen=True)
class Located:
    """One file of a case. `key` None: it is destroyed. `written` None: it has no places."""

    file: File
    case_id: str
    place: FilePlace
    key: bytes | None = field(repr=False)
    media: str
    written: Written | None
    size_bytes: int
    charset: str = ""

    def opened(self) -> OpenedFile:
        """Raises StateConflict, NotByPlace."""
        if self.key is None:
            raise StateConflict("This file is destroyed.", next_step="Look at the case.", detail="destroyed")
        if self.written is None:
            raise NotByPlace(detail="media")
        return OpenedFile(
            self.file, self.case_id, self.place, self.key, self.written, self.size_bytes, self.charset
        )  # fmt: skip


def of_system_file(session: Session, row: SystemFile, case_id: str) -> Located:
    key = session.get(SystemKey, (row.line_id, row.blob_name)) if row.destroyed_at is None else None
    written = WRITTEN[Media(row.media)] if row.size_bytes <= MOST_BYTES else None
    file = File(row.merchant_id, row.id, row.sha256, FileOf.SYSTEM)
    return Located(
        file, case_id, place_of(row), key.sealed_keyset if key else None, row.media, written, row.size_bytes
    )  # fmt: skip


def of_page(session: Session, page: SourcePage, source: CaseSource) -> Located:
    key = session.get(SourceKey, (page.source_id, page.blob_name))
    file = File(page.merchant_id, page.id, page.sha256, FileOf.SOURCE)
    place = FilePlace(page.merchant_id, page.source_id, page.blob_name)
    return Located(
        file, source.case_id, place, key.sealed_keyset if key else None, Media.JSON.value, "json", page.size_bytes
    )  # fmt: skip


def of_destroyed(source: CaseSource) -> Located:
    """An answer whose pages are gone."""
    file = File(source.merchant_id, source.id, source.file.sha256, FileOf.SOURCE)
    place = FilePlace(source.merchant_id, source.id, "")
    return Located(file, source.case_id, place, None, Media.JSON.value, "json", source.file.size_bytes or 0)


def locate(session: Session, merchant_id: str, file_id: str) -> Located:
    """Raises NotFound, the same for absent and foreign (SEC-41), and for one that stands for another."""
    row = session.get(SystemFile, file_id)
    if row is not None and row.merchant_id == merchant_id and row.removed_by is None and row.replaces is None:
        return of_system_file(session, row, session.get_one(CaseSystem, row.line_id).case_id)
    page = session.scalar(select(SourcePage).where(SourcePage.id == file_id, SourcePage.merchant_id == merchant_id))
    source = session.get(CaseSource, page.source_id) if page is not None else None
    if page is None or source is None or not is_in_answer(source):
        raise NotFound(next_step="Look at the case.", detail="file of a case")
    return of_page(session, page, source)


def is_in_answer(source: CaseSource) -> bool:
    return source.kind in IN_ANSWER and source.state == SourceState.FETCHED


@dataclass
class CaseShelf:
    """Its files are asked for by the id of the attached file, or of the answer's page."""

    settings: Settings
    seal: CaseSeal

    def file(self, session: Session, user: User, file_id: str) -> File:
        return self.located(session, user, file_id).file

    def case_of(self, session: Session, user: User, file_id: str) -> str:
        """The case it is of. Raises NotFound."""
        return locate(session, user.merchant_id, file_id).case_id

    def located(self, session: Session, user: User, file_id: str) -> Located:
        """One this user may open now. Raises NotFound, NotPermitted, StepUpNeeded, StateConflict."""
        found = locate(session, user.merchant_id, file_id)
        require(user, Permission.EXPORT_OPEN)
        require_fresh_proof(user, self.settings)
        check_shown(session, found.case_id)
        if found.key is None:
            raise StateConflict("This file is destroyed.", next_step="Look at the case.", detail="destroyed")
        return found

    def opened(self, session: Session, user: User, file_id: str) -> OpenedFile:
        return self.located(session, user, file_id).opened()

    def asked(self, session: Session, file: File) -> Asked:
        found = locate(session, file.merchant_id, file.file_id)
        source = session.get(CaseSource, found.place.export_id) if file.kind is FileOf.SOURCE else None
        member = self.seal.opened(source, "member") if source is not None else ""
        return with_member(asked_in_case(session, self.seal, found.case_id), member)

    def cards_in_full(self, session: Session, user: User, file_id: str) -> bool:
        return False

    def record(self, session: Session, user: User, file_id: str, action: str, **facts: Any) -> None:
        found = locate(session, user.merchant_id, file_id)
        audit.record(
            session, user.merchant_id, user.account_id, action,
            object_id=found.case_id, origin=user.origin, of=found.file.kind.value, file=file_id, **facts,
        )  # fmt: skip


def asked_in_case(session: Session, seal: CaseSeal, case_id: str) -> Asked:
    """The person of a case by all that they are known by."""
    known = identifiers_of(session, seal, case_id)
    emails = [one.value for one in known if one.kind is IdentifierKind.EMAIL]
    ids = [one.value for one in known if one.kind in _IDS]
    phones = [one.value for one in known if one.kind is IdentifierKind.PHONE]
    name = seal.name(session.get_one(Case, case_id))
    return Asked(
        AskedPerson(email=emails[0] if emails else None, customer_id=ids[0] if ids else None),
        Own(
            frozenset(map(wanted_email, emails)), frozenset(map(normal_id, ids)),
            frozenset({normal(name)} if name else ()), frozenset(map(digits, phones)),
        ),
    )  # fmt: skip


def with_member(asked: Asked, member: str) -> Asked:
    """And by the id that one answer was asked by."""
    if not member:
        return asked
    ids = asked.known.ids | {normal_id(member)}
    return Asked(replace(asked.person, customer_id=member), replace(asked.known, ids=ids))
