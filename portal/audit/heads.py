"""A second copy of each chain's longest signed head, beside the keys (SEC-50).

An attacker who can cut the chain may also empty the checkpoints' folder, so the newest signed note is also in
`audit-heads/` beside the signing key. It only grows: a shorter chain, or a different one at that length, is a fault
until an operator accepts it (`acknowledging`). Written when a chain is signed, not for each entry.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from portal.audit.checkpoints import is_chain
from portal.audit.signing import write_whole

FOLDER = "audit-heads"
ENDING = ".note"


class Heads:
    """One file a chain, mode 0600. Processes that share the keys take turns by a lock on the folder's `.lock`."""

    def __init__(self, keys_folder: Path) -> None:
        self._folder = keys_folder / FOLDER

    def chains(self) -> set[str]:
        return {path.name.removesuffix(ENDING) for path in self._folder.glob(f"[!.]*{ENDING}")}

    def note(self, chain: str) -> str | None:
        try:
            return self._path(chain).read_text(encoding="utf-8")
        except FileNotFoundError:
            return None

    def put(self, chain: str, note: str) -> None:
        """Only within `turn`, after a look at what is there."""
        write_whole(self._path(chain), note.encode())

    def drop(self, chain: str) -> None:
        self._path(chain).unlink(missing_ok=True)

    @contextlib.contextmanager
    def turn(self) -> Iterator[None]:
        """Be the only process that changes heads. Local file systems and NFS from version 4 on keep such locks."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(self._folder / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _path(self, chain: str) -> Path:
        assert is_chain(chain)
        return self._folder / f"{chain}{ENDING}"
