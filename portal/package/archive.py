"""Writes a ZIP whose bytes follow from its contents alone (PKG-1), and takes the digest of each member on the way.

One time for all (1980-01-01, the format's earliest), mode 0644, made "on Unix", deflate at zlib's own level (6), no
extra fields. The sink cannot seek, so sizes stand behind each member (APPNOTE 4.4.4, bit 3), wherever the ZIP is
written to.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from typing import IO, BinaryIO

from portal.package.failures import TooLarge

FIRST_DAY = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Member:
    """`path` is below the package's folder."""

    path: str
    size: int
    sha256: str


class Archive:
    def __init__(self, out: BinaryIO, folder: str) -> None:
        self._sink = _Sink(out)
        self._zip = zipfile.ZipFile(self._sink, "w", zipfile.ZIP_DEFLATED)
        self._folder = folder
        self.members: list[Member] = []

    @property
    def size(self) -> int:
        return self._sink.size

    def write(self, path: str, pieces: Iterable[bytes]) -> Member:
        """Raises TooLarge for 2 GiB and more: ZIP64 would need an extra field."""
        digest, size = sha256(), 0
        with self._opened(path) as member:
            for piece in pieces:
                member.write(piece)
                digest.update(piece)
                size += len(piece)
        self.members.append(Member(path, size, digest.hexdigest()))
        return self.members[-1]

    @contextmanager
    def _opened(self, path: str) -> Iterator[IO[bytes]]:
        try:
            with self._zip.open(entry(f"{self._folder}/{path}"), "w") as member:
                yield member
        except RuntimeError as error:  # zipfile: "File size unexpectedly exceeded ZIP64 limit"
            raise TooLarge(detail="a member of 2 GiB") from error

    def close(self) -> str:
        """The ZIP's SHA-256."""
        self._zip.close()
        return self._sink.digest.hexdigest()


def entry(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, FIRST_DAY)
    info.create_system = 3
    info.external_attr = 0o100644 << 16
    info.compress_type = zipfile.ZIP_DEFLATED
    return info


class _Sink(io.RawIOBase):
    """Passes on and counts; neither seeks nor tells, so that zipfile writes the same bytes to every kind of stream."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self.size = 0
        self.digest = sha256()

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        piece = bytes(memoryview(data))  # type: ignore[arg-type]  # the io protocol's Buffer
        self._out.write(piece)
        self.digest.update(piece)
        self.size += len(piece)
        return len(piece)
