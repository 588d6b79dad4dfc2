"""The rows of a case's sources: adding what is planned, moving one, its pages and their keys.

Every transaction that writes here holds the merchant's lock first, then the rows; a move is a guarded UPDATE with its
audit entry.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from portal import audit
from portal.cases.services.intake import IdentifierKind
from portal.cases.services.ledger import CaseSeal, open_case, own_case
from portal.exports.retention.destruction import forget_places
from portal.identity import User
from portal.sources.kinds import SourceKind, SourceState
from portal.sources.planning import FoundProgram, KnownIdentifier, Planned, of_id, of_member
from portal.storage.answering.source_tables import CaseComparison, CaseSource, SourceFile, SourceKey, SourcePage
from portal.storage.case_tables import Case, CaseIdentifier
from portal.storage.locks import lock_merchant
from portal.storage.tables import DestroyedFile, new_id, utc_now
from portal.vault.files import FilePlace

MAX_SOURCES = 500  # of one case; more is a vendor that makes memberships up
FILE_COLUMNS = {column.key for column in SourceFile.__table__.columns}
NO_PROBLEM: dict[str, Any] = {"problem_code": "", "problem": "", "next_step": "", "status": None, "retry_at": None}


NO_FILE: dict[str, Any] = {
    "size_bytes": None, "row_count": None, "doubtful_count": 0, "sha256": "", "destroy_after": None,
}  # fmt: skip


def held_open(session: Session, user: User, case_id: str) -> Case:
    """The user's merchant's open case, held. Raises NotFound, CaseNeeded when it has ended."""
    own_case(session, user, case_id)
    lock_merchant(session, user.merchant_id)
    return open_case(own_case(session, user, case_id))


def sources_of(session: Session, case_id: str) -> list[CaseSource]:
    rows = select(CaseSource).where(CaseSource.case_id == case_id).order_by(CaseSource.number, CaseSource.id)
    return list(session.scalars(rows))


def pages_of(session: Session, source_id: str) -> list[SourcePage]:
    return list(
        session.scalars(select(SourcePage).where(SourcePage.source_id == source_id).order_by(SourcePage.number))
    )


def identifiers_of(session: Session, seal: CaseSeal, case_id: str) -> list[KnownIdentifier]:
    """What the case knows the person by, without what was struck or is destroyed."""
    rows = session.scalars(
        select(CaseIdentifier)
        .where(CaseIdentifier.case_id == case_id, CaseIdentifier.standing != "struck")
        .order_by(CaseIdentifier.number)
    )
    return [
        KnownIdentifier(row.id, row.number, IdentifierKind(row.kind), value, row.standing)
        for row in rows
        if (value := seal.value(session, row))
    ]


def place_of(row: CaseSource, blob_name: str) -> FilePlace:
    return FilePlace(row.merchant_id, row.id, blob_name)


def new_place(row: CaseSource) -> FilePlace:
    return place_of(row, f"{row.merchant_id}/{row.id}-{secrets.token_hex(4)}")


class SourceRows:
    """Adds sources to a case that is held. `seal` opens and seals the ids that answers named."""

    def __init__(self, seal: CaseSeal) -> None:
        self._seal = seal

    def member(self, row: CaseSource) -> str:
        return self._seal.opened(row, "member")

    def add(
        self, session: Session, case: tuple[str, str], planned: Iterable[Planned], *, by: str, asked_in: str
    ) -> int:
        """Add those that are not there yet. `case`: merchant and case. Gives how many."""
        merchant_id, case_id = case
        there = {(row.kind, row.place) for row in sources_of(session, case_id)}
        number = session.scalar(select(func.max(CaseSource.number)).where(CaseSource.case_id == case_id)) or 0
        added = 0
        for one in planned:
            if (one.kind.value, one.place) in there or len(there) >= MAX_SOURCES:
                continue
            there.add((one.kind.value, one.place))
            added += 1
            row_id = new_id()
            sealed = self._seal.seal(merchant_id, CaseSource, "member", row_id, one.member) if one.member else None
            session.add(
                CaseSource(
                    id=row_id, merchant_id=merchant_id, case_id=case_id, number=number + added, kind=one.kind.value,
                    place=one.place, program_id=one.program.id if one.program else "",
                    program_name=one.program.name[:200] if one.program else "", identifier_id=one.identifier_id,
                    sealed_member=sealed, state=SourceState.PLANNED.value, asked_by=by, asked_in=asked_in,
                    file=SourceFile(),
                )
            )  # fmt: skip
        session.flush()
        return added

    def for_found(self, session: Session, row: CaseSource, found: Sequence[str]) -> list[Planned]:
        """What follows from ids that an answer named: a membership's data, consents and log; of a consent, the log.

        An id has one number within the case, whatever program named it.
        """
        numbers = self._numbers(session, row.case_id)
        known = {one.value for one in identifiers_of(session, self._seal, row.case_id)}
        planned: list[Planned] = []
        for member in found:
            number = numbers.setdefault(member, max(numbers.values(), default=0) + 1)
            if row.kind == SourceKind.MEMBERS:
                planned += of_member(FoundProgram(row.program_id, row.program_name), member, number)
            if member not in known:
                planned.append(of_id(member, number))
        return planned

    def _numbers(self, session: Session, case_id: str) -> dict[str, int]:
        found: dict[str, int] = {}
        for row in sources_of(session, case_id):
            if row.sealed_member is not None:
                found[self.member(row)] = int(row.place.rpartition("m")[2])
        return found


def add_answered(
    session: Session, user: User, case: Case, place: tuple[SourceKind, str], state: SourceState
) -> CaseSource:
    """Add a source that a person answered for. `place`: its kind and what tells it apart."""
    kind, name = place
    number = session.scalar(select(func.max(CaseSource.number)).where(CaseSource.case_id == case.id)) or 0
    row = CaseSource(
        merchant_id=case.merchant_id, case_id=case.id, number=number + 1, kind=kind.value, place=name,
        state=state.value, asked_by=user.account_id, settled_at=utc_now(),
        file=SourceFile(),
    )  # fmt: skip
    session.add(row)
    session.flush()
    facts = {"from": SourceState.FAILED.value, "to": state.value}
    audit.record(
        session, user.merchant_id, user.account_id, "source:state",
        object_id=case.id, origin=user.origin, source=row.id, kind=row.kind, attempt=row.attempt, **facts,
    )  # fmt: skip
    return row


def move(
    session: Session,
    row: CaseSource,
    to: SourceState,
    *,
    actor: str = "system",
    origin: str = "worker",
    **changes: Any,
) -> bool:
    """Move `row` from the state and attempt it was read in. False when somebody else moved it first.

    `changes` are further columns of it and of its file, set in the same transaction.
    """
    here = row.state
    of_file = {name: changes.pop(name) for name in FILE_COLUMNS & changes.keys()}
    done: CursorResult[Any] = session.execute(  # type: ignore[assignment]  # an UPDATE gives a cursor result
        update(CaseSource)
        .where(CaseSource.id == row.id, CaseSource.state == here, CaseSource.attempt == row.attempt)
        .values(state=to.value, updated_at=utc_now(), **changes)
        .execution_options(synchronize_session=False)
    )
    if done.rowcount != 1:
        return False
    session.refresh(row)
    for name, value in of_file.items():
        setattr(row.file, name, value)
    facts: dict[str, Any] = {"from": here, "to": to.value, "status": row.status, "code": row.problem_code or None}
    audit.record(
        session, row.merchant_id, actor, "source:state",
        object_id=row.case_id, origin=origin, source=row.id, kind=row.kind, attempt=row.attempt, **facts,
    )  # fmt: skip
    return True


def drop_pages(session: Session, row: CaseSource) -> list[str]:
    """Take out a source's pages and keys and where something was left out of them, and note their blobs as destroyed
    for ever. Gives the blobs' names."""
    names = list(session.scalars(select(SourceKey.blob_name).where(SourceKey.source_id == row.id)))
    for page_id in session.scalars(select(SourcePage.id).where(SourcePage.source_id == row.id)).all():
        forget_places(session, page_id)
    session.execute(delete(SourceKey).where(SourceKey.source_id == row.id))
    session.execute(delete(SourcePage).where(SourcePage.source_id == row.id))
    session.execute(delete(CaseComparison).where(CaseComparison.source_id == row.id))
    session.add_all(DestroyedFile(blob_name=name, export_id=row.id) for name in names)
    session.flush()
    return names


def forget_key(session: Session, source_id: str, blob_name: str) -> None:
    """The key of a file that was not taken."""
    session.execute(delete(SourceKey).where(SourceKey.source_id == source_id, SourceKey.blob_name == blob_name))
