"""What is in a package, for the person's page: names and sizes out of the directory at the end of its ZIP.

One pass over the sealed file that keeps its last bytes alone. A package never changes, so it is read once a process;
its names are neutral (`portal.package.layout`), and say nothing about the person.
"""

from __future__ import annotations

import io
import threading
import zipfile
from collections import OrderedDict
from dataclasses import dataclass, field

from portal.errors import SealBroken
from portal.package.versions.ledger import place_of
from portal.package.versions.views import Member
from portal.storage.answering.package_tables import CasePackage
from portal.storage.blobs import StorageTrouble
from portal.vault import SealedFiles

MOST_BYTES = 64 * 1024 * 1024
"""Of a package that is read through for its list; of a larger one the page says how many files it has."""
TAIL_BYTES = 1024 * 1024
KEPT = 256


@dataclass
class Inside:
    sealed: SealedFiles
    _kept: OrderedDict[str, tuple[Member, ...]] = field(default_factory=OrderedDict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def of(self, package: CasePackage, sealed_keyset: bytes) -> tuple[Member, ...]:
        """In the package's order, its folder left out. Empty where it cannot be told: fetching says what is wrong."""
        if package.size_bytes > MOST_BYTES:
            return ()
        with self._lock:
            if (known := self._kept.get(package.id)) is not None:
                return known
        found = self._read(package, sealed_keyset)
        with self._lock:
            if found:
                self._kept[package.id] = found
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return found

    def _read(self, package: CasePackage, sealed_keyset: bytes) -> tuple[Member, ...]:
        tail = b""
        try:
            for chunk in self.sealed.chunks(place_of(package), sealed_keyset):
                tail = (tail + chunk)[-TAIL_BYTES:]
            with zipfile.ZipFile(io.BytesIO(tail)) as archive:
                return tuple(Member(one.filename.partition("/")[2], one.file_size) for one in archive.infolist())
        except (SealBroken, StorageTrouble, zipfile.BadZipFile):
            return ()
