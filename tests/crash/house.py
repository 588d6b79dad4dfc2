"""A data folder, processes on it, and the questions asked of it after a kill."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from forked import NURSERY, WORKER
from pydantic import SecretStr
from sqlalchemy import select

from portal import audit
from portal.composition import Portal, build_portal
from portal.config import Settings
from portal.exports.core.states import HOLDS_FILE, State
from portal.practice_start import seed_practice
from portal.storage.answering.source_tables import CaseSource, SourceKey, SourcePage
from portal.storage.tables import Export, ExportFile, FileKey, Merchant
from portal.vault.files import FilePlace


@dataclass
class House:
    """One data folder (or database and bucket by URL) and the portal that looks at it without working."""

    folder: Path
    database: str = ""
    blobs: str = ""
    _portal: Portal | None = field(default=None, repr=False)

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def temp(self) -> Path:
        return self.folder / "tmp"

    @property
    def errors(self) -> Path:
        """What its processes wrote to standard error."""
        return self.folder / "errors.log"

    @property
    def variables(self) -> dict[str, str]:
        """What a command needs beside the data folder to find the same house."""
        return {"PORTAL_DATABASE_URL": self.database, "PORTAL_BLOB_URL": self.blobs}

    def furnish(self, shop_port: int) -> None:
        """Make tables, keys, merchants and accounts."""
        self.temp.mkdir(parents=True, exist_ok=True)
        seed_practice(self.portal, shop_port)
        with self.portal.db.write() as session:
            for merchant in session.scalars(select(Merchant)):
                merchant.download_hosts = []

    @property
    def portal(self) -> Portal:
        if self._portal is None:
            self._portal = build_portal(
                Settings(
                    mode="practice",
                    data_dir=self.data,
                    database_url=self.database,
                    blob_url=self.blobs,
                    demo_password=SecretStr("violet-tractor-pond-91"),
                )
            )
        return self._portal

    def process(self, **orders: Any) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, str(WORKER), json.dumps(self._orders(orders))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors.open("a"),
            text=True,
            env={**os.environ, "TMPDIR": str(self.temp)},
        )

    def _orders(self, orders: dict[str, Any]) -> dict[str, Any]:
        return {"data": str(self.data), "database": self.database, "blobs": self.blobs, **orders}

    def run(self, *, timeout: float = 120, **orders: Any) -> int:
        """Run a process to its end; gives its status, -9 when it was killed."""
        return NURSERY.run(self._orders(orders), temp=self.temp, errors=self.errors, timeout=timeout)

    # Questions ---------------------------------------------------------------------------------

    def states(self) -> dict[str, str]:
        with self.portal.db.read() as session:
            return {row.id: row.state for row in session.execute(select(Export.id, Export.state))}

    def outcomes(self) -> Counter[str]:
        return Counter(self.states().values())

    def unsound_files(self) -> list[str]:
        """Exports that are listed as holding a file which does not open, whole."""
        bad = []
        with self.portal.db.read() as session:
            rows = session.execute(
                select(Export, FileKey.sealed_keyset)
                .join(Export.file)
                .outerjoin(FileKey, (FileKey.export_id == Export.id) & (FileKey.blob_name == ExportFile.blob_name))
                .where(Export.state.in_(HOLDS_FILE))
                .where(ExportFile.size_bytes.is_not(None), ExportFile.destroyed_at.is_(None))
            ).all()
        for row, key in rows:
            try:
                place = FilePlace(row.merchant_id, row.id, row.file.blob_name)
                self.portal.sealed.verify(place, key, sha256=row.file.sha256, size_bytes=row.file.size_bytes or 0)
            except Exception as error:
                bad.append(f"{row.id}: {type(error).__name__}")
        return bad + self._unsound_pages()

    def _unsound_pages(self) -> list[str]:
        """Answers of sources that do not open, whole."""
        bad = []
        with self.portal.db.read() as session:
            rows = session.execute(
                select(SourcePage, SourceKey.sealed_keyset).outerjoin(
                    SourceKey,
                    (SourceKey.source_id == SourcePage.source_id) & (SourceKey.blob_name == SourcePage.blob_name),
                )
            ).all()
        for page, key in rows:
            try:
                place = FilePlace(page.merchant_id, page.source_id, page.blob_name)
                self.portal.sealed.verify(place, key, sha256=page.sha256, size_bytes=page.size_bytes)
            except Exception as error:
                bad.append(f"{page.source_id}, page {page.number}: {type(error).__name__}")
        return bad

    def sources(self) -> list[tuple[str, str, str, int, int | None]]:
        """Every source: kind, place, state, pages, rows."""
        with self.portal.db.read() as session:
            pages = Counter(session.scalars(select(SourcePage.source_id)))
            rows = session.scalars(select(CaseSource).order_by(CaseSource.kind, CaseSource.place))
            return [(row.kind, row.place, row.state, pages[row.id], row.file.row_count) for row in rows]

    def strays(self) -> list[str]:
        """Blobs, half-written remains and keys that no export uses."""
        with self.portal.db.read() as session:
            used = set(
                session.scalars(
                    select(ExportFile.blob_name)
                    .join(Export)
                    .where(ExportFile.blob_name != "", Export.state != State.PURGED.value)
                )
            )
            used |= set(session.scalars(select(SourcePage.blob_name)))
            keys = {*session.scalars(select(FileKey.blob_name)), *session.scalars(select(SourceKey.blob_name))}
        blobs = set(self.portal.sealed._blobs.names())
        remains = [p.name for p in (self.data / "files").rglob("*#*")] if not self.blobs else []
        return sorted({f"blob {n}" for n in blobs ^ used} | {f"key {n}" for n in keys ^ used}) + remains

    def broken_chains(self) -> list[str]:
        with self.portal.db.read() as session:
            merchants = list(session.scalars(select(Merchant.id)))
            faults = [(m, audit.verify_chain(session, m)[1]) for m in merchants]
        return [f"{m}: {fault}" for m, fault in faults if fault]

    def moves_without_entry(self) -> list[str]:
        """Exports whose last audited state is not the state of their row."""
        wrong = []
        with self.portal.db.read() as session:
            for row in session.scalars(select(Export)):
                acts = audit.entries_about(session, row.merchant_id, row.id)
                last = next((a.facts["to"] for a in reversed(acts) if a.action == "export:state"), "requested")
                if last != row.state:
                    wrong.append(f"{row.id}: {row.state}, audited {last}")
            for source in session.scalars(select(CaseSource)):
                acts = audit.entries_about(session, source.merchant_id, source.case_id)
                moves = (a for a in reversed(acts) if a.facts.get("source") == source.id and "to" in a.facts)
                last = next((a.facts["to"] for a in moves), "planned")
                if last != source.state:
                    wrong.append(f"{source.id}: {source.state}, audited {last}")
        return wrong

    def close(self) -> None:
        if self._portal is not None:
            self._portal.stop()
            self._portal = None
