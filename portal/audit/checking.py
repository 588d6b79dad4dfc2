"""Walking a chain, quickly: pages of raw columns, hashed as the very bytes they were written as.

A page is checked as three comparisons of lists (hashes, links, numbers); only where one differs is it
walked entry by entry, to name the place. Signed checkpoints are compared on the way.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Text, func, or_, select, type_coerce
from sqlalchemy.orm import Session

from portal.audit.blocks import digest_of
from portal.audit.chain import DOMAIN, GENESIS, ChainFault
from portal.audit.checkpoints import Block, Checkpoint
from portal.audit.merkle import Frontier
from portal.storage.tables import AuditEntry

PAGE = 2_048  # a full subtree of the Merkle tree

RawEntry = Sequence[Any]
"""action, actor, at, facts (JSON text), merchant, object, origin, prev, result, seq, entry hash."""

_BODY = (
    DOMAIN.decode() + '{"action":"%s","actor":"%s","at":"%s","facts":%s,"merchant":"%s","object":"%s",'
    '"origin":"%s","prev":"%s","result":"%s","seq":%d}'
)
_COLUMNS = (
    AuditEntry.action,
    AuditEntry.actor,
    AuditEntry.at,
    type_coerce(AuditEntry.facts, Text),
    AuditEntry.merchant_id,
    AuditEntry.object_id,
    AuditEntry.origin,
    AuditEntry.prev_hash,
    AuditEntry.result,
    AuditEntry.seq,
    AuditEntry.entry_hash,
)


@dataclass
class Verdict:
    """What a walk found. `sound` entries hold; `signed` is the newest checkpoint that agrees, or None; `older` counts
    those signed before the trusted key, which are left out."""

    sound: int = 0
    fault: ChainFault | None = None
    head: str = GENESIS
    first_at: str = ""
    last_at: str = ""
    checkpoints: int = 0
    signed: Checkpoint | None = None
    older: int = 0
    frontier: Frontier = field(default_factory=Frontier)

    @property
    def unsigned(self) -> int:
        """Entries after the newest checkpoint: no signature covers them, so a change of the database would not show."""
        return self.sound - (self.signed.size if self.signed else 0)

    @property
    def holds(self) -> bool:
        return self.fault is None


def pages_of(session: Session, merchant_id: str, *, after: int | None = None) -> Iterator[list[RawEntry]]:
    """Raw entries in order of seq, a page at a time; those beyond `after` when given."""
    own = select(*_COLUMNS).where(AuditEntry.merchant_id == merchant_id).order_by(AuditEntry.seq).limit(PAGE)
    wanted = own if after is None else own.where(AuditEntry.seq > after)  # from the very first, however it is numbered
    while True:
        page: list[RawEntry] = list(session.execute(wanted).tuples())
        if not page:
            return
        yield page
        if page[-1][9] is None:
            return
        wanted = own.where(AuditEntry.seq > page[-1][9])


def count_up_to(session: Session, merchant_id: str, seq: int) -> int:
    """How many rows of a chain do not stand behind entry `seq`: as many as that, or some are no entries of it."""
    behind = AuditEntry.seq > seq
    counted = select(func.count()).where(AuditEntry.merchant_id == merchant_id, or_(~behind, AuditEntry.seq.is_(None)))
    return session.scalar(counted) or 0


def columns_of(session: Session, merchant_id: str, seqs: Sequence[int]) -> list[RawEntry]:
    """Some raw entries by number, in order."""
    wanted = select(*_COLUMNS).where(AuditEntry.merchant_id == merchant_id, AuditEntry.seq.in_(seqs))
    return list(session.execute(wanted.order_by(AuditEntry.seq)).tuples())


def bytes_of(row: RawEntry) -> bytes:
    """The canonical JSON of one raw entry, as it is hashed after `DOMAIN`."""
    return _hashed_bytes(row)[len(DOMAIN) :]


def line_of(row: RawEntry) -> bytes:
    """One raw entry as a line of an exported trail, with its end of line."""
    return b'{"entry":%s,"hash":"%s"}\n' % (bytes_of(row), str(row[10]).encode())


def block_of(since: int, rows: Sequence[RawEntry]) -> Block:
    """What a checkpoint says of the entries since the one before, which are these."""
    digest = digest_of((*row[:4], *row[5:]) for row in rows)
    return Block(since, digest, hashlib.sha256(b"".join(map(line_of, rows))).hexdigest())


def _hashed_bytes(row: RawEntry) -> bytes:
    action, actor, at, facts, merchant, object_id, origin, prev, result, seq, _hash = row
    plain = [json.dumps(v, ensure_ascii=False)[1:-1] for v in (action, actor, at)]
    rest = [json.dumps(v, ensure_ascii=False)[1:-1] for v in (merchant, object_id, origin, prev, result)]
    return (_BODY % (*plain, facts, *rest, seq)).encode("utf-8", "surrogatepass")


def _page_bytes(page: Sequence[RawEntry]) -> list[bytes]:
    texts = "".join(["".join((r[0], r[1], r[2], r[4], r[5], r[6], r[7], r[8])) for r in page])
    if '"' in texts or "\\" in texts or not texts.isprintable():  # JSON writes some of it otherwise than it stands here
        return [_hashed_bytes(row) for row in page]
    return [(_BODY % (a, b, c, f, m, o, g, p, r, s)).encode() for a, b, c, f, m, o, g, p, r, s, _ in page]


def check_pages(
    pages: Iterable[Sequence[RawEntry]], checkpoints: Sequence[Checkpoint] = (), start: Verdict | None = None
) -> Verdict:
    """Walk entries from the first (or from where `start` ended) and compare with signed checkpoints.

    Gives the first fault: an entry changed, missing, doubled, out of order or not linked; a chain
    shorter than a checkpoint says; a chain that is sound in itself but not the one that was signed.
    """
    verdict = start or Verdict()
    waiting = sorted((c for c in checkpoints if c.size > verdict.sound), key=lambda c: c.size)
    for page in pages:
        stop = _check_page(verdict, page)
        hashes = [bytes.fromhex(row[10]) for row in page[:stop]]
        base = verdict.sound
        while waiting and waiting[0].size <= base + stop:
            point = waiting.pop(0)
            taken = point.size - verdict.sound
            verdict.frontier.extend(hashes[:taken])
            del hashes[:taken]
            verdict.sound = point.size
            head = page[point.size - base - 1][10] if point.size > base else verdict.head
            if head != point.head or verdict.frontier.root() != point.root:
                verdict.fault = _not_signed(verdict, point)
                return verdict
            verdict.signed, verdict.checkpoints = point, verdict.checkpoints + 1
        verdict.frontier.extend(hashes)
        verdict.sound = base + stop
        if stop:
            verdict.head, verdict.last_at = page[stop - 1][10], page[stop - 1][2]
            verdict.first_at = verdict.first_at or page[0][2]
        if verdict.fault is not None:
            return verdict
    if waiting:
        verdict.fault = ChainFault(
            verdict.sound + 1,
            f"is missing: a signed checkpoint counts {waiting[-1].size} entries, the chain ends at {verdict.sound}",
        )
    return verdict


def _not_signed(verdict: Verdict, point: Checkpoint) -> ChainFault:
    """The chain is consistent but not the one that was signed: rewritten since the last match."""
    first = verdict.signed.size + 1 if verdict.signed else 1
    return ChainFault(first, f"or a later one up to {point.size} was written anew: the signed checkpoint differs")


def _check_page(verdict: Verdict, page: Sequence[RawEntry]) -> int:
    """How many entries of the page are sound; names the fault where one is not."""
    sha256 = hashlib.sha256
    first = verdict.sound + 1
    stored = [row[10] for row in page]
    try:
        found = [sha256(body).hexdigest() for body in _page_bytes(page)]
    except (TypeError, ValueError):  # a column holds something else than text
        found = []
    links = [row[7] for row in page]
    numbers = [row[9] for row in page]
    if (
        found == stored
        and links[0] == verdict.head
        and links[1:] == stored[:-1]
        and numbers == list(range(first, first + len(page)))
    ):
        return len(page)
    prev = verdict.head
    for place, row in enumerate(page):
        what = _fault_of(row, first + place, prev)
        if what is not None:
            verdict.fault = what
            return place
        prev = row[10]
    return len(page)


def _fault_of(row: RawEntry, expected: int, prev: str) -> ChainFault | None:
    seq = row[9]
    if not isinstance(seq, int) or seq != expected:
        if isinstance(seq, int) and seq > expected:
            return ChainFault(expected, f"is missing: {seq} comes next")
        return ChainFault(expected, f"is not where it belongs: {seq} stands there again or out of order")
    try:
        right = hashlib.sha256(_hashed_bytes(row)).hexdigest() == row[10]
    except (TypeError, ValueError):
        right = False
    if not right:
        return ChainFault(seq, "was changed after it was written")
    if row[7] != prev:
        return ChainFault(seq, "does not follow from the entry before it")
    return None


def verify_chain(session: Session, merchant_id: str) -> tuple[int, ChainFault | None]:
    """Walk the merchant's chain; give the number of sound entries and the first fault, if any."""
    verdict = check_pages(pages_of(session, merchant_id))
    return verdict.sound, verdict.fault
