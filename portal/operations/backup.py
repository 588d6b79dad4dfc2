"""Backups: rows and ciphertext in one folder, the files' keys in a file apart.

A backup alone opens no file: the wrapped keys are not in it. Each backup replaces the one key file, so it holds no key
of a file destroyed earlier. Destroyed files are also listed beside the master keyset, and a restore honours the list:
neither an old backup nor an old key file brings one back (LAW-17, SEC-55).

The manifest names the SHA-256 of every file of the backup and is sealed with the master keyset, and so is the key file:
changes made without the keyset, to a role for example, are not restored. A refused or failed restore changes nothing.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from portal.comparison.retention import forget_merchant
from portal.delivery.retention import end_links
from portal.errors import PortalError
from portal.exports.core import ledger
from portal.exports.core.states import HOLDS_FILE, State
from portal.exports.retention.destruction import forget_places, read_destruction_list
from portal.exports.workflow.messages import RESTORED_WORDS, UNKNOWN_WORDS
from portal.merchants import removal as removing
from portal.operations import source_backup
from portal.operations.sealed_file_backup import PACKAGES, SOURCES, SYSTEMS, SealedFileKind
from portal.storage.blobs import BlobStore
from portal.storage.copying import copy_in, copy_out, count_rows, empty, tables
from portal.storage.engine import Database
from portal.storage.migrate import newest_revision, revision_of
from portal.storage.tables import DestroyedFile, Export, ExportFile, FileKey, utc_now
from portal.vault import MasterKey, documents

ROWS, MANIFEST, FILES = "rows.sqlite3", "manifest.json", "files"
COPY_BYTES = 1024 * 1024


class BackupTrouble(PortalError):
    code = "backup"
    message = "The backup cannot be used."
    next_step = "Use another one."


KINDS: Mapping[str, SealedFileKind] = {"sources": SOURCES, "systems": SYSTEMS, "packages": PACKAGES}
"""By their names in the key file."""
MANIFEST_PURPOSE, KEYS_PURPOSE = "backup-manifest", "backup-file-keys"
NOT_SEALED = (
    "The {what} carries no seal: it was made before there were seals, or its seal was taken off.",
    "Restore a backup of an older version with that version, then upgrade.",
)
FOREIGN = (
    "The {what} was changed, or was sealed with another master keyset than the one here.",
    "Use another backup, or the keyset it was made with (a key that `keys rotate --drop-old` destroyed opens nothing).",
)


@dataclass(frozen=True)
class Restored:
    """Result of a restore: rows, files that can be opened, files that are destroyed or lack their key."""

    rows: int
    files: int
    gone: int


def create(db: Database, blobs: BlobStore, folder: Path, file_keys: Path | None, master: MasterKey) -> dict[str, Any]:
    """Write a backup into a new folder (0700), and all file keys to `file_keys`, which is replaced. Returns the
    manifest."""
    folder.mkdir(mode=0o700, parents=True)
    counts = copy_out(db.engine, folder / ROWS)
    with db.read() as session:
        names = list(session.scalars(select(ExportFile.blob_name).where(ExportFile.blob_name != "")))
        names += [name for kind in KINDS.values() for name in kind.blob_names(session)]
    for name in sorted(set(names)):
        _copy_blob(blobs, name, folder / FILES / name)
    if file_keys is not None:
        _write_keys(db, file_keys, master)
    manifest: dict[str, Any] = {
        "made": utc_now().isoformat(),
        "revision": revision_of(db.engine),
        "rows": counts,
        "sha256": {str(p.relative_to(folder)): _sha256(p) for p in sorted(folder.rglob("*")) if p.is_file()},
    }
    (folder / MANIFEST).write_text(json.dumps(documents.sealed(master, MANIFEST_PURPOSE, manifest), indent=1))
    return manifest


def _copy_blob(blobs: BlobStore, name: str, target: Path) -> None:
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        source = blobs.reader(name)
    except FileNotFoundError:
        return  # destroyed since the rows were read
    with contextlib.closing(source), target.open("xb") as copy:
        while chunk := bytes(source.read(COPY_BYTES)):
            copy.write(chunk)


def _write_keys(db: Database, path: Path, master: MasterKey) -> None:
    with db.read() as session:
        keys = [
            {
                "export": key.export_id,
                "merchant": key.merchant_id,
                "blob": key.blob_name,
                "wrapped": base64.b64encode(key.sealed_keyset).decode(),
            }
            for key in session.scalars(select(FileKey))
        ]
        others = {name: kind.keys_kept(session) for name, kind in KINDS.items()}
        destroyed = list(session.scalars(select(DestroyedFile.blob_name)))
    draft = path.with_name(path.name + ".new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        content = {
            "made": utc_now().isoformat(),
            "keys": keys,
            **others,
            "destroyed": destroyed,
        }
        json.dump(documents.sealed(master, KEYS_PURPOSE, content), file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(draft, path)


def check(folder: Path, master: MasterKey | None) -> list[str]:
    """The faults of a backup. Without a keyset its seal is not checked."""
    try:
        written = json.loads((folder / MANIFEST).read_text())
        manifest = _opened(written, MANIFEST_PURPOSE, "backup's manifest", master) if master else written
        expected: dict[str, str] = manifest["sha256"]
    except BackupTrouble as trouble:
        return [trouble.message]
    except (OSError, ValueError, KeyError, TypeError):
        return ["there is no readable manifest"]
    wrong = []
    for name, digest in expected.items():
        path = folder / name
        if not path.is_file():
            wrong.append(f"missing: {name}")
        elif _sha256(path) != digest:
            wrong.append(f"changed: {name}")
    extra = {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()} - set(expected) - {MANIFEST}
    wrong += [f"unknown: {name}" for name in sorted(extra)]
    if not wrong:
        with sqlite3.connect(f"file:{folder / ROWS}?mode=ro", uri=True) as rows:
            if rows.execute("PRAGMA integrity_check").fetchone() != ("ok",):
                wrong.append(f"damaged: {ROWS}")
            kept_apart = (
                "SELECT count(*) FROM sqlite_master WHERE name IN "
                "('file_keys', 'case_source_keys', 'case_system_keys', 'case_package_keys')"
            )
            if rows.execute(kept_apart).fetchone() != (0,):
                wrong.append("the files' keys are in it")
    return wrong


def _opened(document: object, purpose: str, what: str, master: MasterKey) -> dict[str, Any]:
    try:
        return documents.opened(master, purpose, document)
    except documents.NotSealed:
        words = NOT_SEALED
    except documents.ForeignSeal:
        words = FOREIGN
    raise BackupTrouble(words[0].format(what=what), next_step=words[1], detail="seal")


@dataclass(frozen=True)
class Checked:
    """A backup that passed all checks; `kept` is the content of its key file."""

    folder: Path
    kept: dict[str, Any]


def check_files(folder: Path, file_keys: Path | None, master: MasterKey) -> Checked:
    """Check a backup before anything is written. Raises BackupTrouble."""
    if wrong := check(folder, master):
        raise BackupTrouble(f"The backup does not match its manifest: {wrong[0]}", detail=f"{len(wrong)} faults")
    if json.loads((folder / MANIFEST).read_text())["revision"] != newest_revision():
        raise BackupTrouble("The backup was made by another version of the portal.", next_step="Restore with that one.")
    kept: dict[str, Any] = {"keys": [], "destroyed": []}
    if file_keys is not None:
        try:
            kept = _opened(json.loads(file_keys.read_text()), KEYS_PURPOSE, "file of the files' keys", master)
        except (OSError, ValueError) as error:
            raise BackupTrouble(
                "The file of the files' keys cannot be read.",
                next_step="Name another one.",
                detail=type(error).__name__,
            ) from None
    return Checked(folder, kept)


def restore(db: Database, blobs: BlobStore, backup: Checked, destruction_list: Path) -> Restored:
    """Fill an empty portal from a backup. Raises BackupTrouble; after any failure, rows and blobs are removed again.

    Exports that were running at backup time are moved to a state where a person decides: what happened since is
    unknown, and nothing may be requested twice.
    """
    with db.read() as session:
        if any(count_rows(session.connection(), [table.name for table in tables()]).values()):
            raise BackupTrouble("This portal is not empty.", next_step="Restore into a new data folder.")
    written: list[str] = []
    try:
        return _fill(db, blobs, backup, destruction_list, written)
    except BaseException as error:
        for name in written:
            blobs.delete(name)
        empty(db.engine)
        if isinstance(error, SQLAlchemyError):
            raise BackupTrouble(
                "The rows of the backup do not fit into this portal's tables.", detail=type(error).__name__
            ) from None
        raise


def _fill(db: Database, blobs: BlobStore, backup: Checked, destruction_list: Path, written: list[str]) -> Restored:
    """Adds the name of each blob to `written` before writing it."""
    counts = copy_in(backup.folder / ROWS, db.engine)
    destroyed = read_destruction_list(destruction_list) | set(backup.kept["destroyed"])
    with db.write() as session:
        destroyed |= set(session.scalars(select(DestroyedFile.blob_name)))
        removed = removing.removed_merchants(session, destroyed)
        wanted = _keys_wanted(session, backup, destroyed, removed)
        for name, kind in KINDS.items():
            wanted += kind.bring_keys(session, backup.kept.get(name, ()), backup.folder / FILES, destroyed, removed)
    for key in wanted:
        written.append(key["blob"])
        _bring_blob(blobs, backup.folder / FILES / key["blob"], key["blob"])
    for merchant_id in removed:
        with db.write() as session:
            removing.revoke_access(session, merchant_id, origin="restore")
            removing.release_name(session, merchant_id)
            forget_merchant(session, merchant_id, actor="system", origin="restore")
        end_links(db, merchant_id, actor="system", origin="restore")
        removing.stop_exports(db, merchant_id, origin="restore")
    opened = {key["blob"] for key in wanted}
    gone = _settle_states(db, opened) + source_backup.settle_sources(db, opened)
    gone += sum(kind.settle_files(db, opened) for kind in (SYSTEMS, PACKAGES))
    return Restored(sum(counts.values()), len(wanted), gone)


def _keys_wanted(session: Session, backup: Checked, destroyed: set[str], removed: list[str]) -> list[dict[str, str]]:
    """Insert the keys of files that are known, in the backup and not destroyed. Returns these keys."""
    there = ExportFile.blob_name != "", Export.merchant_id.not_in(removed)
    known = set(session.scalars(select(ExportFile.blob_name).join(Export).where(*there)))
    files = backup.folder / FILES
    wanted = [k for k in backup.kept["keys"] if k["blob"] in known - destroyed and (files / k["blob"]).is_file()]
    if wanted:
        session.execute(
            insert(FileKey),
            [
                {
                    "export_id": k["export"],
                    "merchant_id": k["merchant"],
                    "blob_name": k["blob"],
                    "sealed_keyset": base64.b64decode(k["wrapped"]),
                    "created_at": utc_now(),
                }
                for k in wanted
            ],
        )
    return wanted


def _bring_blob(blobs: BlobStore, source_file: Path, name: str) -> None:
    with source_file.open("rb") as source, contextlib.closing(blobs.writer(name)) as target:
        while chunk := source.read(COPY_BYTES):
            target.write(chunk)
    blobs.settle(name)


def _settle_states(db: Database, opened: set[str]) -> int:
    """Move exports to the state that is true after the restore. Returns how many lost their file."""
    gone = 0
    with db.read() as session:
        ids = list(session.scalars(select(Export.id)))
    for export_id in ids:
        with db.write() as session:
            row = ledger.load(session, export_id)
            state = State(row.state)
            if state in (State.REQUESTED, State.WAITING):
                ledger.move(session, row, State.FAILED, code="restored", origin="restore", **RESTORED_WORDS)
            elif state is State.SENT:
                ledger.move(session, row, State.UNKNOWN, code="restored", origin="restore", **UNKNOWN_WORDS)
            elif state in HOLDS_FILE and row.file.size_bytes is not None and row.file.blob_name not in opened:
                if state is State.COLLECTED:
                    ledger.move(session, row, State.ATTENTION, code="restored", origin="restore")
                ledger.move(
                    session, row, State.PURGED, code="restored_without_key", origin="restore", destroyed_at=utc_now()
                )
                forget_places(session, export_id)
                gone += 1
    return gone


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
