"""Blob stores: a local folder by default, S3 and others by URL. Ciphertext only.

obstore's local store renames into place but does not fsync (measured), so `settle` does that
before anything counts on the blob.
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, from_url

from portal.errors import PortalError
from portal.storage.folder_writer import REMAINS, FolderWriter

READ_CHUNK_BYTES = 1024 * 1024
WRITE_PART_BYTES = 5 * 1024 * 1024  # S3 takes no smaller part
PARTS_AT_ONCE = 3  # obstore's default of 12 held 120 MiB while a large file came in (bench/fetch_throughput.py)

STORE_ERRORS = (OSError, BaseError)


class StorageTrouble(PortalError):
    """A blob could not be written or read: disk full, input/output error, object store away."""

    code = "storage"
    message = "The portal could not store the file: its disk may be full, or its object store cannot be reached."
    next_step = "The portal's operator makes room or mends the store; then fetch again while the link lives."


class BlobStore:
    """Write once, read, delete; names are ours and never come from outside (SEC-24)."""

    def __init__(self, folder: Path | None, url: str = "") -> None:
        self._folder = None if url else folder
        if url:
            self._store = from_url(url)
        else:
            assert folder is not None
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._store = LocalStore(prefix=folder)

    def writer(self, name: str) -> BinaryIO:
        """A binary file object; closing it completes the blob."""
        if self._folder is not None:
            return cast(BinaryIO, FolderWriter(self._folder, name))
        return cast(
            BinaryIO,
            obstore.open_writer(self._store, name, buffer_size=WRITE_PART_BYTES, max_concurrency=PARTS_AT_ONCE),
        )

    def settle(self, name: str) -> None:
        """Return only when the blob would survive a power cut."""
        if self._folder is None:
            return
        path = self._folder / name
        os.chmod(path, 0o600)
        for place in (path, path.parent, self._folder):
            descriptor = os.open(place, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

    def reader(self, name: str) -> BinaryIO:
        """A seekable binary file object. Raises FileNotFoundError."""
        return cast(BinaryIO, obstore.open_reader(self._store, name, buffer_size=READ_CHUNK_BYTES))

    def read(self, name: str) -> bytes:
        """A small blob whole. Raises FileNotFoundError."""
        if self._folder is not None:
            return (self._folder / name).read_bytes()
        return bytes(obstore.get(self._store, name).bytes())

    def exists(self, name: str) -> bool:
        try:
            obstore.head(self._store, name)
        except FileNotFoundError:
            return False
        return True

    def delete(self, name: str) -> None:
        """Gone afterwards, whether or not it was there; a half-written upload's remains too."""
        if self._folder is not None:
            for remains in (self._folder / name).parent.glob(f"{Path(name).name}{REMAINS}*"):
                remains.unlink(missing_ok=True)
        try:
            obstore.delete(self._store, name)
        except FileNotFoundError:
            return

    def names(self, prefix: str = "") -> Iterator[str]:
        for page in obstore.list(self._store, prefix=prefix or None):
            for meta in page:
                yield meta["path"]

    def names_older_than(self, time: dt.datetime) -> list[str]:
        """Names of complete blobs last written before `time`."""
        return [m["path"] for page in obstore.list(self._store) for m in page if m["last_modified"] < time]

    def sweep_remains(self, before: dt.datetime) -> int:
        """Remove uploads cut off half-way and last written before `before`. A bucket's own rules do this on S3."""
        if self._folder is None:
            return 0
        count = 0
        for remains in self._folder.rglob(f"*{REMAINS}*"):
            if remains.stat().st_mtime < before.timestamp():
                remains.unlink(missing_ok=True)
                count += 1
        return count

    def answers(self) -> bool:
        """Can the store be reached and asked?"""
        try:
            self.exists("readiness")
        except STORE_ERRORS:
            return False
        return self._folder is None or os.access(self._folder, os.W_OK | os.X_OK)
