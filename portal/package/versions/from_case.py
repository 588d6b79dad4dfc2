"""A case's package as it would be made today: what it waits for, the digest of what it is made of, its parts."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from portal.cases.clock.applicable import laws_of
from portal.cases.clock.calendar_codes import countries_in
from portal.cases.clock.regimes import Regime
from portal.cases.recognition.hiding import check_shown, hides
from portal.cases.recognition.reading import recognition_of
from portal.cases.retention import kept_months, months_of
from portal.cases.services.ledger import CaseSeal, as_folded, own_case, rules_of
from portal.cases.services.merchant_rules import merchant_rules
from portal.config import Settings
from portal.identity import User
from portal.letters.answer.letter import answer_letter
from portal.letters.profile.checks import Missing, missing
from portal.letters.profile.model import Profile
from portal.letters.profile.saved import profile_in_force
from portal.letters.words import letter_language, letter_reference
from portal.package.parts import TEMPLATE_VERSION, CaseFacts, Letter, Outcome, PackageParts, Variant
from portal.package.reading import read_file
from portal.package.versions.contents import contents_of
from portal.package.versions.ended import EndedCase, ended_with_letter, ended_without_answer
from portal.package.versions.gathering import Inputs
from portal.package.versions.letter import CaseSays, answer_facts
from portal.package.versions.readiness import needs_of
from portal.package.versions.service import KEPT
from portal.package.versions.views import Need
from portal.review.of_case.service import CaseFiles
from portal.review.of_case.views import CaseFileView
from portal.sources.collecting import CaseSources
from portal.sources.ledger import identifiers_of
from portal.sources.views import SourceList
from portal.storage.case_tables import Case
from portal.storage.engine import Database
from portal.trail.about_person import PersonRecords
from portal.vault import FieldSealer

SOFTWARE = "LoyaltyDog privacy portal"


@dataclass(frozen=True)
class _Today:
    sources: SourceList
    files: tuple[CaseFileView, ...]
    profile: Profile
    says: CaseSays
    language: str
    eu: bool
    closed: Need | None


@dataclass(frozen=True)
class _LetterAlone:
    ended: EndedCase
    says: CaseSays
    language: str


@dataclass
class CaseGathering:
    """Puts together what the rooms below give. It satisfies `gathering.Gathering`."""

    db: Database
    settings: Settings
    seal: CaseSeal
    sealer: FieldSealer
    case_sources: CaseSources
    case_files: CaseFiles
    person_records: PersonRecords

    def inputs(self, user: User, case_id: str, variant: Variant, language: str) -> Inputs:
        if (letter := self._letter_alone(user, case_id, language)) is not None:
            return Inputs(
                digest=_digest_of_letter(letter, variant), needs=tuple(letter.ended.needs), language=letter.language,
                nothing=False, profile_version=0, letter_alone=True,
            )  # fmt: skip
        if (hidden := self._hidden(user, case_id, language)) is not None:
            return hidden
        now = self._today(user, case_id, language)
        return Inputs(
            digest=_digest(now, variant),
            needs=(now.closed,) if now.closed else needs_of(now.sources, now.files, self._missing(now)),
            language=now.language,
            nothing=now.sources.nothing_held,
            profile_version=now.profile.version,
        )

    def parts(
        self, user: User, case_id: str, inputs: Inputs, variant: Variant, number: int, on: dt.date
    ) -> PackageParts:  # fmt: skip
        if (alone := self._letter_alone(user, case_id, inputs.language)) is not None:
            return _letter_parts(alone, variant, number)
        with self.db.read() as session:
            check_shown(session, case_id)
        now = self._today(user, case_id, inputs.language)
        records = self.person_records.of_case(user, case_id)
        contents = contents_of(
            self.case_files, user, case_id, now.files, now.sources, records, now.language
        )  # fmt: skip
        folder = self.settings.root
        read = [read_file(file, folder) for file in contents.files]
        facts = answer_facts(
            now.says, now.sources.lines, contents, read, on, on + KEPT, now.language, nothing=now.sources.nothing_held
        )
        letter = answer_letter(now.profile, facts, now.language)
        return PackageParts(
            case=CaseFacts(
                merchant=now.says.merchant,
                case=now.says.case,
                reference=now.says.case,
                received_on=now.says.received_on,
                answered_on=on,
                outcome=Outcome(facts.outcome.value),
                version=number,
                zone=now.says.zone,
                eu=now.eu,
            ),
            letter=Letter(letter.html, letter.text),
            files=contents.files,
            language=now.language,
            variant=variant,
            software=SOFTWARE,
            withheld=contents.withheld,
        )

    # -------------------------------------------------------------------------------------------

    def _today(self, user: User, case_id: str, language: str) -> _Today:
        sources = self.case_sources.lines(user, case_id)
        files = self.case_files.of_case(user, case_id)
        with self.db.read() as session:
            case = own_case(session, user, case_id)
            profile = profile_in_force(session, self.sealer, user.merchant_id)
            says = self._says(session, user, case)
            closed = ended_without_answer(session, case)
            chosen = letter_language(language, case.language, profile.language)
        return _Today(sources, files, profile, says, chosen, _eu(says), closed)

    def _hidden(self, user: User, case_id: str, language: str) -> Inputs | None:
        """What a package waits for while nothing of the person's data is shown."""
        with self.db.read() as session:
            case = own_case(session, user, case_id)
            if not hides(session, case_id):
                return None
            missing_now = recognition_of(session, case_id).missing
            needs = tuple(Need("identity", one.words, one.next_step) for one in missing_now)
            chosen = letter_language(language, case.language)
        return Inputs(digest="", needs=needs, language=chosen, nothing=False, profile_version=0)

    def _letter_alone(self, user: User, case_id: str, language: str) -> _LetterAlone | None:
        with self.db.read() as session:
            case = own_case(session, user, case_id)
            ended = ended_with_letter(session, self.seal, case)
            if ended is None:
                return None
            return _LetterAlone(ended, self._says(session, user, case), letter_language(language, case.language))

    def _says(self, session: Session, user: User, case: Case) -> CaseSays:
        clock, place = as_folded(session, case).clock, rules_of(case).place
        known = [self.seal.name(case), *(one.value for one in identifiers_of(session, self.seal, case.id))]
        return CaseSays(
            merchant=user.merchant_name,
            case=f"{case.year}-{case.number:04}",
            reference=letter_reference(case.reference, known),
            received_on=clock.received_on,
            extended_until=clock.extended_target_on if clock.extended else None,
            regimes=tuple(law.regime for law in laws_of(case.profile, case.calendar)),
            zone=place,
            country=person_country(case.calendar, merchant_rules(session, user.merchant_id).calendar),
            record_kept_months=months_of(case.profile, kept_months(session, user.merchant_id)),
        )

    @staticmethod
    def _missing(now: _Today) -> Sequence[Missing]:
        return missing(now.profile, now.says.regimes, now.language)


