"""The table of what merchants say in their letters."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.storage.base import Base, new_id, utc_now


class LetterProfile(Base, kw_only=True):
    """One version of a merchant's profile. Only ever added to: a letter names the version it was written from.

    `sealed_items`: all items as JSON (`portal.letters.profile.model`), for they name people; none once the merchant is
    removed.
    """

    __tablename__ = "letter_profiles"
    __table_args__ = (UniqueConstraint("merchant_id", "version", name="uq_letter_profiles_version"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default_factory=new_id)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    version: Mapped[int] = mapped_column()
    sealed_items: Mapped[bytes | None] = mapped_column(default=None)
    saved_at: Mapped[dt.datetime] = mapped_column(default_factory=utc_now)
    saved_by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
