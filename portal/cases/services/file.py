"""What is recorded in one case by hand. Each fact, what follows from it and its audit entry are one transaction."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from portal import audit
from portal.cases.clock.calculation import Clock
from portal.cases.clock.gates import may_extend, moved_later, new_day, refusal_is_late
from portal.cases.clock.regimes import PauseKind
from portal.cases.facts import (
    ClosingReason,
    DemandOutcome,
    ExtensionReason,
    FactKind,
    IdentityMethod,
    IdentityResult,
    NotNeeded,
    RefusalReason,
    Right,
    effective,
)
from portal.cases.letters import sha256_of_sent
from portal.cases.recognition.id_numbers import looks_like_id_number
from portal.cases.recognition.methods import BY_HAND
from portal.cases.recognition.reading import recognition_of
from portal.cases.services.folding import folded
from portal.cases.services.ledger import (
    NOT_NOW,
    CaseSeal,
    add_fact,
    as_facts,
    as_folded,
    hold_case,
    rows_of,
    rules_of,
)
from portal.cases.services.letter_post import LetterPost, MailTo
from portal.cases.states import OPEN_STATES, WAITS, CaseState, waiting_for
from portal.errors import InputError, StateConflict
from portal.identity import Permission, Role, User, require
from portal.identity.lookup import account_of
from portal.identity.refusal_audit import RefusalAudit, refusals_audited
from portal.identity.roles import allows
from portal.storage.case_tables import Case, CaseDemand, CaseFact
from portal.storage.engine import Database
from portal.storage.tables import new_id, utc_now

NOTE_MAX = 4000
ASKED = {
    PauseKind.IDENTITY: FactKind.IDENTITY_ASKED,
    PauseKind.CLARIFICATION: FactKind.SCOPE_ASKED,
    PauseKind.FEE: FactKind.FEE_ASKED,
    PauseKind.OTHER: FactKind.PAUSED,
}
NO_MORE_TIME = "There is no more time to be told of in this case."
WRONG_DAY = "Choose a day after the target and within what the law allows."
KEPT = frozenset({FactKind.RECEIVED, FactKind.EXPORT_ASKED})
"""What cannot be taken back: it happened, whatever was meant by it."""


@dataclass(frozen=True)
class Recording:
    """One case while something is recorded in it."""

    session: Session
    user: User
    case: Case
    post: LetterPost | None = None
    queued: list[str] = field(default_factory=list)

    def mailed(self, letter: str, to: MailTo | None) -> dict[str, str]:
        """Queue the letter as a mail, unless it went another way; gives the code that says so."""
        if to is None:
            return {}
        if self.post is None:
            raise InputError("The portal sends no mail.", field="mail_to")
        self.queued.append(self.post.queue_letter(self.session, self.user, self.case, to, letter))
        return {"mail": self.queued[-1]}

    def add(self, act: str, kind: FactKind, *, entry: dict[str, Any] | None = None, **fact: Any) -> int:
        number = add_fact(self.session, self.user, self.case, kind, **fact)
        audit.record(
            self.session, self.user.merchant_id, self.user.account_id, act,
            object_id=self.case.id, origin=self.user.origin, number=number, **(entry or {}),
        )  # fmt: skip
        return number

    @property
    def clock(self) -> Clock:
        return as_folded(self.session, self.case).clock

    @property
    def open(self) -> bool:
        return CaseState(self.case.state) in OPEN_STATES


@refusals_audited
@dataclass
class CaseFile:
    """Records in a merchant's cases. A letter with `mail_to` goes out by mail as it is recorded, and MailNotSetUp,
    TooManyMails and InputError(field="mail_to") may be raised; without, it went another way."""

    db: Database
    refusal_audit: RefusalAudit
    seal: CaseSeal
    post: LetterPost | None = None

    def note(self, user: User, case_id: str, text: str) -> None:
        """A colleague's words, kept sealed. Raises NotPermitted, NotFound, InputError(field="text")."""
        text = text.strip()
        with self._recording(user, case_id, Permission.CASE_WORK) as recording:
            if not text or len(text) > NOTE_MAX:
                raise InputError(f"A note has at most {NOTE_MAX} characters, and at least one.", field="text")
            if looks_like_id_number(text):
                raise InputError("A note keeps no number of an identity document: leave it out.", field="text")
            recording.add("case:note", FactKind.NOTE, text=self._sealed(user, text))

    def acknowledge(self, user: User, case_id: str, letter: str, *, mail_to: MailTo | None = None) -> None:
        """The person was told by letter that their request came (CASE-4). Raises InputError(field="letter")."""
        with self._recording(user, case_id, Permission.CASE_WORK) as recording:
            entry = {"sha256": sha256_of_sent(letter)}
            codes = entry | recording.mailed(letter, mail_to)
            recording.add(
                "case:acknowledge", FactKind.ACKNOWLEDGED, codes=codes, entry=entry, text=self._sealed(user, letter)
            )  # fmt: skip

    def assign(self, user: User, case_id: str, account_id: str) -> None:
        """Give the case to a colleague. Raises NotFound for another merchant's, InputError(field="account_id")."""
        with self._recording(user, case_id, Permission.CASE_WORK) as recording:
            _check_colleague(recording, account_id)
            recording.case.assignee = account_id
            recording.add("case:assign", FactKind.ASSIGNED, codes={"to": account_id}, entry={"to": account_id})

    def hand_over(self, user: User, case_id: str, account_id: str = "") -> None:
        """Pass the case on to a colleague, or back to all of them."""
        with self._recording(user, case_id, Permission.CASE_WORK) as recording:
            if account_id:
                _check_colleague(recording, account_id)
            recording.case.assignee = account_id or None
            entry = {"to": account_id or None}
            recording.add("case:hand_over", FactKind.HANDED_OVER, codes={"to": account_id}, entry=entry)

    def record_identity(
        self,
        user: User,
        case_id: str,
        method: IdentityMethod,
        result: IdentityResult,
        *,
        because: NotNeeded | None = None,
    ) -> None:
        """How the person was recognised: method and result; never a value (LAW-5).

        A proof opens a case again that ended because nobody could tell who they are.
        """
        with self._recording(user, case_id, Permission.CASE_WORK) as recording:
            if method not in BY_HAND:
                raise InputError("This way is not recorded by hand.", field="method")
            if (method is IdentityMethod.NOT_NEEDED) is (because is None):
                raise InputError("Say why nobody had to be recognised.", field="because")
            codes = {
                "method": method.value,
                "result": result.value,
                "because": because.value if because else "",
            }
            entry = {"method": method.value, "outcome": result.value}
            recording.add("case:identity", FactKind.IDENTITY, codes=codes, entry=entry)

    def extend(
        self,
        user: User,
        case_id: str,
        reason: ExtensionReason,
        letter: str,
        *,
        until: dt.date | None = None,
        mail_to: MailTo | None = None,
    ) -> None:
        """The person was told of more time and why by `letter`, the words as they went out (CLK-3).

        Once, while the case is open, up to its target; a manager to the last lawful day. Raises StateConflict,
        InputError(field="until" or "letter").
        """
        with self._recording(user, case_id, Permission.CASE_WORK) as recording:
            clock, case = recording.clock, recording.case
            manager = allows(user.role, Permission.CASE_DECIDE)
            if not recording.open or not may_extend(clock, utc_now(), rules_of(case).place, manager=manager):
                raise StateConflict(NO_MORE_TIME, next_step="", detail="extend")
            day = new_day(clock, until)
            if day is None:
                raise InputError(WRONG_DAY, field="until")
            entry = {"reason": reason.value, "until": day.isoformat(), "sha256": sha256_of_sent(letter)}
            codes = entry | recording.mailed(letter, mail_to)
            words = self._sealed(user, letter)
            recording.add("case:extend", FactKind.EXTENDED, codes=codes, entry=entry, text=words)

    def pause(self, user: User, case_id: str, what: PauseKind) -> None:
        """Record that the person was asked for something. The law decides whether the clock pauses."""
        with self._recording(user, case_id, Permission.CASE_WORK) as recording:
            if ASKED[what] in _waiting(recording):
                raise StateConflict("The person was asked for this already.", next_step="", detail=what)
            recording.add("case:pause", ASKED[what], entry={"what": what.value})

    def resume(self, user: User, case_id: str, what: PauseKind) -> None:
        """What the person was asked for has come. A proof of identity is recorded by `record_identity`."""
        with self._recording(user, case_id, Permission.CASE_WORK) as recording:
            if what is PauseKind.IDENTITY:
                raise InputError("Record how the person was recognised.", field="what")
            if ASKED[what] not in _waiting(recording):
                raise StateConflict("The person was not asked for this.", next_step="", detail=what)
            recording.add("case:resume", WAITS[ASKED[what]], entry={"what": what.value})

    def refuse(
        self,
        user: User,
        case_id: str,
        reason: RefusalReason,
        letter: str,
        *,
        right: Right | None = None,
        mail_to: MailTo | None = None,
    ) -> None:
        """The person was told by `letter` that and why the request, or the one demand `right` of it, is refused. After
        the first period it counts as late, whatever more time was told (CLK-4). Raises InputError(field="right")."""
        with self._recording(user, case_id, Permission.CASE_DECIDE) as recording:
            demand = _open_demand(recording, right)
            entry = {
                "reason": reason.value, "sha256": sha256_of_sent(letter), "late": _late(recording), "demand": demand,
            }  # fmt: skip
            codes = entry | recording.mailed(letter, mail_to)
            words = self._sealed(user, letter)
            recording.add("case:refuse", FactKind.REFUSED, codes=codes, entry=_said(entry), text=words)

    def close_not_identified(self, user: User, case_id: str, letter: str, *, mail_to: MailTo | None = None) -> None:
        """The person was told by `letter` that nobody could tell who they are; a proof opens the case again."""
        with self._recording(user, case_id, Permission.CASE_DECIDE) as recording:
            entry = {"sha256": sha256_of_sent(letter), "late": _late(recording)}
            codes = entry | recording.mailed(letter, mail_to)
            words = self._sealed(user, letter)
            recording.add("case:not_identified", FactKind.NOT_IDENTIFIED, codes=codes, entry=_said(entry), text=words)

    def close(self, user: User, case_id: str, reason: ClosingReason, *, right: Right | None = None) -> None:
        """No answer is needed, or nothing is left to do in a case that has ended. Nothing of it is deleted (CASE-5).

        With `right` one demand of an open case: `DONE` says that it was carried out and the person told. Raises
        InputError(field="reason" or "right"), StateConflict for an erasure while it is not settled who asks.
        """
        with self._recording(user, case_id, Permission.CASE_WORK) as recording:
            demand = _open_demand(recording, right)
            done = reason is ClosingReason.DONE
            if reason is ClosingReason.BEFORE_RECORDS or (recording.open is done and not demand):
                raise InputError("Choose a reason that fits how the case stands.", field="reason")
            if done and right is Right.ERASURE:
                _check_recognised(recording)
            kind = FactKind.CLOSED
            if recording.open:
                kind = {ClosingReason.TAKEN_BACK: FactKind.WITHDRAWN, ClosingReason.DONE: FactKind.ANSWERED}.get(
                    reason, FactKind.CLOSED
                )
            codes = {"reason": reason.value if kind is FactKind.CLOSED else "", "demand": demand}
            entry = _said({"reason": reason.value, "demand": demand})
            recording.add("case:close", kind, codes=codes, entry=entry)

    def take_back(self, user: User, case_id: str, number: int) -> None:
        """A recorded fact was a mistake: it stays, and counts no longer. What moves a day later needs a manager."""
        with self._recording(user, case_id, Permission.CASE_WORK) as recording:
            facts = as_facts(rows_of(recording.session, case_id))
            fact = next((one for one in effective(facts) if one.number == number), None)
            if fact is None or fact.kind in KEPT:
                raise StateConflict(NOT_NOW, next_step="Look at what is recorded.", detail=f"take back {number}")
            if "request" in fact.codes:
                raise StateConflict(
                    "This was recorded at an export, and is taken back there.", next_step="", detail="of an answer"
                )  # fmt: skip
            before = folded(facts, rules_of(recording.case)).clock
            recording.add("case:take_back", FactKind.TAKEN_BACK, takes_back=number, entry={"takes_back": number})
            if moved_later(before, recording.clock):
                require(user, Permission.CASE_DECIDE)

    def _sealed(self, user: User, words: str) -> tuple[str, bytes]:
        """A new fact's id, and the words sealed for it."""
        fact_id = new_id()
        return fact_id, self.seal.seal(user.merchant_id, CaseFact, "text", fact_id, words)

    @contextlib.contextmanager
    def _recording(self, user: User, case_id: str, permission: Permission) -> Iterator[Recording]:
        require(user, permission)
        with self.db.write() as session:
            recording = Recording(session, user, hold_case(session, user, case_id), self.post)
            yield recording
        for mail_id in recording.queued:
            assert self.post is not None
            self.post.start(mail_id)


