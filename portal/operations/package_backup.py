"""The packages of cases in a backup: which files and keys go into it, and what is true after a restore."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from portal.storage.answering.package_tables import CasePackage, PackageKey
from portal.storage.engine import Database
from portal.storage.tables import utc_now


def blob_names(session: Session) -> list[str]:
    return list(session.scalars(select(CasePackage.blob_name).where(CasePackage.destroyed_at.is_(None))))


def keys_kept(session: Session) -> list[dict[str, str]]:
    """The wrapped keys, as the key file holds them."""
    return [
        {
            "case": key.case_id,
            "merchant": key.merchant_id,
            "blob": key.blob_name,
            "wrapped": base64.b64encode(key.sealed_keyset).decode(),
        }
        for key in session.scalars(select(PackageKey))
    ]


def bring_keys(
    session: Session, kept: Iterable[dict[str, str]], files: Path, destroyed: set[str], removed: Iterable[str]
) -> list[dict[str, str]]:
    """Put back the keys of files that are known, in the backup and not destroyed; gives them."""
    there = CasePackage.destroyed_at.is_(None), CasePackage.merchant_id.not_in(list(removed))
    known = set(session.scalars(select(CasePackage.blob_name).where(*there)))
    wanted = [key for key in kept if key["blob"] in known - destroyed and (files / key["blob"]).is_file()]
    if wanted:
        rows: list[dict[str, Any]] = [
            {
                "case_id": key["case"],
                "merchant_id": key["merchant"],
                "blob_name": key["blob"],
                "sealed_keyset": base64.b64decode(key["wrapped"]),
                "created_at": utc_now(),
            }
            for key in wanted
        ]
        session.execute(insert(PackageKey), rows)
    return wanted


def settle_files(db: Database, opened: set[str]) -> int:
    """Mark what lost its file or its key as destroyed. Gives how many."""
    with db.write() as session:
        rows = session.scalars(select(CasePackage).where(CasePackage.destroyed_at.is_(None))).all()
        lost = [row for row in rows if row.blob_name not in opened]
        for row in lost:
            row.destroyed_at, row.destroy_after = utc_now(), None
    return len(lost)
