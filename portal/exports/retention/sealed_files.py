"""Destroys sealed files that have a key of their own: past their time, of a removed merchant; and keys that a killed
process left.

The keys go first, in the transaction that records the act, then the ciphertext (LAW-17). One mechanism for each kind:
a table of files, a table of their keys, and the column by which both name their owner.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from portal.config import Settings
from portal.exports.retention.clock import ClockWatch
from portal.exports.retention.destruction import HOUSE_BATCH, SWEEP_AGE, SWEEP_EVERY, list_destroyed
from portal.storage.engine import Database
from portal.storage.locks import lock_merchant
from portal.storage.tables import DestroyedFile, utc_now
from portal.vault import SealedFiles


def drop_blobs(files: SealedFiles, destruction_list: Path, names: Sequence[str]) -> None:
    """The ciphertext of files whose keys are gone. The list is what a restore honours."""
    if not names:
        return
    list_destroyed(destruction_list, list(names))
    for name in names:
        files.destroy(name)


@dataclass(frozen=True)
class Act:
    """Who destroys, from where, and why; for the audit entry."""

    actor: str
    origin: str
    reason: str


@dataclass(frozen=True)
class SealedTables:
    """`files` and `keys` both have `blob_name` and the column `owner`; a file has `merchant_id`, `destroy_after` and
    `destroyed_at` unless its kind keeps those elsewhere."""

    files: Any
    keys: Any
    owner: str

    def drop_keys(self, session: Session, owner_id: str, blob_names: Iterable[str]) -> None:
        """Destroy keys, and note their blobs as destroyed for ever."""
        for name in blob_names:
            owned = getattr(self.keys, self.owner) == owner_id
            session.execute(delete(self.keys).where(owned, self.keys.blob_name == name))
            if session.get(DestroyedFile, name) is None:
                session.add(DestroyedFile(blob_name=name, export_id=owner_id))
        session.flush()

    def sweep(self, db: Database, older_than: dt.timedelta) -> int:
        """Remove keys without a file that are older: a killed process left them. Their blobs go with the next sweep of
        the exports (`Retention.sweep`), which takes those that no key knows. Gives how many."""
        owner, of_key = getattr(self.files, self.owner), getattr(self.keys, self.owner)
        with db.write() as session:
            found = session.execute(
                select(of_key, self.keys.blob_name)
                .outerjoin(self.files, (owner == of_key) & (self.files.blob_name == self.keys.blob_name))
                .where(self.files.blob_name.is_(None), self.keys.created_at < utc_now() - older_than)
                .limit(HOUSE_BATCH)
            ).all()
            for owner_id, blob_name in found:
                self.drop_keys(session, owner_id, [blob_name])
        return len(found)


@dataclass
class SealedFileRetention:
    """A worker's housekeeping for one kind. `destroy` drops the keys of a row, marks it and records the act; it gives
    the names of the blobs."""

    db: Database
    settings: Settings
    sealed: SealedFiles
    tables: SealedTables
    destroy: Callable[[Session, Any, Act], list[str]]
    _swept_at: dt.datetime | None = None
    _clock: ClockWatch | None = field(default=None, repr=False)

    def run_housekeeping(self) -> None:
        """Destroy what is past its time; now and then, keys without a file. Run every few seconds by a worker."""
        now, files = utc_now(), self.tables.files
        self._clock = self._clock or ClockWatch(self.db)
        if not self._clock.trusted():
            return
        with self.db.read() as session:
            due = select(files.id).where(files.destroyed_at.is_(None), files.destroy_after <= now)
            ids = list(session.scalars(due.limit(HOUSE_BATCH)))
        for file_id in ids:
            self._destroy(file_id, Act("system", "worker", "retention"))
        if self._swept_at is None or now - self._swept_at >= SWEEP_EVERY:
            self._swept_at = now
            self.sweep()

    def destroy_all_of(self, merchant_id: str, *, actor: str, origin: str) -> int:
        """Destroy every file of a merchant that is being removed. Gives how many."""
        files = self.tables.files
        with self.db.read() as session:
            wanted = select(files.id).where(files.merchant_id == merchant_id, files.destroyed_at.is_(None))
            ids = list(session.scalars(wanted))
        return sum(self._destroy(one, Act(actor, origin, "merchant removed")) for one in ids)

    def sweep(self, older_than: dt.timedelta = SWEEP_AGE) -> int:
        """As `SealedTables.sweep`."""
        return self.tables.sweep(self.db, older_than)

    def _destroy(self, file_id: str, act: Act) -> bool:
        with self.db.write() as session:
            lock_merchant(session, session.get_one(self.tables.files, file_id).merchant_id)
            row = session.get_one(self.tables.files, file_id, populate_existing=True)
            if row.destroyed_at is not None:
                return False  # another process was first
            blob_names = self.destroy(session, row, act)
        drop_blobs(self.sealed, self.settings.destruction_list, blob_names)
        return True
