"""Accepts, after a restore, that chains end earlier or differ from what was signed.

A restored older state looks like a chain whose end was cut off. So nothing is signed until an operator accepts it on
the command line. The acceptance is an entry in the chain and in the portal's own; signed heads that no longer match are
moved to `set-aside/` in the checkpoints' folder, never deleted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.audit.chain import PORTAL_CHAIN, ChainFault, record
from portal.audit.checking import check_pages, count_up_to, pages_of
from portal.audit.checkpoints import Checkpoint
from portal.audit.keeper import ChainBroken, Keeper
from portal.audit.signed import believed, notes_of
from portal.storage.tables import AuditEntry, utc_now


@dataclass(frozen=True)
class Shortened:
    """A chain of `entries` sound entries; `disagreeing` signed heads say otherwise, the longest last."""

    chain: str
    entries: int
    disagreeing: tuple[Checkpoint, ...]

    @property
    def signed(self) -> Checkpoint:
        return self.disagreeing[-1]


def shortened(keeper: Keeper, chain: str) -> Shortened | None:
    """The part of the chain that was signed and no longer matches; None when all does.

    Raises ChainBroken when the chain is inconsistent in itself, which no older state is.
    """
    try:
        points, _older = believed(chain, notes_of(chain, keeper.folder, keeper.heads), keeper.key_notes())
    except ValueError as error:
        raise ChainBroken(ChainFault(0, str(error))) from None
    with keeper.db.read() as session:
        verdict = check_pages(pages_of(session, chain))
        if verdict.fault is None and count_up_to(session, chain, verdict.sound) != verdict.sound:
            verdict.fault = ChainFault(0, "rows stand in the chain that are no entries of it")
        if verdict.fault is not None:
            raise ChainBroken(verdict.fault)
        against = [point for point in points if _hash_at(session, chain, point.size) != point.head]
    against.sort(key=lambda point: point.size)
    return Shortened(chain, verdict.sound, tuple(against)) if against else None


def acknowledge(keeper: Keeper, found: Shortened, *, actor: str, origin: str) -> Checkpoint | None:
    """Accept it: write it down, set the disagreeing heads aside, sign what is there. May be cut off and run again."""
    facts: dict[str, Any] = {"signed": found.signed.size, "head": found.signed.head, "entries": found.entries,
             "checkpoints": len(found.disagreeing)}  # fmt: skip
    with keeper.db.write() as session:
        for chain in sorted({PORTAL_CHAIN, found.chain} if found.entries else {PORTAL_CHAIN}):
            record(session, chain, actor, "audit:acknowledge", object_id=found.chain, origin=origin, **facts)
    with keeper.heads.turn():
        sizes = [point.size for point in found.disagreeing]
        keeper.folder.set_aside(found.chain, sizes, f"{utc_now():%Y%m%dT%H%M%S}")
        keeper.heads.drop(found.chain)
    keeper.forget(found.chain)
    return keeper.sign(found.chain, now=True) if found.entries else None


def _hash_at(session: Session, chain: str, seq: int) -> str | None:
    return session.scalar(select(AuditEntry.entry_hash).where(AuditEntry.merchant_id == chain, AuditEntry.seq == seq))
