"""Signs the chains as they grow and checks them against earlier checkpoints.

A chain's head is signed within a minute of its last entry (`SOON`, checked every 10 s) and stored twice, in the
checkpoints' folder and beside the keys. Every 500 entries, and every 15 minutes when the chain has grown, the signed
head is kept as a checkpoint. Before signing, the entries since the last kept one are checked to follow from it and to
lead to every signed head: a truncated or rewritten chain is never signed.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from portal.audit.certifying import certifying
from portal.audit.chain import PORTAL_CHAIN, ChainFault, hold, record
from portal.audit.checking import PAGE, RawEntry, Verdict, block_of, check_pages, count_up_to, pages_of
from portal.audit.checkpoints import Checkpoint, CheckpointFolder, is_chain
from portal.audit.heads import Heads
from portal.audit.signed import Signed, believed, newest_signed, size_in
from portal.audit.signing import SigningKeys, SigningTrouble, VerifierKey, trusted_keys
from portal.config import Settings
from portal.errors import PortalError
from portal.log import log
from portal.storage.blobs import BlobStore
from portal.storage.engine import Database
from portal.storage.tables import AuditEntry, utc_now

EVERY_ENTRIES = 500
EVERY = dt.timedelta(minutes=15)
SOON = dt.timedelta(seconds=30)  # and a round of chores every 10 s: within a minute
MOST_UNSEEN = 200  # chains a round whose checkpoints a new process looks up: each is a question to the object store


_TAILS = text(
    """
    WITH RECURSIVE chains (id) AS (
        SELECT min(merchant_id) FROM audit_entries
        UNION ALL
        SELECT (SELECT min(merchant_id) FROM audit_entries WHERE merchant_id > chains.id)
        FROM chains WHERE chains.id IS NOT NULL
    ), tails (id, seq) AS (
        SELECT id, (SELECT max(seq) FROM audit_entries WHERE merchant_id = chains.id) FROM chains WHERE id IS NOT NULL
    )
    SELECT tails.id, tails.seq, e.entry_hash, e.at FROM tails
    LEFT JOIN audit_entries e ON e.merchant_id = tails.id AND e.seq = tails.seq
    """
)


@dataclass(frozen=True)
class Tail:
    """The last entry of a chain: its number, hash and time."""

    seq: int
    hash: str
    at: str


class ChainBroken(PortalError):
    """The trail does not hold; `fault` names the place."""

    code = "audit_broken"
    message = "The audit trail does not hold: entries were changed outside the portal."
    next_step = "Keep the checkpoints safe and tell whoever answers for the portal's security."

    def __init__(self, fault: ChainFault) -> None:
        super().__init__(detail=f"entry {fault.seq} {fault.what}")
        self.fault = fault


class Keeper:
    """Signs and verifies the chains of one database. `broken` names the chains that could not be signed, and why."""

    def __init__(self, db: Database, keys: SigningKeys, folder: CheckpointFolder) -> None:
        self.db = db
        self.keys = keys
        self.folder = folder
        self.heads = Heads(keys.folder)
        self.broken: dict[str, ChainFault] = {}
        self._lock = threading.Lock()
        self._known: dict[str, Signed] = {}

    # Keys --------------------------------------------------------------------------------------

    def ensure_key(self) -> None:
        """Make the signing key on first use; its birth is an entry of the portal's own chain.

        Of several processes that start together one makes it: two keys would each call the other's checkpoints forged.
        """
        if self.keys.exists:
            return
        with self.db.write() as session:
            hold(session, PORTAL_CHAIN)
            if self.keys.exists:
                return
            key = self.keys.renew()
            record(session, PORTAL_CHAIN, "system", "key:create", key=f"audit-signing {key.id.hex()}")

    def rotate_key(self, actor: str, origin: str) -> VerifierKey:
        """A new signing key, vouched for by the former one; old checkpoints stay verifiable."""
        with self._lock:
            self.ensure_key()
            with self.db.write() as session:
                hold(session, PORTAL_CHAIN)
                key = self.keys.renew()
                record(session, PORTAL_CHAIN, actor, "key:rotate", origin=origin, key=f"audit-signing {key.id.hex()}")
            self.folder.put_key_notes(self.keys.notes())
        return key

    def trusted(self, anchor: str = "") -> list[VerifierKey]:
        """Keys whose checkpoints count: our own notes when this machine has them, else the folder's."""
        return trusted_keys(self.key_notes(), anchor)

    def key_notes(self) -> list[str]:
        return self.keys.notes() or self.folder.key_notes()

    # Signing -----------------------------------------------------------------------------------

    def keep(self) -> None:
        """Sign what is due in every chain. One broken chain does not keep the others from being signed."""
        signed_once = self.heads.chains()  # before the chains are looked at: another process may sign a new one
        tails, waiting = self.tails(), []
        for chain, tail in tails.items():
            known = self._known.get(chain)
            if known is None or known.head is None or (tail.seq, tail.hash) != (known.head.size, known.head.head):
                waiting.append(chain)
            else:  # did nothing since, and costs no question of its own
                self.broken.pop(chain, None)
        unseen = sorted((c for c in waiting if c not in self._known), key=lambda c: str(tails[c].at), reverse=True)
        for chain in [c for c in waiting if c in self._known] + unseen[:MOST_UNSEEN]:
            self._sign_or_tell(chain)
        lost = signed_once - tails.keys()
        for chain in lost:
            self._tell(chain, ChainFault(1, "is missing: the whole chain, which was signed"))
        for chain in self.broken.keys() - tails.keys() - lost:
            del self.broken[chain]

    def _sign_or_tell(self, chain: str) -> None:
        try:
            self.sign(chain)
        except ChainBroken as broken:
            self._tell(chain, broken.fault)
        else:
            self.broken.pop(chain, None)

    def _tell(self, chain: str, fault: ChainFault) -> None:
        if self.broken.get(chain) != fault:
            log.error("audit.broken", merchant=chain[:64], detail=f"entry {fault.seq} {fault.what}")
        self.broken[chain] = fault

    def chains(self) -> list[str]:
        """All chains in the database, and those that were signed once."""
        return sorted({*self.tails(), *self.heads.chains()})

    def tails(self) -> dict[str, Tail]:
        """Every chain's end, in one statement that jumps from one chain to the next (an index, not a walk)."""
        with self.db.read() as session:
            return {str(chain): Tail(*end) for chain, *end in session.execute(_TAILS)}

    def sign(self, chain: str, *, now: bool = False) -> Checkpoint | None:
        """Sign the chain if it is due, or in any case with `now`; gives the newest signed head.

        Raises ChainBroken when what is there does not follow from what was signed.
        """
        with self._lock:
            self.ensure_key()
            known, tail = self._seen(chain)
            if not self._due(known, tail, now=now):
                return known.head
            known = self._look(chain)  # again, before the chain is read: another process may have signed since
            with self.db.read() as session:
                tail = self._end_of(session, chain)
                self._compare(session, chain, known)
                if known.head is not None and known.head.size >= tail:
                    return known.head
                return self._sign_on(session, chain, known, tail, stays=now or self._stays(known))

    def standing(self, chain: str) -> tuple[Checkpoint | None, int]:
        """The newest signed head and how many entries there are. Raises ChainBroken when they do not agree."""
        note = self.heads.note(chain)
        try:  # one small file; the folder may be an object store
            heads = believed(chain, [note], self.key_notes())[0] if note else self._look(chain).heads
        except ValueError as error:
            raise ChainBroken(ChainFault(0, str(error))) from None
        known = Signed(None, tuple(heads))
        with self.db.read() as session:
            self._compare(session, chain, known)
            return known.head, self._end_of(session, chain)

    def forget(self, chain: str) -> None:
        """What this process remembers of the chain's signed heads: an operator has set them aside."""
        with self._lock:
            self._known.pop(chain, None)
            self.broken.pop(chain, None)

    def _seen(self, chain: str) -> tuple[Signed, int]:
        """What is known to be signed and how long the chain is now. Raises ChainBroken when they do not agree."""
        known = self._known.get(chain)
        if known is not None:
            with self.db.read() as session, contextlib.suppress(ChainBroken):
                self._compare(session, chain, known)
                return known, self._end_of(session, chain)
            if self.heads.note(chain) is None:  # beside the keys only an operator takes it away
                raise ChainBroken(ChainFault(0, "is not as it was signed, and the signed head beside the keys is gone"))
        known = self._look(chain)
        with self.db.read() as session:
            self._compare(session, chain, known)
            tail = self._end_of(session, chain)
        if known.head is not None:
            self._publish(known.head)  # to wherever it is not: it may have been signed before there were two places
        return known, tail

    def _look(self, chain: str) -> Signed:
        if not is_chain(chain):
            raise ChainBroken(ChainFault(0, "rows stand under a name that no chain has"))
        try:
            known = newest_signed(chain, self.folder, self.heads, self.trusted())
        except ValueError as error:
            raise ChainBroken(ChainFault(0, str(error))) from None
        self._known[chain] = known
        return known

    def _end_of(self, session: Session, chain: str) -> int:
        last = select(AuditEntry.seq).where(AuditEntry.merchant_id == chain).order_by(AuditEntry.seq.desc()).limit(1)
        tail = session.scalar(last) or 0
        if not isinstance(tail, int):
            raise ChainBroken(ChainFault(0, "a row stands in the chain that is no entry of it"))
        return tail

    def _compare(self, session: Session, chain: str, known: Signed) -> None:
        """Raises ChainBroken when the chain is shorter than a head ever signed, or another one there."""
        there = select(AuditEntry.entry_hash).where(AuditEntry.merchant_id == chain)
        for point in known.heads:
            if point.size and session.scalar(there.where(AuditEntry.seq == point.size)) != point.head:
                tail = self._end_of(session, chain)
                if tail < point.size:
                    raise ChainBroken(ChainFault(tail + 1, f"is missing: {point.size} entries were signed"))
                raise ChainBroken(ChainFault(point.size, "is another one than was signed"))

    def _due(self, known: Signed, tail: int, *, now: bool) -> bool:
        if known.head is None:
            return tail > 0
        grown, stays = tail - known.head.size, known.permanent.size if known.permanent else 0
        return grown > 0 and (now or _age(known.head) >= SOON or tail - stays >= EVERY_ENTRIES)

    def _stays(self, known: Signed) -> bool:
        """Whether the next head stays as a checkpoint of its own, wherever it falls."""
        return known.permanent is None or _age(known.permanent) >= EVERY

    def _sign_on(self, session: Session, chain: str, known: Signed, tail: int, *, stays: bool) -> Checkpoint | None:
        verdict = self._where_signed(session, chain, known.permanent)
        self.folder.put_key_notes(self.keys.notes())
        permanent, head = known.permanent, known.head
        while verdict.sound < tail:
            stop = min(tail, (verdict.sound // EVERY_ENTRIES + 1) * EVERY_ENTRIES)
            since = verdict.sound
            rows = [row for page in _up_to(session, chain, since, stop) for row in page]
            check_pages([rows] if rows else [], [p for p in known.heads if p.size <= stop], start=verdict)
            if verdict.fault is None and verdict.sound < stop:
                verdict.fault = ChainFault(verdict.sound + 1, "is missing")
            if verdict.fault is not None:
                raise ChainBroken(verdict.fault)
            at = utc_now().strftime("%Y-%m-%dT%H:%M:%SZ")
            point = Checkpoint(chain, stop, verdict.frontier.root(), verdict.head, at, block_of(since, rows))
            head = replace(point, note=self.keys.sign(point.text()))
            if stays or stop % EVERY_ENTRIES == 0:
                permanent = head
                self.folder.put(head, head.note)
                self.folder.put_frontier(chain, verdict.frontier)
        if head is not None:
            self._publish(head)
            self._known[chain] = Signed(permanent, (head,))
        return head

    def _publish(self, head: Checkpoint) -> None:
        """In both places, unless another process has written a longer one there since."""
        try:
            with self.heads.turn():
                if size_in(self.folder.head(head.chain) or "") < head.size:
                    self.folder.put_head(head.chain, head.note)
                if size_in(self.heads.note(head.chain) or "") < head.size:
                    self.heads.put(head.chain, head.note)
        except OSError as error:
            raise SigningTrouble(detail=f"signed head: {type(error).__name__}") from None

    def _where_signed(self, session: Session, chain: str, last: Checkpoint | None) -> Verdict:
        """A verdict that stands at the last checkpoint, from the kept frontier or by walking there."""
        if last is None:
            return Verdict()
        frontier = self.folder.frontier(chain)
        if frontier is not None and frontier.size == last.size and frontier.root() == last.root:
            return Verdict(sound=last.size, head=last.head, frontier=frontier, signed=last)
        verdict = check_pages(_up_to(session, chain, 0, last.size), [last])
        if verdict.fault is not None:
            raise ChainBroken(verdict.fault)
        return verdict

    # Checking ----------------------------------------------------------------------------------

    def verify(
        self, chain: str, *, folder: CheckpointFolder | None = None, anchor: str = "", every_entry: bool = False
    ) -> Verdict:
        """The whole chain against every checkpoint and head of it. A bad checkpoint or key is a fault at entry 0.

        Entries that come to a signed digest are those that were checked when it was signed; `every_entry` has each of
        them hashed and linked again all the same.
        """
        if not is_chain(chain):
            return Verdict(fault=ChainFault(0, "rows stand under a name that no chain has"))
        source = folder or self.folder
        heads = [note for note in (source.head(chain), self.heads.note(chain)) if note]
        sizes = [] if every_entry else [*source.sizes(chain), *filter(None, map(size_in, heads))]
        with certifying(self.db, chain, sizes) as quick:
            try:
                notes = list(dict.fromkeys([*source.notes(chain), *heads]))
                points, older = believed(chain, notes, self.keys.notes() or source.key_notes(), anchor)
            except ValueError as error:
                return Verdict(fault=ChainFault(0, str(error)))
            sound = quick.verdict(points)
        with self.db.read() as session:
            verdict = check_pages(pages_of(session, chain, after=sound.sound or None), points, start=sound)
            verdict.older = older
            extra = 0 if verdict.fault else count_up_to(session, chain, verdict.sound) - verdict.sound
            if extra:
                verdict.fault = ChainFault(0, f"{extra} rows stand in the chain that are no entries of it")
            return verdict


def _age(point: Checkpoint) -> dt.timedelta:
    """Age since signing. A time in the future (the clock was set back) counts as old, so that signing does not wait for
    it."""
    return abs(utc_now() - point.made_at)


def _up_to(session: Session, chain: str, after: int, stop: int) -> Iterator[list[RawEntry]]:
    for page in pages_of(session, chain, after=after):
        inside = [row for row in page if row[9] <= stop]
        if inside:
            yield inside
        if len(inside) < len(page) or len(page) < PAGE:
            return


def open_keeper(db: Database, settings: Settings) -> Keeper:
    """The keeper of this data folder's chains."""
    return Keeper(db, SigningKeys(settings.keyset_file.parent), open_folder(settings.checkpoints))


def open_folder(place: str) -> CheckpointFolder:
    """A folder, or an object store by URL."""
    return CheckpointFolder(lambda: BlobStore(None, place) if "://" in place else BlobStore(Path(place)))
