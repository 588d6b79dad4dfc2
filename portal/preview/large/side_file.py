"""Pages of a large file, sealed, in a file without a name: nothing in clear on disk, nothing left after the process.

Each page is sealed with AES-256-GCM (Tink) under a random key that exists in this process's memory only, its number
bound in; the file is deleted the moment it is opened, so that a crash leaves nothing that could be read (SEC-25).
"""

import os
import tempfile
import threading
from pathlib import Path

import tink
from tink import aead

aead.register()


class SideFile:
    """Pages by number. Writing is one thread's; reading is any thread's."""

    def __init__(self, folder: Path | None = None) -> None:
        """`folder`: where the nameless file lives; the system's folder for temporary files when None."""
        self._file = tempfile.TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115 - open as long as the object lives
        self._sealer: aead.Aead = tink.new_keyset_handle(aead.aead_key_templates.AES256_GCM).primitive(aead.Aead)
        self._places: list[tuple[int, int]] = []
        self._end = 0
        self._lock = threading.Lock()

    def put(self, page: bytes) -> int:
        """The number under which `get` gives the page back."""
        number = len(self._places)
        sealed = self._sealer.encrypt(page, number.to_bytes(8, "big"))
        with self._lock:
            written = 0
            while written < len(sealed):
                written += os.pwrite(self._file.fileno(), sealed[written:], self._end + written)
            self._places.append((self._end, len(sealed)))
            self._end += len(sealed)
        return number

    def get(self, number: int) -> bytes:
        start, length = self._places[number]
        pieces = []
        while length:
            piece = os.pread(self._file.fileno(), length, start)
            if not piece:
                raise OSError("the side file is shorter than it was")
            pieces.append(piece)
            start, length = start + len(piece), length - len(piece)
        page: bytes = self._sealer.decrypt(b"".join(pieces), number.to_bytes(8, "big"))
        return page

    def close(self) -> None:
        self._file.close()
