"""How an attached file is destroyed: past its time, or with its merchant."""

from __future__ import annotations

from sqlalchemy.orm import Session

from portal import audit
from portal.config import Settings
from portal.exports.retention.sealed_files import Act, SealedFileRetention
from portal.storage.answering.system_tables import CaseSystem, SystemFile
from portal.storage.engine import Database
from portal.systems.ledger import TABLES, destroy_file
from portal.vault import SealedFiles


def system_retention(db: Database, settings: Settings, sealed: SealedFiles) -> SealedFileRetention:
    return SealedFileRetention(db, settings, sealed, TABLES, _destroy)


def _destroy(session: Session, row: SystemFile, act: Act) -> list[str]:
    line = session.get_one(CaseSystem, row.line_id)
    blob_names = destroy_file(session, row)
    audit.record(
        session, row.merchant_id, act.actor, "system:destroy",
        object_id=line.case_id, origin=act.origin, system=line.system_id, file=row.id, reason=act.reason,
    )  # fmt: skip
    return blob_names
