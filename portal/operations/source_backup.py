"""The sealed answers of sources in a backup: which files and keys go into it, and what is true after a restore."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from portal.sources import messages
from portal.sources.kinds import RUNNING, SourceState
from portal.sources.ledger import move
from portal.storage.answering.source_tables import CaseSource, SourceKey, SourcePage
from portal.storage.engine import Database
from portal.storage.tables import utc_now


def blob_names(session: Session) -> list[str]:
    return list(session.scalars(select(SourcePage.blob_name)))


def keys_kept(session: Session) -> list[dict[str, str]]:
    """The wrapped keys, as the key file holds them."""
    return [
        {
            "source": key.source_id,
            "merchant": key.merchant_id,
            "blob": key.blob_name,
            "wrapped": base64.b64encode(key.sealed_keyset).decode(),
        }
        for key in session.scalars(select(SourceKey))
    ]


def bring_keys(
    session: Session, kept: Iterable[dict[str, str]], files: Path, destroyed: set[str], removed: Iterable[str]
) -> list[dict[str, str]]:
    """Put back the keys of files that are known, in the backup and not destroyed; gives them."""
    known = set(session.scalars(select(SourcePage.blob_name).where(SourcePage.merchant_id.not_in(list(removed)))))
    wanted = [key for key in kept if key["blob"] in known - destroyed and (files / key["blob"]).is_file()]
    if wanted:
        rows: list[dict[str, Any]] = [
            {
                "source_id": key["source"],
                "merchant_id": key["merchant"],
                "blob_name": key["blob"],
                "sealed_keyset": base64.b64decode(key["wrapped"]),
                "created_at": utc_now(),
            }
            for key in wanted
        ]
        session.execute(insert(SourceKey), rows)
    return wanted


def settle_sources(db: Database, opened: set[str]) -> int:
    """Stop what was under way, and mark what lost its file as destroyed. Gives how many files are gone."""
    gone = 0
    with db.read() as session:
        ids = list(session.scalars(select(CaseSource.id)))
    for source_id in ids:
        with db.write() as session:
            row = session.get_one(CaseSource, source_id)
            names = set(session.scalars(select(SourcePage.blob_name).where(SourcePage.source_id == source_id)))
            if SourceState(row.state) in RUNNING:
                words = messages.problem("restored", messages.RESTORED)
                move(session, row, SourceState.FAILED, origin="restore", settled_at=utc_now(), **words)
            if names - opened and row.file.destroyed_at is None:
                row.file.destroyed_at = utc_now()
                gone += len(names - opened)
    return gone
