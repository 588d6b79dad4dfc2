"""The audit trail for those who may read it: pages, the check, the chain as a file."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import select

from portal import audit
from portal.audit.evidence import chain_lines
from portal.audit.reading import TrailFilter, TrailPage, trail_page
from portal.exports.core.download import Download
from portal.identity import Permission, User, require
from portal.identity.refusal_audit import RefusalAudit, refusals_audited
from portal.storage.engine import Database
from portal.storage.tables import Account, AuditEntry, utc_now


@dataclass(frozen=True)
class TrailVerdict:
    """How far the merchant's chain holds. Up to entry `signed` the newest of `checkpoints`, made `signed_at`, proves
    it; the `unsigned` entries after it are only known to be consistent."""

    holds: bool
    entries: int
    since: dt.datetime | None
    checkpoints: int
    signed: int
    signed_at: dt.datetime | None
    unsigned: int
    place: int
    what: str


@dataclass(frozen=True)
class TrailStanding:
    """How much of the merchant's chain is signed, by the signed head; `alarm`: the chain does not match it."""

    signed: int
    signed_at: dt.datetime | None
    unsigned: int
    alarm: bool


@refusals_audited
@dataclass
class Trail:
    """A merchant's audit chain. `keeper` signs every chain of the portal."""

    db: Database
    refusal_audit: RefusalAudit
    keeper: audit.Keeper

    def sign_checkpoints(self) -> None:
        """Sign what is due: each chain within a minute of its last entry. Run every few seconds by a worker."""
        self.keeper.keep()

    def entries(
        self, user: User, wanted: TrailFilter | None = None, *, after: int | None = None, size: int = 50
    ) -> TrailPage:
        """A page of the merchant's acts, newest first."""
        require(user, Permission.AUDIT_READ)
        with self.db.read() as session:
            return trail_page(session, user.merchant_id, wanted or TrailFilter(), after=after, size=size)

    def trail_people(self, user: User) -> dict[str, str]:
        """Possible actors of the trail's entries, id -> name: the choices of the filter."""
        require(user, Permission.AUDIT_READ)
        with self.db.read() as session:
            rows = session.execute(
                select(Account.id, Account.name, Account.email)
                .where(Account.merchant_id == user.merchant_id)
                .order_by(Account.email)
            )
            people = {account_id: name or email for account_id, name, email in rows}
        return {
            **people,
            "system": "the portal",
            "recipient": "the person who asked",
            "anonymous": "not signed in",
            "cli": "command line",
        }

    def trail_standing(self, user: User) -> TrailStanding:
        """How far the merchant's chain is signed, without reading it; `verify_trail` says whether it holds."""
        require(user, Permission.AUDIT_READ)
        try:
            head, tail = self.keeper.standing(user.merchant_id)
        except audit.ChainBroken:
            return TrailStanding(0, None, 0, alarm=True)
        if head is None:
            return TrailStanding(0, None, tail, alarm=False)
        return TrailStanding(head.size, head.made_at, max(tail - head.size, 0), alarm=False)

    def verify_trail(self, user: User) -> TrailVerdict:
        """Read the merchant's whole chain and compare it with each signed checkpoint. Is audited itself."""
        require(user, Permission.AUDIT_READ)
        found = self.keeper.verify(user.merchant_id)
        with self.db.write() as session:
            audit.record(
                session, user.merchant_id, user.account_id, "audit:verify", origin=user.origin,
                result="ok" if found.holds else "broken", holds=found.holds, sound=found.sound,
                place=found.fault.seq if found.fault else None, checkpoints=found.checkpoints,
            )  # fmt: skip
        return TrailVerdict(
            holds=found.holds,
            entries=found.sound,
            since=dt.datetime.fromisoformat(found.first_at) if found.first_at else None,
            checkpoints=found.checkpoints,
            signed=found.signed.size if found.signed else 0,
            signed_at=found.signed.made_at if found.signed else None,
            unsigned=found.unsigned,
            place=found.fault.seq if found.fault else 0,
            what=found.fault.what if found.fault else "",
        )

    def export_trail(self, user: User) -> Download:
        """The merchant's whole chain as JSON lines, for the stand-alone verifier."""
        require(user, Permission.AUDIT_READ)
        with self.db.write() as session:
            entry = audit.record(session, user.merchant_id, user.account_id, "audit:export", origin=user.origin)
        with contextlib.suppress(audit.ChainBroken):  # exported nevertheless
            self.keeper.sign(user.merchant_id, now=True)
        return Download(f"audit-trail-{utc_now():%Y-%m-%d}.jsonl", "application/jsonl", None, self._lines(entry))

    def _lines(self, last: AuditEntry) -> Iterator[bytes]:
        with self.db.read() as session:
            yield from chain_lines(session, last.merchant_id)