def _waiting(recording: Recording) -> tuple[FactKind, ...]:
    return waiting_for(effective(as_facts(rows_of(recording.session, recording.case.id))))


def _open_demand(recording: Recording, right: Right | None) -> str:
    """Its code; empty for the whole case. Raises InputError for what is not asked for, or has ended."""
    if right is None:
        return ""
    row = recording.session.get(CaseDemand, (recording.case.id, right.value))
    if row is None or row.outcome != DemandOutcome.OPEN or not recording.open:
        raise InputError("Choose what the person asks for and has no answer to yet.", field="right")
    return right.value


def _check_recognised(recording: Recording) -> None:
    known = recognition_of(recording.session, recording.case.id)
    if not known.settled:
        raise StateConflict(
            "Nothing is erased before the person is recognised.", next_step=known.missing[0].next_step,
            detail="identity",
        )  # fmt: skip


def _check_colleague(recording: Recording, account_id: str) -> None:
    account = account_of(recording.session, recording.user, account_id)
    if account.disabled_at is not None or not allows(Role(account.role), Permission.CASE_WORK):
        raise InputError("Choose a colleague who works on cases.", field="account_id")


def _late(recording: Recording) -> str:
    late = refusal_is_late(recording.clock, utc_now(), rules_of(recording.case).place)
    return "yes" if late else ""


def _said(codes: dict[str, str]) -> dict[str, str]:
    return {name: code for name, code in codes.items() if code}
