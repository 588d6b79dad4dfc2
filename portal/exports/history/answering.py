"""Recording how a request was answered. Each fact and its audit entry are one transaction (LAW-16)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import audit
from portal.cases.clock import Clock
from portal.cases.clock.gates import may_extend, new_day
from portal.cases.letters import sha256_of_sent
from portal.cases.services.file import WRONG_DAY
from portal.cases.services.ledger import CaseSeal, as_folded, hold_case, own_case, rules_of, today_of
from portal.cases.standing import Standing
from portal.errors import InputError, StateConflict
from portal.exports.core.answers import (
    CHANNELS,
    COPIES,
    NO_FILE,
    REASONS,
    AnswerFact,
    AnswerRecord,
    HandedOut,
    Kind,
    day_in,
    effective,
    may_follow,
)
from portal.exports.core.base import own_row
from portal.exports.core.download import FileKind
from portal.exports.core.states import State
from portal.exports.history.case_facts import record_in_case
from portal.identity import Permission, Role, User, require
from portal.identity.refusal_audit import RefusalAudit, refusals_audited
from portal.identity.roles import allows
from portal.storage.case_tables import Case, CaseFact
from portal.storage.engine import Database
from portal.storage.tables import Account, Answer, AuditEntry, Export, new_id, utc_now

ACTS = {
    Kind.SENT: "answer:sent",
    Kind.ACKNOWLEDGED: "answer:acknowledged",
    Kind.EXTENDED: "answer:extended",
    Kind.REFUSED: "answer:refused",
    Kind.CLOSED: "answer:closed",
    Kind.TAKEN_BACK: "answer:taken_back",
}
CLOCKS_DIFFER = dt.timedelta(minutes=2)
MOST_ACTS = 40  # of one export, looked through for what was handed out last


@dataclass
class Request:
    """A request as one transaction sees it: its first export, the one that stands for it, the facts, its case."""

    asked: Export
    first: Export
    standing: Export
    rows: list[Answer]
    case: Case
    clock: Clock

    def may(self, role: Role) -> tuple[Kind, ...]:
        """What may be recorded next, by a role that may record."""
        manager = allows(role, Permission.CASE_DECIDE)
        more = may_extend(self.clock, utc_now(), rules_of(self.case).place, manager=manager)
        kinds = may_follow(Standing(self.standing.answer), self.rows, more_time=more)
        return tuple(kind for kind in kinds if manager or kind is not Kind.REFUSED)


@refusals_audited
@dataclass
class Answers:
    """How the requests of a merchant's exports were answered."""

    db: Database
    refusal_audit: RefusalAudit
    seal: CaseSeal

    def record_of(self, user: User, export_id: str) -> AnswerRecord:
        """Where the export's request stands and what was recorded, oldest first. Raises NotFound."""
        require(user, Permission.EXPORT_LIST)
        with self.db.read() as session:
            request = self._request(session, user, export_id)
            return self._record(session, user, request, _names(session, {row.recorded_by for row in request.rows}))

    def record_sent(
        self, user: User, export_id: str, channel: str, *, at: dt.datetime | None = None, copy: str = ""
    ) -> None:
        """The answer went out at `at` (now) by `channel`. `copy` empty: the one the portal handed out last, else the
        original. Its SHA-256 is recorded, also when the file is destroyed by then.

        Raises NotPermitted, NotFound, StateConflict, InputError(field="channel", "at" or "copy").
        """

        def fact(session: Session, request: Request) -> dict[str, Any]:
            _one_of(channel, CHANNELS, "channel", "Choose how it was sent.")
            kind, sha256 = _package(session, request.asked, copy)
            return {"channel": channel, "copy": kind, "sha256": sha256}

        self._add(user, export_id, Kind.SENT, fact, at)

    def record_acknowledged(self, user: User, export_id: str, *, at: dt.datetime | None = None) -> None:
        """The person said that they have it."""
        self._add(user, export_id, Kind.ACKNOWLEDGED, lambda _session, _request: {}, at)

    def record_extended(
        self, user: User, export_id: str, reason: str, letter: str, *, until: dt.date | None = None
    ) -> None:
        """The person was told of more time and its reason by `letter`, the words as they went out; up to `until` (the
        longest the law gives).

        Raises StateConflict where the clock of the case lets no more time be told (CLK-3), InputError(field="reason",
        "until" or "letter").
        """

        def fact(_session: Session, request: Request) -> dict[str, Any]:
            _one_of(reason, REASONS[Kind.EXTENDED], "reason", "Choose a reason.")
            day = new_day(request.clock, until)
            if day is None:
                raise InputError(WRONG_DAY, field="until")
            return {"reason": reason, "until": day, "sha256": sha256_of_sent(letter)}

        self._add(user, export_id, Kind.EXTENDED, fact, None, letter=letter)

    def record_refused(
        self, user: User, export_id: str, reason: str, letter: str, *, at: dt.datetime | None = None
    ) -> None:
        """The person was told by `letter` that and why the request is refused (Art. 12(4) GDPR). A manager decides."""
        require(user, Permission.CASE_DECIDE)

        def fact(_session: Session, _request: Request) -> dict[str, Any]:
            _one_of(reason, REASONS[Kind.REFUSED], "reason", "Choose a reason.")
            return {"reason": reason, "sha256": sha256_of_sent(letter)}

        self._add(user, export_id, Kind.REFUSED, fact, at, letter=letter)

    def record_closed(self, user: User, export_id: str, reason: str) -> None:
        """Nothing needs to be answered."""

        def fact(_session: Session, _request: Request) -> dict[str, Any]:
            _one_of(reason, REASONS[Kind.CLOSED], "reason", "Choose a reason.")
            return {"reason": reason}

        self._add(user, export_id, Kind.CLOSED, fact, None)

    def take_back_answer(self, user: User, export_id: str) -> None:
        """The newest fact that holds was recorded by mistake. It stays, and counts no longer."""
        self._add(user, export_id, Kind.TAKEN_BACK, lambda _session, _request: {}, None)

    # -------------------------------------------------------------------------------------------

    def _add(
        self,
        user: User,
        export_id: str,
        kind: Kind,
        fact: Callable[[Session, Request], dict[str, Any]],
        at: dt.datetime | None,
        *,
        letter: str = "",
    ) -> None:
        require(user, Permission.EXPORT_CREATE)
        with self.db.write() as session:
            hold_case(session, user, own_row(session, user, export_id).case_id)
            request = self._request(session, user, export_id)
            standing = request.standing
            if kind not in request.may(user.role):
                late = kind is Kind.EXTENDED and today_of(request.case) > request.clock.target_on
                raise StateConflict(
                    TOO_LATE if late else NOT_NOW,
                    next_step="Look at what is recorded.", detail=f"{standing.answer}: {kind}",
                )  # fmt: skip
            when = _moment(at, request.clock.received_on, user.time_zone)
            values = fact(session, request)
            if kind is Kind.TAKEN_BACK:
                values = {"takes_back": effective(request.rows)[-1].number}
            row = Answer(
                request_id=request.first.id, number=len(request.rows) + 1, merchant_id=user.merchant_id,
                export_id=export_id, kind=kind.value, at=when, recorded_by=user.account_id, **values,
            )  # fmt: skip
            session.add(row)
            session.flush()
            record_in_case(session, user, standing.case_id, row, self._sealed(user, letter) if letter else None)
            audit.record(
                session, user.merchant_id, user.account_id, ACTS[kind],
                object_id=export_id, origin=user.origin, **_entry(row),
            )  # fmt: skip

    def _sealed(self, user: User, letter: str) -> tuple[str, bytes]:
        """The id of the case's new fact, and the words sealed for it."""
        fact_id = new_id()
        return fact_id, self.seal.seal(user.merchant_id, CaseFact, "text", fact_id, letter)

    def _request(self, session: Session, user: User, export_id: str) -> Request:
        asked = own_row(session, user, export_id)
        first = session.get_one(Export, asked.request_id)
        of_request = select(Export).where(Export.request_id == first.id, Export.answer != Standing.LATER)
        rows = session.scalars(select(Answer).where(Answer.request_id == first.id).order_by(Answer.number)).all()
        case = own_case(session, user, asked.case_id)
        clock = as_folded(session, case).clock
        return Request(asked, first, session.scalars(of_request).one(), list(rows), case, clock)

    def _record(self, session: Session, user: User, request: Request, names: dict[str, str]) -> AnswerRecord:
        holding = {row.number for row in effective(request.rows)}
        clock, standing = request.clock, request.standing
        return AnswerRecord(
            standing=Standing(standing.answer),
            received_on=clock.received_on,
            month_ends_on=clock.target_on,
            due_on=clock.due_on,
            extended_at_most=clock.extended_target_on,
            answered_on=standing.answered_on,
            today=today_of(request.case),
            facts=tuple(_fact(row, names, row.number in holding) for row in request.rows),
            may=request.may(user.role),
            handed_out=last_handed_out(session, request.asked),
            newest_export=standing.id,
        )


