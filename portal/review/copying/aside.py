"""A copy as it was made, kept aside until it was read again: sealed, nameless, in little memory whatever its length."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable, Iterator
from pathlib import Path

from portal.preview.large.side_file import SideFile

PAGE_BYTES = 256 * 1024


class Aside:
    """The bytes of one copy, to be read as often as is wanted."""

    def __init__(self, chunks: Iterable[bytes], folder: Path | None) -> None:
        """`folder`: see `SideFile`."""
        self._side, self._pages = SideFile(folder), 0
        self.size = 0
        digest, held = hashlib.sha256(), bytearray()
        for chunk in chunks:
            digest.update(chunk)
            self.size += len(chunk)
            held += chunk
            while len(held) >= PAGE_BYTES:
                self._keep(bytes(held[:PAGE_BYTES]))
                del held[:PAGE_BYTES]
        if held:
            self._keep(bytes(held))
        self.sha256 = digest.hexdigest()

    def _keep(self, page: bytes) -> None:
        self._side.put(page)
        self._pages += 1

    def page(self, number: int) -> bytes:
        """Nothing beyond the end."""
        return self._side.get(number) if number < self._pages else b""

    def pieces(self) -> Iterator[bytes]:
        for number in range(self._pages):
            yield self.page(number)

    def file(self) -> io.BufferedReader:
        """As a file that can be read from anywhere, such as an archive's reader wants."""
        return io.BufferedReader(_File(self), PAGE_BYTES)

    def close(self) -> None:
        self._side.close()


class _File(io.RawIOBase):
    def __init__(self, aside: Aside) -> None:
        self._aside, self._at = aside, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._aside.size}[whence]
        if start + offset < 0:
            raise OSError("before the beginning")
        self._at = start + offset
        return self._at

    def readinto(self, wanted: object) -> int:
        into = memoryview(wanted)  # type: ignore[arg-type]  # the io protocol's Buffer
        number, within = divmod(self._at, PAGE_BYTES)
        found = self._aside.page(number)[within : within + len(into)]
        into[: len(found)] = found
        self._at += len(found)
        return len(found)
