"""The tables of exports: where one stands, what was asked, what LoyaltyDog answered, the file that came.

An export is one row in each, made in one transaction and read by one query. `exports` holds what its states, lists and
figures are found by; the other three what is read of a single export.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.storage.base import BYTE_ORDER, Base, new_id, utc_now
from portal.storage.case_tables import Case
from portal.storage.column_defaults import folded_reference, month_after_receipt, own_id


class ExportAsked(Base, kw_only=True):
    """About whom an export was asked, and how: from the web or the command line, in which login session.

    Who it is about is destroyed with what its case knows of the person (`portal.cases.retention`).
    """

    __tablename__ = "export_asked"

    export_id: Mapped[str] = mapped_column(ForeignKey("exports.id"), primary_key=True, init=False)
    subject_kind: Mapped[str] = mapped_column(String(12))
    sealed_subject: Mapped[bytes | None] = mapped_column(default=None)
    sealed_card_id: Mapped[bytes | None] = mapped_column(default=None)
    channel: Mapped[str] = mapped_column(String(8), default="web")
    asked_in: Mapped[str] = mapped_column(String(64), default="")


class ExportResponse(Base, kw_only=True):
    """What LoyaltyDog answered: its ids and link, or the problem and whose turn it is."""

    __tablename__ = "export_responses"

    export_id: Mapped[str] = mapped_column(ForeignKey("exports.id"), primary_key=True, init=False)
    sent_at: Mapped[dt.datetime | None] = mapped_column(default=None)
    accepted_at: Mapped[dt.datetime | None] = mapped_column(default=None)
    retry_at: Mapped[dt.datetime | None] = mapped_column(default=None)
    vendor_export_id: Mapped[str] = mapped_column(String(200), default="")
    vendor_status: Mapped[str] = mapped_column(String(100), default="")
    vendor_request_id: Mapped[str] = mapped_column(String(128), default="")
    sealed_download_url: Mapped[bytes | None] = mapped_column(default=None)
    clock_skew_seconds: Mapped[float | None] = mapped_column(default=None)
    notes: Mapped[list[Any]] = mapped_column(default_factory=list)
    problem_code: Mapped[str] = mapped_column(String(60), default="")
    problem: Mapped[str] = mapped_column(Text, default="")
    next_step: Mapped[str] = mapped_column(Text, default="")
    sealed_refusal: Mapped[bytes | None] = mapped_column(default=None)


class ExportFile(Base, kw_only=True):
    """The file that was fetched: its size and digest, what the check found, until when it is kept. `holds_cards`: does
    it hold card numbers; None is not known, and taken for yes. What may ask for a second proof stands beside it
    (`portal.cases.recognition.risk`); `other_address`: the person wrote from none that is in the file."""

    __tablename__ = "export_files"
    __table_args__ = (Index("ix_export_files_due", "destroyed_at", "destroy_after"),)

    export_id: Mapped[str] = mapped_column(ForeignKey("exports.id"), primary_key=True, init=False)
    fetched_bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    expected_bytes: Mapped[int | None] = mapped_column(BigInteger, default=None)
    collected_at: Mapped[dt.datetime | None] = mapped_column(default=None)
    size_bytes: Mapped[int | None] = mapped_column(BigInteger, default=None)
    sha256: Mapped[str] = mapped_column(String(64), default="")
    media_type: Mapped[str] = mapped_column(String(100), default="")
    blob_name: Mapped[str] = mapped_column(String(200), default="")
    table_count: Mapped[int | None] = mapped_column(default=None)
    row_count: Mapped[int | None] = mapped_column(BigInteger, default=None)
    verdict: Mapped[str] = mapped_column(String(16), default="")
    holds_cards: Mapped[bool | None] = mapped_column(default=None)
    money_band: Mapped[int | None] = mapped_column(default=None)
    person_changed_on: Mapped[dt.date | None] = mapped_column(default=None)
    other_address: Mapped[bool | None] = mapped_column(default=None)
    checks: Mapped[list[Any]] = mapped_column(default_factory=list)
    destroy_after: Mapped[dt.datetime | None] = mapped_column(default=None)
    destroyed_at: Mapped[dt.datetime | None] = mapped_column(default=None)


class Export(Base, kw_only=True):
    """One export: who asked, where it stands. States: `portal.exports.core.states`.

    `asked`, `response` and `file` are its rows in the other tables; they come with it in the same query.
    """

    __tablename__ = "exports"
    __table_args__ = (
        Index("ix_exports_list", "merchant_id", "requested_at", "id"),
        Index("ix_exports_expiry", "merchant_id", "link_expires_at", "id"),
        Index("ix_exports_subject", "merchant_id", "subject_index", "requested_at", "id"),
        Index("ix_exports_state", "state"),
        Index("ix_exports_ask", "merchant_id", "ask_index", "requested_at"),
        # One index a filter of Past exports, each in the order the page is drawn in (bench/history.py).
        Index("ix_exports_merchant_state", "merchant_id", "state", "requested_at", "id"),
        Index("ix_exports_state_expiry", "merchant_id", "state", "link_expires_at", "id"),
        Index("ix_exports_touched", "merchant_id", "state", "updated_at"),
        Index("ix_exports_format", "merchant_id", "format", "requested_at", "id"),
        Index("ix_exports_program", "merchant_id", "program_id", "requested_at", "id"),
        Index("ix_exports_by", "merchant_id", "requested_by", "requested_at", "id"),
        Index("ix_exports_reference", "merchant_id", "reference_key", "requested_at", "id"),
        Index("ix_exports_answer", "merchant_id", "answer", "requested_at", "id"),
        Index("ix_exports_answer_due", "merchant_id", "answer", "due_on", "id"),
        Index("ix_exports_request", "request_id"),
        Index("ix_exports_case", "case_id"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default_factory=new_id)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    case_id: Mapped[str] = mapped_column(ForeignKey(Case.id))
    state: Mapped[str] = mapped_column(String(16))
    attempt: Mapped[int] = mapped_column(default=0)
    turn: Mapped[str] = mapped_column(String(12), default="")
    requested_by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    requested_at: Mapped[dt.datetime] = mapped_column(default_factory=utc_now)
    updated_at: Mapped[dt.datetime] = mapped_column(default_factory=utc_now)
    inspected_at: Mapped[dt.datetime | None] = mapped_column(default=None)
    link_expires_at: Mapped[dt.datetime | None] = mapped_column(default=None)
    repeat_of: Mapped[str | None] = mapped_column(String(32), default=None)
    subject_index: Mapped[str] = mapped_column(String(80))
    ask_index: Mapped[str] = mapped_column(String(80))
    program_id: Mapped[str | None] = mapped_column(String(24), default=None)
    program_name: Mapped[str] = mapped_column(String(200), default="")
    format: Mapped[str] = mapped_column(String(8))
    reference: Mapped[str] = mapped_column(String(100), default="")
    reference_key: Mapped[str] = mapped_column(BYTE_ORDER, init=False, insert_default=folded_reference)
    received_on: Mapped[dt.date | None] = mapped_column(default=None)

    # How it was answered to the person (`portal.exports.core.answers`): the newest export of a request stands for it.
    # None is ever empty; the database lets them be, for SQLite adds no column that must be filled.
    request_id: Mapped[str] = mapped_column(String(32), nullable=True, init=False, insert_default=own_id)
    month_ends_on: Mapped[dt.date] = mapped_column(nullable=True, init=False, insert_default=month_after_receipt)
    due_on: Mapped[dt.date] = mapped_column(nullable=True, init=False, insert_default=month_after_receipt)
    answer: Mapped[str] = mapped_column(String(12), nullable=True, default="open")
    answered_on: Mapped[dt.date | None] = mapped_column(default=None)

    asked: Mapped[ExportAsked] = relationship(cascade="all", lazy="joined", innerjoin=True)
    response: Mapped[ExportResponse] = relationship(cascade="all", lazy="joined", innerjoin=True)
    file: Mapped[ExportFile] = relationship(cascade="all", lazy="joined", innerjoin=True)


class CardRequest(Base, kw_only=True):
    """Somebody asked to see a file's card numbers in full, and why. States and reasons:
    `portal.exports.files.card_codes`. A grant holds for the account, its role of then and the first login session that
    uses it (`session_hash`, None before). Goes with the file."""

    __tablename__ = "card_requests"
    __table_args__ = (
        Index("ix_card_requests_state", "merchant_id", "state", "asked_at"),
        Index("ix_card_requests_export", "export_id", "asked_by"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default_factory=new_id)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    export_id: Mapped[str] = mapped_column(ForeignKey("exports.id"))
    asked_by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    asked_at: Mapped[dt.datetime] = mapped_column(default_factory=utc_now)
    role: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(12))
    decided_by: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"), default=None)
    decided_at: Mapped[dt.datetime | None] = mapped_column(default=None)
    granted_until: Mapped[dt.datetime | None] = mapped_column(default=None)
    session_hash: Mapped[str | None] = mapped_column(String(64), default=None)
