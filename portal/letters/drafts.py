"""Drafts of a case's letters. Nothing is recorded here: `CaseFile` takes the words as they went out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.cases.clock.applicable import laws_of
from portal.cases.clock.calculation import Clock
from portal.cases.clock.gates import may_extend, new_day
from portal.cases.facts import ExtensionReason, FactKind, RefusalReason, Right
from portal.cases.letters import letter_sha256
from portal.cases.services.file import NO_MORE_TIME, WRONG_DAY
from portal.cases.services.ledger import NOT_NOW, CaseSeal, as_folded, own_case, rules_of, today_of
from portal.cases.states import MAY_RECORD, OPEN_STATES, CaseState
from portal.errors import InputError, StateConflict
from portal.identity import Permission, User, require
from portal.identity.refusal_audit import RefusalAudit, refusals_audited
from portal.identity.roles import allows
from portal.letters.case_letter import LetterFacts, case_letter
from portal.letters.words import LetterKind, LetterWords, letter_file_name, letter_language, letter_reference
from portal.storage.case_tables import Case, CaseIdentifier
from portal.storage.engine import Database
from portal.storage.tables import utc_now

REASON_OF: Mapping[LetterKind, type[ExtensionReason | RefusalReason] | None] = {
    LetterKind.ACKNOWLEDGEMENT: None,
    LetterKind.MORE_TIME: ExtensionReason,
    LetterKind.REFUSAL: RefusalReason,
    LetterKind.NOT_IDENTIFIED: None,
}
RECORDED_AS: Mapping[LetterKind, FactKind] = {
    LetterKind.ACKNOWLEDGEMENT: FactKind.ACKNOWLEDGED,
    LetterKind.MORE_TIME: FactKind.EXTENDED,
    LetterKind.REFUSAL: FactKind.REFUSED,
    LetterKind.NOT_IDENTIFIED: FactKind.NOT_IDENTIFIED,
}


@dataclass(frozen=True)
class Letter:
    """A draft. `sha256` is that of the text's UTF-8 bytes, which are also the file's; `html` says the same; `until` is
    the new day that it names."""

    kind: LetterKind
    text: str
    html: str
    sha256: str
    language: str
    file_name: str
    until: dt.date | None


@refusals_audited
@dataclass
class CaseLetters:
    """Writes drafts from what a case's facts come to."""

    db: Database
    refusal_audit: RefusalAudit
    seal: CaseSeal

    def draft(
        self,
        user: User,
        case_id: str,
        kind: LetterKind,
        *,
        reason: ExtensionReason | RefusalReason | None = None,
        until: dt.date | None = None,
        right: Right | None = None,
        language: str = "",
    ) -> Letter:
        """A letter in the case's language, else in `language`, else in English.

        More time takes `until`, or the latest day there is; a refusal may be of one demand, `right`. Raises NotFound,
        StateConflict when the letter could not be recorded as the case stands, InputError(field="reason" or "until").
        """
        require(user, Permission.CASE_WORK)
        wanted = REASON_OF[kind]
        if (wanted is None) is not (reason is None) or (wanted is not None and not isinstance(reason, wanted)):
            raise InputError("Choose the reason that the letter gives.", field="reason")
        with self.db.read() as session:
            case = own_case(session, user, case_id)
            state, clock = CaseState(case.state), as_folded(session, case).clock
            if state not in OPEN_STATES or RECORDED_AS[kind] not in MAY_RECORD[state]:
                raise StateConflict(NOT_NOW, next_step="Look at what is recorded.", detail=f"{state}: {kind}")
            if kind is LetterKind.ACKNOWLEDGEMENT and clock.due_on < today_of(case):
                raise StateConflict("The day by which an answer was due is over.", next_step="", detail=kind)
            name = f"{case.year}-{case.number:04}"
            facts = LetterFacts(
                LetterWords(
                    user.merchant_name,
                    name,
                    clock.received_on,
                    letter_reference(case.reference, self._known_by(session, case)),
                ),
                clock.due_on,
                until=_until(user, case, clock, until) if kind is LetterKind.MORE_TIME else None,
                reason=reason,
                right=right,
                regimes=tuple(law.regime for law in laws_of(case.profile, case.calendar)),
            )
            chosen = letter_language(case.language, language)
        told = case_letter(kind, facts, chosen)
        sha256, file_name = letter_sha256(told.text), letter_file_name(kind, name)
        return Letter(kind, told.text, told.html, sha256, chosen, file_name, facts.until)

    def _known_by(self, session: Session, case: Case) -> list[str]:
        rows = session.scalars(select(CaseIdentifier).where(CaseIdentifier.case_id == case.id))
        return [self.seal.name(case), *(self.seal.value(session, row) for row in rows)]


def _until(user: User, case: Case, clock: Clock, until: dt.date | None) -> dt.date:
    manager = allows(user.role, Permission.CASE_DECIDE)
    if not may_extend(clock, utc_now(), rules_of(case).place, manager=manager):
        raise StateConflict(NO_MORE_TIME, next_step="", detail="extend")
    day = new_day(clock, until)
    if day is None:
        raise InputError(WRONG_DAY, field="until")
    return day
