"""Sealed files to previews: small ones whole in memory, large ones piece by piece (SEC-25)."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from portal.errors import SealBroken
from portal.storage.tables import Export
from portal.vault import SealedFiles
from portal.vault.files import FilePlace

if TYPE_CHECKING:
    from portal.preview import Preview, Reading


class TakesTooLong(Exception):
    """A large file was not read to its end in the time given for it."""


def reading_of(files: SealedFiles, row: Export, place: FilePlace, key: bytes, folder: Path | None = None) -> Reading:
    """A reading of the sealed file. Each piece is authenticated before it is shown; at the end the whole is compared
    with what was fetched, and a difference raises SealBroken."""
    from portal.preview import Reading

    pieces = verified(files, place, key, sha256=row.file.sha256, size_bytes=row.file.size_bytes or 0)
    return Reading(pieces, "json" if row.format == "json" else "csv", row.file.size_bytes, folder, charset_of(row))


def preview_of(
    files: SealedFiles,
    row: Export,
    place: FilePlace,
    key: bytes,
    folder: Path | None = None,
    *,
    seconds: float = math.inf,
) -> Preview:
    """All of the file. Raises SealBroken, PreviewError, and TakesTooLong for a large one after so many seconds."""
    from portal.preview import LARGE_BYTES, read

    if (row.file.size_bytes or 0) >= LARGE_BYTES:
        reading = reading_of(files, row, place, key, folder)
        until = time.monotonic() + seconds
        return reading.whole(lambda: _check_time(until))
    data = files.read_all(place, key, sha256=row.file.sha256, size_bytes=row.file.size_bytes or 0)
    return read(data, "json" if row.format == "json" else "csv", folder, charset_of(row))


def charset_of(row: Export) -> str:
    """The encoding that LoyaltyDog's answer named for the file, or nothing."""
    return row.file.media_type.partition("charset=")[2]


def _check_time(until: float) -> None:
    if time.monotonic() > until:
        raise TakesTooLong


def verified(files: SealedFiles, place: FilePlace, key: bytes, *, sha256: str, size_bytes: int) -> Iterator[bytes]:
    """The file in pieces, compared at its end with what was fetched. Raises SealBroken."""
    digest, size = hashlib.sha256(), 0
    for chunk in files.chunks(place, key):
        digest.update(chunk)
        size += len(chunk)
        yield chunk
    if size != size_bytes or digest.hexdigest() != sha256:
        raise SealBroken(detail="sealed file is not the one collected")
