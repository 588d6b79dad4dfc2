"""Destroys files: on request, after retention, and orphaned keys and blobs.

The key is destroyed first, in the transaction that records the act, then the ciphertext. A crash in between leaves a
blob that nothing can open; the sweep removes it (LAW-17, SEC-55).
"""

from __future__ import annotations

import contextlib
import datetime as dt
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import and_, delete, or_, select, update
from sqlalchemy.orm import Session

from portal import audit
from portal.config import Settings
from portal.errors import NotFound, StateConflict
from portal.exports.core import ledger
from portal.exports.core.base import no_checkpoint
from portal.exports.core.states import HOLDS_FILE, State
from portal.exports.core.views import EXPIRY_MARGIN
from portal.exports.retention.clock import ClockWatch
from portal.identity import Permission, User, require, require_fresh_proof
from portal.identity.refusal_audit import RefusalAudit, refusals_audited
from portal.log import log
from portal.storage.answering.package_tables import PackageKey
from portal.storage.answering.review_tables import ReviewDecision
from portal.storage.answering.source_tables import CaseComparison, SourceKey
from portal.storage.answering.system_tables import SystemKey
from portal.storage.engine import Database
from portal.storage.tables import CardRequest, DestroyedFile, Export, ExportFile, FileKey, utc_now
from portal.vault import SealedFiles

SWEEP_EVERY = dt.timedelta(minutes=10)
SWEEP_AGE = dt.timedelta(hours=1)  # at least; twice the deadline of a fetch when that is longer
HOUSE_BATCH = 500


@dataclass(frozen=True)
class Swept:
    """What a sweep removed: blobs without a key, keys without a use."""

    blobs: int
    keys: int


def read_destruction_list(path: Path) -> set[str]:
    """Names of blobs destroyed on purpose; empty when there is no list yet."""
    try:
        return set(path.read_text().split())
    except FileNotFoundError:
        return set()


