"""Destroys the sealed answers of sources: past their time, of a removed merchant, and what killed processes left.

The keys go first, in the transaction that records the act, then the ciphertext (LAW-17). The facts stay: what was
asked, when, and how much came.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from sqlalchemy import select

from portal import audit
from portal.config import Settings
from portal.exports.retention.clock import ClockWatch
from portal.exports.retention.destruction import HOUSE_BATCH, SWEEP_AGE, SWEEP_EVERY
from portal.exports.retention.sealed_files import SealedTables, drop_blobs
from portal.sources import messages
from portal.sources.kinds import RUNNING, SourceState
from portal.sources.ledger import drop_pages, move
from portal.storage.answering.source_tables import CaseSource, SourceFile, SourceKey, SourcePage
from portal.storage.engine import Database
from portal.storage.locks import lock_merchant
from portal.storage.tables import utc_now
from portal.vault import SealedFiles

TABLES = SealedTables(SourcePage, SourceKey, "source_id")


@dataclass
class SourceRetention:
    """A worker's housekeeping for sources."""

    db: Database
    settings: Settings
    files: SealedFiles
    _swept_at: dt.datetime | None = None
    _clock: ClockWatch | None = field(default=None, repr=False)

    def run_housekeeping(self) -> None:
        """Destroy what is past its time; now and then, keys without a page. Run every few seconds by a worker."""
        now = utc_now()
        self._clock = self._clock or ClockWatch(self.db)
        if not self._clock.trusted():
            return
        with self.db.read() as session:
            due = session.execute(
                select(CaseSource.id, CaseSource.merchant_id)
                .join(CaseSource.file)
                .where(SourceFile.destroyed_at.is_(None), SourceFile.destroy_after <= now)
                .where(CaseSource.state.not_in(RUNNING))
                .limit(HOUSE_BATCH)
            ).all()
        for source_id, merchant_id in due:
            self._destroy(source_id, merchant_id, actor="system", origin="worker", reason="retention")
        if self._swept_at is None or now - self._swept_at >= SWEEP_EVERY:
            self._swept_at = now
            self.sweep(max(SWEEP_AGE, dt.timedelta(seconds=2 * self.settings.deadline_seconds)))

    def destroy_all_of(self, merchant_id: str, *, actor: str, origin: str) -> int:
        """Stop and destroy every source of a merchant that is being removed. Gives how many held something."""
        with self.db.read() as session:
            wanted = select(CaseSource.id).join(CaseSource.file).where(CaseSource.merchant_id == merchant_id)
            ids = list(session.scalars(wanted.where(SourceFile.destroyed_at.is_(None))))
        return sum(
            self._destroy(source_id, merchant_id, actor=actor, origin=origin, reason="merchant removed")
            for source_id in ids
        )

    def _destroy(self, source_id: str, merchant_id: str, *, actor: str, origin: str, reason: str) -> bool:
        with self.db.write() as session:
            lock_merchant(session, merchant_id)
            row = session.get_one(CaseSource, source_id, populate_existing=True)
            if row.file.destroyed_at is not None:
                return False  # another process was first
            if SourceState(row.state) in RUNNING:
                words = messages.problem("merchant_removed", messages.REMOVED)
                move(session, row, SourceState.FAILED, actor=actor, origin=origin, settled_at=utc_now(), **words)
            names = drop_pages(session, row)
            if names:
                row.file.destroyed_at = utc_now()
                audit.record(
                    session, merchant_id, actor, "source:destroy",
                    object_id=row.case_id, origin=origin, source=row.id, kind=row.kind, reason=reason,
                )  # fmt: skip
            row.file.destroy_after = None
        drop_blobs(self.files, self.settings.destruction_list, names)
        return bool(names)

    def sweep(self, older_than: dt.timedelta = SWEEP_AGE) -> int:
        """Remove keys without a page that are older. Gives how many."""
        return TABLES.sweep(self.db, older_than)
