"""The files of a case as rows: exports, pages of answers, attached files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.cases.services.ledger import CaseSeal
from portal.cases.standing import Standing
from portal.exports.core.states import HOLDS_FILE, State
from portal.review.kinds import Choice, Scope, Whole
from portal.review.ledger import File
from portal.review.of_case.shelf import Located, is_in_answer, of_destroyed, of_page, of_system_file
from portal.review.of_case.views import Replacement
from portal.review.shelves.exports import opened_export
from portal.sources.kinds import SourceKind
from portal.sources.ledger import sources_of
from portal.storage.answering.review_tables import ReviewDecision
from portal.storage.answering.source_tables import CaseSource, SourcePage
from portal.storage.answering.system_tables import CaseSystem, MerchantSystem, SystemFile
from portal.storage.tables import Export, FileKey
from portal.vault.files import FilePlace

OPENABLE = frozenset({State.READY, State.EXPIRED})


@dataclass(frozen=True)
class CaseFileRow:
    """`waits`: an export that is not to be opened before a manager decides."""

    located: Located
    kind: str
    name: str
    page: int = 0
    source: CaseSource | None = None
    export: Export | None = None
    waits: bool = False
    replacements: tuple[Replacement, ...] = ()
    """The newest last."""


def files_of(session: Session, seal: CaseSeal, case_id: str, *, names: bool) -> list[CaseFileRow]:
    """Exports first, then answers, then attached files. Without `names` those of attached files stay sealed."""
    return [
        *_exports(session, case_id), *_pages(session, case_id), *_attached(session, seal, case_id, names=names),
    ]  # fmt: skip


def located_export(session: Session, row: Export) -> Located:
    place = FilePlace(row.merchant_id, row.id, row.file.blob_name)
    key = session.get(FileKey, (row.id, row.file.blob_name)) if row.file.destroyed_at is None else None
    opened = opened_export(row, place, key.sealed_keyset if key else b"")
    return Located(
        opened.file, row.case_id, place, key.sealed_keyset if key else None, opened.written, opened.written,
        opened.size_bytes, opened.charset,
    )  # fmt: skip


def _exports(session: Session, case_id: str) -> Iterable[CaseFileRow]:
    rows = session.scalars(
        select(Export)
        .where(Export.case_id == case_id, Export.answer != Standing.LATER)
        .order_by(Export.requested_at, Export.id)
    )
    for row in rows.all():
        state = State(row.state)
        there = row.file.size_bytes is not None and row.file.sha256 != ""
        if not there or state not in (HOLDS_FILE - {State.COLLECTED}) | {State.PURGED}:
            continue
        by_email = row.asked.subject_kind == "email"
        kind = SourceKind.CARDS_BY_EMAIL if by_email else SourceKind.CARDS_BY_ID
        gone = state is State.PURGED or row.file.destroyed_at is not None
        waits = not gone and state not in OPENABLE
        yield CaseFileRow(located_export(session, row), kind.value, "", export=row, waits=waits)


def _pages(session: Session, case_id: str) -> Iterable[CaseFileRow]:
    for source in sources_of(session, case_id):
        if not is_in_answer(source):
            continue
        pages = session.scalars(
            select(SourcePage).where(SourcePage.source_id == source.id).order_by(SourcePage.number)
        ).all()  # fmt: skip
        name = source.program_name or source.program_id
        if not pages and source.file.destroyed_at is not None:
            yield CaseFileRow(of_destroyed(source), source.kind, name, source=source)
        for number, page in enumerate(pages, 1):
            yield CaseFileRow(
                of_page(session, page, source), source.kind, name, number if len(pages) > 1 else 0, source=source
            )  # fmt: skip


def _attached(session: Session, seal: CaseSeal, case_id: str, *, names: bool) -> Iterable[CaseFileRow]:
    rows = session.execute(
        select(SystemFile, MerchantSystem.name)
        .join(CaseSystem, CaseSystem.id == SystemFile.line_id)
        .join(MerchantSystem, MerchantSystem.id == CaseSystem.system_id)
        .where(CaseSystem.case_id == case_id, SystemFile.removed_by.is_(None))
        .order_by(SystemFile.attached_at, SystemFile.id)
    ).all()
    given: dict[str, list[Replacement]] = {}
    for row, _ in rows:
        if row.replaces is not None and row.destroyed_at is None:
            given.setdefault(row.replaces, []).append(replacement_of(seal, row, names=names))
    for row, system in rows:
        if row.replaces is not None:
            continue
        name = seal.opened(row, "name") if names else ""
        yield CaseFileRow(
            of_system_file(session, row, case_id), system, name, replacements=tuple(given.get(row.id, ()))
        )  # fmt: skip


def replacement_of(seal: CaseSeal, row: SystemFile, *, names: bool) -> Replacement:
    return Replacement(
        row.id, seal.opened(row, "name") if names else "", row.media, row.size_bytes, row.sha256,
        row.opened_at is not None,
    )  # fmt: skip


def decisions_of_all(session: Session, files: Sequence[File]) -> Mapping[File, list[ReviewDecision]]:
    """What was decided about each, oldest first; about another digest of it counts for nothing (RED-6)."""
    found: dict[File, list[ReviewDecision]] = {file: [] for file in files}
    by_id = {file.file_id: file for file in files}
    rows = session.scalars(
        select(ReviewDecision).where(ReviewDecision.file_id.in_(by_id)).order_by(ReviewDecision.number)
    )
    for row in rows:
        file = by_id[row.file_id]
        if row.sha256 == file.sha256 and row.merchant_id == file.merchant_id:
            found[file].append(row)
    return found


def decided_whole(standing: Sequence[ReviewDecision]) -> tuple[Whole, ReviewDecision] | None:
    """What was decided about the file as one."""
    row = next((one for one in reversed(standing) if one.scope == Scope.WHOLE), None)
    if row is None:
        return None
    if row.group_id:
        return Whole.REPLACED, row
    return (Whole.LEFT_OUT if row.choice == Choice.LEAVE_OUT else Whole.SENT), row
