"""Signed checkpoints of a chain's length and root, kept outside the database (SEC-50).

Form: a C2SP tlog-checkpoint (origin, size, base64 root) with extension lines ``head`` (hash of the last entry), ``at``
(UTC) and ``since`` (which entries are new since the checkpoint before, and their digests), as a signed note. A
checkpoint proves that entries were changed, removed or rewritten later, even against a forger who controls the whole
database.
"""

from __future__ import annotations

import base64
import datetime as dt
import json
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from portal.audit.merkle import Frontier
from portal.audit.signing import VerifierKey, split_note
from portal.storage.blobs import BlobStore

ORIGIN = "privacy-portal/audit/"
_CHAIN = re.compile(r"[0-9a-z_-]{1,64}")


def is_chain(name: str) -> bool:
    """Whether this is a valid chain name. Names become file names, so those read from rows are checked."""
    return _CHAIN.fullmatch(name) is not None


@dataclass(frozen=True)
class Block:
    """The entries after number `since`: digests (hex) of their columns (`blocks`) and of their exported lines."""

    since: int
    rows: str
    lines: str

    def text(self) -> str:
        return f"since {self.since} rows {self.rows} lines {self.lines}\n"

    @classmethod
    def read(cls, line: str) -> Block:
        """Raises ValueError."""
        _since, since, _rows, rows, _lines, lines = line.split(" ")
        return cls(int(since), rows, lines)


@dataclass(frozen=True)
class Checkpoint:
    """`size` entries of `chain`; `root` 32 bytes; `head` 64 hex characters; `at` ISO 8601 UTC; `note` as signed."""

    chain: str
    size: int
    root: bytes
    head: str
    at: str
    block: Block | None = None
    note: str = field(default="", compare=False, repr=False)

    @property
    def place(self) -> tuple[int, str, bytes]:
        """How long the chain was and what it came to: two checkpoints that agree in this say the same."""
        return self.size, self.head, self.root

    def text(self) -> str:
        root = base64.b64encode(self.root).decode()
        block = self.block.text() if self.block else ""
        return f"{ORIGIN}{self.chain}\n{self.size}\n{root}\nhead {self.head}\nat {self.at}\n{block}"

    @property
    def made_at(self) -> dt.datetime:
        """Raises ValueError when `at` is not in our format."""
        if len(self.at) != len("2026-01-01T00:00:00Z") or not self.at.endswith("Z"):
            raise ValueError(self.at)
        return dt.datetime.fromisoformat(self.at)


class BadCheckpoint(ValueError):
    """A checkpoint that does not read or whose signature is not the portal's."""


def parse_checkpoint(note: str, keys: Sequence[VerifierKey]) -> Checkpoint:
    """Read a note and check its signature against any of `keys`. Raises BadCheckpoint."""
    try:
        text, signatures = split_note(note)
        origin, size, root, head, at, *block = text.splitlines()
        point = Checkpoint(
            origin.removeprefix(ORIGIN),
            int(size),
            base64.b64decode(root, validate=True),
            head.removeprefix("head "),
            at.removeprefix("at "),
            Block.read("\n".join(block)) if block else None,
            note,
        )
        fits = point.text() == text and point.made_at is not None
    except ValueError:
        raise BadCheckpoint("a checkpoint does not read") from None
    if not fits or not any(key.signed(text, line) for key in keys for line in signatures):
        raise BadCheckpoint("a checkpoint is not signed by the portal's key")
    return point


class CheckpointFolder:
    """Where checkpoints lie: a folder or an object store, by chain and size.

    Those at every 500th entry and every 15 minutes stay. `head.note` is the newest one of all, replaced each time.
    """

    def __init__(self, open_store: Callable[[], BlobStore]) -> None:
        """`open_store` is called at the first use: a folder that is away must not keep the portal from starting."""
        self._open_store = open_store

    @cached_property
    def _store(self) -> BlobStore:
        return self._open_store()

    def _put(self, name: str, content: str) -> None:
        with self._store.writer(name) as file:
            file.write(content.encode())
        self._store.settle(name)

    def _get(self, name: str) -> str:
        return self._store.read(name).decode()

    def put(self, point: Checkpoint, note: str) -> None:
        """Keep it; one that is there already stays as it is."""
        name = f"{point.chain}/{point.size:012}.checkpoint"
        if not self._store.exists(name):
            self._put(name, note)

    def put_head(self, chain: str, note: str) -> None:
        self._put(f"{chain}/head.note", note)

    def head(self, chain: str) -> str | None:
        try:
            return self._get(f"{chain}/head.note")
        except FileNotFoundError:
            return None

    def set_aside(self, chain: str, sizes: Collection[int], stamp: str) -> None:
        """Keep the head and the checkpoints at these lengths under another name, where they count no more."""
        names = [f"{chain}/{size:012}.checkpoint" for size in sizes] + [f"{chain}/head.note"]
        for name in names:
            if self._store.exists(name):
                self._put(f"set-aside/{chain}/{stamp}-{name.rpartition('/')[2]}.old", self._get(name))
                self._store.delete(name)

    def put_key_notes(self, notes: Sequence[str]) -> None:
        for number, note in enumerate(notes, start=1):
            if not self._store.exists(f"keys/{number:04}.note"):
                self._put(f"keys/{number:04}.note", note)

    def key_notes(self) -> list[str]:
        return [self._get(n) for n in sorted(self._store.names("keys/")) if n.endswith(".note")]

    def chains(self) -> set[str]:
        return {name.partition("/")[0] for name in self._store.names() if name.endswith((".checkpoint", "/head.note"))}

    def notes(self, chain: str) -> list[str]:
        """All checkpoints of a chain, shortest first."""
        return [self._get(n) for n in sorted(self._store.names(f"{chain}/")) if n.endswith(".checkpoint")]

    def sizes(self, chain: str) -> list[int]:
        """At which lengths checkpoints lie here, as their names say."""
        stems = [name.rpartition("/")[2].partition(".checkpoint")[0] for name in self._store.names(f"{chain}/")]
        return sorted(int(stem) for stem in stems if stem.isascii() and stem.isdigit())

    def newest(self, chain: str) -> str | None:
        names = [n for n in self._store.names(f"{chain}/") if n.endswith(".checkpoint")]
        return self._get(max(names)) if names else None

    def put_frontier(self, chain: str, frontier: Frontier) -> None:
        """So that the next checkpoint needs only the entries since this one. Believed only if its root fits."""
        body = {"size": frontier.size, "peaks": [peak.hex() for peak in frontier.peaks]}
        self._put(f"{chain}/frontier.json", json.dumps(body))

    def frontier(self, chain: str) -> Frontier | None:
        try:
            body = json.loads(self._get(f"{chain}/frontier.json"))
            return Frontier(int(body["size"]), [bytes.fromhex(peak) for peak in body["peaks"]])
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return None
