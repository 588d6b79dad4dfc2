"""The answer "we hold nothing": drafted and recorded only while every source is settled, none holds anything, and it is
settled who is asking."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from portal import audit
from portal.cases.clock.applicable import laws_of
from portal.cases.facts import HOLDS_NOTHING, FactKind
from portal.cases.letters import letter_sha256, sha256_of_sent
from portal.cases.recognition.hiding import check_shown
from portal.cases.recognition.reading import recognition_of
from portal.cases.retention import kept_months, months_of
from portal.cases.services.ledger import NOT_NOW, CaseSeal, add_fact, as_folded, hold_case, own_case, rules_of, today_of
from portal.cases.services.people import masked_subject
from portal.cases.states import OPEN_STATES, CaseState
from portal.errors import StateConflict
from portal.exports.core.answers import Channel
from portal.identity import Permission, User, require
from portal.identity.refusal_audit import RefusalAudit, refusals_audited
from portal.letters.nothing import NothingFacts, Searched, nothing_letter
from portal.letters.words import LetterWords, letter_language, letter_reference
from portal.sources.checklist import checklist_of
from portal.sources.kinds import SourceState
from portal.sources.ledger import identifiers_of
from portal.sources.views import SourceList
from portal.storage.case_tables import Case, CaseFact
from portal.storage.engine import Database
from portal.storage.tables import new_id

NOT_RECOGNISED = "Nothing goes out before the person is recognised."
NOT_NOTHING = "Not every source is settled, or one of them holds something."


@dataclass(frozen=True)
class NothingLetter:
    """A draft. `sha256` is that of the text's UTF-8 bytes, which are also the file's; `html` says the same."""

    text: str
    html: str
    sha256: str
    language: str
    file_name: str


@refusals_audited
@dataclass
class NothingHeld:
    """Writes the letter and records that it was sent."""

    db: Database
    refusal_audit: RefusalAudit
    seal: CaseSeal

    def draft(self, user: User, case_id: str, *, language: str = "") -> NothingLetter:
        """The letter in the case's language, else in `language`, else in English.

        Raises NotFound, StateConflict when the case has ended, not all that was asked came back empty (ANS-5), or the
        person is not recognised: a stranger is not told who is no customer (ANS-8).
        """
        require(user, Permission.CASE_WORK)
        with self.db.read() as session:
            case = own_case(session, user, case_id)
            found = self._nothing(session, user, case)
            facts = self._facts(session, user, case, found)
            chosen = letter_language(case.language, language)
        told = nothing_letter(facts, chosen)
        file_name = f"{facts.words.case}-nothing-held.txt"
        return NothingLetter(told.text, told.html, letter_sha256(told.text), chosen, file_name)

    def record(self, user: User, case_id: str, letter: str, channel: Channel) -> None:
        """The person was told by `letter`, the words as they went out, that nothing is held: the case is answered.

        Raises NotFound, StateConflict as `draft`, InputError(field="letter").
        """
        require(user, Permission.CASE_WORK)
        with self.db.write() as session:
            case = hold_case(session, user, case_id)
            self._nothing(session, user, case)
            codes = {"channel": channel.value, "sha256": sha256_of_sent(letter), "holds": HOLDS_NOTHING}
            fact_id = new_id()
            words = self.seal.seal(user.merchant_id, CaseFact, "text", fact_id, letter)
            number = add_fact(session, user, case, FactKind.ANSWERED, codes=codes, text=(fact_id, words))
            audit.record(
                session, user.merchant_id, user.account_id, "case:nothing_held",
                object_id=case.id, origin=user.origin, number=number, **codes,
            )  # fmt: skip

    def _nothing(self, session: Session, user: User, case: Case) -> SourceList:
        if CaseState(case.state) not in OPEN_STATES:
            raise StateConflict(NOT_NOW, next_step="Look at what is recorded.", detail=case.state)
        check_shown(session, case.id)
        found = checklist_of(session, self.seal, user, case)
        if found.running or not found.nothing_held:
            raise StateConflict(NOT_NOTHING, next_step="Look at the list under Collect.", detail="not nothing")
        if missing := recognition_of(session, case.id).missing:
            raise StateConflict(NOT_RECOGNISED, next_step=missing[0].next_step, detail="not recognised")
        return found

    def _facts(self, session: Session, user: User, case: Case, found: SourceList) -> NothingFacts:
        seal = self.seal
        identifiers = identifiers_of(session, seal, case.id)
        known = [seal.name(case), *(one.value for one in identifiers)]
        words = LetterWords(
            merchant=user.merchant_name,
            case=f"{case.year}-{case.number:04}",
            received_on=as_folded(session, case).clock.received_on,
            reference=letter_reference(case.reference, known),
        )
        searched = tuple(
            Searched(line.kind, line.program, at)
            for line in found.lines
            if line.state is not SourceState.NOT_APPLICABLE and (at := line.settled_at or line.asked_at)
        )
        return NothingFacts(
            words, today_of(case), searched,
            tuple((one.kind, masked_subject(one.kind, one.value)) for one in identifiers),
            rules_of(case).place, months_of(case.profile, kept_months(session, user.merchant_id)),
            tuple(law.regime for law in laws_of(case.profile, case.calendar)),
        )  # fmt: skip
