"""The tables of the page on which a person asks for themselves, and of what they and the merchant write there.

Tokens and cookies are kept as SHA-256 only, codes and addresses as a PRF whose key is sealed, words sealed.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.storage.base import Base, new_id, utc_now
from portal.storage.case_tables import Case


class FrontDoor(Base, kw_only=True):
    """A merchant's page, at `/ask/NAME`. `sealed_key`: of the PRFs that sign its forms and find its addresses."""

    __tablename__ = "front_doors"

    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"), primary_key=True)
    name: Mapped[str] = mapped_column(String(64), unique=True)
    is_open: Mapped[bool] = mapped_column(default=False)
    sealed_key: Mapped[bytes | None] = mapped_column(default=None)
    updated_at: Mapped[dt.datetime] = mapped_column(default_factory=utc_now)
    updated_by: Mapped[str] = mapped_column(String(32))


class DoorRequest(Base, kw_only=True):
    """What somebody asked for there. It is no case before its address is proved. Codes: `portal.front_door.kinds`.

    `token_sha256`: of the page on which the code is typed, dead once it was. `tries` counts the wrong ones of the code
    in use, `sent` how many were mailed since `sent_since`.
    """

    __tablename__ = "door_requests"
    __table_args__ = (
        Index("ix_door_requests_state", "merchant_id", "state", "submitted_at"),
        Index("ix_door_requests_email", "merchant_id", "email_prf", "submitted_at"),
        Index("ix_door_requests_case", "case_id"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default_factory=new_id)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    case_id: Mapped[str | None] = mapped_column(ForeignKey(Case.id), default=None)
    demand: Mapped[str] = mapped_column(String(16))
    language: Mapped[str] = mapped_column(String(8))
    state: Mapped[str] = mapped_column(String(8))
    token_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    email_prf: Mapped[str] = mapped_column(String(64))
    sealed_email: Mapped[bytes | None] = mapped_column(default=None)
    sealed_note: Mapped[bytes | None] = mapped_column(default=None)
    sealed_code_key: Mapped[bytes | None] = mapped_column(default=None)
    code_prf: Mapped[str] = mapped_column(String(64), default="")
    until: Mapped[dt.datetime | None] = mapped_column(default=None)
    tries: Mapped[int] = mapped_column(default=0)
    sent: Mapped[int] = mapped_column(default=0)
    sent_since: Mapped[dt.datetime | None] = mapped_column(default=None)
    submitted_at: Mapped[dt.datetime] = mapped_column(default_factory=utc_now)
    ended_at: Mapped[dt.datetime | None] = mapped_column(default=None)


class DoorLink(Base, kw_only=True):
    """A secret address at which a person sees where their case stands: each mail carries another one."""

    __tablename__ = "door_links"
    __table_args__ = (Index("ix_door_links_request", "request_id"),)

    token_sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    request_id: Mapped[str] = mapped_column(ForeignKey(DoorRequest.id))
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    made_at: Mapped[dt.datetime] = mapped_column(default_factory=utc_now)


class DoorVisit(Base, kw_only=True):
    """A browser in which a mailed code was typed: it may read and write messages."""

    __tablename__ = "door_visits"
    __table_args__ = (Index("ix_door_visits_request", "request_id"),)

    cookie_sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    request_id: Mapped[str] = mapped_column(ForeignKey(DoorRequest.id))
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    expires_at: Mapped[dt.datetime] = mapped_column()


class CaseMessage(Base, kw_only=True):
    """What the person or a colleague wrote to the other. `written_by` is empty for the person.

    `seen_at`: since when the other side has had it before them.
    """

    __tablename__ = "case_messages"
    __table_args__ = (
        Index("ix_case_messages_case", "case_id", "number"),
        Index("ix_case_messages_unseen", "merchant_id", "writer", "seen_at"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default_factory=new_id)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    case_id: Mapped[str] = mapped_column(ForeignKey(Case.id))
    number: Mapped[int] = mapped_column()
    writer: Mapped[str] = mapped_column(String(8))
    kind: Mapped[str] = mapped_column(String(12))
    sealed_text: Mapped[bytes | None] = mapped_column(default=None)
    at: Mapped[dt.datetime] = mapped_column(default_factory=utc_now)
    written_by: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"), default=None)
    seen_at: Mapped[dt.datetime | None] = mapped_column(default=None)
