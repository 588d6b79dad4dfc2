"""Questions about the person's own file: chosen by the portal, answered by the person, compared in memory (6.3).

What was said and what the file holds is never kept: the row of a case has the names of the questions and the tries.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import audit
from portal.cases.facts import FactKind, IdentityMethod, IdentityResult, KnownFact
from portal.cases.services.ledger import NOT_NOW, hold_case, own_case, rules_of
from portal.cases.states import MAY_RECORD, CaseState
from portal.errors import PortalError, SealBroken, StateConflict
from portal.exports.core.states import State
from portal.exports.files.sealed_reading import TakesTooLong, preview_of
from portal.identity import Permission, User, require
from portal.identity.refusal_audit import RefusalAudit, refusals_audited
from portal.log import log
from portal.preview import Preview, PreviewError
from portal.recognition.knowledge.asked import choose, is_proof, readable, right_ones
from portal.recognition.knowledge.told import Told, told
from portal.recognition.recording import record_check
from portal.storage.answering.recognition_tables import IdentityQuestions
from portal.storage.case_tables import Case
from portal.storage.engine import Database
from portal.storage.tables import Export, FileKey, utc_now
from portal.vault import SealedFiles
from portal.vault.files import FilePlace

TRIES = 3
MOST_BYTES = 64 * 1024 * 1024
MOST_SECONDS = 60.0
"""Reading happens while the page is drawn, so it is bounded."""
_SYSTEM_RANDOM = random.SystemRandom()


class WrongAnswers(PortalError):
    """Never says which one, and not whether one was close."""

    refusal = True
    code = "identity_answers_wrong"
    message = "This is not enough: the answers do not show that it is them."
    next_step = "Ask once more, or recognise the person in another way."


class QuestionsOver(PortalError):
    """The same whether they were all used, or nothing can be asked."""

    refusal = True
    code = "identity_questions_over"
    message = "No questions can be asked in this case."
    next_step = "Recognise the person in another way."


class Asking(StrEnum):
    """`NONE`: nothing can be asked, for whatever reason. `READY`: it can, once a colleague begins. `OVER`: three tries
    were wrong, or it was the proof."""

    NONE = "none"
    READY = "ready"
    OPEN = "open"
    OVER = "over"


@dataclass(frozen=True)
class QuestionState:
    """`questions` are told once the asking has begun."""

    standing: Asking
    questions: tuple[KnownFact, ...] = ()
    tries_left: int = 0


@dataclass(frozen=True)
class _File:
    row: Export
    key: bytes


@refusals_audited
@dataclass
class CaseQuestions:
    """Questions of a merchant's cases."""

    db: Database
    refusal_audit: RefusalAudit
    sealed: SealedFiles

    def prepare(self, user: User, case_id: str) -> None:
        """Look once into the files that came since and choose the questions. Raises NotFound, StorageTrouble."""
        require(user, Permission.CASE_WORK)
        with self.db.read() as session:
            case = own_case(session, user, case_id)
            row, files = _row(session, case_id), _files(session, case)
            mark, zones = _mark(files), _zones(case)
            chosen_already = row is not None and (row.mark == mark or row.begun_at is not None)
            if chosen_already or not files or FactKind.IDENTITY not in MAY_RECORD[CaseState(case.state)]:
                return
        chosen = choose(self._told(files, zones), _SYSTEM_RANDOM.choice)
        with self.db.write() as session:
            case = hold_case(session, user, case_id)
            row = _row(session, case_id)
            if row is None:
                row = IdentityQuestions(merchant_id=case.merchant_id, case_id=case_id)
                session.add(row)
            if row.begun_at is None:
                row.mark, row.questions = mark, ",".join(chosen)

    def state(self, user: User, case_id: str) -> QuestionState:
        """Raises NotFound."""
        require(user, Permission.CASE_WORK)
        with self.db.read() as session:
            own_case(session, user, case_id)
            row = _row(session, case_id)
            standing = _standing(row)
            if row is None or standing is not Asking.OPEN:
                return QuestionState(standing)
            return QuestionState(standing, _questions(row), TRIES - row.tries)

    def begin(self, user: User, case_id: str) -> None:
        """From now on nothing of the person's data is shown in this case until it is settled who asks (IDN-3).

        Raises NotFound, QuestionsOver, StateConflict.
        """
        require(user, Permission.CASE_WORK)
        with self.db.write() as session:
            case = _held(session, user, case_id)
            row = _row(session, case_id)
            if row is None or _standing(row) is not Asking.READY:
                raise QuestionsOver(detail="not ready")
            row.begun_at = utc_now()
            _note(session, user, case, "identity:questions_asked", what=row.questions)

    def check(self, user: User, case_id: str, answers: Mapping[KnownFact, str]) -> None:
        """What the person says, compared and forgotten. Enough right ones are recorded as the proof, the third wrong
        try as a failed one.

        Raises NotFound, InputError at a field that counts as no try, WrongAnswers, QuestionsOver, StateConflict.
        """
        require(user, Permission.CASE_WORK)
        with self.db.read() as session:
            case = own_case(session, user, case_id)
            row = _row(session, case_id)
            if row is None or _standing(row) is not Asking.OPEN:
                raise QuestionsOver(detail="not open")
            asked, files, zones = _questions(row), _files(session, case), _zones(case)
        said = readable({fact: answers.get(fact, "") for fact in asked})
        if not files:
            raise QuestionsOver(detail="no file")
        right = is_proof(right_ones(said, self._told(files, zones)))
        with self.db.write() as session:
            case = _held(session, user, case_id)
            row = _row(session, case_id)
            if row is None or _standing(row) is not Asking.OPEN:
                raise QuestionsOver(detail="not open")
            row.tries += 0 if right else 1
            left = TRIES - row.tries
            if not right:
                _note(session, user, case, "identity:answers_wrong", count=row.tries)
            if right or not left:
                row.ended_at = utc_now()
                result = IdentityResult.PROVED if right else IdentityResult.FAILED
                record_check(session, user, case, IdentityMethod.QUESTIONS, result, asked)
        if not right:  # after the commit, so that the try counts
            raise WrongAnswers(detail=f"{left} left") if left else QuestionsOver(detail="tries used")

    # -------------------------------------------------------------------------------------------

    def _told(self, files: list[_File], zones: tuple[ZoneInfo, ...]) -> Told:
        """Nothing, where a file cannot be read."""
        try:
            return told([self._preview(file) for file in files], zones)
        except (TakesTooLong, PreviewError, SealBroken) as error:
            log.error("identity.file_not_read", error_type=type(error).__name__)
            return Told()

    def _preview(self, file: _File) -> Preview:
        row = file.row
        place = FilePlace(row.merchant_id, row.id, row.file.blob_name)
        return preview_of(self.sealed, row, place, file.key, seconds=MOST_SECONDS)


