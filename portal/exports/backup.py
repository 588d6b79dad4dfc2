"""Backups: rows and ciphertext in one folder, the files' keys in a file apart.

A backup alone opens no file: the wrapped keys are not in it. The key file is one file that each
backup replaces, so it never holds the key of a file destroyed before. What was destroyed is also
written to a list beside the master keyset, which a restore honours: neither an old backup nor an
old key file brings a destroyed file back (LAW-17, SEC-55).
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import func, insert, select

from portal.errors import PortalError
from portal.exports import ledger, removing
from portal.exports.retention import read_destruction_list
from portal.exports.states import HOLDS_FILE, State
from portal.exports.walk_words import RESTORED_WORDS, UNKNOWN_WORDS
from portal.storage.blobs import BlobStore
from portal.storage.copying import copy_in, copy_out
from portal.storage.engine import Database
from portal.storage.migrate import revision_of
from portal.storage.tables import DestroyedFile, Export, FileKey, Merchant, utc_now

ROWS, MANIFEST, FILES = "rows.sqlite3", "manifest.json", "files"
COPY_BYTES = 1024 * 1024


class BackupTrouble(PortalError):
    code = "backup"
    message = "The backup cannot be used."
    next_step = "Use another one."


@dataclass(frozen=True)
class Restored:
    """What a restore brought: rows, files that can be opened, files known to be destroyed or without their key."""

    rows: int
    files: int
    gone: int


def create(db: Database, blobs: BlobStore, folder: Path, file_keys: Path | None) -> dict[str, Any]:
    """Write a backup into a new folder (0700), and all file keys to `file_keys`, replacing it. Gives the manifest."""
    folder.mkdir(mode=0o700, parents=True)
    counts = copy_out(db.engine, folder / ROWS)
    with db.read() as session:
        names = list(session.scalars(select(Export.blob_name).where(Export.blob_name != "")))
    for name in sorted(set(names)):
        _copy_blob(blobs, name, folder / FILES / name)
    if file_keys is not None:
        _write_keys(db, file_keys)
    manifest = {
        "made": utc_now().isoformat(),
        "revision": revision_of(db.engine),
        "rows": counts,
        "sha256": {str(p.relative_to(folder)): _sha256(p) for p in sorted(folder.rglob("*")) if p.is_file()},
    }
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1))
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


def _write_keys(db: Database, path: Path) -> None:
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
        destroyed = list(session.scalars(select(DestroyedFile.blob_name)))
    draft = path.with_name(path.name + ".new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump({"made": utc_now().isoformat(), "keys": keys, "destroyed": destroyed}, file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(draft, path)


def check(folder: Path) -> list[str]:
    """What is wrong with a backup; empty when nothing is."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text())
        expected: dict[str, str] = manifest["sha256"]
    except (OSError, ValueError, KeyError):
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
            if rows.execute("SELECT count(*) FROM sqlite_master WHERE name = 'file_keys'").fetchone() != (0,):
                wrong.append("the files' keys are in it")
    return wrong


def restore(db: Database, blobs: BlobStore, folder: Path, file_keys: Path | None, destruction_list: Path) -> Restored:
    """Fill an empty portal from a backup. Raises BackupTrouble.

    Exports under way when the backup was made are put where a person decides: what happened to them
    since is not known here, and nothing may be asked for twice.
    """
    if wrong := check(folder):
        raise BackupTrouble(f"The backup does not match its manifest: {wrong[0]}.", detail=f"{len(wrong)} faults")
    manifest = json.loads((folder / MANIFEST).read_text())
    if manifest["revision"] != revision_of(db.engine):
        raise BackupTrouble("The backup was made by another version of the portal.", next_step="Restore with that one.")
    with db.read() as session:
        if session.scalar(select(func.count()).select_from(Merchant)):
            raise BackupTrouble("This portal is not empty.", next_step="Restore into a new data folder.")
    counts = copy_in(folder / ROWS, db.engine)
    kept = json.loads(file_keys.read_text()) if file_keys is not None else {"keys": [], "destroyed": []}
    destroyed = read_destruction_list(destruction_list) | set(kept["destroyed"])
    with db.write() as session:
        destroyed |= set(session.scalars(select(DestroyedFile.blob_name)))
        removed = removing.removed_merchants(session, destroyed)
        there = Export.blob_name != "", Export.merchant_id.not_in(removed)
        known = set(session.scalars(select(Export.blob_name).where(*there)))
        wanted = [k for k in kept["keys"] if k["blob"] in known - destroyed and (folder / FILES / k["blob"]).is_file()]
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
    for key in wanted:
        with (folder / FILES / key["blob"]).open("rb") as source, contextlib.closing(blobs.writer(key["blob"])) as to:
            while chunk := source.read(COPY_BYTES):
                to.write(chunk)
        blobs.settle(key["blob"])
    for merchant_id in removed:
        with db.write() as session:
            removing.shut(session, merchant_id, origin="restore")
            removing.give_up_name(session, merchant_id)
        removing.stop_exports(db, merchant_id, origin="restore")
    gone = _settle_states(db, {key["blob"] for key in wanted})
    return Restored(sum(counts.values()), len(wanted), gone)


def _settle_states(db: Database, opened: set[str]) -> int:
    """Move exports to what is true after the restore; gives how many lost their file."""
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
            elif state in HOLDS_FILE and row.size_bytes is not None and row.blob_name not in opened:
                if state is State.COLLECTED:
                    ledger.move(session, row, State.ATTENTION, code="restored", origin="restore")
                ledger.move(
                    session, row, State.PURGED, code="restored_without_key", origin="restore", destroyed_at=utc_now()
                )
                gone += 1
    return gone


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
