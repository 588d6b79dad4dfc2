"""Sealed files: Tink streaming AEAD, a key per file wrapped by the master key (SEC-25).

Merchant, export and blob are associated data, so that a file moved to another export does not decrypt. No plain text is
written to disk. Tink's stream returns plain text before it has authenticated the end (measured), so `verify` reads the
whole file before a byte is released.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, cast

import tink
from tink import streaming_aead

from portal.errors import SealBroken
from portal.storage.blobs import STORE_ERRORS, BlobStore, StorageTrouble
from portal.vault.keys import MasterKey

CHUNK_BYTES = 256 * 1024
TEMPLATE = streaming_aead.streaming_aead_key_templates.AES256_GCM_HKDF_1MB


@dataclass(frozen=True)
class FilePlace:
    """Where a sealed file belongs; all of it is bound into the ciphertext."""

    merchant_id: str
    export_id: str
    blob_name: str

    def bound(self, what: str) -> bytes:
        return "\x1f".join((what, self.merchant_id, self.export_id, self.blob_name)).encode()


@dataclass(frozen=True)
class Sealed:
    """Result of sealing: size and SHA-256 (hex) of the original bytes, and the wrapped key."""

    size_bytes: int
    sha256: str
    sealed_keyset: bytes


class SealingWriter:
    """Takes plain bytes, writes ciphertext. Use through `SealedFiles.sealing`.

    Hashing in a separate thread was slower on two cores (bench/fetch_throughput.py): receiving already runs in parallel
    (`workflow.background_sink`).
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._hash = hashlib.sha256()
        self.size_bytes = 0

    def write(self, chunk: bytes) -> None:
        self._hash.update(chunk)
        self._stream.write(chunk)
        self.size_bytes += len(chunk)

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()


class SealedFiles:
    """Seals into and opens from one blob store."""

    def __init__(
        self, master: MasterKey, blobs: BlobStore, checkpoint: Callable[[str], None] = lambda label: None
    ) -> None:
        self._master = master
        self._blobs = blobs
        self._checkpoint = checkpoint

    def new_key(self, place: FilePlace) -> bytes:
        """A wrapped key for one file. Store it before sealing, so that no blob lacks its key's row."""
        return self._master.new_wrapped(TEMPLATE, place.bound("file-key-v1"))

    @contextlib.contextmanager
    def sealing(self, place: FilePlace, sealed_keyset: bytes) -> Iterator[SealingWriter]:
        """Write a file; on any error the blob is removed, on success it survives a power cut.

        Raises StorageTrouble when the store cannot take it.
        """
        primitive = self._primitive(place, sealed_keyset)
        target = _Writable(self._open_writer(place))
        try:
            stream = primitive.new_encrypting_stream(cast(BinaryIO, target), place.bound("file-v1"))
            yield SealingWriter(stream)
            stream.close()
            self._checkpoint("seal.closed")
            self._blobs.settle(place.blob_name)
            self._checkpoint("seal.settled")
        except BaseException as error:
            trouble = target.trouble
            target.abandon()
            with contextlib.suppress(*STORE_ERRORS):  # the sweep removes what cannot be removed now
                self._blobs.delete(place.blob_name)
            if trouble is not None or isinstance(error, STORE_ERRORS):
                raise StorageTrouble(detail=type(trouble or error).__name__) from None
            raise

    def _open_writer(self, place: FilePlace) -> BinaryIO:
        try:
            return self._blobs.writer(place.blob_name)
        except STORE_ERRORS as error:
            raise StorageTrouble(detail=type(error).__name__) from None

    def _primitive(self, place: FilePlace, sealed_keyset: bytes) -> streaming_aead.StreamingAead:
        try:
            handle = self._master.unwrap(sealed_keyset, place.bound("file-key-v1"))
            return handle.primitive(streaming_aead.StreamingAead)
        except tink.TinkError:
            raise SealBroken(detail="file key does not unwrap") from None

    def chunks(self, place: FilePlace, sealed_keyset: bytes) -> Iterator[bytes]:
        """Plain bytes as they verify. Raises SealBroken, possibly after some chunks: see `verify`."""
        primitive = self._primitive(place, sealed_keyset)
        try:
            source = self._blobs.reader(place.blob_name)
        except FileNotFoundError:
            raise SealBroken(detail="sealed file is missing") from None
        try:
            with primitive.new_decrypting_stream(cast(BinaryIO, _Readable(source)), place.bound("file-v1")) as stream:
                while chunk := stream.read(CHUNK_BYTES):
                    yield chunk
        except tink.TinkError:
            raise SealBroken(detail="sealed file does not verify") from None
        except STORE_ERRORS as error:
            raise StorageTrouble("The sealed file cannot be read just now.", detail=type(error).__name__) from None

    def verify(self, place: FilePlace, sealed_keyset: bytes, *, sha256: str, size_bytes: int) -> None:
        """Read everything once and compare with what was collected. Raises SealBroken."""
        digest, size = hashlib.sha256(), 0
        for chunk in self.chunks(place, sealed_keyset):
            digest.update(chunk)
            size += len(chunk)
        if size != size_bytes or digest.hexdigest() != sha256:
            raise SealBroken(detail="sealed file is not the one collected")

    def read_all(self, place: FilePlace, sealed_keyset: bytes, *, sha256: str, size_bytes: int) -> bytes:
        """The whole original file, verified. Raises SealBroken."""
        buffer = io.BytesIO()
        for chunk in self.chunks(place, sealed_keyset):
            buffer.write(chunk)
        data = buffer.getvalue()
        if len(data) != size_bytes or hashlib.sha256(data).hexdigest() != sha256:
            raise SealBroken(detail="sealed file is not the one collected")
        return data

    def destroy(self, blob_name: str) -> None:
        """Delete the ciphertext. The row of its key must be deleted before (LAW-17)."""
        self._blobs.delete(blob_name)

    def blobs_older_than(self, time: dt.datetime) -> list[str]:
        return self._blobs.names_older_than(time)

    def sweep_remains(self, before: dt.datetime) -> int:
        return self._blobs.sweep_remains(before)

    def store_is_reachable(self) -> bool:
        return self._blobs.answers()


class _Readable(io.RawIOBase):
    """The interface Tink needs of a source: `read` returns bytes, and b"" at the end."""

    def __init__(self, source: BinaryIO) -> None:
        self._source = source

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        return bytes(self._source.read(size if size and size > 0 else CHUNK_BYTES))

    def close(self) -> None:
        if not self.closed:
            self._source.close()
        super().close()


class _Writable(io.RawIOBase):
    """The interface Tink needs of a destination: `write` returns the count, `close` completes the blob."""

    def __init__(self, target: BinaryIO) -> None:
        self._target: BinaryIO | None = target
        self.trouble: Exception | None = None
        """The store's exception, which Tink replaces by one of its own."""

    def writable(self) -> bool:
        return True

    def abandon(self) -> None:
        """Never complete the blob, not even when the garbage collector closes this object."""
        self._target = None

    def write(self, data: object) -> int:
        chunk = data if isinstance(data, bytes) else bytes(data)  # type: ignore[call-overload]  # the io protocol's Buffer
        if self._target is not None:
            with self._remembering_error():
                self._target.write(chunk)
        return len(chunk)

    def close(self) -> None:
        if not self.closed and self._target is not None:
            with self._remembering_error():
                self._target.close()
        super().close()

    @contextlib.contextmanager
    def _remembering_error(self) -> Iterator[None]:
        try:
            yield
        except STORE_ERRORS as error:
            self.trouble = error
            raise