TOO_LATE = "The month is over, so it can no longer be extended."
NOT_NOW = "This cannot be recorded as things stand."


def last_handed_out(session: Session, row: Export) -> HandedOut | None:
    """The copy of this export that left the portal last, from the trail: it outlives the file."""
    entries = session.execute(
        select(AuditEntry.action, AuditEntry.facts, AuditEntry.at)
        .where(AuditEntry.merchant_id == row.merchant_id, AuditEntry.object_id == row.id)
        .where(AuditEntry.action.in_(("export:download", "export:handed_out")))
        .order_by(AuditEntry.seq.desc())
        .limit(MOST_ACTS)
    )
    for action, facts, at in entries:
        if action == "export:handed_out" or facts.get("kind") == FileKind.ORIGINAL:
            return HandedOut(facts["kind"], facts["sha256"], dt.datetime.fromisoformat(at))
    return None


def _package(session: Session, row: Export, wanted: str) -> tuple[str, str]:
    """Which copy was sent, and its SHA-256 (none without a file)."""
    last = last_handed_out(session, row)
    copy = wanted or (last.copy if last else FileKind.ORIGINAL if row.file.sha256 else NO_FILE)
    _one_of(copy, COPIES, "copy", "Choose what was sent.")
    if copy == NO_FILE:
        return copy, ""
    if last is not None and last.copy == copy:
        return copy, last.sha256
    if copy != FileKind.ORIGINAL:
        raise InputError("Download this copy here first: its SHA-256 is taken then.", field="copy")
    if not row.file.sha256 or State(row.state) is State.ATTENTION:
        raise InputError("There is no file of this export that could have been sent.", field="copy")
    return copy, row.file.sha256


