"""Keeping checkpoints: signing the chains as they grow, and checking them against what was signed.

A chain is signed every 500 entries and, when it has grown, every 15 minutes. Before signing, the entries
since the last checkpoint are checked to follow from it: a chain that was written anew is never signed.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterator

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from portal.audit.certifying import certifying
from portal.audit.chain import PORTAL_CHAIN, ChainFault, hold, record
from portal.audit.checking import PAGE, RawEntry, Verdict, block_of, check_pages, pages_of
from portal.audit.checkpoints import BadCheckpoint, Checkpoint, CheckpointFolder, parse_checkpoint
from portal.audit.signing import SigningKeys, VerifierKey, trusted_keys
from portal.config import Settings
from portal.errors import PortalError
from portal.log import log
from portal.storage.blobs import BlobStore
from portal.storage.engine import Database
from portal.storage.tables import AuditEntry, utc_now

EVERY_ENTRIES = 500
EVERY = dt.timedelta(minutes=15)
MOST_UNSEEN = 200  # chains a round whose checkpoints a new process looks up: each is a question to the object store


_TAILS = text(
    """
    WITH RECURSIVE chains (id) AS (
        SELECT min(merchant_id) FROM audit_entries
        UNION ALL
        SELECT (SELECT min(merchant_id) FROM audit_entries WHERE merchant_id > chains.id)
        FROM chains WHERE chains.id IS NOT NULL
    )
    SELECT id, (SELECT max(seq) FROM audit_entries WHERE merchant_id = chains.id) FROM chains WHERE id IS NOT NULL
    """
)


class ChainBroken(PortalError):
    """The trail does not hold; `fault` names the place."""

    code = "audit_broken"
    message = "The audit trail does not hold: entries were changed outside the portal."
    next_step = "Keep the checkpoints safe and tell whoever answers for the portal's security."

    def __init__(self, fault: ChainFault) -> None:
        super().__init__(detail=f"entry {fault.seq}")
        self.fault = fault


class Keeper:
    """Signs and verifies the chains of one database."""

    def __init__(self, db: Database, keys: SigningKeys, folder: CheckpointFolder) -> None:
        self._db = db
        self.keys = keys
        self.folder = folder
        self._lock = threading.Lock()
        self._last: dict[str, Checkpoint] = {}

    # Keys --------------------------------------------------------------------------------------

    def ensure_key(self) -> None:
        """Make the signing key on first use; its birth is an entry of the portal's own chain.

        Of several processes that start together one makes it: two keys would each call the other's checkpoints forged.
        """
        if self.keys.exists:
            return
        with self._db.write() as session:
            hold(session, PORTAL_CHAIN)
            if self.keys.exists:
                return
            key = self.keys.renew()
            record(session, PORTAL_CHAIN, "system", "key:create", key=f"audit-signing {key.id.hex()}")

    def rotate_key(self, actor: str, origin: str) -> VerifierKey:
        """A new signing key, vouched for by the former one; old checkpoints stay verifiable."""
        with self._lock:
            self.ensure_key()
            with self._db.write() as session:
                hold(session, PORTAL_CHAIN)
                key = self.keys.renew()
                record(session, PORTAL_CHAIN, actor, "key:rotate", origin=origin, key=f"audit-signing {key.id.hex()}")
            self.folder.put_key_notes(self.keys.notes())
        return key

    def trusted(self, anchor: str = "") -> list[VerifierKey]:
        """Keys whose checkpoints count: our own notes when this machine has them, else the folder's."""
        return trusted_keys(self.keys.notes() or self.folder.key_notes(), anchor)

    # Signing -----------------------------------------------------------------------------------

    def keep(self) -> None:
        """Sign what is due in every chain. One broken chain does not keep the others from being signed."""
        unseen = 0
        for chain, tail in self.tails().items():
            last = self._last.get(chain)
            if last is not None and last.size == tail:
                continue  # of ten thousand merchants few did anything since; the others cost no question of their own
            unseen += last is None
            if last is None and unseen > MOST_UNSEEN:
                continue  # the next round's: other chores wait for this one
            try:
                self.sign(chain)
            except ChainBroken as broken:
                log.error("audit.broken", merchant=chain, detail=broken.detail)

    def chains(self) -> list[str]:
        """All chains in the database."""
        return list(self.tails())

    def tails(self) -> dict[str, int]:
        """Every chain and how long it is, in one statement that jumps from one chain to the next (an index, not a
        walk)."""
        with self._db.read() as session:
            return {chain: tail for chain, tail in session.execute(_TAILS)}

    def sign(self, chain: str, *, now: bool = False) -> Checkpoint | None:
        """Sign the chain if it is due, or in any case with `now`; gives the newest checkpoint.

        Raises ChainBroken when what is there does not follow from what was signed.
        """
        with self._lock:
            self.ensure_key()
            last = self._newest(chain)
            with self._db.read() as session:
                tail = session.scalar(select(func.max(AuditEntry.seq)).where(AuditEntry.merchant_id == chain)) or 0
                size = last.size if last else 0
                if tail < size:
                    raise ChainBroken(ChainFault(tail + 1, f"is missing: {size} entries were signed"))
                grown = tail - size
                aged = last is None or utc_now() - last.made_at >= EVERY
                if not grown or not (now or aged or grown >= EVERY_ENTRIES):
                    return last
                last = self._newest(chain, afresh=True)  # another process may have signed meanwhile
                if last is not None and last.size >= tail:
                    return last
                return self._sign_on(session, chain, last, tail, to_the_end=now or aged)

    def _newest(self, chain: str, *, afresh: bool = False) -> Checkpoint | None:
        if afresh or chain not in self._last:
            note = self.folder.newest(chain)
            if note is None:
                return None
            self._last[chain] = parse_checkpoint(note, self.trusted())
        return self._last[chain]

    def _sign_on(
        self, session: Session, chain: str, last: Checkpoint | None, tail: int, *, to_the_end: bool
    ) -> Checkpoint | None:
        verdict = self._where_signed(session, chain, last)
        self.folder.put_key_notes(self.keys.notes())
        while verdict.sound < tail:
            stop = min(tail, (verdict.sound // EVERY_ENTRIES + 1) * EVERY_ENTRIES)
            if stop % EVERY_ENTRIES and not to_the_end:
                break
            since = verdict.sound
            rows = [row for page in _up_to(session, chain, since, stop) for row in page]
            check_pages([rows] if rows else [], start=verdict)
            if verdict.fault is None and verdict.sound < stop:
                verdict.fault = ChainFault(verdict.sound + 1, "is missing")
            if verdict.fault is not None:
                raise ChainBroken(verdict.fault)
            at = utc_now().strftime("%Y-%m-%dT%H:%M:%SZ")
            last = Checkpoint(chain, stop, verdict.frontier.root(), verdict.head, at, block_of(since, rows))
            self.folder.put(last, self.keys.sign(last.text()))
            self._last[chain] = last
        self.folder.put_frontier(chain, verdict.frontier)
        return last

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
        """The whole chain against every checkpoint of it. A bad checkpoint or key is a fault at entry 0.

        Entries that come to a signed digest are those that were checked when it was signed; `every_entry` has each of
        them hashed and linked again all the same.
        """
        source = folder or self.folder
        with certifying(self._db, chain, [] if every_entry else source.sizes(chain)) as quick:
            try:
                keys = trusted_keys(self.keys.notes() or source.key_notes(), anchor)
                points = [parse_checkpoint(note, keys) for note in source.notes(chain)]
                if any(point.chain != chain for point in points):
                    raise BadCheckpoint("a checkpoint of another chain lies here")
            except ValueError as error:
                return Verdict(fault=ChainFault(0, str(error)))
            sound = quick.verdict(points)
        if sound.sound:  # what was signed meanwhile is left to the next time
            points = [point for point in points if point.size <= sound.sound]
        with self._db.read() as session:
            return check_pages(pages_of(session, chain, after=sound.sound or None), points, start=sound)


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
    from pathlib import Path

    return CheckpointFolder(BlobStore(None, place) if "://" in place else BlobStore(Path(place)))
