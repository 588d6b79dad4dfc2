"""The words of encrypted copies between being shown and the copy being saved: in this process's memory alone.

They are in no table, file, log or address. Where they are gone, after a while or a restart, another copy is made.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

HELD_MINUTES = 15
MOST = 20
"""Of one account; an older one gives way."""


@dataclass(frozen=True)
class EncryptedCopy:
    """`words` are shown once; `id` names the copy in its address and opens nothing."""

    id: str
    words: str = field(repr=False)


@dataclass(frozen=True)
class _Held:
    account_id: str
    package_id: str
    words: str = field(repr=False)
    until: float


@dataclass
class CopyWords:
    clock: Callable[[], float] = time.monotonic
    _held: dict[str, _Held] = field(default_factory=dict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def hold(self, account_id: str, package_id: str, words: str) -> EncryptedCopy:
        copy = EncryptedCopy(secrets.token_hex(16), words)
        with self._lock:
            self._drop_old()
            own = [name for name, one in self._held.items() if one.account_id == account_id]
            for name in own[: len(own) - MOST + 1] if len(own) >= MOST else ():
                del self._held[name]
            until = self.clock() + HELD_MINUTES * 60
            self._held[copy.id] = _Held(account_id, package_id, words, until)
        return copy

    def words_of(self, account_id: str, package_id: str, copy_id: str) -> str | None:
        """None where they are gone, or are another person's or another package's."""
        with self._lock:
            self._drop_old()
            held = self._held.get(copy_id)
        if held is None or (held.account_id, held.package_id) != (account_id, package_id):
            return None
        return held.words

    def _drop_old(self) -> None:
        now = self.clock()
        for name in [name for name, one in self._held.items() if one.until <= now]:
            del self._held[name]
