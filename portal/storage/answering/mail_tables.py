"""The tables of mails to the people who ask, and of how a merchant's mails are signed."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.storage.base import Base, new_id, utc_now


class Mail(Base, kw_only=True):
    """One mail to one address. `message_id` is fixed: a repeat is the same mail (MAIL-3).

    `case_id` and `delivery_id` are empty where there is none. `sealed_contents`: what is sent, with the token of its
    bounces; dropped once the mail is sent or given up. `next_try_at`: none once nothing more is tried by itself.
    """

    __tablename__ = "mails"
    __table_args__ = (
        Index("ix_mails_due", "state", "next_try_at"),
        Index("ix_mails_merchant", "merchant_id", "created_at"),
        Index("ix_mails_case", "case_id"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default_factory=new_id)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    case_id: Mapped[str] = mapped_column(String(32), default="")
    delivery_id: Mapped[str] = mapped_column(String(32), default="")
    kind: Mapped[str] = mapped_column(String(12))
    sealed_to: Mapped[bytes | None] = mapped_column(default=None)
    sealed_contents: Mapped[bytes | None] = mapped_column(default=None)
    language: Mapped[str] = mapped_column(String(8))
    message_id: Mapped[str] = mapped_column(String(200), unique=True)
    verp_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    state: Mapped[str] = mapped_column(String(12))
    tries: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[dt.datetime | None] = mapped_column(default=None)
    accepted_at: Mapped[dt.datetime | None] = mapped_column(default=None)
    dsn_status: Mapped[str] = mapped_column(String(12), default="")
    created_by: Mapped[str] = mapped_column(String(32))
    created_at: Mapped[dt.datetime] = mapped_column(default_factory=utc_now)
    updated_at: Mapped[dt.datetime] = mapped_column(default_factory=utc_now)


class MailSender(Base, kw_only=True):
    """Whose name a merchant's mails carry, and where an answer to them goes. Its own contact, so in clear."""

    __tablename__ = "mail_senders"

    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"), primary_key=True)
    display_name: Mapped[str] = mapped_column(String(80), default="")
    reply_to: Mapped[str] = mapped_column(String(254), default="")
    updated_by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    updated_at: Mapped[dt.datetime] = mapped_column(default_factory=utc_now)
