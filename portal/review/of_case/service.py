"""All files that a case's answer is made of, and what is decided about each as one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from portal import audit
from portal.cases.recognition.hiding import hides
from portal.cases.services.ledger import CaseSeal, own_case
from portal.config import Settings
from portal.errors import InputError, NotFound, StateConflict
from portal.exports.core.base import own_row
from portal.exports.files.openable import openable
from portal.identity import Permission, User, allows, require
from portal.identity.refusal_audit import RefusalAudit, refusals_audited
from portal.letters.words import letter_language
from portal.preview import AskedPerson, Preview
from portal.redaction.reasons import Reason
from portal.review import ledger
from portal.review.copying.copies import RedactedCopies, Undecided
from portal.review.deciding import section_for
from portal.review.files import ReviewFiles
from portal.review.kinds import By, Choice, FileOf, Scope, SecondReason, Whole
from portal.review.ledger import File, MerchantRules, NewDecision
from portal.review.of_case import answering
from portal.review.of_case.counting import Counted, Counting
from portal.review.of_case.rows import (
    CaseFileRow,
    decided_whole,
    decisions_of_all,
    files_of,
    located_export,
)
from portal.review.of_case.shelf import CaseShelf, Located, asked_in_case, of_system_file, with_member
from portal.review.of_case.views import AnswerBytes, CaseFileView
from portal.review.opened import Asked, Shelf
from portal.review.weighing import LEGAL, why_second
from portal.storage.answering.review_tables import ReviewDecision
from portal.storage.answering.system_tables import SystemFile
from portal.storage.case_tables import Case
from portal.storage.engine import Database
from portal.storage.locks import lock_merchant
from portal.storage.tables import new_id
from portal.systems.ledger import replacements_of

DECIDABLE = frozenset({Whole.SENT, Whole.LEFT_OUT, Whole.REPLACED})


@refusals_audited
@dataclass
class CaseFiles:
    """Lists the files of a case with their review, decides about one as a whole, and gives it as it is sent."""

    db: Database
    refusal_audit: RefusalAudit
    settings: Settings
    seal: CaseSeal
    shelf: CaseShelf
    exports: Shelf
    files: ReviewFiles
    copies: RedactedCopies
    counting: Counting

    def of_case(self, user: User, case_id: str) -> tuple[CaseFileView, ...]:
        """Exports, answers of sources, attached files. Numbers only: nothing of what is in them; none at all before it
        is settled who asks, where the case shows nothing until then. Raises NotFound."""
        require(user, Permission.CASE_LIST)
        names = allows(user.role, Permission.EXPORT_OPEN)
        with self.db.read() as session:
            own_case(session, user, case_id)
            if hides(session, case_id):
                return ()
            rows = files_of(session, self.seal, case_id, names=names)
            decided = decisions_of_all(session, [row.located.file for row in rows])
            rules = ledger.rules_of(session, user.merchant_id)
            person = asked_in_case(session, self.seal, case_id)
            asked = [self._asked(session, row, person) if row.located.key else None for row in rows]
            approved = [
                bool(these) and ledger.approval_of(session, row.located.file, these) is not None
                for row, these in ((row, decided[row.located.file]) for row in rows)
            ]
        return tuple(
            self._view(user, row, decided[row.located.file], rules, who, approved=yes)
            for row, who, yes in zip(rows, asked, approved, strict=True)
        )

    def find(self, user: User, file_id: str) -> tuple[str, CaseFileView]:
        """The case of an answer or an attached file, and the file in it. Raises NotFound."""
        require(user, Permission.CASE_LIST)
        with self.db.read() as session:
            case_id = self.shelf.case_of(session, user, file_id)
        found = next((one for one in self.of_case(user, case_id) if one.id == file_id), None)
        if found is None:
            raise NotFound(next_step="Look at the case.", detail="file of a case")
        return case_id, found

    def open_preview(self, user: User, case_id: str, file_id: str) -> Preview:
        """An answer or an attached file as tables of text; audited as a view. Raises NotFound, NotPermitted,
        StepUpNeeded, StateConflict, NotByPlace, SealBroken."""
        require(user, Permission.EXPORT_OPEN)
        with self.db.write() as session:
            self._in_case(session, user, case_id, file_id)
            self.shelf.opened(session, user, file_id)
            self.shelf.record(session, user, file_id, "review:view")
        with self.db.read() as session:  # reading takes a while, and a write keeps others waiting
            return self.files.read(session, user, self.shelf, file_id, whole=True).preview

    def asked_person(self, user: User, case_id: str, file_id: str) -> AskedPerson:
        """Whom the file should be about: everybody else in it is marked. Raises as `check_open` does."""
        require(user, Permission.EXPORT_OPEN)
        with self.db.read() as session:
            self._in_case(session, user, case_id, file_id)
            return self.shelf.asked(session, self.shelf.file(session, user, file_id)).person

    def check_open(self, user: User, case_id: str, file_id: str) -> None:
        """May this user still look at the file that is on their screen? Raises as `open_preview` does."""
        require(user, Permission.EXPORT_OPEN)
        with self.db.read() as session:
            self._in_case(session, user, case_id, file_id)
            self.shelf.file(session, user, file_id)

    def decide_whole(
        self,
        user: User,
        case_id: str,
        file_id: str,
        whole: Whole,
        reason: Reason | None = None,
        section: str = "",
    ) -> None:
        """Send an answer or an attached file as it is, leave all of it out, or send the newest file that was given in
        its place. Takes the place of what was decided about it as one before. `section`: of the law, where that is the
        reason.

        Raises NotFound, InputError, StateConflict while nobody has looked at the file given in its place.
        """
        require(user, Permission.EXPORT_OPEN)
        if whole not in DECIDABLE:
            raise InputError("Choose what becomes of the file.", field="whole")
        if whole is not Whole.SENT and reason is None:
            raise InputError("Say why it is left out.", field="reason")
        section = section_for(reason, section) if whole is not Whole.SENT else ""
        with self.db.read() as session:
            self._in_case(session, user, case_id, file_id)
            located = self.shelf.located(session, user, file_id)
            asked = self.shelf.asked(session, located.file)
        if whole is Whole.SENT and self._counted(located, asked).by_place:
            raise InputError("Of this file single places can be left out: decide about them.", field="whole")
        with self.db.write() as session:
            lock_merchant(session, user.merchant_id)
            if self.shelf.file(session, user, file_id) != located.file:
                raise StateConflict("Another file has come since.", next_step="Look at it again.", detail="sha256")
            given = _given_instead(session, file_id) if whole is Whole.REPLACED else None
            self._write(session, user, located.file, _as_one(whole, reason, section, given), given)

    def open_for_answer(
        self, user: User, case_id: str, file: FileOf, file_id: str, language: str = ""
    ) -> AnswerBytes:  # fmt: skip
        """The bytes as they are sent, with markers in the `language` of the answer, else of the case; audited.

        Raises NotFound, NotPermitted, StepUpNeeded; Undecided, StateConflict while something is not approved, something
        left out still stands in it, or it is destroyed.
        """
        require(user, Permission.EXPORT_OPEN)
        with self.db.write() as session:
            own_case(session, user, case_id)
            located, asked = self._located(session, user, case_id, file, file_id)
            rows = ledger.decisions_of(session, located.file)
            self.copies.check(session, located.file)
            language = letter_language(language, session.get_one(Case, case_id).language)
            chosen = decided_whole(ledger.standing(rows))
            instead = self._instead(session, chosen)
            audit.record(
                session, user.merchant_id, user.account_id, "review:view",
                object_id=case_id, origin=user.origin, of=file.value, file=file_id,
            )  # fmt: skip
        key = located.key or b""
        if chosen is not None:
            why = answering.Why(Reason(chosen[1].reason or Reason.NOT_THEIRS), chosen[1].law_section, language)
            match chosen[0]:
                case Whole.LEFT_OUT:
                    return answering.nothing(located, why)
                case Whole.REPLACED:
                    if instead is None or instead.key is None:
                        raise Undecided(file, 0)
                    return answering.instead(self.copies.sealed, located, instead, instead.key, why)
                case _:
                    return answering.whole(self.copies.sealed, located, key)
        counted = self._counted(located, asked)
        left = ledger.left_out(self.seal, rows)
        waiting = counted.undecided(ledger.standing(rows), left)
        if waiting or not counted.by_place:
            raise Undecided(file, waiting)
        return answering.by_place(self.copies, located.opened(), located.media, language)

    # -------------------------------------------------------------------------------------------

    def _in_case(self, session: Session, user: User, case_id: str, file_id: str) -> None:
        own_case(session, user, case_id)
        if self.shelf.case_of(session, user, file_id) != case_id:
            raise NotFound(next_step="Look at the case.", detail="file of a case")

    def _located(self, session: Session, user: User, case_id: str, file: FileOf, file_id: str) -> tuple[Located, Asked]:
        if file is not FileOf.EXPORT:
            self._in_case(session, user, case_id, file_id)
            found = self.shelf.located(session, user, file_id)
            return found, self.shelf.asked(session, found.file)
        if own_row(session, user, file_id).case_id != case_id:
            raise NotFound(next_step="Look at the case.", detail="file of a case")
        row, _place, _key = openable(session, user, file_id, self.settings)
        located = located_export(session, row)
        return located, self.exports.asked(session, located.file)

    def _asked(self, session: Session, row: CaseFileRow, person: Asked) -> Asked:
        if row.export is not None:
            return self.exports.asked(session, row.located.file)
        return with_member(person, self.seal.opened(row.source, "member") if row.source is not None else "")

    def _counted(self, located: Located, asked: Asked) -> Counted:
        if located.key is None or located.written is None:
            return Counted()
        return self.counting.of(located.opened(), asked)

    def _view(
        self,
        user: User,
        row: CaseFileRow,
        decisions: Sequence[ReviewDecision],
        rules: MerchantRules,
        asked: Asked | None,
        *,
        approved: bool,
    ) -> CaseFileView:
        located, standing = row.located, ledger.standing(decisions)
        counted = self._counted(located, asked) if asked is not None and not row.waits else Counted()
        left = ledger.left_out(self.seal, standing)
        chosen = decided_whole(standing)
        whole, reason, sha256 = self._whole_of(row, counted, chosen)
        undecided = 1 if whole is Whole.UNDECIDED else 0
        if whole is Whole.BY_PLACE:
            undecided = counted.undecided(standing, left)
        return CaseFileView(
            file=located.file.kind, id=located.file.file_id, name=row.name, kind=row.kind, media=located.media,
            size_bytes=located.size_bytes, sha256=located.file.sha256, page=row.page, reviewable=counted.by_place,
            people=counted.people, staff=counted.staff,
            undecided=undecided if located.key is not None and not row.waits else 0,
            left_out=len(left), second=why_second(standing, merchant_wants=rules.second_person), approved=approved,
            may_approve=user.account_id not in ledger.deciders(standing), whole=whole, reason=reason,
            replaced_by=sha256, replacement=row.replacements[-1] if row.replacements else None,
            last_decision=max((one.number for one in standing), default=0), waits=row.waits,
            destroyed=located.key is None,
        )  # fmt: skip

    @staticmethod
    def _whole_of(
        row: CaseFileRow, counted: Counted, chosen: tuple[Whole, ReviewDecision] | None
    ) -> tuple[Whole, Reason | None, str]:
        """What becomes of it, why, and by which file it is replaced."""
        if chosen is None:
            by_place = counted.by_place or row.located.key is None or row.waits
            return (Whole.BY_PLACE if by_place else Whole.UNDECIDED), None, ""
        whole, decision = chosen
        reason = Reason(decision.reason) if decision.reason else None
        if whole is not Whole.REPLACED:
            return whole, reason, ""
        there = {one.id: one.sha256 for one in row.replacements}
        if decision.group_id not in there:
            return Whole.UNDECIDED, None, ""
        return whole, reason, there[decision.group_id]

    @staticmethod
    def _instead(session: Session, chosen: tuple[Whole, ReviewDecision] | None) -> Located | None:
        if chosen is None or chosen[0] is not Whole.REPLACED:
            return None
        row = session.get(SystemFile, chosen[1].group_id)
        return of_system_file(session, row, "") if row is not None else None

    def _write(self, session: Session, user: User, file: File, new: NewDecision, given: SystemFile | None) -> None:
        before = [
            row for row in ledger.standing(ledger.decisions_of(session, file)) if row.scope == Scope.WHOLE
        ]  # fmt: skip
        number = ledger.add(session, self.seal, file, user.account_id, new, new_id()).number
        for row in before:
            ledger.undo(session, row, user.account_id)
            self.shelf.record(
                session, user, file.file_id, "review:undo", number=row.number, by_number=number
            )  # fmt: skip
        facts: dict[str, Any] = {"reason": new.reason.value if new.reason else None}
        self.shelf.record(
            session, user, file.file_id, "review:decide", number=number, scope=new.scope.value,
            choice=new.choice.value, grain=new.grain.value, how=new.how.value, places=0,
            second=new.second.value if new.second else "", sha256=file.sha256,
            replaced_by=given.sha256 if given is not None else None, **facts,
        )  # fmt: skip


def _given_instead(session: Session, file_id: str) -> SystemFile:
    """The newest. Raises StateConflict."""
    there = replacements_of(session, file_id)
    if not there:
        raise StateConflict("No file was given in its place.", next_step="Choose one first.", detail="replacement")
    if there[-1].opened_at is None:
        raise StateConflict(
            "Nobody has looked at the file that is to go out.", next_step="Look at it first.", detail="not opened"
        )
    return there[-1]


def _as_one(whole: Whole, reason: Reason | None, section: str, given: SystemFile | None) -> NewDecision:
    leaves_out = whole is not Whole.SENT
    second = None
    if leaves_out and reason in LEGAL:
        second = SecondReason.LEGAL
    elif whole is Whole.LEFT_OUT:
        second = SecondReason.WHOLE_FILE
    return NewDecision(
        Scope.WHOLE, Choice.LEAVE_OUT if leaves_out else Choice.KEEP, By.HAND, reason if leaves_out else None,
        group_id=given.id if given is not None else "", counted=1 if leaves_out else 0, second=second,
        law_section=section,
    )  # fmt: skip
