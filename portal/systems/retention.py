"""Destroys attached files: past their time, of a removed merchant; and keys that a killed process left.

The keys go first, in the transaction that records the act, then the ciphertext (LAW-17).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from sqlalchemy import select

from portal import audit
from portal.config import Settings
from portal.exports.retention.clock import ClockWatch
from portal.exports.retention.destruction import HOUSE_BATCH, SWEEP_AGE, SWEEP_EVERY
from portal.sources.retention import drop_blobs
from portal.storage.answering.system_tables import CaseSystem, SystemFile, SystemKey
from portal.storage.engine import Database
from portal.storage.locks import lock_merchant
from portal.storage.tables import utc_now
from portal.systems.ledger import destroy_file, drop_keys
from portal.vault import SealedFiles


@dataclass
class SystemRetention:
    """A worker's housekeeping for attached files."""

    db: Database
    settings: Settings
    sealed: SealedFiles
    _swept_at: dt.datetime | None = None
    _clock: ClockWatch | None = field(default=None, repr=False)

    def run_housekeeping(self) -> None:
        """Destroy what is past its time; now and then, keys without a file. Run every few seconds by a worker."""
        now = utc_now()
        self._clock = self._clock or ClockWatch(self.db)
        if not self._clock.trusted():
            return
        with self.db.read() as session:
            due = list(
                session.scalars(
                    select(SystemFile.id)
                    .where(SystemFile.destroyed_at.is_(None), SystemFile.destroy_after <= now)
                    .limit(HOUSE_BATCH)
                )
            )
        for file_id in due:
            self._destroy(file_id, actor="system", origin="worker", reason="retention")
        if self._swept_at is None or now - self._swept_at >= SWEEP_EVERY:
            self._swept_at = now
            self.sweep()

    def destroy_all_of(self, merchant_id: str, *, actor: str, origin: str) -> int:
        """Destroy every attached file of a merchant that is being removed. Gives how many."""
        with self.db.read() as session:
            wanted = select(SystemFile.id).where(SystemFile.merchant_id == merchant_id)
            ids = list(session.scalars(wanted.where(SystemFile.destroyed_at.is_(None))))
        return sum(self._destroy(one, actor=actor, origin=origin, reason="merchant removed") for one in ids)

    def _destroy(self, file_id: str, *, actor: str, origin: str, reason: str) -> bool:
        with self.db.write() as session:
            merchant_id = session.get_one(SystemFile, file_id).merchant_id
            lock_merchant(session, merchant_id)
            row = session.get_one(SystemFile, file_id, populate_existing=True)
            if row.destroyed_at is not None:
                return False  # another process was first
            line = session.get_one(CaseSystem, row.line_id)
            blob_names = destroy_file(session, row)
            audit.record(
                session, merchant_id, actor, "system:destroy",
                object_id=line.case_id, origin=origin, system=line.system_id, file=row.id, reason=reason,
            )  # fmt: skip
        drop_blobs(self.sealed, self.settings.destruction_list, blob_names)
        return True

    def sweep(self, older_than: dt.timedelta = SWEEP_AGE) -> int:
        """Remove keys without a file that are older: a killed process left them. Their blobs go with the next sweep of
        the exports (`Retention.sweep`), which takes those that no key knows. Gives how many."""
        with self.db.write() as session:
            found = session.execute(
                select(SystemKey.line_id, SystemKey.blob_name)
                .outerjoin(
                    SystemFile,
                    (SystemFile.line_id == SystemKey.line_id) & (SystemFile.blob_name == SystemKey.blob_name),
                )
                .where(SystemFile.id.is_(None), SystemKey.created_at < utc_now() - older_than)
                .limit(HOUSE_BATCH)
            ).all()
            for line_id, blob_name in found:
                drop_keys(session, line_id, [blob_name])
        return len(found)