def list_destroyed(path: Path, names: list[str]) -> None:
    """Append to the list that a restore honours. The next sweep adds entries that are missing."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write("".join(f"{name}\n" for name in names))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        log.error("retention.list_not_written", error_type=type(error).__name__)


def forget_places(session: Session, file_id: str) -> None:
    """Where something was left out of a file goes with the file; that it was, and why, stays with the record."""
    session.execute(update(ReviewDecision).where(ReviewDecision.file_id == file_id).values(sealed_places=None))


@refusals_audited
class Retention:
    """Destroys files, and runs a worker's housekeeping."""

    def __init__(
        self,
        db: Database,
        refusal_audit: RefusalAudit,
        settings: Settings,
        sealed: SealedFiles,
        checkpoint: Callable[[str], None] = no_checkpoint,
    ) -> None:
        self.db = db
        self.refusal_audit = refusal_audit
        self.settings = settings
        self.sealed = sealed
        self.checkpoint = checkpoint
        self._swept_at: dt.datetime | None = None
        self._clock: ClockWatch | None = None

    def destroy(self, user: User, export_id: str) -> None:
        """Destroy the sealed file by hand: its key first, then the ciphertext (LAW-17)."""
        require(user, Permission.EXPORT_DESTROY)
        require_fresh_proof(user, self.settings)
        self._destroy(export_id, user.merchant_id, actor=user.account_id, origin=user.origin, reason="by hand")

    def _destroy(self, export_id: str, merchant_id: str, *, actor: str, origin: str, reason: str) -> None:
        self.checkpoint("destroy.begin")
        with self.db.write() as session:
            row = ledger.load(session, export_id, merchant_id)
            holds = State(row.state) in HOLDS_FILE - {State.COLLECTED} and row.file.size_bytes is not None
            if not holds or row.file.destroyed_at is not None:
                raise StateConflict("There is no file here to destroy.", detail=row.state)
            # The row first, then the chain, as every move does: the other way round two acts could wait for each other.
            moved = ledger.move(
                session, row, State.PURGED, actor=actor, origin=origin, destroyed_at=utc_now(), sealed_download_url=None
            )
            if not moved:
                raise StateConflict(detail="moved by another")
            audit.record(
                session, merchant_id, actor, "export:destroy", object_id=export_id, origin=origin, reason=reason
            )
            names = self._kill_keys(session, export_id)
            self.checkpoint("destroy.moved")
        self.checkpoint("destroy.committed")
        list_destroyed(self.settings.destruction_list, names)
        for name in names:
            self.sealed.destroy(name)
        self.checkpoint("destroy.blob_gone")

    def _kill_keys(self, session: Session, export_id: str) -> list[str]:
        """Delete all wrapped keys of an export and note the blobs as destroyed for ever. Gives their names."""
        names = list(session.scalars(select(FileKey.blob_name).where(FileKey.export_id == export_id)))
        session.execute(delete(FileKey).where(FileKey.export_id == export_id))
        session.execute(delete(CardRequest).where(CardRequest.export_id == export_id))
        session.execute(delete(CaseComparison).where(CaseComparison.export_id == export_id))
        forget_places(session, export_id)
        session.add_all(DestroyedFile(blob_name=name, export_id=export_id) for name in names)
        return names

    def destroy_all_of(self, merchant_id: str, *, actor: str, origin: str) -> int:
        """Destroy every file of a merchant that is being removed. Gives how many."""
        with self.db.read() as session:
            ids = list(
                session.scalars(
                    select(Export.id)
                    .join(Export.file)
                    .where(
                        Export.merchant_id == merchant_id,
                        Export.state.in_(HOLDS_FILE - {State.COLLECTED}),
                        ExportFile.size_bytes.is_not(None),
                        ExportFile.destroyed_at.is_(None),
                    )
                )
            )
        done = 0
        for export_id in ids:
            with contextlib.suppress(StateConflict, NotFound):  # its time was over just now
                self._destroy(export_id, merchant_id, actor=actor, origin=origin, reason="merchant removed")
                done += 1
        return done

    # Housekeeping ------------------------------------------------------------------------------

    def run_housekeeping(self) -> None:
        """Mark passed expiries, destroy what is past its retention, sweep. Run every few seconds by a worker.

        Due times are read from the rows, so the next run catches up on a missed one.
        """
        now = utc_now()
        self._clock = self._clock or ClockWatch(self.db)
        if not self._clock.trusted():
            return
        self._mark_expired(now + EXPIRY_MARGIN)
        self._destroy_due(now)
        if self._swept_at is None or now - self._swept_at >= SWEEP_EVERY:
            self._swept_at = now
            self.sweep(max(SWEEP_AGE, dt.timedelta(seconds=2 * self.settings.deadline_seconds)))

    def _mark_expired(self, now: dt.datetime) -> None:
        with self.db.read() as session:
            expired = list(
                session.scalars(
                    select(Export.id)
                    .where(Export.state == State.READY, Export.link_expires_at <= now)
                    .limit(HOUSE_BATCH)
                )
            )
        for export_id in expired:
            with self.db.write() as session:
                row = ledger.load(session, export_id)
                if State(row.state) is State.READY:
                    ledger.move(session, row, State.EXPIRED, code="link_expired")
                    self.checkpoint("house.expired")

    def _destroy_due(self, now: dt.datetime) -> None:
        with self.db.read() as session:
            due = session.execute(
                select(Export.id, Export.merchant_id)
                .join(Export.file)
                .where(
                    Export.state.in_((State.READY, State.ATTENTION, State.EXPIRED)),
                    ExportFile.destroy_after <= now,
                    ExportFile.destroyed_at.is_(None),
                    ExportFile.size_bytes.is_not(None),
                )
                .limit(HOUSE_BATCH)
            ).all()
        for export_id, merchant_id in due:
            try:
                self._destroy(export_id, merchant_id, actor="system", origin="worker", reason="retention")
            except (StateConflict, NotFound):
                continue  # another process moved it first

    def sweep(self, older_than: dt.timedelta = SWEEP_AGE) -> Swept:
        """Remove keys without an export and blobs without a key, left by killed processes.

        Only those older than `older_than`: younger ones may belong to a running fetch.
        """
        long_ago = utc_now() - older_than
        keys = self._sweep_keys(long_ago)
        with self.db.read() as session:
            known = {
                name
                for keys in (FileKey, SourceKey, SystemKey, PackageKey)
                for name in session.scalars(select(keys.blob_name))
            }
        # The names were read before the blobs are listed: a key is stored before its blob is begun.
        stray = [name for name in self.sealed.blobs_older_than(long_ago) if name not in known]
        for name in stray:
            self.checkpoint("sweep.found")
            self.sealed.destroy(name)
        self.sealed.sweep_remains(long_ago)
        with self.db.read() as session:
            destroyed = set(session.scalars(select(DestroyedFile.blob_name)))
        if missed := sorted(destroyed - read_destruction_list(self.settings.destruction_list)):
            list_destroyed(self.settings.destruction_list, missed)
        if stray or keys:
            log.info("retention.swept", count=len(stray) + keys)
        return Swept(len(stray), keys)

    def _sweep_keys(self, long_ago: dt.datetime) -> int:
        unused = or_(
            FileKey.blob_name != ExportFile.blob_name,
            Export.state.in_((State.PURGED, State.REJECTED)),
        )
        with self.db.write() as session:
            found = session.execute(
                select(FileKey.export_id, FileKey.blob_name)
                .join(Export, Export.id == FileKey.export_id)
                .join(Export.file)
                .where(and_(unused, FileKey.created_at < long_ago))
                .limit(HOUSE_BATCH)
            ).all()
            for export_id, blob_name in found:
                session.execute(delete(FileKey).where(FileKey.export_id == export_id, FileKey.blob_name == blob_name))
                session.add(DestroyedFile(blob_name=blob_name, export_id=export_id))
        return len(found)
