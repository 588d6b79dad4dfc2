"""The tables of what a person is asked for: a code that shows that a mailbox is theirs, questions about their file."""

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


class IdentityQuestions(Base, kw_only=True):
    """The questions chosen for a case, by their codes with commas between; none where the files tell too little. Never
    an answer. `mark` is of the files they were chosen by; from `begun_at` on the case shows nothing of the person's
    data until it is settled who asks. `tries` counts the wrong ones."""

    __tablename__ = "identity_questions"

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default_factory=new_id)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    case_id: Mapped[str] = mapped_column(ForeignKey(Case.id), unique=True)
    mark: Mapped[str] = mapped_column(String(64), default="")
    questions: Mapped[str] = mapped_column(String(120), default="")
    tries: Mapped[int] = mapped_column(default=0)
    begun_at: Mapped[dt.datetime | None] = mapped_column(default=None)
    ended_at: Mapped[dt.datetime | None] = mapped_column(default=None)
