"""The composition root: settings in, a working portal out."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from sqlalchemy import select
from tink import TinkError

from portal.config import Settings
from portal.exports import Exports
from portal.exports.base import nowhere
from portal.exports.vendor import Vendor
from portal.identity import Identity
from portal.storage.blobs import BlobStore
from portal.storage.engine import Database, open_engine
from portal.storage.migrate import bring_up_to_date, revision_of
from portal.storage.tables import Merchant
from portal.vault import FieldSealer, MasterKey, SealedFiles
from portal.vault.keys import KeyTrouble

if TYPE_CHECKING:
    from portal.exports.durable import DurableEngine

WorkerKind = Literal["web", "cli", "worker"]


@dataclass
class Portal:
    """All services of one process. `start_workers` before the first submit, `stop` at the end."""

    settings: Settings
    db: Database
    master: MasterKey
    sealer: FieldSealer
    blobs: BlobStore
    files: SealedFiles
    vendor: Vendor
    identity: Identity
    exports: Exports
    _engine: DurableEngine | None = None

    def start_workers(self, kind: WorkerKind = "web", *, beat_seconds: float | None = None) -> None:
        """Begin to run exports in this process."""
        from portal.exports.durable import BEAT_SECONDS, DurableEngine
        from portal.exports.walk import Walk

        walk = Walk(
            self.db,
            self.files,
            self.exports.seal,
            self.vendor,
            retention_days=self.settings.retention_days,
            edge_requests=self.settings.edge_requests,
            at=self.exports.at,
        )
        engine = DurableEngine(
            self.db,
            walk,
            url=self.settings.workflow_database,
            kind=kind,
            housekeeping=self._chores,
            beat_seconds=beat_seconds or BEAT_SECONDS,
        )
        engine.start()
        self.exports.begin = engine.begin
        self.exports.begin_again = engine.begin_again
        self._engine = engine

    @property
    def working(self) -> bool:
        """Does this process run exports?"""
        return self._engine is not None and self._engine.alive()

    def _chores(self) -> None:
        """Retention first; the audit trail is signed even when that failed."""
        try:
            self.exports.keep_house()
        finally:
            self.exports.keep_checkpoints()

    def stop(self) -> bool:
        """Close in order. False when walks were handed over whose threads would hold the process up."""
        clean = self._engine is None or self._engine.stop()
        self._engine = None
        self.vendor.close()
        self.db.close()
        return clean


def build_portal(settings: Settings, *, at: Callable[[str], None] = nowhere) -> Portal:
    """Open (and on first use create) the data folder, keys and database. Raises PortalError.

    `at` is told each labelled point an export passes; the crash tests end the process there.
    """
    os.umask(0o077)
    settings.root.mkdir(parents=True, exist_ok=True, mode=0o700)
    settings.root.chmod(0o700)
    db = Database(open_engine(settings.database))
    master = _open_keyset(settings.keyset_file, db)
    bring_up_to_date(db.engine, upgrade=settings.practice)
    sealer = FieldSealer(master)
    _check_keyset_fits(db, sealer)
    blobs = BlobStore(settings.root / "files", settings.blob_url)
    files = SealedFiles(master, blobs, at)
    vendor = Vendor(settings, sealer)
    exports = Exports(
        db=db,
        sealer=sealer,
        files=files,
        vendor=vendor,
        settings=settings,
        begin=_not_started,
        begin_again=_not_started,
        at=at,
    )
    return Portal(settings, db, master, sealer, blobs, files, vendor, Identity(db, sealer, settings), exports)


def _open_keyset(path: Path, db: Database) -> MasterKey:
    """The master key; made for an empty database only, since a replica's own key opens nothing of the others'."""
    # Whoever makes tables has made the key before, so a key that came meanwhile belongs to them.
    if not path.exists() and revision_of(db.engine) is not None and not path.exists():
        raise KeyTrouble(
            "The master keyset is missing, and without it nothing in the database can be opened.",
            next_step="Whoever runs the portal: put it back, or correct PORTAL_KEYSET_PATH.",
            detail=f"no keyset file {path.name}",
        )
    return MasterKey.open(path, create=True)


def _check_keyset_fits(db: Database, sealer: FieldSealer) -> None:
    """Raises KeyTrouble when the keyset is another portal's: what it sealed, the other replicas could not open."""
    with db.read() as session:
        first = session.execute(select(Merchant.id, Merchant.sealed_index_keyset).limit(1)).first()
    try:
        if first is not None:
            sealer.index_keys(first.id, first.sealed_index_keyset)
    except TinkError:
        raise KeyTrouble(
            "The master keyset is not the one this database was sealed with.",
            next_step="Whoever runs the portal: give every machine the same keyset file (PORTAL_KEYSET_PATH).",
            detail="keyset opens no merchant",
        ) from None


def _not_started(export_id: str) -> None:
    """The row is written; a worker elsewhere, or this process's next start, picks it up."""
