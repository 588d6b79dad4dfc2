"""The tables of a merchant's other systems: the list, how each was answered in a case, the sealed files attached.

The key of a file stands apart, as those of sources do, so that a backup can leave it out (SEC-55).
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import BigInteger, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.storage.base import Base, new_id, utc_now
from portal.storage.case_tables import Case


class MerchantSystem(Base, kw_only=True):
    """A till, a shop, a newsletter: where else the merchant may hold data. `name_key` is the name as it is compared. A
    retired one is not asked in new cases."""

    __tablename__ = "merchant_systems"
    __table_args__ = (UniqueConstraint("merchant_id", "name_key", name="uq_merchant_systems_name"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default_factory=new_id)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    name: Mapped[str] = mapped_column(String(80))
    name_key: Mapped[str] = mapped_column(String(240))
    added_at: Mapped[dt.datetime] = mapped_column(default_factory=utc_now)
    added_by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    retired_at: Mapped[dt.datetime | None] = mapped_column(default=None)


class CaseSystem(Base, kw_only=True):
    """One system in one case, from the first answer on. States: `portal.sources.kinds`."""

    __tablename__ = "case_systems"
    __table_args__ = (
        UniqueConstraint("case_id", "system_id", name="uq_case_systems_system"),
        Index("ix_case_systems_merchant", "merchant_id"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default_factory=new_id)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    case_id: Mapped[str] = mapped_column(ForeignKey(Case.id))
    system_id: Mapped[str] = mapped_column(ForeignKey(MerchantSystem.id))
    state: Mapped[str] = mapped_column(String(16))
    answered_at: Mapped[dt.datetime | None] = mapped_column(default=None)
    answered_by: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"), default=None)


class SystemFile(Base, kw_only=True):
    """One attached file. Its name may name a person: it is sealed, and goes with the file. The other facts stay.

    `replaces`: the attached file in whose place it may go out, and with which it is destroyed; then `opened_at` says
    when somebody first looked at it.
    """

    __tablename__ = "case_system_files"
    __table_args__ = (
        Index("ix_case_system_files_due", "destroyed_at", "destroy_after"),
        Index("ix_case_system_files_line", "line_id"),
        Index("ix_case_system_files_merchant", "merchant_id"),
        Index("ix_case_system_files_replaces", "replaces"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default_factory=new_id)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    line_id: Mapped[str] = mapped_column(ForeignKey(CaseSystem.id))
    blob_name: Mapped[str] = mapped_column(String(200))
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
    media: Mapped[str] = mapped_column(String(16))
    sealed_name: Mapped[bytes | None] = mapped_column()
    attached_at: Mapped[dt.datetime] = mapped_column(default_factory=utc_now)
    attached_by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    destroy_after: Mapped[dt.datetime | None] = mapped_column(default=None)
    destroyed_at: Mapped[dt.datetime | None] = mapped_column(default=None)
    removed_by: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"), default=None)
    replaces: Mapped[str | None] = mapped_column(String(32), default=None)
    opened_at: Mapped[dt.datetime | None] = mapped_column(default=None)


class SystemKey(Base, kw_only=True):
    """The wrapped key of one attached file. Stored before the file is begun."""

    __tablename__ = "case_system_keys"

    line_id: Mapped[str] = mapped_column(ForeignKey(CaseSystem.id), primary_key=True)
    blob_name: Mapped[str] = mapped_column(String(200), primary_key=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    sealed_keyset: Mapped[bytes] = mapped_column()
    created_at: Mapped[dt.datetime] = mapped_column(default_factory=utc_now)
