"""Evidence: one file about an export, a person or some days, which a regulator can check without the portal."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import audit
from portal.audit.evidence import Json, as_html, as_json, evidence_of
from portal.audit.reading import seqs_about, seqs_between, seqs_of_person
from portal.cases.services.people import PersonIndex
from portal.errors import InputError, NotFound
from portal.exports.core.base import own_row
from portal.exports.core.download import DocumentKind, Download, whole
from portal.exports.core.ledger import indexes_of_row
from portal.exports.history.filters import day_of
from portal.identity import Permission, User, require
from portal.identity.refusal_audit import RefusalAudit, refusals_audited
from portal.storage.engine import Database
from portal.storage.tables import Account, Export, utc_now

PSEUDONYM_CHARS = 16  # of a blind index, as entries store it
MOST_ENTRIES = 50_000  # in one evidence file
PERSON_LIMIT = 2_000  # exports of one person


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


@refusals_audited
@dataclass
class Evidence:
    """Writes evidence files from a merchant's chain, signed first. `keeper` signs every chain of the portal."""

    db: Database
    refusal_audit: RefusalAudit
    index: PersonIndex
    keeper: audit.Keeper

    def document(self, user: User, about: About, kind: DocumentKind = DocumentKind.HTML) -> Download:
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
        with self.db.read() as session:
            document = evidence_of(
                session, point, point.note, self.keeper.keys.notes(),
                about=words, facts=[facts_of(row) for row in exports], seqs={s for s in seqs if s <= point.size},
                roles=self._roles(session, user), made_at=utc_now().strftime("%Y-%m-%dT%H:%M:%SZ"),
            )  # fmt: skip
        content = (as_html if kind == DocumentKind.HTML else as_json)(document, self.keeper.keys)
        return whole(f"evidence-{words['kind']}-{utc_now():%Y-%m-%d}.{kind}", kind.media_type, content)

    def _subject_of(self, session: Session, user: User, about: About) -> tuple[Json, set[int], list[Export]]:
        if about.export_id:
            row = own_row(session, user, about.export_id)
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
            return indexes_of_row(session, user, self.index, own_row(session, user, about.person_of))
        return self.index.all(session, user, about.person)

    def _roles(self, session: Session, user: User) -> dict[str, str]:
        rows = session.execute(select(Account.id, Account.role).where(Account.merchant_id == user.merchant_id))
        return {
            **dict(rows.tuples().all()),
            "system": "the portal itself",
            "recipient": "the person who asked",
            "cli": "command line",
        }


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
    """An evidence file's facts about an export: dates, counts, hashes; the person as a pseudonym only (LAW-18)."""

    def stamp(time: dt.datetime | None) -> str | None:
        return time.strftime("%Y-%m-%dT%H:%M:%SZ") if time else None

    return {
        "export": row.id,
        "state": row.state,
        "person": row.subject_index[:PSEUDONYM_CHARS],
        "format": row.format,
        "program": row.program_id,
        "limited_to_a_card": row.asked.sealed_card_id is not None,
        "asked_by": row.requested_by,
        "asked_through": row.asked.channel,
        "received_on": row.received_on.isoformat() if row.received_on else None,
        "request": row.request_id,
        "answer_due_on": row.due_on.isoformat(),
        "answer": row.answer or None,
        "answered_on": row.answered_on.isoformat() if row.answered_on else None,
        "requested_at": stamp(row.requested_at),
        "sent_at": stamp(row.response.sent_at),
        "accepted_at": stamp(row.response.accepted_at),
        "collected_at": stamp(row.file.collected_at),
        "inspected_at": stamp(row.inspected_at),
        "link_expires_at": stamp(row.link_expires_at),
        "destroyed_at": stamp(row.file.destroyed_at),
        "vendor_export": row.response.vendor_export_id or None,
        "bytes": row.file.size_bytes,
        "sha256": row.file.sha256 or None,
        "tables": row.file.table_count,
        "rows": row.file.row_count,
        "verdict": row.file.verdict or None,
        "problem": row.response.problem_code or None,
    }
