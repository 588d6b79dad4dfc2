"""What a merchant sets for how long ended cases are kept, and why."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.storage.base import Base, utc_now


class CaseRetentionRules(Base, kw_only=True):
    """One row a merchant, else the period of `portal.cases.retention`. `reason` is the merchant's own sentence."""

    __tablename__ = "case_retention"

    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"), primary_key=True)
    months: Mapped[int] = mapped_column()
    reason: Mapped[str] = mapped_column(String(400))
    updated_at: Mapped[dt.datetime] = mapped_column(default_factory=utc_now)
    updated_by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
