"""How a package is destroyed: past its time, or with its merchant."""

from __future__ import annotations

from sqlalchemy.orm import Session

from portal import audit
from portal.config import Settings
from portal.exports.retention.sealed_files import Act, SealedFileRetention
from portal.package.versions.ledger import TABLES, destroy_package
from portal.storage.answering.package_tables import CasePackage
from portal.storage.engine import Database
from portal.vault import SealedFiles


def package_retention(db: Database, settings: Settings, sealed: SealedFiles) -> SealedFileRetention:
    return SealedFileRetention(db, settings, sealed, TABLES, _destroy)


def _destroy(session: Session, row: CasePackage, act: Act) -> list[str]:
    blob_name = destroy_package(session, row)
    audit.record(
        session, row.merchant_id, act.actor, "package:destroy",
        object_id=row.case_id, origin=act.origin, package=row.id, version=row.number, reason=act.reason,
    )  # fmt: skip
    return [blob_name]
