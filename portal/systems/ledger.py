"""The rows of one system in one case: found or begun, moved, its files and their keys taken out.

Every transaction that writes here holds the merchant's lock first.
"""

from __future__ import annotations

import secrets
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from portal import audit
from portal.cases.services.ledger import open_case, own_case
from portal.errors import NotFound, StateConflict
from portal.exports.retention.destruction import forget_places
from portal.exports.retention.sealed_files import SealedTables
from portal.identity import User
from portal.sources.kinds import SourceState
from portal.storage.answering.system_tables import CaseSystem, SystemFile, SystemKey
from portal.storage.case_tables import Case
from portal.storage.locks import lock_merchant
from portal.storage.tables import utc_now
from portal.systems.register import own_system
from portal.vault.files import FilePlace

TABLES = SealedTables(SystemFile, SystemKey, "line_id")


def hold(session: Session, user: User, case_id: str) -> Case:
    """The user's merchant's case, open. Raises NotFound, CaseNeeded."""
    own_case(session, user, case_id)
    lock_merchant(session, user.merchant_id)
    session.expire_all()
    return open_case(own_case(session, user, case_id))


def line_of(session: Session, user: User, case: Case, system_id: str) -> CaseSystem:
    """The line of a case that is held; begun when there is none. Raises NotFound, StateConflict for a retired system
    that is not asked here."""
    system = own_system(session, user, system_id)
    row = session.scalar(select(CaseSystem).where(CaseSystem.case_id == case.id, CaseSystem.system_id == system_id))
    if system.retired_at is not None and (row is None or row.state == SourceState.PLANNED):
        raise StateConflict("This system is retired, so it is not asked.", next_step="", detail="retired")
    if row is None:
        row = CaseSystem(
            merchant_id=case.merchant_id, case_id=case.id, system_id=system_id, state=SourceState.PLANNED.value
        )
        session.add(row)
        session.flush()
    return row


def file_of(session: Session, user: User, case_id: str, file_id: str) -> tuple[SystemFile, CaseSystem]:
    """A file of the user's merchant's case that was not removed. Raises NotFound."""
    own_case(session, user, case_id)
    row = session.get(SystemFile, file_id, populate_existing=True)
    line = session.get(CaseSystem, row.line_id) if row is not None else None
    if row is None or line is None or line.case_id != case_id or row.removed_by is not None:
        raise NotFound(next_step="Look at the case.", detail="attached file")
    return row, line


def live_files(session: Session, line_id: str) -> list[SystemFile]:
    """Without those that replace another."""
    wanted = select(SystemFile).where(
        SystemFile.line_id == line_id, SystemFile.destroyed_at.is_(None), SystemFile.replaces.is_(None)
    )
    return list(session.scalars(wanted))


def replacements_of(session: Session, file_id: str) -> list[SystemFile]:
    """Those that are there, the newest last."""
    wanted = select(SystemFile).where(SystemFile.replaces == file_id, SystemFile.destroyed_at.is_(None))
    return list(session.scalars(wanted.order_by(SystemFile.attached_at, SystemFile.id)))


def new_place(line: CaseSystem) -> FilePlace:
    return FilePlace(line.merchant_id, line.id, f"{line.merchant_id}/{line.id}-{secrets.token_hex(8)}")


def place_of(row: SystemFile) -> FilePlace:
    return FilePlace(row.merchant_id, row.line_id, row.blob_name)


def move(session: Session, user: User, line: CaseSystem, to: SourceState, act: str, **facts: Any) -> None:
    """Move a line from the state it was read in, with the entry of the act that moves it. Raises StateConflict when
    somebody else moved it first."""
    answered = to is not SourceState.PLANNED
    done: CursorResult[Any] = session.execute(  # type: ignore[assignment]  # an UPDATE gives a cursor result
        update(CaseSystem)
        .where(CaseSystem.id == line.id, CaseSystem.state == line.state)
        .values(
            state=to.value,
            answered_at=utc_now() if answered else None,
            answered_by=user.account_id if answered else None,
        )
        .execution_options(synchronize_session=False)
    )
    if done.rowcount != 1:
        raise StateConflict("Somebody else has just answered this.", next_step="Look at the case.", detail="moved")
    audit.record(
        session, user.merchant_id, user.account_id, act,
        object_id=line.case_id, origin=user.origin, system=line.system_id, **facts,
    )  # fmt: skip
    session.refresh(line)


def destroy_file(session: Session, row: SystemFile, *, by: str | None = None) -> list[str]:
    """Its key and its name, and those of what replaces it; where something was left out of them. The facts stay. Gives
    the names of the blobs, which go after the commit."""
    names: list[str] = []
    for one in (row, *replacements_of(session, row.id)):
        TABLES.drop_keys(session, one.line_id, [one.blob_name])
        forget_places(session, one.id)
        one.destroyed_at, one.sealed_name, one.destroy_after = utc_now(), None, None
        one.removed_by = by
        names.append(one.blob_name)
    session.flush()
    return names
