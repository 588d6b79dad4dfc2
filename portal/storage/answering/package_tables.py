"""The tables of packages: each version of a case's answer, sealed, and its key.

The key stands apart, as those of sources do, so that a backup can leave it out (SEC-55).
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.storage.base import Base, new_id, utc_now
from portal.storage.case_tables import Case


class CasePackage(Base, kw_only=True):
    """One version. `inputs` is a SHA-256 of all that it was made of; when that is another one now, the version is
    outdated. Counts and hashes stay after the file is destroyed (PKG-9); `left_out` is codes of reasons with counts.
    """

    __tablename__ = "case_packages"
    __table_args__ = (
        UniqueConstraint("case_id", "number", name="uq_case_packages_number"),
        Index("ix_case_packages_merchant", "merchant_id"),
        Index("ix_case_packages_due", "destroyed_at", "destroy_after"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default_factory=new_id)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    case_id: Mapped[str] = mapped_column(ForeignKey(Case.id))
    number: Mapped[int] = mapped_column()
    variant: Mapped[str] = mapped_column(String(12))
    language: Mapped[str] = mapped_column(String(8))
    outcome: Mapped[str] = mapped_column(String(12))
    inputs: Mapped[str] = mapped_column(String(64))
    profile_version: Mapped[int] = mapped_column()
    blob_name: Mapped[str] = mapped_column(String(200))
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
    manifest_sha256: Mapped[str] = mapped_column(String(64))
    file_count: Mapped[int] = mapped_column()
    left_out: Mapped[dict[str, int]] = mapped_column(JSON, default_factory=dict)
    built_at: Mapped[dt.datetime] = mapped_column(default_factory=utc_now)
    built_by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    approved_at: Mapped[dt.datetime | None] = mapped_column(default=None)
    approved_by: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"), default=None)
    destroy_after: Mapped[dt.datetime | None] = mapped_column(default=None)
    destroyed_at: Mapped[dt.datetime | None] = mapped_column(default=None)


class PackageKey(Base, kw_only=True):
    """The wrapped key of one version. Stored before the file is begun."""

    __tablename__ = "case_package_keys"

    case_id: Mapped[str] = mapped_column(ForeignKey(Case.id), primary_key=True)
    blob_name: Mapped[str] = mapped_column(String(200), primary_key=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    sealed_keyset: Mapped[bytes] = mapped_column()
    created_at: Mapped[dt.datetime] = mapped_column(default_factory=utc_now)
