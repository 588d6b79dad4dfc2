"""Every service function, two merchants, three roles: found by introspection, so that none can be forgotten."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import operator
import pkgutil
import typing
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from portal.audit import Keeper
from portal.cases.clock.regimes import PauseKind
from portal.cases.facts import (
    Channel,
    ClosingReason,
    ExtensionReason,
    IdentityMethod,
    IdentityResult,
    RefusalReason,
    Right,
)
from portal.cases.recognition.agents import AgentKind, AgentScope, AuthorityKind
from portal.cases.services.intake import IdentifierKind, NewCase
from portal.composition import Portal, Workers, build_portal
from portal.config import Settings
from portal.delivery.kinds import BreachState, CodeChannel, DeliveryWay
from portal.errors import InputErrors, NotFound, NotPermitted, PortalError, StepUpNeeded
from portal.exports.core.answers import Channel as AnswerChannel
from portal.exports.core.download import FileKind
from portal.exports.core.vendor import Vendor
from portal.exports.files.card_codes import CardReason
from portal.exports.form.request import ExportRequest
from portal.identity import PERMISSIONS, Permission, Role, User
from portal.identity.refusal_audit import RefusalAudit
from portal.letters.profile.model import Profile
from portal.letters.words import LetterKind
from portal.loyaltydog.errors import LoyaltyDogError
from portal.people.finder import Found
from portal.people.finding import Clue, ClueKind
from portal.redaction.reasons import Reason as LeaveOutReason
from portal.review.kinds import Choice, FileOf, Whole
from portal.review.views import CellPlace
from portal.sources.kinds import SourceState
from portal.sources.whose.codes import MatchCode
from portal.storage.answering.delivery_tables import Breach, Delivery, DeliveryCode, DeliveryMailing
from portal.storage.answering.package_tables import CasePackage
from portal.storage.blobs import BlobStore
from portal.storage.engine import Database
from portal.storage.tables import Account, CardRequest, Export, utc_now
from portal.systems.views import SystemAnswer
from portal.trail.evidence import About
from portal.vault import FieldSealer, MasterKey, SealedFiles

pytestmark = pytest.mark.keeps("SEC-39", "SEC-41")

P = Permission
OWN = None  # about the caller's own session or account: any role, no one else's object can be named
EXPECTED: dict[str, Permission | None] = {
    "bulk.destroy_many": P.EXPORT_DESTROY,
    "bulk.refresh_many": P.EXPORT_CREATE,
    "person_records.about_person": P.EXPORT_RELEASE,  # reading the trail and opening exports together: managers only
    "history.count": P.EXPORT_LIST,
    "history.of_case": P.EXPORT_LIST,
    "evidence.document": P.AUDIT_READ,
    "register.expiries_ics": P.EXPORT_LIST,
    "trail.export_trail": P.AUDIT_READ,
    "dashboard.figures": P.EXPORT_LIST,
    "register.register_xlsx": P.EXPORT_LIST,
    "trail.entries": P.AUDIT_READ,
    "trail.trail_people": P.AUDIT_READ,
    "trail.trail_standing": P.AUDIT_READ,
    "trail.verify_trail": P.AUDIT_READ,
    "answers.record_of": P.EXPORT_LIST,
    "answers.record_acknowledged": P.EXPORT_CREATE,
    "answers.record_closed": P.EXPORT_CREATE,
    "answers.record_extended": P.EXPORT_CREATE,
    "answers.record_refused": P.CASE_DECIDE,
    "answers.record_sent": P.EXPORT_CREATE,
    "answers.take_back_answer": P.EXPORT_CREATE,
    "submissions.reorder": P.EXPORT_CREATE,
    "files.asked_person": P.EXPORT_OPEN,
    "files.check_open": P.EXPORT_OPEN,
    "decisions.close_unknown": P.EXPORT_CREATE,
    "comparison.compare": P.EXPORT_OPEN,
    "retention.destroy": P.EXPORT_DESTROY,
    "comparison.earlier_of_same_person": P.EXPORT_OPEN,
    "decisions.retry_fetch": P.EXPORT_CREATE,
    "history.get": P.EXPORT_LIST,
    "history.find": P.EXPORT_LIST,
    "decisions.keep": P.EXPORT_CREATE,
    "connection.merchant_settings": P.SETTINGS,
    "files.note_file_search": P.EXPORT_OPEN,
    "card_access.allow": P.EXPORT_RELEASE,
    "card_access.ask": P.EXPORT_OPEN,
    "card_access.holds_grant": P.EXPORT_OPEN,
    "card_access.refuse": P.EXPORT_RELEASE,
    "card_access.state": P.EXPORT_OPEN,
    "card_access.waiting": P.EXPORT_RELEASE,
    "history.note_search": P.EXPORT_LIST,
    "files.open_file": P.EXPORT_OPEN,
    "files.open_preview": P.EXPORT_OPEN,
    "files.open_reading": P.EXPORT_OPEN,
    "lookups.programs": P.EXPORT_CREATE,
    "history.programs_used": P.EXPORT_LIST,
    "submissions.refresh": P.EXPORT_CREATE,
    "submissions.refusal": P.EXPORT_CREATE,
    "register.register_csv": P.EXPORT_LIST,
    "decisions.release": P.EXPORT_RELEASE,
    "submissions.request_of": P.EXPORT_CREATE,
    "history.reveal": P.EXPORT_OPEN,
    "connection.save_settings": P.SETTINGS,
    "person_finder.choose": P.EXPORT_CREATE,
    "person_finder.look_up": P.EXPORT_CREATE,
    "lookups_without_case.page": P.AUDIT_READ,
    "decisions.stop_waiting": P.EXPORT_CREATE,
    "submissions.submit": P.EXPORT_CREATE,
    "case_intake.open": P.CASE_WORK,
    "case_exports.ask": P.EXPORT_CREATE,
    "review.state": P.EXPORT_OPEN,
    "review.decide": P.EXPORT_OPEN,
    "review.confirm_proposals": P.EXPORT_OPEN,
    "review.keep_everybody": P.EXPORT_OPEN,
    "review.leave_out": P.EXPORT_OPEN,
    "review.leave_out_field": P.EXPORT_OPEN,
    "review.allow_same_text": P.EXPORT_OPEN,
    "review.undo": P.EXPORT_OPEN,
    "review.approve": P.EXPORT_OPEN,
    "review.marks": P.EXPORT_OPEN,
    "review.check_copy": P.EXPORT_OPEN,
    "review.leave_out_words": P.EXPORT_OPEN,
    "case_review.state": P.EXPORT_OPEN,
    "case_review.decide": P.EXPORT_OPEN,
    "case_review.confirm_proposals": P.EXPORT_OPEN,
    "case_review.leave_out": P.EXPORT_OPEN,
    "case_review.leave_out_words": P.EXPORT_OPEN,
    "case_review.leave_out_field": P.EXPORT_OPEN,
    "case_review.allow_same_text": P.EXPORT_OPEN,
    "case_review.undo": P.EXPORT_OPEN,
    "case_review.approve": P.EXPORT_OPEN,
    "case_review.marks": P.EXPORT_OPEN,
    "case_review.check_copy": P.EXPORT_OPEN,
    "case_review.keep_everybody": P.EXPORT_OPEN,
    "case_files.of_case": P.CASE_LIST,
    "case_files.find": P.CASE_LIST,
    "case_files.open_preview": P.EXPORT_OPEN,
    "case_files.check_open": P.EXPORT_OPEN,
    "case_files.asked_person": P.EXPORT_OPEN,
    "case_files.decide_whole": P.EXPORT_OPEN,
    "case_files.open_for_answer": P.EXPORT_OPEN,
    "packages.state": P.CASE_LIST,
    "packages.build": P.CASE_WORK,
    "packages.approve": P.CASE_WORK,
    "deliveries.state": P.CASE_LIST,
    "deliveries.prepare": P.CASE_WORK,
    "deliveries.address": P.CASE_WORK,
    "deliveries.confirm_address": P.CASE_WORK,
    "deliveries.told": P.CASE_WORK,
    "deliveries.send": P.CASE_WORK,
    "deliveries.new_code": P.CASE_WORK,
    "deliveries.new_link": P.CASE_WORK,
    "deliveries.take_back": P.CASE_WORK,
    "deliveries.record": P.CASE_WORK,
    "deliveries.open_tasks": P.CASE_LIST,
    "deliveries.open_breaches": P.CASE_LIST,
    "deliveries.settle_breach": P.CASE_DECIDE,
    "package_files.members": P.EXPORT_OPEN,
    "package_files.member": P.EXPORT_OPEN,
    "package_files.download": P.EXPORT_OPEN,
    "package_files.encrypt": P.EXPORT_OPEN,
    "package_files.encrypted": P.EXPORT_OPEN,
    "person_records.of_case": P.CASE_WORK,
    "mail_settings.show": P.SETTINGS,
    "mail_settings.save": P.SETTINGS,
    "mail_settings.send_test": P.SETTINGS,
    "mail_settings.state_of": P.SETTINGS,
    "case_mails.addresses": P.CASE_WORK,
    "case_mails.of_case": P.CASE_LIST,
    "letter_profiles.in_force": P.CASE_LIST,
    "letter_profiles.of_version": P.CASE_LIST,
    "letter_profiles.versions": P.CASE_LIST,
    "letter_profiles.save": P.SETTINGS,
    "review_settings.show": P.CASE_LIST,
    "left_out_lists.document": P.EXPORT_OPEN,
    "review_settings.save": P.SETTINGS,
    "case_matches.compare": P.CASE_LIST,
    "case_matches.decide": P.CASE_WORK,
    "case_matches.reveal": P.CASE_WORK,
    "case_matches.shown": P.CASE_LIST,
    "case_matches.take_back": P.CASE_WORK,
    "case_sources.collect": P.EXPORT_CREATE,
    "case_sources.refresh_export": P.EXPORT_CREATE,
    "case_sources.lines": P.CASE_LIST,
    "unanswered_sources.retry": P.EXPORT_CREATE,
    "unanswered_sources.answer_for": P.CASE_DECIDE,
    "nothing_held.draft": P.CASE_WORK,
    "nothing_held.record": P.CASE_WORK,
    "merchant_systems.systems": P.CASE_LIST,
    "merchant_systems.add_system": P.SETTINGS,
    "merchant_systems.rename_system": P.SETTINGS,
    "merchant_systems.retire_system": P.SETTINGS,
    "merchant_systems.bring_system_back": P.SETTINGS,
    "case_systems.attached": P.CASE_LIST,
    "case_systems.attach": P.EXPORT_CREATE,
    "case_systems.remove": P.EXPORT_CREATE,
    "case_systems.replace": P.EXPORT_CREATE,
    "case_systems.attest": P.EXPORT_CREATE,
    "case_systems.take_back": P.EXPORT_CREATE,
    "system_files.look": P.EXPORT_OPEN,
    "system_files.check_open": P.EXPORT_OPEN,
    "system_files.download": P.EXPORT_OPEN,
    "asked_before.before_opening": P.CASE_LIST,
    "asked_before.since": P.CASE_LIST,
    "case_register.colleagues": P.CASE_WORK,
    "case_register.count": P.CASE_LIST,
    "case_register.list": P.CASE_LIST,
    "case_register.note_search": P.CASE_LIST,
    "case_register.reveal": P.CASE_WORK,
    "case_register.show": P.CASE_LIST,
    "case_register.find_by_name": P.CASE_LIST,
    "case_due.within": P.CASE_LIST,
    "case_calendar.new_address": P.CASE_LIST,
    "case_calendar.revoke": P.CASE_LIST,
    "case_calendar.standing": P.CASE_LIST,
    "case_figures.by_month": P.CASE_LIST,
    "case_figures.counts": P.CASE_LIST,
    "case_file.note": P.CASE_WORK,
    "case_file.assign": P.CASE_WORK,
    "case_file.hand_over": P.CASE_WORK,
    "case_file.record_identity": P.CASE_WORK,
    "case_agents.of_case": P.CASE_LIST,
    "case_agents.record": P.CASE_WORK,
    "case_agents.end": P.CASE_WORK,
    "front_doors.show": P.SETTINGS,
    "front_doors.save": P.SETTINGS,
    "case_messages.of_case": P.CASE_WORK,
    "case_messages.write": P.CASE_WORK,
    "case_messages.mark_read": P.CASE_WORK,
    "case_messages.unread": P.CASE_WORK,
    "identity_codes.state": P.CASE_WORK,
    "identity_codes.send": P.CASE_WORK,
    "identity_codes.check": P.CASE_WORK,
    "case_questions.prepare": P.CASE_WORK,
    "case_questions.state": P.CASE_WORK,
    "case_questions.begin": P.CASE_WORK,
    "case_questions.check": P.CASE_WORK,
    "case_file.acknowledge": P.CASE_WORK,
    "case_file.extend": P.CASE_WORK,
    "case_file.pause": P.CASE_WORK,
    "case_file.resume": P.CASE_WORK,
    "case_file.refuse": P.CASE_DECIDE,
    "case_file.close_not_identified": P.CASE_DECIDE,
    "case_file.close": P.CASE_WORK,
    "case_file.take_back": P.CASE_WORK,
    "case_letters.draft": P.CASE_WORK,
    "answer_languages.choose": P.CASE_WORK,
    "case_retention.show": P.CASE_LIST,
    "case_retention.save": P.SETTINGS,
    "clock_settings.show": P.CASE_LIST,
    "clock_settings.save": P.SETTINGS,
    "clock_settings.add_day": P.SETTINGS,
    "clock_settings.strike_day": P.SETTINGS,
    "clock_settings.withdraw_day": P.SETTINGS,
    "connection.test_connection": P.SETTINGS,
    "history.timeline": P.EXPORT_LIST,
    "dashboard.today": P.EXPORT_LIST,
    "accounts.rows": P.ACCOUNTS,
    "step_up.confirm_identity": OWN,
    "accounts.disable_account": P.ACCOUNTS,
    "accounts.enable_account": P.ACCOUNTS,
    "own_account.end_other_sessions": OWN,
    "accounts.forget_sign_on": P.ACCOUNTS,
    "sessions.idle_seconds_left": OWN,
    "accounts.invite": P.ACCOUNTS,
    "own_account.row": OWN,
    "own_account.own_sessions": OWN,
    "second_factor.reset_second_factor": P.ACCOUNTS,
    "second_factor.second_factor_policy": P.ACCOUNTS,
    "accounts.set_password": P.ACCOUNTS,
    "accounts.set_role": P.ACCOUNTS,
    "second_factor.set_second_factor_policy": P.ACCOUNTS,
    "languages.set_language": OWN,
    "step_up.step_up_methods": OWN,
    "sessions.vendor_token": OWN,
    "own_account.request_second_factor": OWN,
}
# The way in, the workers and the command line: no user yet, so each is guarded by its own secret (password,
# code, cookie, ticket, vendor, provider) or reachable only from the command line, a worker and the start.
WITHOUT_USER = {
    "case_intake.carry_on",  # within the transaction of an export that is asked for
    "case_intake.hold",
    "case_intake.join_or_open",
    "case_calendar.by_token",  # the secret in the address
    "retention.destroy_all_of",
    "source_retention.destroy_all_of",
    "failed_identity.run_housekeeping",
    "source_retention.run_housekeeping",
    "source_retention.sweep",
    "system_retention.destroy_all_of",
    "system_retention.run_housekeeping",
    "system_retention.sweep",
    "deliveries.mail_changed",
    "delivery_retention.run_housekeeping",
    "recipient.page",  # the secret in the address
    "recipient.try_code",
    "recipient.send_code",
    "recipient.files",
    "recipient.fetch",
    "recipient.not_mine",
    "case_intake.take_in",  # within the transaction of a code that a person typed
    "front_door_desk.page",  # the merchant's page for requests, and below the secret in an address
    "front_door_desk.wrong",
    "front_door_desk.ask",
    "front_door_desk.mine",
    "front_door_desk.send_code",
    "front_door_desk.enter_code",
    "front_door_desk.write",
    "front_door_desk.also_used",
    "door_housekeeping.run_housekeeping",
    "package_retention.destroy_all_of",
    "package_retention.run_housekeeping",
    "package_retention.sweep",
    "outbox.queue",  # within the transaction of what a mail tells
    "outbox.sender_of",
    "outbox.start",
    "outbox.state_of",
    "case_mails.queue_letter",
    "case_mails.start",
    "bounces.take",  # the token in a bounce
    "bounces.take_bytes",
    "mail_retention.run_housekeeping",
    "fingerprints.forget_due",
    "fingerprints.of_case",
    "fingerprints.run_housekeeping",
    "fingerprints.take_missing",
    "fingerprints.take_small",
    "trail.sign_checkpoints",
    "nightly_days.keep",
    "retention.run_housekeeping",
    "retention.sweep",
    "accounts.add_account",
    "second_factor.check_code",
    "password_sign_in.check_password",
    "second_factor.confirm_totp",
    "accounts.create_merchant",
    "sessions.check_cookie",
    "sessions.check_session",
    "sessions.check_socket",
    "sessions.end_session",
    "account_exchange.export_accounts",
    "account_exchange.import_accounts",
    "tickets.issue_ticket",
    "languages.language_of",
    "sessions.live_sessions",
    "single_sign_on.merchant_named",
    "second_factor.new_totp",
    "single_sign_on.oidc_finish",
    "single_sign_on.oidc_start",
    "tickets.redeem_ticket",
    "sessions.renew_cookie",
    "sessions.resolve_hash",
    "sessions.start_session",
    "accounts.user_for_account",
    "loyaltydog_sign_in.vendor_code",
    "loyaltydog_sign_in.vendor_sign_in",
}
GIVEN: dict[str, Any] = {
    "new_case": NewCase(
        identifiers=((IdentifierKind.EMAIL, SecretStr("canary.two@example.com")),),
        rights=frozenset({Right.ACCESS}),
        channel=Channel.EMAIL,
    ),
    "identifiers": ((IdentifierKind.EMAIL, SecretStr("canary.two@example.com")),),
    "rights": frozenset({Right.ACCESS}),
    "method": IdentityMethod.IN_PERSON,
    "result": IdentityResult.PROVED,
    "letter": "Your request has reached us.",
    "sha256": "0" * 64,
    "delivery_id": "f" * 32,
    "breach_id": "f" * 32,
    "path": "1-READ-ME-FIRST.html",
    "copy_id": "f" * 32,
    "number": 1,
    "version": 1,
    "profile": "EU",
    "calendar": "DE",
    "house_limit_days": None,
    "post_days": None,
    "day": utc_now().date(),
    "about": About(since=utc_now().date(), until=utc_now().date()),
    "request": ExportRequest(email=SecretStr("canary.two@example.com"), format="json"),
    "text": "canary",
    "reason": "a reason long enough to count",
    "what": "email",
    "earlier_id": "f" * 32,
    "days": 7,
    "export_ids": (),
    "source_id": "f" * 32,
    "filename": "canary.csv",
    "chunks": (b"canary",),
    "said": SystemAnswer.NOTHING_HELD,
    "item_id": "f" * 20,
    "code": MatchCode.NOT_THEIRS,
    "channel": "email",
    "answer": "not-the-password-at-all",
    "email": "fresh@one.example",
    "name": "Fresh",
    "role": "auditor",
    "password": "harbour-mustard-kite-38",
    "policy": "all",
    "language": "de",
    "api_url": "",
    "tokens": {},
    "forget": (),
    "download_hosts": "",
    "retention_days": 7,
    "time_zone": "",
    "requests_per_minute": None,
    "clue": Clue(ClueKind.LAST_FOUR, "4708"),
    "found": Found("f" * 32, Clue(ClueKind.LAST_FOUR, "4708"), ()),
    "clues": (),
    "key": "0",
    "group_id": "staff",
    "choice": Choice.KEEP,
    "places": (CellPlace("giftCards", 0, "senderName"),),
    "table": "giftCards",
    "column": "senderName",
    "rows": (0,),
    "numbers": (1,),
    "changed": {},
    "second_person": False,
    "words": "canary",
    "whole": Whole.LEFT_OUT,
    "file": FileOf.SYSTEM,
    "to": "someone@example.com",
    "mail_id": "f" * 32,
    "identifier_id": "f" * 32,
    "display_name": "Shop",
    "reply_to": "",
}
GIVEN_TO: dict[str, dict[str, Any]] = {
    "identity_codes.check": {"code": "314159"},
    "case_questions.check": {"answers": {}},
    "front_doors.save": {"is_open": True, "name": "canary-shop"},
    "case_agents.record": {
        "kind": AgentKind.LAWYER,
        "authority": AuthorityKind.POWER_OF_ATTORNEY,
        "scope": AgentScope.ASK,
        "authority_on": utc_now().date(),
    },
    "case_retention.save": {"months": 36, "reason": "As our lawyer advised."},
    "letter_profiles.save": {"profile": Profile()},
    "case_file.extend": {"reason": ExtensionReason.COMPLEXITY},
    "case_file.pause": {"what": PauseKind.FEE},
    "case_file.resume": {"what": PauseKind.FEE},
    "case_file.refuse": {"reason": RefusalReason.UNFOUNDED},
    "case_file.close": {"reason": ClosingReason.ELSEWHERE},
    "case_letters.draft": {"kind": LetterKind.ACKNOWLEDGEMENT},
    "card_access.ask": {"reason": CardReason.DISPUTE},
    "nothing_held.record": {"channel": AnswerChannel.EMAIL},
    "deliveries.prepare": {"way": DeliveryWay.LINK},
    "deliveries.record": {"way": DeliveryWay.PAPER},
    "deliveries.told": {"channel": CodeChannel.PHONE},
    "deliveries.settle_breach": {"outcome": BreachState.REPORTED},
    "unanswered_sources.answer_for": {"state": SourceState.APART},
    "review.check_copy": {"kind": FileKind.REDACTED},
    "review.leave_out": {"reason": LeaveOutReason.OTHER_PERSON},
    "review.leave_out_field": {"reason": LeaveOutReason.OTHER_PERSON},
    "review.leave_out_words": {"reason": LeaveOutReason.OTHER_PERSON},
    "case_files.decide_whole": {"whole": Whole.SENT},
    "case_review.check_copy": {"kind": FileKind.REDACTED},
    "case_review.leave_out": {"reason": LeaveOutReason.OTHER_PERSON},
    "case_review.leave_out_field": {"reason": LeaveOutReason.OTHER_PERSON},
    "case_review.leave_out_words": {"reason": LeaveOutReason.OTHER_PERSON},
}
# What services are made of, and what the command line and the workers use; no page or route calls them for a person.
BELOW_THE_SERVICES = {
    Settings,
    Database,
    MasterKey,
    FieldSealer,
    BlobStore,
    SealedFiles,
    Vendor,
    Keeper,
    RefusalAudit,
    Workers,
}
OBJECTS = {
    "export_id",
    "account_id",
    "case_id",
    "system_id",
    "file_id",
    "request_id",
    "package_id",
    "delivery_id",
    "breach_id",
}


def functions() -> dict[str, Callable[..., Any]]:
    return {
        f"{service}.{name}": function
        for service, kind in typing.get_type_hints(Portal).items()
        if kind not in BELOW_THE_SERVICES
        for name, function in inspect.getmembers(kind, inspect.isfunction)
        if not name.startswith("_")
    }


def takes_user(function: Callable[..., Any]) -> bool:
    return list(inspect.signature(function).parameters)[1:2] == ["user"]


USER_FUNCTIONS = sorted(name for name, function in functions().items() if takes_user(function))
WITH_OBJECT = [n for n in USER_FUNCTIONS if OBJECTS & set(inspect.signature(functions()[n]).parameters)]


class World:
    """A whole portal on SQLite with one export and four accounts per merchant."""

    def __init__(self, portal: Portal) -> None:
        self.portal = portal
        self.ids: dict[str, str] = {}
        self.exports: dict[str, str] = {}
        self.cases: dict[str, str] = {}
        self.systems: dict[str, str] = {}
        self.attached: dict[str, str] = {}
        self.card_requests: dict[str, str] = {}
        self.packages: dict[str, str] = {}
        self.deliveries: dict[str, tuple[str, str]] = {}
        for shop in ("one", "two"):
            merchant = portal.accounts.create_merchant(f"Shop {shop}")
            with portal.db.write() as db:
                for who in ("agent", "manager", "auditor", "spare"):
                    role = "agent" if who == "spare" else who
                    account = Account(merchant_id=merchant, email=f"{who}@{shop}.example", role=role)
                    db.add(account)
                    self.ids[f"{who}@{shop}"] = account.id
            self.exports[shop] = portal.submissions.submit(
                self.user("manager", shop), ExportRequest(email=SecretStr(f"canary.{shop}@example.com"), format="json")
            )
            with portal.db.read() as db:
                self.cases[shop] = db.get_one(Export, self.exports[shop]).case_id
            self.systems[shop] = portal.merchant_systems.add_system(self.user("manager", shop), "Till")
            self.attached[shop] = portal.case_systems.attach(
                self.user("agent", shop), self.cases[shop], self.systems[shop], f"canary.{shop}.example.csv", (b"x",)
            )
            with portal.db.write() as db:
                asked = CardRequest(
                    merchant_id=merchant, export_id=self.exports[shop], asked_by=self.ids[f"agent@{shop}"],
                    role="agent", reason="dispute", state="waiting",
                )  # fmt: skip
                db.add(asked)
                db.flush()
                self.card_requests[shop] = asked.id
            self.packages[shop] = self._package(merchant, shop)
            self.deliveries[shop] = self._delivery(merchant, shop)

    def _package(self, merchant: str, shop: str) -> str:
        """A version whose bytes are nowhere: who may not open it does not get so far."""
        with self.portal.db.write() as db:
            row = CasePackage(
                merchant_id=merchant, case_id=self.cases[shop], number=1, variant="access", language="en",
                outcome="yes", inputs="", profile_version=1, blob_name=f"{merchant}/nowhere", size_bytes=1,
                sha256="0" * 64, manifest_sha256="", file_count=1, built_by=self.ids[f"agent@{shop}"],
            )  # fmt: skip
            db.add(row)
            db.flush()
            return row.id

    def _delivery(self, merchant: str, shop: str) -> tuple[str, str]:
        """A delivery that was prepared, and a breach of it."""
        with self.portal.db.write() as db:
            row = Delivery(
                merchant_id=merchant, case_id=self.cases[shop], package_id=self.packages[shop], sha256="0" * 64,
                way="link", state="prepared", language="en", created_by=self.ids[f"agent@{shop}"],
                code=DeliveryCode(), mailing=DeliveryMailing(),
            )  # fmt: skip
            db.add(row)
            db.flush()
            breach = Breach(
                merchant_id=merchant, case_id=self.cases[shop], delivery_id=row.id, report_by=utc_now()
            )  # fmt: skip
            db.add(breach)
            db.flush()
            return row.id, breach.id

    def user(self, who: str, shop: str = "one", *, fresh: bool = True) -> User:
        found = self.portal.accounts.user_for_account(self.ids[f"{who}@{shop}"], origin="198.51.100.7")
        return dataclasses.replace(found, proof_at=utc_now() if fresh else None)

    def call(self, name: str, user: User, *, shop: str = "one", missing: bool = False) -> Any:
        """Call a service function as `user` on the objects of `shop` (or on ids nobody has)."""
        method = operator.attrgetter(name)(self.portal)
        objects = {
            "export_id": self.exports[shop],
            "account_id": self.ids[f"spare@{shop}"],
            "case_id": self.cases[shop],
            "system_id": self.systems[shop],
            "file_id": self.exports[shop] if name.startswith("review.") else self.attached[shop],
            "request_id": self.card_requests[shop],
            "package_id": self.packages[shop],
            "delivery_id": self.deliveries[shop][0],
            "breach_id": self.deliveries[shop][1],
        }
        given = {**GIVEN, **GIVEN_TO.get(name, {}), **(dict.fromkeys(objects, "f" * 32) if missing else objects)}
        wanted = {
            p.name: given[p.name]
            for p in inspect.signature(method).parameters.values()
            if p.name != "user" and (p.default is p.empty or p.name in OBJECTS)
        }
        return method(user, **wanted)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    portal = build_portal(Settings(data_dir=tmp_path))
    yield World(portal)
    portal.stop()


def test_every_public_service_function_is_in_the_matrix() -> None:
    found = functions()
    assert {n for n in found if takes_user(found[n])} <= set(EXPECTED), "declare what the new function needs"
    assert {n for n in found if not takes_user(found[n])} <= WITHOUT_USER, "say why it needs no user, or give it one"


SERVICE_ROOMS = (
    "portal.cases",
    "portal.comparison",
    "portal.delivery",
    "portal.exports",
    "portal.identity",
    "portal.merchants",
    "portal.operations",
    "portal.people",
    "portal.review",
    "portal.sources",
    "portal.systems",
    "portal.trail",
)


def classes_that_take_a_user() -> dict[type, list[str]]:
    """Class -> its public functions that take a user, over all modules that hold services."""
    found: dict[type, list[str]] = {}
    for room in SERVICE_ROOMS:
        for place in pkgutil.walk_packages(importlib.import_module(room).__path__, f"{room}."):
            for kind in vars(importlib.import_module(place.name)).values():
                if inspect.isclass(kind) and kind.__module__ == place.name:
                    own = [n for n, f in inspect.getmembers(kind, inspect.isfunction) if n[0] != "_" and takes_user(f)]
                    if own:
                        found[kind] = own
    return found


def test_every_class_that_takes_a_user_is_a_service() -> None:
    services = set(typing.get_type_hints(Portal).values())
    inside = {base for kind in services if inspect.isclass(kind) for base in kind.__mro__}
    assert set(classes_that_take_a_user()) - inside == set(), "put it on Portal: the matrix reads that"


def test_every_public_service_function_records_its_refusals() -> None:
    found = functions()
    asked = [name for name, act in found.items() if takes_user(act) or "address" in inspect.signature(act).parameters]
    assert {"password_sign_in.check_password", "accounts.rows"} <= set(asked)
    assert [name for name in asked if not hasattr(found[name], "__wrapped__")] == []


@pytest.mark.parametrize("name", USER_FUNCTIONS)
def test_each_role_may_do_what_its_row_says_and_nothing_else(world: World, name: str) -> None:
    needed = EXPECTED[name]
    for role in Role:
        user = world.user(role.value)
        allowed = needed is None or needed in PERMISSIONS[role]
        try:
            world.call(name, user)
        except NotPermitted:
            assert not allowed, f"{role} must be allowed {name}"
        except (PortalError, LoyaltyDogError, InputErrors):
            assert allowed, f"{role} must be refused by role, before anything else"
        else:
            assert allowed, f"{role} must not be allowed {name}"


@pytest.mark.parametrize("name", WITH_OBJECT)
def test_another_merchants_object_and_none_at_all_are_the_same_answer(world: World, name: str) -> None:
    said = []
    for shop, missing in (("two", False), ("two", True)):
        with pytest.raises(NotFound) as refused:
            world.call(name, world.user("manager"), shop=shop, missing=missing)
        said.append((refused.value.message, refused.value.next_step, refused.value.code, refused.value.detail))
    assert said[0] == said[1]


@pytest.mark.parametrize("name", sorted(set(USER_FUNCTIONS) - set(WITH_OBJECT)))
def test_nothing_of_another_merchant_is_ever_in_an_answer(world: World, name: str) -> None:
    try:
        answer = world.call(name, world.user("manager"))
    except (PortalError, LoyaltyDogError, InputErrors) as refused:
        answer = (str(refused), getattr(refused, "message", ""))
    if hasattr(answer, "chunks"):
        answer = b"".join(answer.chunks)
    shown = repr(answer)
    foreign = [
        world.exports["two"],
        world.cases["two"],
        world.systems["two"],
        world.attached["two"],
        world.card_requests["two"],
        *world.deliveries["two"],
        *(i for who, i in world.ids.items() if who.endswith("@two")),
        "two.example",
    ]
    assert not [mark for mark in foreign if mark in shown]


FRESH = {
    "deliveries.address",
    "deliveries.confirm_address",
    "deliveries.new_code",
    "deliveries.new_link",
    "deliveries.prepare",
    "deliveries.record",
    "deliveries.send",
    "packages.build",
    "packages.approve",
    "package_files.members",
    "package_files.member",
    "package_files.download",
    "person_records.of_case",
    "bulk.destroy_many",
    "files.check_open",
    "retention.destroy",
    "card_access.allow",
    "card_access.ask",
    "card_access.refuse",
    "review.approve",
    "review.check_copy",
    "review.decide",
    "review.leave_out",
    "review.state",
    "review.undo",
    "case_review.approve",
    "case_review.check_copy",
    "case_review.decide",
    "case_review.leave_out",
    "case_review.leave_out_words",
    "case_review.state",
    "case_review.undo",
    "case_files.check_open",
    "case_files.asked_person",
    "case_files.open_preview",
    "case_files.open_for_answer",
    "letter_profiles.save",
    "front_doors.save",
    "mail_settings.save",
    "mail_settings.send_test",
    "review_settings.save",
    "left_out_lists.document",
    "files.open_file",
    "files.open_preview",
    "files.open_reading",
    "history.reveal",
    "connection.save_settings",
    "case_retention.save",
    "clock_settings.save",
    "clock_settings.add_day",
    "clock_settings.strike_day",
    "clock_settings.withdraw_day",
    "accounts.disable_account",
    "accounts.enable_account",
    "accounts.forget_sign_on",
    "accounts.invite",
    "second_factor.reset_second_factor",
    "accounts.set_password",
    "accounts.set_role",
    "second_factor.set_second_factor_policy",
}


@pytest.mark.parametrize("name", sorted(FRESH))
def test_sensitive_acts_need_a_fresh_proof(world: World, name: str) -> None:
    with pytest.raises(StepUpNeeded):
        world.call(name, world.user("manager", fresh=False))


def test_the_matrix_covers_all_roles_and_permissions() -> None:
    assert set(PERMISSIONS) == set(Role)
    assert P.EXPORT_OPEN not in PERMISSIONS[Role.AUDITOR]
    assert {role for role, may in product(Role, [P.ACCOUNTS]) if may in PERMISSIONS[role]} == {Role.MANAGER}
