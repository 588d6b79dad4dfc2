"""The table of fingerprints: what is kept of the rows of a case's files, to tell later what changed."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.storage.base import Base, utc_now
from portal.storage.case_tables import Case


class CaseFingerprints(Base, kw_only=True):
    """One file's. `file_id`: the export or the source whose file it is, `sha256` of that file. `content` is sealed
    under the key in `sealed_keyset` (`portal.vault.boxes`): see `portal.comparison.fingerprints`. Kept with the facts
    of the case, not with the file."""

    __tablename__ = "case_fingerprints"
    __table_args__ = (
        Index("ix_case_fingerprints_case", "case_id", "taken_at"),
        Index("ix_case_fingerprints_merchant", "merchant_id"),
    )

    file_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    case_id: Mapped[str] = mapped_column(ForeignKey(Case.id))
    sha256: Mapped[str] = mapped_column(String(64))
    row_count: Mapped[int] = mapped_column(BigInteger)
    sealed_keyset: Mapped[bytes] = mapped_column()
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    taken_at: Mapped[dt.datetime] = mapped_column()
    kept_at: Mapped[dt.datetime] = mapped_column(default_factory=utc_now)
