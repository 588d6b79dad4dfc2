"""The sources of cases after a restore: what was under way has stopped, what lost its file is destroyed."""

from __future__ import annotations

from sqlalchemy import select

from portal.sources import messages
from portal.sources.kinds import RUNNING, SourceState
from portal.sources.ledger import move
from portal.storage.answering.source_tables import CaseSource, SourcePage
from portal.storage.engine import Database
from portal.storage.tables import utc_now


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
