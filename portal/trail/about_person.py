"""A file for one person: what the portal holds about them and did with it (LAW-19; C-579/21).

Dates, purposes and roles. Colleagues appear as roles only, without network addresses. The contents of exports are left
out: they are LoyaltyDog's data, this file is about the portal's.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import audit
from portal.audit import Act
from portal.audit.evidence import STYLE, Json
from portal.audit.reading import AuditRow, rows_of, seqs_about, seqs_of_person
from portal.audit.words import ACT_WORDS
from portal.cases.services.ledger import CaseSeal, own_case
from portal.cases.services.people import PersonIndex
from portal.cases.standing import Standing
from portal.config import Settings
from portal.errors import InputError
from portal.exports.core.base import own_row
from portal.exports.core.download import DocumentKind, Download, whole
from portal.exports.core.ledger import SubjectSeal
from portal.exports.core.states import State
from portal.identity import Permission, Role, User, require, require_fresh_proof
from portal.identity.lookup import normal_email
from portal.identity.refusal_audit import RefusalAudit, refusals_audited
from portal.sources.ledger import identifiers_of
from portal.storage.case_tables import Case
from portal.storage.engine import Database
from portal.storage.tables import Account, Export, Merchant, utc_now
from portal.trail.evidence import PSEUDONYM_CHARS, exports_of_person
from portal.trail.person_cases import cases_of_person, held_case

PURPOSE = "To answer a request for access to personal data (Article 15 GDPR)"
PURPOSES: Mapping[str, str] = {
    Act.EXPORT_VIEW: "To check the answer before it is given",
    Act.EXPORT_REVEAL: "To check the answer before it is given",
    Act.EXPORT_SEARCH: "To check the answer before it is given",
    Act.EXPORT_DOWNLOAD: "To hand the answer over",
    Act.EXPORT_HANDED_OUT: "To hand the answer over",
    Act.ANSWER_SENT: "To show that the request was answered (Article 5(2) GDPR)",
    Act.FINGERPRINTS_KEEP: "To tell what changed when you ask again",
    Act.FINGERPRINTS_DESTROY: "To keep data no longer than needed (Article 5(1)(e) GDPR)",
    Act.EXPORT_DESTROY: "To keep data no longer than needed (Article 5(1)(e) GDPR)",
    Act.HISTORY_SEARCH: "To find earlier requests",
    Act.AUDIT_EVIDENCE: "To show that the law was kept (Article 5(2) GDPR)",
    Act.AUDIT_ABOUT_PERSON: "To answer what the portal itself holds (Article 15 GDPR)",
}
ROLE_WORDS: Mapping[str, str] = {
    Role.AGENT: "customer support", Role.MANAGER: "manager", Role.AUDITOR: "auditor",
    "system": "the portal by itself", "recipient": "the person who asked", "cli": "operator of the portal",
}  # fmt: skip
STATE_WORDS: Mapping[str, str] = {
    State.REQUESTED: "being asked for", State.SENT: "being asked for", State.WAITING: "waiting to be asked for",
    State.ACCEPTED: "being fetched", State.COLLECTED: "being checked", State.READY: "kept for the answer",
    State.ATTENTION: "kept until a manager decides", State.UNKNOWN: "unclear whether it was asked for",
    State.REJECTED: "refused by LoyaltyDog", State.FAILED: "not obtained",
    State.EXPIRED: "no longer available from LoyaltyDog", State.PURGED: "destroyed",
}  # fmt: skip

ANSWER_WORDS = {
    Standing.OPEN: "not answered yet", Standing.SENT: "sent", Standing.REFUSED: "refused",
    Standing.CLOSED: "no answer needed", Standing.LATER: "asked for again later", Standing.UNKNOWN: "not recorded",
}  # fmt: skip


@refusals_audited
@dataclass
class PersonRecords:
    """Writes that file."""

    db: Database
    refusal_audit: RefusalAudit
    settings: Settings
    seal: SubjectSeal
    index: PersonIndex
    case_seal: CaseSeal

    def about_person(
        self, user: User, export_id: str = "", *, person: str = "", kind: DocumentKind = DocumentKind.HTML
    ) -> Download:
        """The file about `person` (email or customer ID, whole) or about the person of an export.

        Is audited itself. Raises NotPermitted unless a manager, StepUpNeeded, NotFound, InputError(field="person").
        """
        require(user, Permission.AUDIT_READ)
        require(user, Permission.EXPORT_OPEN)
        require_fresh_proof(user, self.settings)
        with self.db.write() as session:
            if export_id:
                person = self.seal.open(own_row(session, user, export_id), "subject") or ""
            if not person.strip():
                raise InputError("Give the person's email or customer ID.", field="person")
            indexes = self.index.all(session, user, person)
            exports = exports_of_person(session, user.merchant_id, indexes)
            pseudonym = indexes[0][:PSEUDONYM_CHARS]
            audit.record(
                session, user.merchant_id, user.account_id, "audit:about_person",
                origin=user.origin, subject=pseudonym, exports=len(exports),
            )  # fmt: skip
            cases = cases_of_person(session, user.merchant_id, indexes)
            seqs = seqs_about(session, user.merchant_id, [*(row.id for row in exports), *(case.id for case in cases)])
            for index in indexes:
                seqs |= seqs_of_person(session, user.merchant_id, index[:PSEUDONYM_CHARS])
            acts = rows_of(session, user.merchant_id, seqs)
            document = self._document(session, user, person.strip(), exports, cases, acts)
        content = (
            _page(document)
            if kind == DocumentKind.HTML
            else json.dumps(document, indent=1, ensure_ascii=False).encode()
        )
        return whole(f"about-one-person-{utc_now():%Y-%m-%d}.{kind}", kind.media_type, content)

    def of_case(self, user: User, case_id: str) -> bytes:
        """What the portal holds about the person of a case, as JSON, for the answer to them (S8). Audited as the file
        about a person is. Raises NotFound, NotPermitted, StepUpNeeded."""
        require(user, Permission.CASE_WORK)
        require(user, Permission.EXPORT_OPEN)
        require_fresh_proof(user, self.settings)
        with self.db.write() as session:
            case = own_case(session, user, case_id)
            known = [one.value for one in identifiers_of(session, self.case_seal, case.id)]
            found = (index for value in known for index in self.index.all(session, user, value))
            indexes = tuple(dict.fromkeys(found))
            exports = exports_of_person(session, user.merchant_id, indexes)
            audit.record(
                session, user.merchant_id, user.account_id, "audit:about_person",
                origin=user.origin, subject=indexes[0][:PSEUDONYM_CHARS] if indexes else "", exports=len(exports),
            )  # fmt: skip
            cases = cases_of_person(session, user.merchant_id, indexes)
            seqs = seqs_about(session, user.merchant_id, [*(row.id for row in exports), *(one.id for one in cases)])
            for index in indexes:
                seqs |= seqs_of_person(session, user.merchant_id, index[:PSEUDONYM_CHARS])
            acts = rows_of(session, user.merchant_id, seqs)
            person = self.case_seal.name(case) or ", ".join(known)
            document = self._document(session, user, person, exports, cases, acts)
        return json.dumps(document, indent=1, ensure_ascii=False).encode()

    def _document(
        self, session: Session, user: User, person: str, exports: list[Export], cases: list[Case], acts: list[AuditRow]
    ) -> Json:
        roles = dict(
            session.execute(select(Account.id, Account.role).where(Account.merchant_id == user.merchant_id))
            .tuples()
            .all()
        )
        merchant = session.get_one(Merchant, user.merchant_id)
        staff = session.scalar(
            select(Account).where(Account.merchant_id == user.merchant_id, Account.email_key == normal_email(person))
        )
        return {
            "person": person,
            "controller": merchant.name,
            "made_at": _stamp(utc_now()),
            "recipients": ["LoyaltyDog, who keeps the gift cards for the controller and was asked for the data"]
            if any(row.response.sent_at for row in exports)
            else [],
            "scope": "This portal's own records. The gift-card data itself is in the answer to the request.",
            "cases": [held_case(session, case) for case in cases],
            "held": [_held(row, roles) for row in exports],
            "done": [_done(act, roles) for act in acts],
            "account": _account(staff) if staff else None,
        }


def _stamp(time: dt.datetime | None) -> str:
    return time.strftime("%Y-%m-%d %H:%M UTC") if time else ""


def _held(row: Export, roles: dict[str, str]) -> Json:
    held = "your email address" if row.asked.subject_kind == "email" else "your customer ID"
    if row.asked.sealed_card_id is not None:
        held += " and the ID of one card"
    return {
        "asked_on": _stamp(row.requested_at),
        "by": ROLE_WORDS[roles.get(row.requested_by, "agent")],
        "purpose": PURPOSE,
        "request_received_on": row.received_on.isoformat() if row.received_on else "",
        "about": row.program_name or ("one card" if row.asked.sealed_card_id else row.program_id or "everything"),
        "kept_encrypted": held if row.asked.sealed_subject is not None else "",
        "reference": row.reference,
        "answer_due_on": "" if row.answer == Standing.UNKNOWN else row.due_on.isoformat(),
        "answer": ANSWER_WORDS[Standing(row.answer)],
        "answered_on": row.answered_on.isoformat() if row.answered_on else "",
        "file_fetched": _stamp(row.file.collected_at),
        "file_bytes": row.file.size_bytes,
        "file_destroyed": _stamp(row.file.destroyed_at),
        "file_destroyed_at_latest": "" if row.file.destroyed_at else _stamp(row.file.destroy_after),
        "now": STATE_WORDS[row.state],
    }


def _done(act: AuditRow, roles: dict[str, str]) -> Json:
    what = ACT_WORDS[Act(act.action)] if act.action in ACT_WORDS else act.action
    if act.action == "export:state":
        what = f"{what}: {STATE_WORDS.get(str(act.facts.get('to')), str(act.facts.get('to')))}"
    return {
        "when": _stamp(act.at),
        "who": ROLE_WORDS.get(roles.get(act.actor, act.actor), "former colleague"),
        "what": what,
        "purpose": PURPOSES.get(act.action, PURPOSE),
    }


def _account(staff: Account) -> Json:
    return {
        "role": ROLE_WORDS[staff.role],
        "made_on": _stamp(staff.created_at),
        "last_sign_in": _stamp(staff.last_sign_in_at),
        "disabled_on": _stamp(staff.disabled_at),
    }


def _page(document: Json) -> bytes:
    def table(rows: list[Json], none: str) -> str:
        if not rows:
            return f"<p>{none}</p>"
        names = [name for name in rows[0] if any(row.get(name) not in (None, "") for row in rows)]
        head = "".join(f"<th>{escape(name.replace('_', ' ').capitalize())}</th>" for name in names)
        body = "".join(
            "<tr>" + "".join(f"<td>{escape(str(row.get(n) if row.get(n) is not None else ''))}</td>" for n in names)
            + "</tr>" for row in rows
        )  # fmt: skip
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"

    account = document["account"]
    recipients = "".join(f"<li>{escape(r)}</li>" for r in document["recipients"]) or "<li>Nobody</li>"
    page = f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>What this portal holds about you</title>{STYLE}</head><body><main>
<h1>What this portal holds about you and did</h1>
<p>About {escape(document["person"])}. Made by {escape(document["controller"])} on {document["made_at"]}.
{escape(document["scope"])}</p>
<h2>Your requests</h2>{table(document["cases"], "None: no request of yours is recorded in this portal.")}
<h2>What was asked of LoyaltyDog for them</h2>{table(document["held"], "Nothing.")}
<h2>What was done, when, by whom and why</h2>{table(document["done"], "Nothing.")}
<h2>Who received your email address or ID</h2><ul>{recipients}</ul>
{"<h2>Your sign-in to this portal</h2>" + table([account], "") if account else ""}
</main></body></html>
"""
    return page.encode()