def person_country(calendar: str, merchants: str) -> str:
    """That of a calendar which was chosen for this case and is none of the merchant's."""
    own = countries_in(merchants)
    return next((one for one in countries_in(calendar) if one not in own), "")


def _eu(says: CaseSays) -> bool:
    return any(regime in (Regime.EU, Regime.UK) for regime in says.regimes)


def _letter_parts(letter: _LetterAlone, variant: Variant, number: int) -> PackageParts:
    says = letter.says
    return PackageParts(
        case=CaseFacts(
            merchant=says.merchant, case=says.case, reference=says.case, received_on=says.received_on,
            answered_on=letter.ended.at.astimezone(says.zone).date(), outcome=letter.ended.outcome, version=number,
            zone=says.zone, eu=_eu(says),
        ),
        letter=letter.ended.letter, language=letter.language, variant=variant, software=SOFTWARE,
    )  # fmt: skip


def _digest_of_letter(letter: _LetterAlone, variant: Variant) -> str:
    says = letter.says
    made_of = [
        TEMPLATE_VERSION, variant.value, letter.language, letter.ended.outcome.value, *letter.ended.sha256s,
        letter.ended.at.isoformat(), says.received_on.isoformat(), says.merchant,
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(made_of).encode()).hexdigest()


def _digest(now: _Today, variant: Variant) -> str:
    """Of codes, hashes, counts and days: no contents."""
    made_of: dict[str, Any] = {
        "template": TEMPLATE_VERSION,
        "variant": variant.value,
        "language": now.language,
        "profile": now.profile.version,
        "case": [
            now.says.received_on.isoformat(),
            str(now.says.extended_until),
            now.says.reference,
            now.says.merchant,
            now.says.country,
            now.says.record_kept_months,
        ],
        "sources": [
            [line.kind.value, line.state.value, line.program, line.sha256, str(line.settled_at), *line.asked_by]
            for line in now.sources.lines
        ],
        "files": [
            [one.file.value, one.id, one.sha256, one.whole.value, one.replaced_by, one.last_decision, one.left_out]
            for one in now.files
        ],
    }
    return hashlib.sha256(json.dumps(made_of, sort_keys=True).encode()).hexdigest()
