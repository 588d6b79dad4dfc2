"""The tables of a case's sources: what LoyaltyDog was asked about the person, each sealed answer, and whose
the records in them are.

A source's answers are pages; the key of each page's file stands apart, so that a backup can leave it out (SEC-55).
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.storage.base import Base, new_id, utc_now
from portal.storage.case_tables import Case, CaseIdentifier
from portal.storage.export_tables import Export


class SourceFile(Base, kw_only=True):
    """What the pages of a source come to, and until when they are kept. `row_count`: records of the person;
    `doubtful_count`: those that match by phone alone. `sha256` is that of the answer, of several pages that of their
    hashes, one a line."""

    __tablename__ = "case_source_files"
    __table_args__ = (Index("ix_case_source_files_due", "destroyed_at", "destroy_after"),)

    source_id: Mapped[str] = mapped_column(ForeignKey("case_sources.id"), primary_key=True, init=False)
    size_bytes: Mapped[int | None] = mapped_column(BigInteger, default=None)
    sha256: Mapped[str] = mapped_column(String(64), default="")
    row_count: Mapped[int | None] = mapped_column(BigInteger, default=None)
    doubtful_count: Mapped[int] = mapped_column(default=0)
    destroy_after: Mapped[dt.datetime | None] = mapped_column(default=None)
    destroyed_at: Mapped[dt.datetime | None] = mapped_column(default=None)


class CaseSource(Base, kw_only=True):
    """One place where the person's data may be, and how far it was asked. Codes: `portal.sources.kinds`.

    `place` tells sources of one kind apart and holds nothing personal. Who is asked about: the case's identifier, or
    the id that an earlier answer named (`sealed_member`). `tries`: attempts since a person asked. `asked_by`: who
    asked last, or answered for it where LoyaltyDog gave no answer.
    """

    __tablename__ = "case_sources"
    __table_args__ = (
        UniqueConstraint("case_id", "kind", "place", name="uq_case_sources_place"),
        Index("ix_case_sources_state", "state", "updated_at"),
        Index("ix_case_sources_merchant", "merchant_id"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default_factory=new_id)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    case_id: Mapped[str] = mapped_column(ForeignKey(Case.id))
    number: Mapped[int] = mapped_column()
    kind: Mapped[str] = mapped_column(String(24))
    place: Mapped[str] = mapped_column(String(120), default="")
    program_id: Mapped[str] = mapped_column(String(100), default="")
    program_name: Mapped[str] = mapped_column(String(200), default="")
    identifier_id: Mapped[str | None] = mapped_column(ForeignKey(CaseIdentifier.id), default=None)
    sealed_member: Mapped[bytes | None] = mapped_column(default=None)
    state: Mapped[str] = mapped_column(String(16))
    attempt: Mapped[int] = mapped_column(default=0)
    tries: Mapped[int] = mapped_column(default=0)
    asked_by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    asked_in: Mapped[str] = mapped_column(String(64), default="")
    planned_at: Mapped[dt.datetime] = mapped_column(default_factory=utc_now)
    updated_at: Mapped[dt.datetime] = mapped_column(default_factory=utc_now)
    asked_at: Mapped[dt.datetime | None] = mapped_column(default=None)
    settled_at: Mapped[dt.datetime | None] = mapped_column(default=None)
    retry_at: Mapped[dt.datetime | None] = mapped_column(default=None)
    status: Mapped[int | None] = mapped_column(default=None)
    problem_code: Mapped[str] = mapped_column(String(60), default="")
    problem: Mapped[str] = mapped_column(Text, default="")
    next_step: Mapped[str] = mapped_column(Text, default="")
    vendor_request_id: Mapped[str] = mapped_column(String(128), default="")

    file: Mapped[SourceFile] = relationship(cascade="all", lazy="joined", innerjoin=True)


class SourcePage(Base, kw_only=True):
    """One answer, sealed as it came. `id`: of the page as a file of its case; `item_count`: records in it; `row_count`:
    those of the person."""

    __tablename__ = "case_source_pages"
    __table_args__ = (Index("ix_case_source_pages_id", "id", unique=True),)

    source_id: Mapped[str] = mapped_column(ForeignKey(CaseSource.id), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    id: Mapped[str] = mapped_column(String(32), default_factory=new_id)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    blob_name: Mapped[str] = mapped_column(String(200))
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
    item_count: Mapped[int] = mapped_column(BigInteger, default=0)
    row_count: Mapped[int] = mapped_column(BigInteger, default=0)
    doubtful_count: Mapped[int] = mapped_column(default=0)
    fetched_at: Mapped[dt.datetime] = mapped_column(default_factory=utc_now)


class SourceKey(Base, kw_only=True):
    """The wrapped key of one page's sealed file. Stored before the file is begun."""

    __tablename__ = "case_source_keys"

    source_id: Mapped[str] = mapped_column(ForeignKey(CaseSource.id), primary_key=True)
    blob_name: Mapped[str] = mapped_column(String(200), primary_key=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    sealed_keyset: Mapped[bytes] = mapped_column()
    created_at: Mapped[dt.datetime] = mapped_column(default_factory=utc_now)


class CaseComparison(Base, kw_only=True):
    """The identifiers in one answer of a case, as far as they touch what the person is known by; made from the sealed
    answer and destroyed with it. `mark`: of that answer and of what was known then. Not in a backup."""

    __tablename__ = "case_comparisons"
    __table_args__ = (
        UniqueConstraint("case_id", "source_id", "export_id", name="uq_case_comparisons_answer"),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default_factory=new_id)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    case_id: Mapped[str] = mapped_column(ForeignKey(Case.id))
    source_id: Mapped[str | None] = mapped_column(ForeignKey(CaseSource.id), default=None)
    export_id: Mapped[str | None] = mapped_column(ForeignKey(Export.id), default=None)
    mark: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(12))
    sealed_facts: Mapped[bytes | None] = mapped_column(default=None)
    compared_at: Mapped[dt.datetime] = mapped_column(default_factory=utc_now)


class CaseMatch(Base, kw_only=True):
    """One decision about whose records are. Added, never changed but to be taken back.

    `item`, `record_class`, `decision` and `code` are codes of `portal.sources.whose`; `sealed_item` holds the
    identifiers it is about, until the case's are destroyed. `source_id` or `export_id`: the first answer they stand in.
    """

    __tablename__ = "case_matches"
    __table_args__ = (UniqueConstraint("case_id", "number", name="uq_case_matches_number"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default_factory=new_id)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    case_id: Mapped[str] = mapped_column(ForeignKey(Case.id))
    number: Mapped[int] = mapped_column()
    item: Mapped[str] = mapped_column(String(20))
    record_class: Mapped[str] = mapped_column(String(12), default="")
    source_id: Mapped[str | None] = mapped_column(ForeignKey(CaseSource.id), default=None)
    export_id: Mapped[str | None] = mapped_column(ForeignKey(Export.id), default=None)
    sealed_item: Mapped[bytes | None] = mapped_column()
    decision: Mapped[str] = mapped_column(String(4))
    code: Mapped[str] = mapped_column(String(24))
    decided_by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    decided_at: Mapped[dt.datetime] = mapped_column(default_factory=utc_now)
    taken_back_by: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"), default=None)
    taken_back_at: Mapped[dt.datetime | None] = mapped_column(default=None)
