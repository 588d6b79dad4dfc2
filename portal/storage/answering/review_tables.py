"""The tables of a review: what is left out of a file's copies, by whom, who approved it, what a merchant proposes."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.storage.base import Base, new_id, utc_now


class ReviewDecision(Base, kw_only=True):
    """One decision about a file. Only ever added to: it is undone, or a later one about the same takes its place.

    `file_id`: the export's, or another file's of `file_kind`; `sha256`: of the file that was looked at, with another
    the decision counts for nothing (RED-6). `sealed_places`: where, never what stood there nor a digest of it; paths
    may hold a person's key. `law_section`: of a national law that exempts it ("§ 29 BDSG"). `act`: the same for
    decisions taken by one press, which are undone together; empty in rows of before. Codes: `portal.review.kinds`,
    `portal.redaction.reasons`.
    """

    __tablename__ = "review_decisions"
    __table_args__ = (
        UniqueConstraint("file_id", "number", name="uq_review_decisions_number"),
        Index("ix_review_decisions_merchant", "merchant_id"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default_factory=new_id)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    file_kind: Mapped[str] = mapped_column(String(12))
    file_id: Mapped[str] = mapped_column(String(32))
    sha256: Mapped[str] = mapped_column(String(64))
    number: Mapped[int] = mapped_column()
    scope: Mapped[str] = mapped_column(String(12))
    group_id: Mapped[str] = mapped_column(String(32), default="")
    choice: Mapped[str] = mapped_column(String(12))
    grain: Mapped[str] = mapped_column(String(8))
    reason: Mapped[str] = mapped_column(String(20), default="")
    law_section: Mapped[str] = mapped_column(String(40), default="")
    how: Mapped[str] = mapped_column(String(8))
    act: Mapped[str] = mapped_column(String(32), default="")
    sealed_places: Mapped[bytes | None] = mapped_column(default=None)
    place_count: Mapped[int] = mapped_column()
    counted: Mapped[int] = mapped_column()
    second_reason: Mapped[str] = mapped_column(String(16), default="")
    decided_by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    decided_at: Mapped[dt.datetime] = mapped_column(default_factory=utc_now)
    undone_by: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"), default=None)
    undone_at: Mapped[dt.datetime | None] = mapped_column(default=None)


class ReviewApproval(Base, kw_only=True):
    """A second person's yes to what stood at that moment. `covers`: digest of the numbers of the decisions that did; a
    further decision, or one undone, needs a new one."""

    __tablename__ = "review_approvals"
    __table_args__ = (Index("ix_review_approvals_file", "merchant_id", "file_id"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default_factory=new_id)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    file_kind: Mapped[str] = mapped_column(String(12))
    file_id: Mapped[str] = mapped_column(String(32))
    sha256: Mapped[str] = mapped_column(String(64))
    covers: Mapped[str] = mapped_column(String(64))
    approved_by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    approved_at: Mapped[dt.datetime] = mapped_column(default_factory=utc_now)


class ReviewRules(Base, kw_only=True):
    """What a merchant has changed of the proposals, and whether it wants two people for every copy with something left
    out. A merchant without a row has `portal.review.defaults`."""

    __tablename__ = "review_rules"

    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"), primary_key=True)
    proposals: Mapped[dict[str, Any]] = mapped_column(default_factory=dict)
    second_person: Mapped[bool] = mapped_column(default=False)
    updated_at: Mapped[dt.datetime] = mapped_column(default_factory=utc_now)
    updated_by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
