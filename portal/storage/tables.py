"""The tables. Times are aware UTC; ids are 32 hex characters; personal fields are sealed bytes.

What is in clear about a data subject: nothing. Emails and customer ids are sealed (SEC-26) and
found through `subject_index`, a keyed blind index per merchant. Staff accounts are in clear.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.storage.answering.comparison_tables import CaseFingerprints as CaseFingerprints
from portal.storage.answering.delivery_tables import Delivery as Delivery
from portal.storage.answering.front_door_tables import CaseMessage as CaseMessage
from portal.storage.answering.front_door_tables import DoorLink as DoorLink
from portal.storage.answering.front_door_tables import DoorRequest as DoorRequest
from portal.storage.answering.front_door_tables import DoorVisit as DoorVisit
from portal.storage.answering.front_door_tables import FrontDoor as FrontDoor
from portal.storage.answering.letter_tables import LetterProfile as LetterProfile
from portal.storage.answering.mail_tables import Mail as Mail
from portal.storage.answering.mail_tables import MailSender as MailSender
from portal.storage.answering.package_tables import CasePackage as CasePackage
from portal.storage.answering.recognition_tables import IdentityCode as IdentityCode
from portal.storage.answering.recognition_tables import IdentityQuestions as IdentityQuestions
from portal.storage.answering.retention_tables import CaseRetentionRules as CaseRetentionRules
from portal.storage.answering.review_tables import ReviewDecision as ReviewDecision
from portal.storage.answering.source_tables import CaseMatch as CaseMatch
from portal.storage.answering.source_tables import CaseSource as CaseSource
from portal.storage.answering.system_tables import MerchantSystem as MerchantSystem
from portal.storage.base import Base as Base
from portal.storage.base import CanonicalJSON as CanonicalJSON
from portal.storage.base import UTCDateTime as UTCDateTime
from portal.storage.base import new_id as new_id
from portal.storage.base import utc_now as utc_now
from portal.storage.clock_tables import ClockRules as ClockRules
from portal.storage.column_defaults import key_of_email
from portal.storage.export_tables import CardRequest as CardRequest
from portal.storage.export_tables import Export as Export
from portal.storage.export_tables import ExportAsked as ExportAsked
from portal.storage.export_tables import ExportFile as ExportFile
from portal.storage.export_tables import ExportResponse as ExportResponse

INDEX_FORM = 2  # 1 merged letters (`str.casefold`); 2 is `portal.identifiers.identifier_key`


class Merchant(Base, kw_only=True):
    """A tenant: one LoyaltyDog merchant. Its secrets are sealed with its own id bound in.

    `index_form` says how the persons of its exports are written before they are indexed (`INDEX_FORM` is today's).
    """

    __tablename__ = "merchants"

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default_factory=new_id)
    name: Mapped[str] = mapped_column(String(200), unique=True)
    practice: Mapped[bool] = mapped_column(default=False)
    sealed_index_keyset: Mapped[bytes] = mapped_column()
    index_form: Mapped[int] = mapped_column(nullable=True, default=INDEX_FORM)
    api_url: Mapped[str] = mapped_column(String(500), default="")
    sealed_api_token: Mapped[bytes | None] = mapped_column(default=None)
    sealed_merchant_token: Mapped[bytes | None] = mapped_column(default=None)
    sealed_customer_token: Mapped[bytes | None] = mapped_column(default=None)
    download_hosts: Mapped[list[Any]] = mapped_column(default_factory=list)
    retention_days: Mapped[int | None] = mapped_column(default=None)
    time_zone: Mapped[str] = mapped_column(String(64), default="")
    requests_per_minute: Mapped[int | None] = mapped_column(default=None)
    second_factor: Mapped[str] = mapped_column(String(16), default="managers")
    cards_need_two: Mapped[bool] = mapped_column(default=False)
    packages_need_two: Mapped[bool] = mapped_column(default=False)
    looks_before_settled: Mapped[bool] = mapped_column(default=True)
    second_proof_from: Mapped[int] = mapped_column(default=250)
    fresh_days: Mapped[int | None] = mapped_column(default=None)
    created_at: Mapped[dt.datetime] = mapped_column(default_factory=utc_now)


class Account(Base, kw_only=True):
    """One of the merchant's people; the same email at another merchant is another account.

    `email` is shown, `email_key` is what is looked up and unique (`portal.identifiers`). `password_hash` is bcrypt in
    streamlit-authenticator's format; `sign_on_identity` a SHA-256 of issuer and subject, once the account was opened by
    single sign-on.
    """

    __tablename__ = "accounts"
    __table_args__ = (
        UniqueConstraint("merchant_id", "email_key", name="uq_accounts_merchant_email_key"),
        Index("ix_accounts_email_key", "email_key"),
        Index("ix_accounts_sign_on_identity", "merchant_id", "sign_on_identity", unique=True),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default_factory=new_id)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"), index=True)
    email: Mapped[str] = mapped_column(String(320))
    email_key: Mapped[str] = mapped_column(String(320), init=False, insert_default=key_of_email)
    name: Mapped[str] = mapped_column(String(200), default="")
    role: Mapped[str] = mapped_column(String(16))
    method: Mapped[str] = mapped_column(String(16), default="password")
    password_hash: Mapped[str] = mapped_column(String(100), default="")
    sign_on_identity: Mapped[str | None] = mapped_column(String(64), default=None)
    disabled_at: Mapped[dt.datetime | None] = mapped_column(default=None)
    wants_second_factor: Mapped[bool] = mapped_column(default=False)
    sealed_totp: Mapped[bytes | None] = mapped_column(default=None)
    totp_last_step: Mapped[int | None] = mapped_column(BigInteger, default=None)
    recovery_hashes: Mapped[list[Any]] = mapped_column(default_factory=list)
    last_sign_in_at: Mapped[dt.datetime | None] = mapped_column(default=None)
    language: Mapped[str | None] = mapped_column(String(8), default=None)
    created_at: Mapped[dt.datetime] = mapped_column(default_factory=utc_now)


class LoginSession(Base, kw_only=True):
    """A signed-in browser. Only the SHA-256 of the cookie's 256-bit value is kept (SEC-33).

    `id_hash` stays (the hash of the first value), `cookie_hash` is that of the value good now: a proof of identity
    changes it. `proved_socket` is the one WebSocket, opened with the value before, that may go on.
    """

    __tablename__ = "login_sessions"

    id_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    cookie_hash: Mapped[str] = mapped_column(String(64), unique=True, index=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    stage: Mapped[str] = mapped_column(String(16), default="full")
    method: Mapped[str] = mapped_column(String(16), default="password")
    created_at: Mapped[dt.datetime] = mapped_column(default_factory=utc_now)
    last_seen_at: Mapped[dt.datetime] = mapped_column(default_factory=utc_now)
    proof_at: Mapped[dt.datetime] = mapped_column(default_factory=utc_now)
    expires_at: Mapped[dt.datetime] = mapped_column()
    ended_at: Mapped[dt.datetime | None] = mapped_column(default=None)
    ended_because: Mapped[str] = mapped_column(String(40), default="")
    address: Mapped[str] = mapped_column(String(64), default="")
    sealed_vendor_token: Mapped[bytes | None] = mapped_column(default=None)
    proved_socket: Mapped[str] = mapped_column(String(64), default="")


class SignInTicket(Base, kw_only=True):
    """One-use hand-over from the sign-in page to the cookie, at most 60 s old (SEC-32)."""

    __tablename__ = "sign_in_tickets"

    ticket_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    nonce_hash: Mapped[str] = mapped_column(String(64))
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    purpose: Mapped[str] = mapped_column(String(16), default="sign_in")
    facts: Mapped[dict[str, Any]] = mapped_column(default_factory=dict)
    sealed_vendor_token: Mapped[bytes | None] = mapped_column(default=None)
    expires_at: Mapped[dt.datetime] = mapped_column()
    used_at: Mapped[dt.datetime | None] = mapped_column(default=None)


class Throttle(Base, kw_only=True):
    """Failures of one subject (hashed account or address): delay grows, nothing locks for ever (SEC-37)."""

    __tablename__ = "throttle"

    key: Mapped[str] = mapped_column(String(80), primary_key=True)
    failures: Mapped[int] = mapped_column(default=0)
    last_at: Mapped[dt.datetime] = mapped_column(default_factory=utc_now)
    open_at: Mapped[dt.datetime] = mapped_column(default_factory=utc_now)


class Answer(Base, kw_only=True):
    """One fact of how a request was answered; the first export's id names the request. Only ever added to: a mistake is
    taken back by a further row. `sha256` is that of what was handed out (LAW-16). Codes: `exports.core.answers`."""

    __tablename__ = "answers"

    request_id: Mapped[str] = mapped_column(ForeignKey("exports.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    export_id: Mapped[str] = mapped_column(ForeignKey("exports.id"))
    kind: Mapped[str] = mapped_column(String(12))
    at: Mapped[dt.datetime] = mapped_column()
    recorded_at: Mapped[dt.datetime] = mapped_column(default_factory=utc_now)
    recorded_by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    channel: Mapped[str] = mapped_column(String(12), default="")
    copy: Mapped[str] = mapped_column(String(12), default="")
    sha256: Mapped[str] = mapped_column(String(64), default="")
    reason: Mapped[str] = mapped_column(String(16), default="")
    until: Mapped[dt.date | None] = mapped_column(default=None)
    takes_back: Mapped[int | None] = mapped_column(default=None)


class FileKey(Base, kw_only=True):
    """The wrapped key of one sealed file. Apart from `exports`, so that a data backup can leave it out (SEC-55)."""

    __tablename__ = "file_keys"

    export_id: Mapped[str] = mapped_column(ForeignKey("exports.id"), primary_key=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    blob_name: Mapped[str] = mapped_column(String(200), primary_key=True)
    sealed_keyset: Mapped[bytes] = mapped_column()
    created_at: Mapped[dt.datetime] = mapped_column(default_factory=utc_now)


class DestroyedFile(Base, kw_only=True):
    """A sealed file whose key was destroyed on purpose; a restored backup must not bring it back (SEC-55)."""

    __tablename__ = "destroyed_files"

    blob_name: Mapped[str] = mapped_column(String(200), primary_key=True)
    export_id: Mapped[str] = mapped_column(String(32), index=True)
    at: Mapped[dt.datetime] = mapped_column(default_factory=utc_now)


AUDIT_TEXTS = (
    "merchant_id", "at", "actor", "action", "object_id", "origin", "result", "facts", "prev_hash", "entry_hash"
)  # fmt: skip
AUDIT_KINDS = " AND ".join(["typeof(seq) = 'integer'", *(f"typeof({name}) = 'text'" for name in AUDIT_TEXTS)])


class AuditEntry(Base, kw_only=True):
    """One act. `entry_hash` covers the canonical JSON of all else and the entry before (SEC-50).

    SQLite keeps a value of any kind in any column (sqlite.org/flexible.html), so there a constraint says what else
    only the column's type would: a row numbered 7.5 stood between two signed entries.
    """

    __tablename__ = "audit_entries"
    __table_args__ = (
        CheckConstraint("seq >= 1", name="ck_audit_entries_seq"),
        CheckConstraint(AUDIT_KINDS, name="ck_audit_entries_kinds").ddl_if(dialect="sqlite"),
        Index("ix_audit_object", "merchant_id", "object_id", "seq"),
        Index("ix_audit_action", "merchant_id", "action", "seq"),
        Index("ix_audit_actor", "merchant_id", "actor", "seq"),
        Index("ix_audit_at", "merchant_id", "at"),
    )

    merchant_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[str] = mapped_column(String(32))
    actor: Mapped[str] = mapped_column(String(64))
    action: Mapped[str] = mapped_column(String(60))
    object_id: Mapped[str] = mapped_column(String(64), default="")
    origin: Mapped[str] = mapped_column(String(64), default="")
    result: Mapped[str] = mapped_column(String(16), default="ok")
    facts: Mapped[dict[str, Any]] = mapped_column(CanonicalJSON, default_factory=dict)
    prev_hash: Mapped[str] = mapped_column(String(64))
    entry_hash: Mapped[str] = mapped_column(String(64))


class Pace(Base, kw_only=True):
    """When the next request to LoyaltyDog is due, an address or merchant; shared by all processes."""

    __tablename__ = "pace"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    due_at: Mapped[dt.datetime] = mapped_column()


class Worker(Base, kw_only=True):
    """A process that runs exports; survivors take over from one not seen for a while."""

    __tablename__ = "workers"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    kind: Mapped[str] = mapped_column(String(12))
    seen_at: Mapped[dt.datetime] = mapped_column(default_factory=utc_now)
