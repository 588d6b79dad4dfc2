"""The Merkle tree over a chain's entries, after RFC 6962 section 2.1.

An entry's hash is the tree's leaf hash (prefix 0x00, see `chain.DOMAIN`), an inner node is SHA-256 over
0x01, left and right. All hashes are 32 bytes. A frontier is what is needed to go on growing: the roots
of the full subtrees from left to right.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field


def node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


@dataclass
class Frontier:
    """A growing tree of `size` leaves, those from `start` on; `peaks` are its full subtrees from left to right."""

    size: int = 0
    peaks: list[bytes] = field(default_factory=list)
    start: int = 0

    @classmethod
    def from_place(cls, start: int) -> Frontier:
        return cls(start, [], start)

    def extend(self, leaves: Sequence[bytes]) -> None:
        """Append leaves, a full subtree at a time: one hash a leaf on average."""
        start = 0
        while start < len(leaves):
            room = self.size & -self.size or 1 << 62
            count = min(room, 1 << ((len(leaves) - start).bit_length() - 1))
            self._push(_full_root(leaves[start : start + count]), count)
            start += count

    def _push(self, root: bytes, count: int) -> None:
        merged, low = count, self.size
        while self.size & merged and low - merged >= self.start:
            root = node(self.peaks.pop(), root)
            low -= merged
            merged <<= 1
        self.peaks.append(root)
        self.size += count

    def root(self) -> bytes:
        """The tree's hash; of an empty tree, SHA-256 of nothing."""
        if not self.peaks:
            return hashlib.sha256().digest()
        root = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            root = node(peak, root)
        return root


def _full_root(leaves: Sequence[bytes]) -> bytes:
    level, sha256 = list(leaves), hashlib.sha256
    while len(level) > 1:
        level = [sha256(b"\x01" + left + right).digest() for left, right in zip(level[::2], level[1::2], strict=True)]
    return level[0]


def tree_root(leaves: Sequence[bytes]) -> bytes:
    frontier = Frontier()
    frontier.extend(leaves)
    return frontier.root()


def proof_for(leaves: Sequence[bytes], wanted: AbstractSet[int]) -> list[bytes]:
    """Roots of all subtrees that hold none of `wanted` (indexes from 0), left to right.

    Together with the wanted leaves they give the root: an inclusion proof for one entry or many.
    """
    places = sorted(wanted)
    proof: list[bytes] = []

    def walk(low: int, high: int, inside: list[int]) -> None:
        if not inside:
            proof.append(tree_root(leaves[low:high]))
        elif high - low > 1:
            middle = low + _split(high - low)
            walk(low, middle, [p for p in inside if p < middle])
            walk(middle, high, [p for p in inside if p >= middle])

    walk(0, len(leaves), places)
    return proof


def root_from_proof(size: int, known: dict[int, bytes], proof: Sequence[bytes]) -> bytes | None:
    """The root that `known` leaves (index -> hash) and `proof` lead to; None when they do not fit together."""
    rest = list(reversed(proof))

    def walk(low: int, high: int, inside: list[int]) -> bytes:
        if not inside:
            return rest.pop()
        if high - low == 1:
            return known[low]
        middle = low + _split(high - low)
        left = walk(low, middle, [p for p in inside if p < middle])
        return node(left, walk(middle, high, [p for p in inside if p >= middle]))

    if not known or size < 1 or min(known) < 0 or max(known) >= size:
        return None
    try:
        root = walk(0, size, sorted(known))
    except IndexError:
        return None
    return None if rest else root


def _split(count: int) -> int:
    """The largest power of two below `count` (RFC 6962)."""
    return 1 << ((count - 1).bit_length() - 1)
