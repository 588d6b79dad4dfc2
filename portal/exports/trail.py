"""The audit trail for those who may read it: pages, the check, the chain as a file, evidence."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import audit
from portal.audit.evidence import Json, as_html, as_json, chain_lines, evidence_of
from portal.audit.reading import (
    TrailFilter,
    TrailPage,
    seqs_about,
    seqs_between,
    seqs_of_person,
    trail_page,
)
from portal.errors import InputError, NotFound
from portal.exports.base import ExportsBase
from portal.exports.download import Download, whole
from portal.exports.filters import day_of
from portal.identity import Permission, User, require
from portal.storage.tables import Account, AuditEntry, Export, utc_now

PSEUDONYM_CHARS = 16  # of the blind index, in entries
MOST_ENTRIES = 50_000  # in one evidence file
PERSON_LIMIT = 2_000  # exports of one person
FILE_KINDS = {"html": "text/html; charset=utf-8", "json": "application/json"}


@dataclass(frozen=True)
class About:
    """What an evidence file is about: exactly one export, the person of an export, a person, or days (UTC)."""

    export_id: str = ""
    person_of: str = ""
    person: str = ""
    since: dt.date | None = None
    until: dt.date | None = None


def about_from_address(query: Mapping[str, str]) -> About:
    """`export`, `person_of` (an export's id) or `from` and `to`; a person's own address never stands in one."""
    return About(
        export_id=query.get("export", ""),
        person_of=query.get("person_of", ""),
        since=day_of(query.get("from", "")),
        until=day_of(query.get("to", "")),
    )


@dataclass(frozen=True)
class TrailVerdict:
    """Whether the merchant's chain holds. `signed` entries are covered by the newest of `checkpoints`."""

    holds: bool
    entries: int
    since: dt.datetime | None
    checkpoints: int
    signed: int
    place: int
    what: str


class Trailing(ExportsBase):
    @cached_property
    def keeper(self) -> audit.Keeper:
        return audit.open_keeper(self.db, self.settings)

    def keep_checkpoints(self) -> None:
        """Sign what is due (every 500 entries and 15 minutes). Run every few seconds by a worker."""
        self.keeper.keep()

    def trail(
        self, user: User, wanted: TrailFilter | None = None, *, after: int | None = None, size: int = 50
    ) -> TrailPage:
        """A page of the merchant's acts, newest first."""
        require(user, Permission.AUDIT_READ)
        with self.db.read() as session:
            return trail_page(session, user.merchant_id, wanted or TrailFilter(), after=after, size=size)

    def trail_people(self, user: User) -> dict[str, str]:
        """Who may stand in the trail, id -> name: the choices of the filter."""
        require(user, Permission.AUDIT_READ)
        with self.db.read() as session:
            rows = session.execute(
                select(Account.id, Account.name, Account.email)
                .where(Account.merchant_id == user.merchant_id)
                .order_by(Account.email)
            )
            people = {account_id: name or email for account_id, name, email in rows}
        return {**people, "system": "the portal", "anonymous": "not signed in", "cli": "command line"}

    def verify_trail(self, user: User) -> TrailVerdict:
        """Walk the merchant's whole chain and compare it with every signed checkpoint. Is an act itself."""
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
            place=found.fault.seq if found.fault else 0,
            what=found.fault.what if found.fault else "",
        )

    def export_trail(self, user: User) -> Download:
        """The merchant's whole chain as JSON lines, for the stand-alone verifier."""
        require(user, Permission.AUDIT_READ)
        with self.db.write() as session:
            entry = audit.record(session, user.merchant_id, user.account_id, "audit:export", origin=user.origin)
        with contextlib.suppress(audit.ChainBroken):  # handed out all the same
            self.keeper.sign(user.merchant_id, now=True)
        return Download(f"audit-trail-{utc_now():%Y-%m-%d}.jsonl", "application/jsonl", None, self._lines(entry))

    def _lines(self, last: AuditEntry) -> Iterator[bytes]:
        with self.db.read() as session:
            yield from chain_lines(session, last.merchant_id)

    # Evidence ----------------------------------------------------------------------------------

    def evidence(self, user: User, about: About, kind: Literal["html", "json"] = "html") -> Download:
        """One file a regulator can check without the portal: facts, entries, proof, signed checkpoint.

        Raises NotPermitted, NotFound, InputError(field="since") when the period holds too much, ChainBroken
        when the chain no longer follows from what was signed.
        """
        require(user, Permission.AUDIT_READ)
        with self.db.write() as session:
            words, seqs, exports = self._subject_of(session, user, about)
            audit.record(
                session, user.merchant_id, user.account_id, "audit:evidence", object_id=words.get("export", ""),
                origin=user.origin, about=words["kind"], subject=words.get("person"), entries=len(seqs),
                since=words.get("from"), until=words.get("to"),
            )  # fmt: skip
        point = self.keeper.sign(user.merchant_id, now=True)
        assert point is not None  # an entry was just written
        note = self.keeper.folder.note_of(point)
        with self.db.read() as session:
            document = evidence_of(
                session, point, note, self.keeper.keys.notes(),
                about=words, facts=[facts_of(row) for row in exports], seqs={s for s in seqs if s <= point.size},
                roles=self._roles(session, user), made_at=utc_now().strftime("%Y-%m-%dT%H:%M:%SZ"),
            )  # fmt: skip
        content = (as_html if kind == "html" else as_json)(document, self.keeper.keys)
        return whole(f"evidence-{words['kind']}-{utc_now():%Y-%m-%d}.{kind}", FILE_KINDS[kind], content)

    def _subject_of(self, session: Session, user: User, about: About) -> tuple[Json, set[int], list[Export]]:
        if about.export_id:
            row = self._row(session, user, about.export_id)
            return {"kind": "export", "export": row.id}, seqs_about(session, user.merchant_id, [row.id]), [row]
        if about.person or about.person_of:
            indexes = self._person(session, user, about)
            exports = exports_of_person(session, user.merchant_id, indexes)
            seqs = seqs_about(session, user.merchant_id, [row.id for row in exports])
            for index in indexes:
                seqs |= seqs_of_person(session, user.merchant_id, index[:PSEUDONYM_CHARS])
            return {"kind": "person", "person": indexes[0][:PSEUDONYM_CHARS]}, seqs, exports
        if about.since is None or about.until is None or about.since > about.until:
            raise InputError("Give the first and the last day.", field="since")
        seqs = seqs_between(session, user.merchant_id, about.since, about.until, MOST_ENTRIES)
        if len(seqs) > MOST_ENTRIES:
            raise InputError(f"This period holds more than {MOST_ENTRIES:,} acts. Choose fewer days.", field="since")
        return {"kind": "period", "from": about.since.isoformat(), "to": about.until.isoformat()}, seqs, []

    def _person(self, session: Session, user: User, about: About) -> tuple[str, ...]:
        if about.person_of:
            return self._indexes_of(session, user, self._row(session, user, about.person_of))
        return self._indexes(session, user, about.person)

    def _roles(self, session: Session, user: User) -> dict[str, str]:
        rows = session.execute(select(Account.id, Account.role).where(Account.merchant_id == user.merchant_id))
        return {**dict(rows.tuples().all()), "system": "the portal itself", "cli": "command line"}


