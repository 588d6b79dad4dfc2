"""What a merchant sets for the clock of its cases: one row of rules, and days off of its own (`portal.cases.clock`)."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.storage.base import Base, new_id, utc_now


class ClockRules(Base, kw_only=True):
    """What new cases of the merchant are calculated with. A merchant without a row has the defaults of the columns.

    `house_limit_days` and `post_days` make the target of every open case earlier; empty is no limit and the clock's own
    number.
    """

    __tablename__ = "clock_rules"

    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"), primary_key=True)
    profile: Mapped[str] = mapped_column(String(40), default="EU")
    calendar: Mapped[str] = mapped_column(String(40), default="")
    house_limit_days: Mapped[int | None] = mapped_column(default=None)
    post_days: Mapped[int | None] = mapped_column(default=None)
    updated_at: Mapped[dt.datetime] = mapped_column(default_factory=utc_now)
    updated_by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))


class ClockDay(Base, kw_only=True):
    """A day that the merchant added to its days off, or struck from its calendar's. Withdrawn ones stay."""

    __tablename__ = "clock_days"
    __table_args__ = (Index("ix_clock_days_standing", "merchant_id", "withdrawn_at", "day"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default_factory=new_id)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    day: Mapped[dt.date] = mapped_column()
    kind: Mapped[str] = mapped_column(String(8))
    added_at: Mapped[dt.datetime] = mapped_column(default_factory=utc_now)
    added_by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    withdrawn_at: Mapped[dt.datetime | None] = mapped_column(default=None)
    withdrawn_by: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"), default=None)