def _names(session: Session, accounts: set[str]) -> dict[str, str]:
    rows = session.execute(select(Account.id, Account.name, Account.email).where(Account.id.in_(accounts)))
    return {account_id: name or email for account_id, name, email in rows}


def _one_of(code: str, known: tuple[str, ...], field: str, words: str) -> None:
    if code not in known:
        raise InputError(words, field=field)


def _moment(at: dt.datetime | None, received: dt.date, zone: str) -> dt.datetime:
    now = utc_now()
    if at is None:
        return now
    if at > now + CLOCKS_DIFFER:
        raise InputError("The time must not be in the future.", field="at")
    if day_in(zone, at) < received:
        raise InputError("The time must not be before the request was received.", field="at")
    return at


def _fact(row: Answer, names: dict[str, str], holds: bool) -> AnswerFact:
    return AnswerFact(
        number=row.number, kind=Kind(row.kind), at=row.at, recorded_at=row.recorded_at,
        by=names.get(row.recorded_by, ""), export_id=row.export_id, channel=row.channel, copy=row.copy,
        sha256=row.sha256, reason=row.reason, until=row.until,
        taken_back=not holds and row.kind != Kind.TAKEN_BACK,
    )  # fmt: skip


def _entry(row: Answer) -> dict[str, Any]:
    """The facts of the audit entry; what is empty is left out."""
    found = {
        "number": row.number, "channel": row.channel, "copy": row.copy, "sha256": row.sha256, "reason": row.reason,
        "until": row.until.isoformat() if row.until else "", "takes_back": row.takes_back,
        "at": row.at.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }  # fmt: skip
    return {name: value for name, value in found.items() if value not in ("", None)}
