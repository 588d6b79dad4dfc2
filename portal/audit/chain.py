"""Appending to and checking the chain.

Shape: an entry's hash is SHA-256 over `DOMAIN` and the canonical JSON (sorted keys, no spaces, UTF-8) of
merchant, seq, at, actor, action, object, origin, result, facts, prev. `DOMAIN` begins with 0x00, so that
the hash is at once the entry's leaf in the Merkle tree of RFC 6962.
Units: `at` is ISO 8601 UTC with microseconds; hashes are 64 hex characters.
Rules: append only; seq starts at 1 and has no gaps; the first prev is 64 zeros; written in the
transaction of the act itself, so that an act without its entry cannot happen (SEC-50, SEC-51).
"""

from __future__ import annotations

import hashlib
import json
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, insert, inspect, select, text
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.orm import Session

from portal.audit.actions import ACTIONS, Act
from portal.errors import PortalError
from portal.storage.tables import AuditEntry, utc_now

DOMAIN = b"\x00portal-audit-v1\x00"
GENESIS = "0" * 64
PORTAL_CHAIN = "portal"  # acts that belong to no merchant: keys, sign-ins with an unknown email


_COLUMNS = tuple(column.key for column in inspect(AuditEntry).columns)
_INSERT = insert(AuditEntry.__table__)  # type: ignore[arg-type]
_LAST = (
    select(AuditEntry.seq, AuditEntry.entry_hash)
    .where(AuditEntry.merchant_id == bindparam("chain"))
    .order_by(AuditEntry.seq.desc())
    .limit(1)
)
_ONE_WRITER = text("SELECT pg_advisory_xact_lock(hashtextextended(:chain, 0))")


refusals_written: ContextVar[list[str] | None] = ContextVar("refusals_written", default=None)
"""Called for each refusal entry that the current act writes, so that none is written twice."""


class UndeclaredFact(ValueError):
    """An act was recorded under an unknown name or with a fact it does not declare: our own mistake."""


class AuditUnavailable(PortalError):
    """The entry could not be written, so the act did not happen (SEC-51)."""

    code = "audit_unavailable"
    message = "The audit trail cannot be written right now, so nothing was done and nothing is shown."
    next_step = "The portal's operator: check the database and its disk. Then try again."


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

    `actor` is an account id, ``system`` or ``anonymous``; `origin` where the act came from (an address, ``cli``,
    ``worker``). Raises UndeclaredFact for an undeclared act or fact, AuditUnavailable when the entry cannot be written.
    """
    if action not in ACTIONS or not set(facts) <= ACTIONS[Act(action)]:
        raise UndeclaredFact(f"{action}: {sorted(facts)}")
    session.flush()
    if result == "refused" and (heard := refusals_written.get()) is not None:
        heard.append(action)
    try:
        return _append(session, merchant_id, actor, action, object_id, origin[:64], result, facts)
    except SQLAlchemyError as error:
        if actor == "system" and isinstance(error, OperationalError | InterfaceError):
            raise  # a worker repeats it while the database is away (Database.write_with_retry)
        raise AuditUnavailable(detail=f"{action}: {type(error).__name__}") from None


def hold(session: Session, merchant_id: str) -> None:
    """Be the only writer of the merchant's chain to the end of the transaction (SQLite has but one anyway)."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(_ONE_WRITER, {"chain": merchant_id})


def _append(
    session: Session,
    merchant_id: str,
    actor: str,
    action: str,
    object_id: str,
    origin: str,
    result: str,
    facts: dict[str, Any],
) -> AuditEntry:
    hold(session, merchant_id)
    connection = session.connection()
    last = connection.execute(_LAST, {"chain": merchant_id}).first()
    entry = AuditEntry(
        merchant_id=merchant_id,
        seq=last.seq + 1 if last else 1,
        at=utc_now().isoformat(timespec="microseconds"),
        actor=actor,
        action=action,
        object_id=object_id,
        origin=origin,
        result=result,
        facts={k: v for k, v in facts.items() if v is not None},
        prev_hash=last.entry_hash if last else GENESIS,
        entry_hash="",
    )
    entry.entry_hash = hash_of(entry)
    connection.execute(_INSERT, {name: getattr(entry, name) for name in _COLUMNS})
    return entry