def exports_of_person(session: Session, merchant_id: str, indexes: tuple[str, ...]) -> list[Export]:
    """All exports asked for this person, oldest first. Raises NotFound beyond any believable number."""
    rows = list(
        session.scalars(
            select(Export)
            .where(Export.merchant_id == merchant_id, Export.subject_index.in_(indexes))
            .order_by(Export.requested_at)
            .limit(PERSON_LIMIT + 1)
        )
    )
    if len(rows) > PERSON_LIMIT:
        raise NotFound("There are too many exports of one person for one file.", next_step="Make evidence by period.")
    return rows


def facts_of(row: Export) -> Json:
    """What an evidence file says of an export: dates, counts, hashes; the person by pseudonym only (LAW-18)."""

    def stamp(time: dt.datetime | None) -> str | None:
        return time.strftime("%Y-%m-%dT%H:%M:%SZ") if time else None

    return {
        "export": row.id,
        "state": row.state,
        "person": row.subject_index[:PSEUDONYM_CHARS],
        "format": row.format,
        "program": row.program_id,
        "limited_to_a_card": row.sealed_card_id is not None,
        "asked_by": row.requested_by,
        "asked_through": row.channel,
        "received_on": row.received_on.isoformat() if row.received_on else None,
        "request": row.request_id,
        "answer_due_on": row.due_on.isoformat(),
        "answer": row.answer or None,
        "answered_on": row.answered_on.isoformat() if row.answered_on else None,
        "requested_at": stamp(row.requested_at),
        "sent_at": stamp(row.sent_at),
        "accepted_at": stamp(row.accepted_at),
        "collected_at": stamp(row.collected_at),
        "inspected_at": stamp(row.inspected_at),
        "link_expires_at": stamp(row.link_expires_at),
        "destroyed_at": stamp(row.destroyed_at),
        "vendor_export": row.vendor_export_id or None,
        "bytes": row.size_bytes,
        "sha256": row.sha256 or None,
        "tables": row.table_count,
        "rows": row.row_count,
        "verdict": row.verdict or None,
        "problem": row.problem_code or None,
    }
