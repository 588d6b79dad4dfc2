"""Appending to and checking the chain.

Shape: an entry's hash is SHA-256 over ``b"portal-audit-v1\\x00"`` and the canonical JSON (sorted
keys, no spaces, UTF-8) of merchant, seq, at, actor, action, object, origin, result, facts, prev.
Units: `at` is ISO 8601 UTC with microseconds; hashes are 64 hex characters.
Rules: append only; seq starts at 1 and has no gaps; the first prev is 64 zeros; written in the
transaction of the act itself, so that an act without its entry cannot happen (SEC-50, SEC-51).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from portal.audit.actions import ACTIONS
from portal.storage.tables import AuditEntry, utc_now

DOMAIN = b"portal-audit-v1\x00"
GENESIS = "0" * 64
PAGE = 2_000  # entries read at a time while checking


class UndeclaredFact(ValueError):
    """An act was recorded under an unknown name or with a fact it does not declare: our own mistake."""


@dataclass(frozen=True)
class ChainFault:
    """Where the chain breaks first. `seq` is the place, `what` the plain reason."""

    seq: int
    what: str


def canonical(body: dict[str, Any]) -> bytes:
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def body_of(entry: AuditEntry) -> dict[str, Any]:
    return {
        "merchant": entry.merchant_id,
        "seq": entry.seq,
        "at": entry.at,
        "actor": entry.actor,
        "action": entry.action,
        "object": entry.object_id,
        "origin": entry.origin,
        "result": entry.result,
        "facts": entry.facts,
        "prev": entry.prev_hash,
    }


def hash_of(entry: AuditEntry) -> str:
    return hashlib.sha256(DOMAIN + canonical(body_of(entry))).hexdigest()


def record(
    session: Session,
    merchant_id: str,
    actor: str,
    action: str,
    *,
    object_id: str = "",
    origin: str = "",
    result: str = "ok",
    **facts: Any,
) -> AuditEntry:
    """Append one act within `session`'s transaction.

    `actor` is an account id, ``system`` or ``anonymous``; `origin` where the act came from (an
    address, ``cli``, ``worker``). Raises UndeclaredFact for an act or fact nobody declared.
    """
    declared = ACTIONS.get(action)
    if declared is None or not set(facts) <= declared.facts:
        raise UndeclaredFact(f"{action}: {sorted(facts)}")
    if session.get_bind().dialect.name == "postgresql":
        # One writer per merchant's chain; held to the end of the transaction.
        session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:m, 0))"), {"m": merchant_id})
    session.flush()
    last = session.execute(
        select(AuditEntry.seq, AuditEntry.entry_hash)
        .where(AuditEntry.merchant_id == merchant_id)
        .order_by(AuditEntry.seq.desc())
        .limit(1)
    ).first()
    entry = AuditEntry(
        merchant_id=merchant_id,
        seq=last.seq + 1 if last else 1,
        at=utc_now().isoformat(timespec="microseconds"),
        actor=actor,
        action=action,
        object_id=object_id,
        origin=origin[:64],
        result=result,
        facts={k: v for k, v in facts.items() if v is not None},
        prev_hash=last.entry_hash if last else GENESIS,
        entry_hash="",
    )
    entry.entry_hash = hash_of(entry)
    session.add(entry)
    session.flush()
    return entry


def _pages(session: Session, merchant_id: str) -> Iterator[list[AuditEntry]]:
    after = -(2**62)
    while True:
        page = list(
            session.scalars(
                select(AuditEntry)
                .where(AuditEntry.merchant_id == merchant_id, AuditEntry.seq > after)
                .order_by(AuditEntry.seq)
                .limit(PAGE)
            )
        )
        if not page:
            return
        yield page
        after = page[-1].seq
        session.expunge_all()


def verify_chain(session: Session, merchant_id: str) -> tuple[int, ChainFault | None]:
    """Walk the merchant's chain; give the number of sound entries and the first fault, if any."""
    expected_seq, prev, sound = 1, GENESIS, 0
    for page in _pages(session, merchant_id):
        for entry in page:
            if entry.seq != expected_seq:
                return sound, ChainFault(entry.seq, f"entry {expected_seq} is missing before {entry.seq}")
            if entry.prev_hash != prev:
                return sound, ChainFault(entry.seq, "does not follow from the entry before it")
            if hash_of(entry) != entry.entry_hash:
                return sound, ChainFault(entry.seq, "was changed after it was written")
            expected_seq, prev, sound = expected_seq + 1, entry.entry_hash, sound + 1
    return sound, None
