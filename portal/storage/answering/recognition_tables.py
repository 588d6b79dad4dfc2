"""The table of codes by which a person shows that a mailbox is theirs."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.storage.base import Base, new_id, utc_now
from portal.storage.case_tables import Case, CaseIdentifier


class IdentityCode(Base, kw_only=True):
    """The code of a case that was mailed last. One row a case; `code_prf` is empty once it was used or is dead.

    `tries` counts the wrong ones of this code, `sent` how many were mailed since `sent_since`.
    """

    __tablename__ = "identity_codes"

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default_factory=new_id)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    case_id: Mapped[str] = mapped_column(ForeignKey(Case.id), unique=True)
    identifier_id: Mapped[str] = mapped_column(ForeignKey(CaseIdentifier.id))
    mail_id: Mapped[str] = mapped_column(String(32), default="")
    sealed_code_key: Mapped[bytes | None] = mapped_column(default=None)
    code_prf: Mapped[str] = mapped_column(String(64), default="")
    until: Mapped[dt.datetime] = mapped_column(default_factory=utc_now)
    tries: Mapped[int] = mapped_column(default=0)
    sent: Mapped[int] = mapped_column(default=0)
    sent_since: Mapped[dt.datetime] = mapped_column(default_factory=utc_now)
