"""The tables of cases: one person's request, what is asked, who they are, what happened, who speaks for them; and the
look-ups of persons that came before a case.

Personal values are sealed and found through a keyed blind index per merchant. Facts are only ever added; state
and dates on a case's row are what they come to (`portal.cases.services.folding`).
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.storage.base import BYTE_ORDER, Base, new_id, utc_now
from portal.storage.column_defaults import folded_reference


class Case(Base, kw_only=True):
    """One person's request to a merchant. `year` and `number` are what people call it: 2026-0042.

    `profile` and `calendar` are codes of `cases.clock.applicable`, `zone` is the controller's. `due_on` is the day
    that counts now, `closed_at` is empty while the clock runs. Codes: `portal.cases.facts` and `states`.
    What was written in it, and what the person is known by, is destroyed after `destroy_facts_after`, empty while it is
    open (`portal.cases.retention`).
    """

    __tablename__ = "cases"
    __table_args__ = (
        UniqueConstraint("merchant_id", "year", "number", name="uq_cases_number"),
        Index("ix_cases_due", "merchant_id", "closed_at", "due_on", "id"),
        # All that the figures by month read of a case: a third of the time of reading the rows.
        Index(
            "ix_cases_received", "merchant_id", "received_on", "closed_as", "closed_at", "last_lawful_on",
            "extended_to", "due_on", "zone", "received_at",
        ),
        # Open and ended cases each in the order of their pages (bench/cases.py).
        Index("ix_cases_state", "merchant_id", "state", "closed_at", "due_on", "id"),
        Index("ix_cases_assignee", "merchant_id", "assignee", "closed_at", "due_on", "id"),
        Index("ix_cases_subject", "merchant_id", "subject_index", "received_on", "id"),
        Index("ix_cases_reference", "merchant_id", "reference_key", "id"),
        Index("ix_cases_destroy", "facts_destroyed_at", "destroy_facts_after"),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default_factory=new_id)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    year: Mapped[int] = mapped_column()
    number: Mapped[int] = mapped_column()
    reference: Mapped[str] = mapped_column(String(100), default="")
    reference_key: Mapped[str] = mapped_column(BYTE_ORDER, init=False, insert_default=folded_reference)
    profile: Mapped[str] = mapped_column(String(40))
    calendar: Mapped[str] = mapped_column(String(40), default="")
    zone: Mapped[str] = mapped_column(String(64))
    language: Mapped[str] = mapped_column(String(8), default="")
    channel: Mapped[str] = mapped_column(String(12))
    received_at: Mapped[dt.datetime | None] = mapped_column(default=None)
    received_on: Mapped[dt.date] = mapped_column()
    sealed_name: Mapped[bytes | None] = mapped_column(default=None)
    subject_index: Mapped[str] = mapped_column(String(80))
    state: Mapped[str] = mapped_column(String(24))
    assignee: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"), default=None)
    target_on: Mapped[dt.date] = mapped_column()
    last_lawful_on: Mapped[dt.date] = mapped_column()
    due_on: Mapped[dt.date] = mapped_column()
    extended_to: Mapped[dt.date | None] = mapped_column(default=None)
    closed_at: Mapped[dt.datetime | None] = mapped_column(default=None)
    closed_as: Mapped[str] = mapped_column(String(24), default="")
    destroy_facts_after: Mapped[dt.datetime | None] = mapped_column(default=None)
    facts_destroyed_at: Mapped[dt.datetime | None] = mapped_column(default=None)


class FailedIdentity(Base, kw_only=True):
    """A case in which it holds that nobody could tell who the person is, and since when. No row once a proof came."""

    __tablename__ = "failed_identities"
    __table_args__ = (Index("ix_failed_identities_failed", "failed_at"),)

    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    failed_at: Mapped[dt.datetime] = mapped_column()


class CaseDemand(Base, kw_only=True):
    """One right that the person invokes, and what came of it."""

    __tablename__ = "case_demands"

    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    demand: Mapped[str] = mapped_column(String(24), primary_key=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    outcome: Mapped[str] = mapped_column(String(16), default="open")
    decided_by: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"), default=None)
    decided_at: Mapped[dt.datetime | None] = mapped_column(default=None)
    code: Mapped[str] = mapped_column(String(24), default="")


class CaseIdentifier(Base, kw_only=True):
    """One thing by which the person is known. The first is the one they are called by in lists.

    The value is sealed here, or it is the customer of the export that is named (cases made for older exports). With
    neither it is destroyed (`portal.cases.retention`), and `value_index` alone tells the same person.
    """

    __tablename__ = "case_identifiers"
    __table_args__ = (
        UniqueConstraint("case_id", "number", name="uq_case_identifiers_number"),
        Index("ix_case_identifiers_value", "merchant_id", "value_index", "case_id"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default_factory=new_id)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"))
    number: Mapped[int] = mapped_column()
    kind: Mapped[str] = mapped_column(String(12))
    sealed_value: Mapped[bytes | None] = mapped_column(default=None)
    export_id: Mapped[str | None] = mapped_column(ForeignKey("exports.id"), default=None)
    value_index: Mapped[str] = mapped_column(String(80))
    standing: Mapped[str] = mapped_column(String(12), default="claimed")
    added_by: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"), default=None)
    added_at: Mapped[dt.datetime] = mapped_column(default_factory=utc_now)


class CaseFact(Base, kw_only=True):
    """One fact: numbered within its case, never changed. `told_on` is the day where it was told as a day.

    `recorded_by` is empty for what the portal did by itself. `sealed_text` is a person's own words.
    """

    __tablename__ = "case_facts"
    __table_args__ = (UniqueConstraint("case_id", "number", name="uq_case_facts_number"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default_factory=new_id)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"))
    number: Mapped[int] = mapped_column()
    kind: Mapped[str] = mapped_column(String(16))
    at: Mapped[dt.datetime] = mapped_column()
    told_on: Mapped[dt.date | None] = mapped_column(default=None)
    recorded_at: Mapped[dt.datetime] = mapped_column(default_factory=utc_now)
    recorded_by: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"), default=None)
    codes: Mapped[dict[str, Any]] = mapped_column(default_factory=dict)
    sealed_text: Mapped[bytes | None] = mapped_column(default=None)
    takes_back: Mapped[int | None] = mapped_column(default=None)


class CaseAgent(Base, kw_only=True):
    """Somebody who speaks for the person, and the authority that was seen (never kept), dated `authority_on`. The
    newest one counts. Codes: `portal.cases.recognition.agents`."""

    __tablename__ = "case_agents"
    __table_args__ = (Index("ix_case_agents_case", "case_id"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default_factory=new_id)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"))
    kind: Mapped[str] = mapped_column(String(20))
    authority_kind: Mapped[str] = mapped_column(String(20))
    scope: Mapped[str] = mapped_column(String(20), default="")
    checked_by: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"), default=None)
    checked_at: Mapped[dt.datetime] = mapped_column(default_factory=utc_now)
    valid_until: Mapped[dt.date | None] = mapped_column(default=None)
    deliver_to: Mapped[str] = mapped_column(String(8), default="person")
    authority_on: Mapped[dt.date | None] = mapped_column(default=None)
    ended_at: Mapped[dt.datetime | None] = mapped_column(default=None)


class CalendarAddress(Base, kw_only=True):
    """A secret address by which a colleague's calendar reads when cases are due. Only its SHA-256 is kept."""

    __tablename__ = "calendar_addresses"
    __table_args__ = (Index("ix_calendar_addresses_account", "account_id", "revoked_at"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default_factory=new_id)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    token_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[dt.datetime] = mapped_column(default_factory=utc_now)
    revoked_at: Mapped[dt.datetime | None] = mapped_column(default=None)
    last_used_at: Mapped[dt.datetime | None] = mapped_column(default=None)


class PersonLookup(Base, kw_only=True):
    """One look-up of a person at LoyaltyDog: who, when, by which kind of clue, and the case it led to. No value of the
    person's, so it is kept as long as the audit trail.

    Counts are empty where LoyaltyDog gave no answer. `chosen_at`: a customer was chosen of those that were found.
    """

    __tablename__ = "person_lookups"
    __table_args__ = (Index("ix_person_lookups_case", "merchant_id", "case_id", "at", "id"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default_factory=new_id)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    at: Mapped[dt.datetime] = mapped_column(default_factory=utc_now)
    kind: Mapped[str] = mapped_column(String(16))
    card_count: Mapped[int | None] = mapped_column(default=None)
    people_count: Mapped[int | None] = mapped_column(default=None)
    chosen_at: Mapped[dt.datetime | None] = mapped_column(default=None)
    case_id: Mapped[str | None] = mapped_column(ForeignKey("cases.id"), default=None)
    led_at: Mapped[dt.datetime | None] = mapped_column(default=None)
