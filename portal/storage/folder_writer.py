"""Writing one blob into a local folder: a file beside its place first, in its place when it is complete.

obstore's own writer gathers parts of several MiB and hands them to threads, as object stores need it; on a folder that
costs as much processor time again as the writing itself (bench/fetch_throughput.py). Nothing is durable before
`BlobStore.settle`.
"""

from __future__ import annotations

import io
import os
import secrets
from pathlib import Path

REMAINS = "#"  # and digits end the names of files not complete; obstore leaves such names out of its lists


class FolderWriter(io.RawIOBase):
    """A binary file object; closing it completes the blob. Raises OSError. Left unclosed, its remains are swept."""

    def __init__(self, folder: Path, name: str) -> None:
        path = folder / name
        if not path.resolve().is_relative_to(folder.resolve()):
            raise ValueError("a blob's name leads out of its folder")
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._path = path
        self._beside = path.with_name(f"{path.name}{REMAINS}{secrets.randbelow(10**9)}")
        self._descriptor = os.open(self._beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        self._open = True

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        rest = memoryview(data)  # type: ignore[arg-type]  # the io protocol's Buffer
        size = len(rest)
        while rest:
            rest = rest[os.write(self._descriptor, rest) :]
        return size

    def close(self) -> None:
        if self._open:
            self._give_up()
            os.replace(self._beside, self._path)
        super().close()

    def _give_up(self) -> None:
        self._open = False
        os.close(self._descriptor)

    def __exit__(self, *error: object) -> None:
        """An error inside the block completes nothing."""
        if error[0] is not None and self._open:
            self._give_up()
            self._beside.unlink(missing_ok=True)
        self.close()

    def __del__(self) -> None:
        """Forgotten half-way: not completed (the base class would close it, and so complete it)."""
        if getattr(self, "_open", False):
            self._give_up()
