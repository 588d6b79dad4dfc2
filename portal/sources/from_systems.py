"""S9: the line of each of the merchant's other systems, as people answered it in the case (`portal.systems`)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.cases.states import OPEN_STATES, CaseState
from portal.sources.kinds import SourceKind, SourceState
from portal.sources.views import SourceLine
from portal.storage.answering.system_tables import CaseSystem, MerchantSystem, SystemFile
from portal.storage.case_tables import Case
from portal.storage.tables import Account


def system_lines(session: Session, case: Case) -> list[SourceLine]:
    """An open case asks every system that is not retired; what was answered stays, in an ended case alone."""
    is_open = CaseState(case.state) in OPEN_STATES
    systems = session.scalars(
        select(MerchantSystem)
        .where(MerchantSystem.merchant_id == case.merchant_id)
        .order_by(MerchantSystem.added_at, MerchantSystem.id)
    ).all()
    rows = {row.system_id: row for row in session.scalars(select(CaseSystem).where(CaseSystem.case_id == case.id))}
    files = _files(session, [row.id for row in rows.values()])
    people = {row.answered_by for row in rows.values() if row.answered_by}
    names = {one.id: one.name or one.email for one in session.scalars(select(Account).where(Account.id.in_(people)))}
    lines = []
    for system in systems:
        row = rows.get(system.id)
        state = SourceState(row.state) if row else SourceState.PLANNED
        if state is SourceState.PLANNED and (system.retired_at is not None or not is_open):
            continue
        by = names.get(row.answered_by or "", "") if row else ""
        lines.append(_line(system, state, row, files[row.id] if row else (), by))
    return lines


def _files(session: Session, line_ids: Sequence[str]) -> dict[str, list[SystemFile]]:
    """Those that were not removed by hand and replace no other, by their line."""
    found: dict[str, list[SystemFile]] = defaultdict(list)
    wanted = select(SystemFile).where(
        SystemFile.line_id.in_(line_ids), SystemFile.removed_by.is_(None), SystemFile.replaces.is_(None)
    )
    for file in session.scalars(wanted.order_by(SystemFile.attached_at, SystemFile.id)):
        found[file.line_id].append(file)
    return found


def _line(
    system: MerchantSystem, state: SourceState, row: CaseSystem | None, files: Sequence[SystemFile], by: str
) -> SourceLine:
    there = [file.destroyed_at for file in files]
    gone = [time for time in there if time is not None]
    return SourceLine(
        SourceKind.OTHER_SYSTEM,
        state,
        system_id=system.id,
        by=by,
        program=system.name,
        size_bytes=sum(file.size_bytes for file in files) if files else None,
        pages=len(files),
        sha256=files[0].sha256 if len(files) == 1 else "",
        settled_at=row.answered_at if row and state is not SourceState.PLANNED else None,
        destroyed_at=max(gone) if gone and len(gone) == len(there) else None,
    )