def _row(session: Session, case_id: str) -> IdentityQuestions | None:
    return session.scalar(select(IdentityQuestions).where(IdentityQuestions.case_id == case_id))


def _standing(row: IdentityQuestions | None) -> Asking:
    if row is None or not row.questions:
        return Asking.NONE
    if row.ended_at is not None:
        return Asking.OVER
    return Asking.OPEN if row.begun_at is not None else Asking.READY


def _questions(row: IdentityQuestions) -> tuple[KnownFact, ...]:
    return tuple(KnownFact(code) for code in row.questions.split(",") if code)


def _files(session: Session, case: Case) -> list[_File]:
    """The newest checked file of each whole export of the case, oldest first: one of a program or a card tells too
    little, and one whose check failed may be somebody else's."""
    rows = session.scalars(
        select(Export)
        .where(Export.case_id == case.id, Export.state.in_((State.READY, State.EXPIRED)), Export.program_id.is_(None))
        .order_by(Export.requested_at, Export.id)
    )
    newest = {row.asked.subject_kind + row.subject_index: row for row in rows if _is_usable(row)}
    found = [(row, session.get(FileKey, (row.id, row.file.blob_name))) for row in newest.values()]
    return [_File(row, key.sealed_keyset) for row, key in found if key is not None]


def _is_usable(row: Export) -> bool:
    there = row.file.destroyed_at is None and row.asked.sealed_card_id is None
    return there and 0 < (row.file.size_bytes or 0) <= MOST_BYTES


def _mark(files: list[_File]) -> str:
    return hashlib.sha256(" ".join(file.row.file.sha256 for file in files).encode()).hexdigest()


def _zones(case: Case) -> tuple[ZoneInfo, ...]:
    """A purchase at the turn of a month was in another one by the file's clock than by the person's."""
    return ZoneInfo("UTC"), rules_of(case).place


def _held(session: Session, user: User, case_id: str) -> Case:
    case = hold_case(session, user, case_id)
    if FactKind.IDENTITY not in MAY_RECORD[CaseState(case.state)]:
        raise StateConflict(NOT_NOW, next_step="Look at what is recorded.", detail=f"{case.state}: questions")
    return case


def _note(session: Session, user: User, case: Case, action: str, **facts: Any) -> None:
    audit.record(
        session, user.merchant_id, user.account_id, action, object_id=case.id, origin=user.origin, **facts
    )  # fmt: skip
