#!/usr/bin/env python3
"""Check files of the privacy portal's audit trail without the portal.

    python verify_audit.py trail.jsonl --checkpoints FOLDER [--key VERIFIER-KEY] [--up-to ENTRY]
    python verify_audit.py evidence.html | evidence.json [--key VERIFIER-KEY]

Needs Python 3.11 or newer and the package `cryptography`; shares no code with the portal.

A trail is JSON lines ``{"entry":{...},"hash":"..."}``. An entry's hash is SHA-256 over 00, ``portal-audit-v1``,
00 and the entry's canonical JSON (sorted keys, no spaces, UTF-8); `prev` is the hash of the entry before, 64 zeros
for the first; `seq` counts from 1. Checkpoints are C2SP tlog-checkpoints with ``head``, ``at`` and
``since`` lines, signed notes with Ed25519; the root is RFC 6962's over the entries' hashes as leaf hashes; ``since``
names the number of entries at the checkpoint before and, last, the SHA-256 of the trail's lines since. ``head.note``
beside them is the newest one of all. Entries after it are not signed yet: nothing says that none was cut off there.
``FOLDER/keys/*.note`` holds the keys, each signed by the one before it; `--key` names one you trust, and then only
what it and later keys signed counts.

Exit status: 0 everything holds, 1 something does not (one line says what and where), 2 cannot be read.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import os
import re
import sys
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import islice, pairwise
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

NAME = "privacy-portal-audit"
DOMAIN = b"\x00portal-audit-v1\x00"
GENESIS = "0" * 64
CHAIN_ORIGIN = "privacy-portal/audit/"
KEYS_ORIGIN = "privacy-portal/audit-keys"
LINE = re.compile(
    rb'\{"entry":(\{.*"prev":"([0-9a-f]{64})","result":"(?:[^"\\]|\\.)*","seq":(-?\d+)\}),"hash":"([0-9a-f]{64})"\}\n?'
)


class Wrong(Exception):
    """Something does not hold. `seq` is the place in the chain, 0 for checkpoints, keys and signatures."""

    def __init__(self, seq: int, what: str) -> None:
        super().__init__(f"entry {seq} {what}" if seq else what)
        self.seq = seq
        self.what = what


# Keys and signed notes ------------------------------------------------------------------------------


def key_id(public: bytes) -> bytes:
    return hashlib.sha256(NAME.encode() + b"\n\x01" + public).digest()[:4]


def read_key(text: str) -> bytes:
    """The 32 bytes of a verifier key ``name+id+base64``."""
    try:
        name, ident, encoded = text.strip().split("+", 2)
        raw = base64.b64decode(encoded, validate=True)
    except ValueError:
        raise Wrong(0, "a verifier key does not read") from None
    if name != NAME or len(raw) != 33 or raw[:1] != b"\x01" or key_id(raw[1:]).hex() != ident:
        raise Wrong(0, "a verifier key does not read")
    return raw[1:]


def signs(public: bytes, text: str, line: str) -> bool:
    prefix = f"\u2014 {NAME} "
    if not line.startswith(prefix):
        return False
    try:
        raw = base64.b64decode(line[len(prefix) :], validate=True)
        if raw[:4] != key_id(public):
            return False
        Ed25519PublicKey.from_public_bytes(public).verify(raw[4:], text.encode())
    except (ValueError, InvalidSignature):
        return False
    return True


def split_note(note: str) -> tuple[str, list[str]]:
    text, gap, tail = note.rpartition("\n\n")
    lines = tail.splitlines()
    if not gap or not lines or any(not line.startswith("\u2014 ") for line in lines):
        raise Wrong(0, "a signed note does not read")
    return text + "\n", lines


class Keys:
    """`trusted`: the anchor (the first one when none is named) and those it vouched for later, each by the one before.

    `named`: every key of the list. One before the anchor signs nothing: whoever can write the list can put it there.
    """

    def __init__(self, notes: list[str], anchor: str) -> None:
        self.trusted: list[bytes] = []
        self.named = [key for key in map(named_key, notes) if key is not None]
        first = 1
        if anchor:
            wanted = read_key(anchor)
            places = [number for number, note in enumerate(notes, start=1) if named_key(note) == wanted]
            if not places:
                raise Wrong(0, "the key you trust is none of these")
            first = places[0]
        for number, note in list(enumerate(notes, start=1))[first - 1 :]:
            text, lines = split_note(note)
            parts = text.splitlines()
            if len(parts) < 4 or parts[0] != KEYS_ORIGIN or parts[1] != str(number):
                raise Wrong(0, f"key note {number} is not what it should be")
            key = read_key(parts[2])
            for voucher in [key, *self.trusted[-1:]]:
                if not any(signs(voucher, text, line) for line in lines):
                    raise Wrong(0, f"key note {number} is not signed by the key before it")
            self.trusted.append(key)


def named_key(note: str) -> bytes | None:
    try:
        return read_key(note.splitlines()[2])
    except (Wrong, IndexError):
        return None


def read_block(lines: list[str]) -> tuple[int, str]:
    """After which entry the digest of a checkpoint's lines begins, and that digest. Raises ValueError."""
    if not lines:
        return -1, ""
    (line,) = lines
    words = line.split(" ")
    if len(words) != 6 or words[0::2] != ["since", "rows", "lines"]:
        raise ValueError
    return int(words[1]), words[5]


