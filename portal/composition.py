"""The composition root: settings in, a working portal out."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

from portal.audit import Keeper, open_keeper
from portal.cases.answer_language import AnswerLanguages
from portal.cases.retention import CaseRetention
from portal.cases.services.calendar import CaseCalendar
from portal.cases.services.clock_settings import ClockSettings
from portal.cases.services.due import CaseDue
from portal.cases.services.figures import CaseFigures
from portal.cases.services.file import CaseFile
from portal.cases.services.intake import CaseIntake
from portal.cases.services.ledger import CaseSeal
from portal.cases.services.nightly import NightlyDays
from portal.cases.services.people import PersonIndex
from portal.cases.services.register import CaseRegister
from portal.comparison.asked_before import AskedBefore
from portal.comparison.keeping import Fingerprints
from portal.config import Settings
from portal.delivery.contact import Contacts
from portal.delivery.fetching import Fetching
from portal.delivery.giving.sending import MailFacts, Sending
from portal.delivery.inside import Inside
from portal.delivery.ledger import DeliverySeal
from portal.delivery.mail.bounces import Bounces
from portal.delivery.mail.case_mails import CaseMails
from portal.delivery.mail.contents import AnswerMail, CodeMail, ElsewhereMail, ReminderMail
from portal.delivery.mail.network.relay import relay_of
from portal.delivery.mail.outbox import Outbox
from portal.delivery.mail.retention import MailRetention
from portal.delivery.mail.senders import MailSettings
from portal.delivery.recipient import Recipient
from portal.delivery.retention import DeliveryRetention
from portal.delivery.service import Deliveries
from portal.exports.core.base import no_checkpoint
from portal.exports.core.ledger import SubjectSeal
from portal.exports.core.vendor import Vendor
from portal.exports.files.card_access import CardAccess
from portal.exports.files.comparing import Comparison
from portal.exports.files.opening import Files
from portal.exports.form.bulk import Bulk
from portal.exports.form.decisions import Decisions
from portal.exports.form.for_case import CaseExports
from portal.exports.form.lookups import Lookups
from portal.exports.form.submissions import Submissions
from portal.exports.history.answering import Answers
from portal.exports.history.dashboard import Dashboard
from portal.exports.history.listing import History
from portal.exports.history.register import Register
from portal.exports.retention.destruction import Retention
from portal.exports.retention.sealed_files import SealedFileRetention
from portal.front_door.codes import DoorCodes
from portal.front_door.desk import FrontDoorDesk
from portal.front_door.housekeeping import DoorHousekeeping
from portal.front_door.ledger import DoorSeal
from portal.front_door.messages import CaseMessages
from portal.front_door.proving import Proving
from portal.front_door.settings import FrontDoors
from portal.identity.account_exchange import AccountExchange
from portal.identity.accounts import Accounts
from portal.identity.factors.loyaltydog_sign_in import LoyaltyDogSignIn
from portal.identity.factors.one_time_code import OneTimeCodes
from portal.identity.factors.password_sign_in import PasswordSignIn
from portal.identity.factors.second_factor import SecondFactor
from portal.identity.factors.single_sign_on import SingleSignOn
from portal.identity.languages import Languages
from portal.identity.own_account import OwnAccount
from portal.identity.refusal_audit import RefusalAudit
from portal.identity.sessions import Sessions
from portal.identity.step_up import StepUp
from portal.identity.tickets import Tickets
from portal.letters.drafts import CaseLetters
from portal.letters.nothing_held import NothingHeld
from portal.letters.profile.saved import LetterProfiles
from portal.merchants.connection import MerchantConnection
from portal.operations import reindexing
from portal.operations.keysets import check_keyset_fits, open_keyset
from portal.package.pdf.typeset import installed
from portal.package.versions.from_case import CaseGathering
from portal.package.versions.opening import PackageFiles
from portal.package.versions.retention import package_retention
from portal.package.versions.service import CasePackages
from portal.people.finder import PersonFinder
from portal.recognition.agents import CaseAgents
from portal.recognition.knowledge.service import CaseQuestions
from portal.recognition.mail_codes import IdentityCodes
from portal.recognition.retention import FailedIdentity
from portal.review.copying.copies import RedactedCopies
from portal.review.files import ReviewFiles
from portal.review.of_case.counting import Counting
from portal.review.of_case.service import CaseFiles
from portal.review.of_case.shelf import CaseShelf
from portal.review.rules import ReviewSettings
from portal.review.service import Review
from portal.review.shelves.exports import ExportCopies, ExportShelf
from portal.review.shelves.telling import LeftOutLists
from portal.sources.collecting import CaseSources
from portal.sources.retention import SourceRetention
from portal.sources.settling.unanswered import UnansweredSources
from portal.sources.whose.matches import CaseMatches
from portal.sources.whose.reading import AnswerReader
from portal.storage.blobs import BlobStore
from portal.storage.engine import Database, open_engine
from portal.storage.migrate import bring_up_to_date
from portal.systems.answering import CaseSystems
from portal.systems.opening import SystemFiles
from portal.systems.register import MerchantSystems
from portal.systems.retention import system_retention
from portal.trail.about_person import PersonRecords
from portal.trail.evidence import Evidence
from portal.trail.lookups import LookupsWithoutCase
from portal.trail.pages import Trail
from portal.vault import FieldSealer, MasterKey, SealedFiles
from portal.vault.boxes import SealedBoxes
from portal.workers import WorkerKind, Workers


@dataclass
class Portal:
    """All services of one process. `start_workers` before the first submit, `stop` at the end."""

    settings: Settings
    db: Database
    master: MasterKey
    sealer: FieldSealer
    blobs: BlobStore
    sealed: SealedFiles
    vendor: Vendor
    keeper: Keeper
    refusal_audit: RefusalAudit
    workers: Workers
    accounts: Accounts
    account_exchange: AccountExchange
    own_account: OwnAccount
    languages: Languages
    sessions: Sessions
    tickets: Tickets
    password_sign_in: PasswordSignIn
    loyaltydog_sign_in: LoyaltyDogSignIn
    single_sign_on: SingleSignOn
    second_factor: SecondFactor
    step_up: StepUp
    case_intake: CaseIntake
    case_register: CaseRegister
    case_file: CaseFile
    case_due: CaseDue
    case_letters: CaseLetters
    case_calendar: CaseCalendar
    case_figures: CaseFigures
    clock_settings: ClockSettings
    case_retention: CaseRetention
    answer_languages: AnswerLanguages
    nightly_days: NightlyDays
    submissions: Submissions
    case_exports: CaseExports
    case_sources: CaseSources
    unanswered_sources: UnansweredSources
    nothing_held: NothingHeld
    case_matches: CaseMatches
    source_retention: SourceRetention
    merchant_systems: MerchantSystems
    case_systems: CaseSystems
    system_files: SystemFiles
    system_retention: SealedFileRetention
    fingerprints: Fingerprints
    asked_before: AskedBefore
    decisions: Decisions
    bulk: Bulk
    lookups: Lookups
    person_finder: PersonFinder
    lookups_without_case: LookupsWithoutCase
    history: History
    register: Register
    dashboard: Dashboard
    files: Files
    card_access: CardAccess
    comparison: Comparison
    answers: Answers
    review: Review
    case_review: Review
    case_files: CaseFiles
    review_settings: ReviewSettings
    letter_profiles: LetterProfiles
    packages: CasePackages
    package_files: PackageFiles
    package_retention: SealedFileRetention
    deliveries: Deliveries
    recipient: Recipient
    delivery_retention: DeliveryRetention
    outbox: Outbox
    mail_settings: MailSettings
    case_mails: CaseMails
    identity_codes: IdentityCodes
    case_questions: CaseQuestions
    failed_identity: FailedIdentity
    case_agents: CaseAgents
    front_doors: FrontDoors
    front_door_desk: FrontDoorDesk
    door_housekeeping: DoorHousekeeping
    case_messages: CaseMessages
    bounces: Bounces
    mail_retention: MailRetention
    left_out_lists: LeftOutLists
    retention: Retention
    connection: MerchantConnection
    trail: Trail
    evidence: Evidence
    person_records: PersonRecords

    def start_workers(self, kind: WorkerKind = "web", *, beat_seconds: float | None = None) -> None:
        """Begin to run exports in this process."""
        self.workers.start(kind, housekeeping=self._housekeeping, beat_seconds=beat_seconds)

    @property
    def working(self) -> bool:
        """Does this process run exports?"""
        return self.workers.alive()

    def _housekeeping(self) -> None:
        """Retention first; the audit trail is signed even when that failed, and before the dates of cases are
        checked."""
        try:
            self.failed_identity.run_housekeeping()
            self.retention.run_housekeeping()
            self.source_retention.run_housekeeping()
            self.system_retention.run_housekeeping()
            self.package_retention.run_housekeeping()
            self.delivery_retention.run_housekeeping()
            self.mail_retention.run_housekeeping()
            self.door_housekeeping.run_housekeeping()
        finally:
            self.trail.sign_checkpoints()
        self.workers.sources.restart_forgotten()
        self.workers.mails.restart_forgotten()
        self.nightly_days.keep()
        if self.workers.kind != "cli":  # a command ends soon
            self.fingerprints.run_housekeeping()

    def stop(self) -> bool:
        """Close in order. False when workflows were handed over whose threads would hold the process up."""
        clean = self.workers.stop()
        self.vendor.close()
        self.db.close()
        return clean


def _answer_mail(facts: MailFacts) -> AnswerMail:
    return AnswerMail(facts.reference, facts.link, facts.expires_on, facts.contact)


def _reminder_mail(facts: MailFacts) -> ReminderMail:
    return ReminderMail(facts.reference, facts.link, facts.expires_on, facts.contact)


def build_portal(settings: Settings, *, checkpoint: Callable[[str], None] = no_checkpoint) -> Portal:
    """Open (and on first use create) the data folder, keys and database. Raises PortalError.

    `checkpoint` is called with a label at each point an export passes; the crash tests end the process there.
    """
    os.umask(0o077)
    settings.root.mkdir(parents=True, exist_ok=True, mode=0o700)
    settings.root.chmod(0o700)
    db = Database(open_engine(settings.database))
    master = open_keyset(settings.keyset_file, db)
    bring_up_to_date(db.engine, upgrade=settings.practice)
    sealer = FieldSealer(master)
    check_keyset_fits(db, sealer)
    reindexing.reindex_outdated(db, sealer)
    blobs = BlobStore(settings.root / "files", settings.blob_url)
    sealed = SealedFiles(master, blobs, checkpoint)
    vendor = Vendor(settings, sealer)
    keeper = open_keeper(db, settings)
    refusals = RefusalAudit(db)
    tickets, codes = Tickets(db, sealer), OneTimeCodes(db, sealer)
    seal, index = SubjectSeal(sealer), PersonIndex(sealer)
    workers = Workers(db, sealed, seal, vendor, settings, checkpoint)
    case_seal = CaseSeal(sealer)
    intake = CaseIntake(db, refusals, index, case_seal)
    submissions = Submissions(db, refusals, seal, index, intake, workers.starter, checkpoint)
    history = History(db, refusals, settings, seal, index)
    retention = Retention(db, refusals, settings, sealed, checkpoint)
    review_files = ReviewFiles(settings, sealed)
    copies = RedactedCopies(db, settings, case_seal, sealed, review_files)
    export_shelf, case_shelf = ExportShelf(settings, seal), CaseShelf(settings, case_seal)
    files = Files(db, refusals, settings, seal, sealed, ExportCopies(copies, export_shelf))
    counting = Counting(review_files, copies)
    case_files = CaseFiles(db, refusals, settings, case_seal, case_shelf, export_shelf, review_files, copies, counting)
    case_exports = CaseExports(db, refusals, case_seal, submissions)
    case_sources = CaseSources(db, refusals, case_seal, sealed, case_exports, workers.sources, settings)
    person_records = PersonRecords(db, refusals, settings, seal, index, case_seal)
    gathering = CaseGathering(db, settings, case_seal, sealer, case_sources, case_files, person_records)
    outbox = Outbox(sealer, relay_of(settings), workers.mails)
    case_mails = CaseMails(db, refusals, case_seal, workers.mail_ledger.seal, outbox)
    fingerprints = Fingerprints(db, settings, sealer, SealedBoxes(master), sealed)
    packages = CasePackages(db, refusals, settings, sealed, gathering, checkpoint, installed())
    delivery_seal = DeliverySeal(sealer)
    door_seal = DoorSeal(sealer)
    proving = Proving(settings, door_seal, intake, outbox)
    matches = CaseMatches(db, refusals, case_seal, index, AnswerReader(db, sealed, case_seal), settings)
    sending = Sending(settings, delivery_seal, outbox, _answer_mail, ElsewhereMail, Contacts(sealer).of)
    return Portal(
        settings=settings,
        db=db,
        master=master,
        sealer=sealer,
        blobs=blobs,
        sealed=sealed,
        vendor=vendor,
        keeper=keeper,
        refusal_audit=refusals,
        workers=workers,
        accounts=Accounts(db, refusals, sealer, settings),
        account_exchange=AccountExchange(db),
        own_account=OwnAccount(db, refusals, settings),
        languages=Languages(db, refusals),
        sessions=Sessions(db, refusals, sealer, settings),
        tickets=tickets,
        password_sign_in=PasswordSignIn(db, refusals),
        loyaltydog_sign_in=LoyaltyDogSignIn(db, refusals, settings),
        single_sign_on=SingleSignOn(db, refusals, sealer, settings),
        second_factor=SecondFactor(db, refusals, settings, codes),
        step_up=StepUp(db, refusals, codes, tickets),
        case_intake=intake,
        case_register=CaseRegister(db, refusals, settings, index, case_seal),
        case_file=CaseFile(db, refusals, case_seal, case_mails),
        case_due=CaseDue(db, refusals),
        case_letters=CaseLetters(db, refusals, case_seal),
        case_calendar=CaseCalendar(db, refusals),
        case_figures=CaseFigures(db, refusals),
        clock_settings=ClockSettings(db, refusals, settings),
        case_retention=CaseRetention(db, refusals, settings),
        answer_languages=AnswerLanguages(db, refusals),
        nightly_days=NightlyDays(db),
        submissions=submissions,
        case_exports=case_exports,
        case_sources=case_sources,
        unanswered_sources=UnansweredSources(db, refusals, sealed, workers.sources, settings),
        nothing_held=NothingHeld(db, refusals, case_seal),
        case_matches=matches,
        source_retention=SourceRetention(db, settings, sealed),
        merchant_systems=MerchantSystems(db, refusals, settings),
        case_systems=CaseSystems(db, refusals, case_seal, sealed, settings, checkpoint),
        system_files=SystemFiles(db, refusals, case_seal, sealed, settings),
        system_retention=system_retention(db, settings, sealed),
        fingerprints=fingerprints,
        asked_before=AskedBefore(db, refusals, sealer, fingerprints),
        decisions=Decisions(db, refusals, workers.starter),
        bulk=Bulk(db, refusals, settings, submissions, history, retention),
        lookups=Lookups(db, refusals, sealer, vendor),
        person_finder=PersonFinder(db, refusals, sealer, vendor),
        lookups_without_case=LookupsWithoutCase(db, refusals),
        history=history,
        register=Register(db, refusals, settings, history),
        dashboard=Dashboard(db, refusals, seal),
        files=files,
        card_access=CardAccess(db, refusals, settings),
        comparison=Comparison(db, refusals, seal, index, files),
        answers=Answers(db, refusals, case_seal),
        review=Review(db, refusals, case_seal, export_shelf, review_files, copies),
        case_review=Review(db, refusals, case_seal, case_shelf, review_files, copies),
        case_files=case_files,
        review_settings=ReviewSettings(db, refusals, settings),
        letter_profiles=LetterProfiles(db, refusals, settings, sealer),
        packages=packages,
        package_files=PackageFiles(db, refusals, settings, sealed, gathering),
        package_retention=package_retention(db, settings, sealed),
        deliveries=Deliveries(db, refusals, settings, delivery_seal, case_seal, packages, sending, checkpoint),
        recipient=Recipient(
            db, refusals, delivery_seal, sending, Fetching(db, sealed, checkpoint), Inside(sealed), CodeMail, checkpoint
        ),
        delivery_retention=DeliveryRetention(db, sending, _reminder_mail),
        outbox=outbox,
        mail_settings=MailSettings(db, refusals, settings, outbox),
        case_mails=case_mails,
        case_agents=CaseAgents(db, refusals),
        identity_codes=IdentityCodes(db, refusals, case_seal, outbox),
        case_questions=CaseQuestions(db, refusals, sealed),
        front_doors=FrontDoors(db, refusals, settings, door_seal, outbox),
        front_door_desk=FrontDoorDesk(
            db, refusals, door_seal, DoorCodes(door_seal, outbox), outbox, Contacts(sealer), proving, checkpoint
        ),
        door_housekeeping=DoorHousekeeping(db, door_seal, case_seal, outbox, matches.compare),
        case_messages=CaseMessages(db, refusals, settings, door_seal, outbox),
        failed_identity=FailedIdentity(db),
        bounces=Bounces(db, workers.mail_ledger),
        mail_retention=MailRetention(db),
        left_out_lists=LeftOutLists(db, refusals, export_shelf, copies),
        retention=retention,
        connection=MerchantConnection(db, refusals, settings, sealer, vendor),
        trail=Trail(db, refusals, keeper),
        evidence=Evidence(db, refusals, index, keeper),
        person_records=person_records,
    )
