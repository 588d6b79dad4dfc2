"""Nobody could tell who asks: what was fetched for them is destroyed within a day (IDN-8).

The files are made due, each kind's own housekeeping destroys them: key first, audited, and again after a kill.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from portal import audit
from portal.exports.retention.clock import ClockWatch
from portal.exports.retention.destruction import HOUSE_BATCH
from portal.package.parts import LETTER_ALONE
from portal.storage.answering.package_tables import CasePackage
from portal.storage.answering.source_tables import CaseSource, SourceFile
from portal.storage.answering.system_tables import CaseSystem, SystemFile
from portal.storage.case_tables import FailedIdentity as FailedCase
from portal.storage.engine import Database
from portal.storage.locks import lock_merchant
from portal.storage.tables import Export, ExportFile, utc_now

GRACE = dt.timedelta(hours=12)
"""After a failed look, and after a file was fetched, in which another proof keeps it; what is left of the day is for a
portal that stood still."""


@dataclass
class FailedIdentity:
    """A worker's housekeeping."""

    db: Database
    _clock: ClockWatch | None = field(default=None, repr=False)

    def run_housekeeping(self) -> None:
        """Make due what was fetched in cases whose person was not recognised. Run every few seconds by a worker,
        before what is due is destroyed."""
        self._clock = self._clock or ClockWatch(self.db)
        if not self._clock.trusted():
            return
        now = utc_now()
        with self.db.read() as session:
            failed = select(FailedCase.case_id, FailedCase.merchant_id).where(FailedCase.failed_at <= now - GRACE)
            held = or_(*(FailedCase.case_id.in_(cases) for cases in _cases_holding(now)))
            found = session.execute(failed.where(held).limit(HOUSE_BATCH)).all()
        for case_id, merchant_id in found:
            self._make_due(case_id, merchant_id, now)

    def _make_due(self, case_id: str, merchant_id: str, now: dt.datetime) -> None:
        with self.db.write() as session:
            lock_merchant(session, merchant_id)
            failed_at = session.scalar(select(FailedCase.failed_at).where(FailedCase.case_id == case_id))
            if failed_at is None or failed_at > now - GRACE:
                return  # a proof came
            count = sum(_due(session, statement) for statement in _making_due(case_id, now))
            audit.record(
                session, merchant_id, "system", "identity:files_due", object_id=case_id, origin="worker", count=count
            )  # fmt: skip


def _stale(file: Any, since: Any, now: dt.datetime) -> ColumnElement[bool]:
    """There, not due by itself, and long enough."""
    later = or_(file.destroy_after.is_(None), file.destroy_after > now)
    found: ColumnElement[bool] = file.destroyed_at.is_(None) & later & (since <= now - GRACE)
    return found


def _of_exports(now: dt.datetime) -> ColumnElement[bool]:
    return _stale(ExportFile, ExportFile.collected_at, now) & ExportFile.size_bytes.is_not(None)


def _of_sources(now: dt.datetime) -> ColumnElement[bool]:
    return _stale(SourceFile, CaseSource.settled_at, now) & SourceFile.destroy_after.is_not(None)


def _of_packages(now: dt.datetime) -> ColumnElement[bool]:
    """Not a letter alone: it says nothing of the person, and may be the one that tells them."""
    return _stale(CasePackage, CasePackage.built_at, now) & CasePackage.outcome.not_in(LETTER_ALONE)


def _cases_holding(now: dt.datetime) -> tuple[Any, ...]:
    return (
        select(Export.case_id).join(Export.file).where(_of_exports(now)),
        select(CaseSource.case_id).join(CaseSource.file).where(_of_sources(now)),
        select(CasePackage.case_id).where(_of_packages(now)),
        select(CaseSystem.case_id)
        .join(SystemFile, SystemFile.line_id == CaseSystem.id)
        .where(_stale(SystemFile, SystemFile.attached_at, now)),
    )


def _making_due(case_id: str, now: dt.datetime) -> tuple[Any, ...]:
    exports = select(Export.id).join(Export.file).where(Export.case_id == case_id, _of_exports(now))
    sources = select(CaseSource.id).join(CaseSource.file).where(CaseSource.case_id == case_id, _of_sources(now))
    lines = select(CaseSystem.id).where(CaseSystem.case_id == case_id)
    return (
        update(ExportFile).where(ExportFile.export_id.in_(exports)).values(destroy_after=now),
        update(SourceFile).where(SourceFile.source_id.in_(sources)).values(destroy_after=now),
        update(CasePackage).where(CasePackage.case_id == case_id, _of_packages(now)).values(destroy_after=now),
        update(SystemFile)
        .where(SystemFile.line_id.in_(lines), _stale(SystemFile, SystemFile.attached_at, now))
        .values(destroy_after=now),
    )


def _due(session: Session, statement: Any) -> int:
    done: CursorResult[Any] = session.execute(  # type: ignore[assignment]  # an UPDATE gives a cursor result
        statement.execution_options(synchronize_session=False)
    )
    return done.rowcount