class Point:
    """A checkpoint whose signature holds."""

    def __init__(self, note: str, keys: list[bytes]) -> None:
        text, lines = split_note(note)
        parts = text.splitlines()
        try:
            origin, size, root, head, self.at, *block = parts
            self.since, self.lines = read_block(block)
            self.size, self.root = int(size), base64.b64decode(root, validate=True)
        except ValueError:
            raise Wrong(0, "a checkpoint does not read") from None
        if not origin.startswith(CHAIN_ORIGIN) or not head.startswith("head ") or str(self.size) != size:
            raise Wrong(0, "a checkpoint does not read")
        if not any(signs(key, text, line) for key in keys for line in lines):
            raise Wrong(0, "a checkpoint is not signed by the portal's key")
        self.chain, self.head, self.at = origin[len(CHAIN_ORIGIN) :], head[5:], self.at.removeprefix("at ")


# The Merkle tree ------------------------------------------------------------------------------------


def inner(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


class Tree:
    """Grows leaf by leaf; keeps the roots of its full subtrees. One may start in the middle, to be joined later."""

    def __init__(self, start: int = 0, size: int = 0, full: Sequence[bytes] = ()) -> None:
        self.start = start
        self.size = max(start, size)
        self.full = list(full)

    def add(self, leaves: Sequence[bytes]) -> None:
        done, sha256 = 0, hashlib.sha256
        while done < len(leaves):
            count = self._fits(len(leaves) - done)
            level = leaves[done : done + count]
            while len(level) > 1:
                pairs = zip(level[::2], level[1::2], strict=True)
                level = [sha256(b"\x01" + left + right).digest() for left, right in pairs]
            self._push(level[0], count)
            done += count

    def _fits(self, most: int) -> int:
        """Leaves of the largest full subtree that stands here."""
        return min(self.size & -self.size or most, 1 << (most.bit_length() - 1))

    def _push(self, root: bytes, count: int) -> None:
        low, merged = self.size, count
        while self.size & merged and low - merged >= self.start:
            root = inner(self.full.pop(), root)
            low -= merged
            merged *= 2
        self.full.append(root)
        self.size += count

    def root(self) -> bytes:
        if not self.full:
            return hashlib.sha256(b"").digest()
        root = self.full[-1]
        for left in self.full[-2::-1]:
            root = inner(left, root)
        return root


def proven_root(size: int, leaves: dict[int, bytes], proof: list[bytes]) -> bytes:
    """The root to which some leaves (place from 0 -> hash) and the other subtrees' roots, left to right, lead."""
    rest = iter(proof)

    def at(low: int, high: int) -> bytes:
        if bisect_left(places, low) == bisect_left(places, high):
            return next(rest)
        if high - low == 1:
            return leaves[low]
        half = 1
        while half * 2 < high - low:
            half *= 2
        left = at(low, low + half)
        return inner(left, at(low + half, high))

    places = sorted(leaves)
    try:
        root = at(0, size)
    except StopIteration:
        raise Wrong(0, "the proof is too short") from None
    if next(rest, None) is not None:
        raise Wrong(0, "the proof is too long")
    return root


# A whole trail --------------------------------------------------------------------------------------


class Trail:
    """How far a trail has been checked, and the checkpoints still to come."""

    def __init__(self, points: Sequence[Point], chain: str = "") -> None:
        self.tree, self.prev, self.chain = Tree(), GENESIS, chain
        self.waiting = sorted(points, key=lambda point: point.size)
        self.agreed = self.covered = 0
        self.at = ""

    def add(self, line: bytes) -> None:
        number = self.tree.size + 1
        self.chain = self.chain or (self.waiting[0].chain if self.waiting else chain_of(line))
        if self.waiting and self.waiting[0].size < number:  # a checkpoint of nothing
            raise Wrong(number, "was not there when the chain was signed as empty")
        self.prev = check_line(line, number, self.prev, self.chain)
        self.tree.add([bytes.fromhex(self.prev)])
        while self.waiting and self.waiting[0].size == number:
            if not self._agrees(self.waiting[0], self.prev, self.tree.root()):
                raise Wrong(
                    self.covered + 1, f"or a later one up to {number} was written anew: the signed checkpoint differs"
                )

    def _agrees(self, point: Point, head: str, root: bytes) -> bool:
        if point.head != head or point.root != root:
            return False
        self.waiting.remove(point)
        self.agreed, self.covered, self.at = self.agreed + 1, point.size, point.at
        return True

    def take(self) -> None:
        """Go on to the newest checkpoint: all up to there is as it was signed."""
        newest = self.waiting[-1]
        self.tree, self.prev = Tree(newest.size), newest.head
        self.agreed, self.covered, self.at, self.waiting = len(self.waiting), newest.size, newest.at, []

    def end(self) -> tuple[int, int, int]:
        if self.waiting:
            raise Wrong(
                self.tree.size + 1,
                f"is missing: a signed checkpoint counts {self.waiting[-1].size} entries, "
                f"the chain ends at {self.tree.size}",
            )
        return self.tree.size, self.agreed, self.covered


def check_trail(lines: Iterable[bytes], points: Sequence[Point], trail: Trail | None = None) -> tuple[int, int, int]:
    """Entries, checkpoints that agree, entries covered by one. Raises Wrong naming the first place."""
    trail = trail or Trail(points)
    for line in lines:
        trail.add(line)
    return trail.end()


# Quickly: a checkpoint was signed together with the digest of the lines since the one before, after each was checked.
# Lines that come to that digest are the very ones. Where one differs, all are checked one by one: that names the place.

WORTH_A_PROCESS = 50_000_000  # bytes
READ_AT_ONCE = 1 << 20
CHECKPOINT_COST = 60_000  # bytes that are digested in the time in which one checkpoint is read and checked


def digests_of(path: str, start: int, counts: list[int]) -> tuple[list[str], int]:
    """The digests of so many lines each, from a place in the file on; and where they end."""
    found = []
    with open(path, "rb", buffering=READ_AT_ONCE) as file:
        file.seek(start)
        for count in counts:
            lines = b"".join(islice(file, count))
            start += len(lines)
            found.append(hashlib.sha256(lines).hexdigest())
    return found, start


def shares_of(path: Path, sizes: list[int]) -> list[tuple[int, list[int]]]:
    """Places in the file and the numbers of lines of the blocks from there on: a share for each processor.

    Takes the file's own numbers on trust: where they lie, the digests differ.
    """
    total = path.stat().st_size
    count = min(os.cpu_count() or 1, 4) if total >= WORTH_A_PROCESS else 1
    cuts = [(0, 0)]
    reading = CHECKPOINT_COST * len(sizes)
    with path.open("rb") as file:
        for number in range(1, count):
            file.seek(max((total + reading) * number // count - reading, 0))
            file.readline()
            found = LINE.fullmatch(file.readline())
            place = bisect_left(sizes, int(found[3])) if found else len(sizes)
            if found is None or place >= len(sizes) - 1:
                continue
            for _ in range(sizes[place] - int(found[3])):
                file.readline()
            if place + 1 > cuts[-1][1]:
                cuts.append((file.tell(), place + 1))
    counts = [size - since for since, size in pairwise([0, *sizes])]
    ends = [first for _, first in cuts[1:]] + [len(counts)]
    return [(place, counts[first:end]) for (place, first), end in zip(cuts, ends, strict=True)]


def check_quickly(path: Path, sizes: list[int], read_points: Callable[[], list[Point]]) -> tuple[list[Point], int]:
    """The checkpoints, and where in the file the newest one's lines end: all up to there are those that were signed.

    0 when something differs, or when there is nothing to compare with.
    """
    shares = shares_of(path, sizes) if sizes else []
    with ProcessPoolExecutor(max(len(shares) - 1, 1)) as pool:
        others = [pool.submit(digests_of, str(path), *share) for share in shares[1:]]
        points = read_points()
        if not shares:
            return points, 0
        done = [digests_of(str(path), *shares[0]), *(other.result() for other in others)]
    signed = [(point.since, point.size, point.lines) for point in sorted(points, key=lambda point: point.size)]
    found = [digest for some, _ in done for digest in some]
    whole = list(zip([0, *sizes[:-1]], sizes, found, strict=True))
    # A share starts where the file's own numbers say: a line slipped in between two shares would be in neither.
    touching = all(done[number][1] == start for number, (start, _) in enumerate(shares[1:]))
    return points, done[-1][1] if signed == whole and touching else 0


def chain_of(line: bytes) -> str:
    try:
        return str(json.loads(line)["entry"]["merchant"])
    except (ValueError, KeyError, TypeError):
        return ""


def check_line(line: bytes, number: int, prev: str, chain: str) -> str:
    """The hash of a sound line that is entry `number` and follows from `prev`."""
    found = LINE.fullmatch(line)
    if found is None:
        raise Wrong(number, "does not read as an entry")
    body, link, seq, stored = found[1], found[2].decode(), int(found[3]), found[4].decode()
    if seq != number:
        if seq > number:
            raise Wrong(number, f"is missing: {seq} comes next")
        raise Wrong(number, f"is not where it belongs: {seq} stands there again or out of order")
    if hashlib.sha256(DOMAIN + body).hexdigest() != stored:
        raise Wrong(number, "was changed after it was written")
    if link != prev:
        raise Wrong(number, "does not follow from the entry before it")
    if b'"merchant":"' + chain.encode() + b'",' not in body:
        raise Wrong(number, "is of another chain")
    return stored


def notes_in(folder: Path, chain: str) -> list[Path]:
    """The checkpoints, shortest first, and the newest head."""
    head = folder / chain / "head.note"
    return [*sorted((folder / chain).glob("*.checkpoint")), *([head] if head.is_file() else [])]


def sizes_in(folder: Path, chain: str, up_to: int = 0) -> list[int]:
    """At which lengths checkpoints lie there, as their names and the head say."""
    words = [path.stem for path in (folder / chain).glob("*.checkpoint")]
    words += [line for path in notes_in(folder, chain)[-1:] for line in path.read_text("utf-8").split("\n")[1:2]]
    found = {int(word) for word in words if word.isascii() and word.isdigit()}
    return sorted(size for size in found if size > 0 and (not up_to or size <= up_to))


def read_folder(folder: Path, chain: str, anchor: str) -> tuple[list[Point], int]:
    """The checkpoints that count, each place once, and how many do not: signed before the trusted key."""
    keys = Keys([path.read_text(encoding="utf-8") for path in sorted((folder / "keys").glob("*.note"))], anchor)
    points: dict[tuple[int, str, bytes], Point] = {}
    older = 0
    for path in notes_in(folder, chain):
        note = path.read_text(encoding="utf-8")
        try:
            point = Point(note, keys.trusted)
        except Wrong:
            if not anchor:
                raise
            Point(note, keys.named)  # wrong when it is not an older key's either
            older += 1
            continue
        if point.chain != chain:
            raise Wrong(0, "a checkpoint of another chain lies in the folder")
        points.setdefault((point.size, point.head, point.root), point)
    return list(points.values()), older


def verify_trail(path: Path, folder: Path | None, anchor: str, up_to: int, every_entry: bool = False) -> str:
    older = 0

    def points_read() -> list[Point]:
        nonlocal older
        points, older = read_folder(folder, chain, anchor) if folder else ([], 0)
        return [point for point in points if not up_to or point.size <= up_to]

    with path.open("rb") as file:
        chain = chain_of(file.readline())
        file.seek(0)
        if not re.fullmatch(r"[0-9a-z_-]{1,64}", chain):
            raise Wrong(1, "does not read as an entry")
        sizes = sizes_in(folder, chain, up_to) if folder and not every_entry else []
        points, place = check_quickly(path, sizes, points_read)
        trail = Trail(points, chain)
        if place:
            trail.take()
        file.seek(place)
        size, agreed, covered = check_trail(file, points, trail)
    return words_for(trail, size, agreed, covered, older)


def words_for(trail: Trail, size: int, agreed: int, covered: int, older: int) -> str:
    left_out = f" {older:,} older ones were signed before the key you trust and do not count." if older else ""
    if not agreed:
        return (
            f"holds by itself: {size:,} entries, none of them signed by a checkpoint that counts. "
            f"It could still be a chain written anew.{left_out}"
        )
    rest = size - covered
    behind = f"{rest:,} {'entry' if rest == 1 else 'entries'} after it {'is' if rest == 1 else 'are'} not signed yet"
    upto = (
        f"entry {covered:,}, signed at {trail.at}; {behind}"
        if rest
        else (f"entry {covered:,}, the last one, signed at {trail.at}")
    )
    return f"holds up to {upto}. {agreed:,} signed checkpoint{' agrees' if agreed == 1 else 's agree'}.{left_out}"


# Evidence -------------------------------------------------------------------------------------------


def canonical(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def check_evidence(document: dict, anchor: str) -> tuple[dict, Point, list[bytes]]:
    """Signature, entries, proof and checkpoint of one evidence document."""
    evidence = document["evidence"]
    keys = Keys(evidence["keys"], anchor).trusted
    if not any(signs(key, canonical(evidence).decode() + "\n", document["signature"]) for key in keys):
        raise Wrong(0, "the file is not signed by the portal's key")
    point = Point(evidence["checkpoint"], keys)
    if point.chain != evidence["chain"]:
        raise Wrong(0, "the checkpoint is of another chain")
    leaves: dict[int, bytes] = {}
    for item in evidence["entries"]:
        entry = item["entry"]
        seq = entry["seq"]
        if hashlib.sha256(DOMAIN + canonical(entry)).hexdigest() != item["hash"]:
            raise Wrong(seq, "was changed after it was written")
        if entry["merchant"] != point.chain or not 1 <= seq <= point.size or seq - 1 in leaves:
            raise Wrong(seq, "does not belong into this file")
        leaves[seq - 1] = bytes.fromhex(item["hash"])
    if leaves and proven_root(point.size, leaves, [bytes.fromhex(h) for h in evidence["proof"]]) != point.root:
        raise Wrong(min(leaves) + 1, "or another of this file is not in the signed chain")
    return evidence, point, keys


def verify_evidence(raw: bytes, anchor: str) -> str:
    text = raw.decode("utf-8")
    page = text.lstrip().startswith("<")
    if page:
        inside = re.search(r'<script type="application/json" id="evidence">(.*?)</script>', text, re.DOTALL)
        if inside is None:
            raise Wrong(0, "the page holds no evidence")
        document = json.loads(inside[1])
    else:
        document = json.loads(text)
    evidence, point, keys = check_evidence(document, anchor)
    if page:
        body, _, last = text.rpartition("<!-- ")
        if not last.endswith(" -->\n") or not any(signs(key, body, last[: -len(" -->\n")]) for key in keys):
            raise Wrong(0, "the readable page was changed after it was signed")
    count = len(evidence["entries"])
    return f"holds: {count:,} entries stand in the chain of {point.size:,} that was signed ({point.at})."


def main() -> int:
    parser = argparse.ArgumentParser(description="Check files of the privacy portal's audit trail without the portal.")
    parser.add_argument("file", type=Path, help="a trail (.jsonl) or an evidence file (.html, .json)")
    parser.add_argument("--checkpoints", type=Path, help="folder with signed checkpoints and keys")
    parser.add_argument("--key", default="", help="verifier key you trust; else the first key found is believed")
    parser.add_argument(
        "--up-to", type=int, default=0, help="leave out checkpoints beyond this entry: they are younger than the file"
    )
    parser.add_argument("--every-entry", action="store_true", help="hash each entry, signed digest or not")
    given = parser.parse_args()
    try:
        if given.file.suffix == ".jsonl":
            said = verify_trail(given.file, given.checkpoints, given.key, given.up_to, given.every_entry)
        else:
            said = verify_evidence(given.file.read_bytes(), given.key)
    except Wrong as wrong:
        print(f"{given.file.name} does not hold: {wrong}.")
        return 1
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        print(f"{given.file.name} cannot be read: {type(error).__name__}.")
        return 2
    print(f"{given.file.name} {said}" + ("" if given.key else " (Key taken from the files themselves; see --key.)"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
