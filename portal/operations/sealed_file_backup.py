"""Files with a key of their own in a backup: which of them and which keys go into it, and what a restore brings back.

One mechanism for three kinds: a table of files, a table of their keys, and the column by which both name their owner.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from portal.storage.answering.package_tables import CasePackage, PackageKey
from portal.storage.answering.source_tables import SourceKey, SourcePage
from portal.storage.answering.system_tables import SystemFile, SystemKey
from portal.storage.engine import Database
from portal.storage.tables import utc_now


@dataclass(frozen=True)
class SealedFileKind:
    """`owner`: the column of both tables; `said`: what the key file calls it. `forgotten`: columns that are emptied
    where a restore did not bring the file back. A row without `destroyed_at` is gone when its file is."""

    files: Any
    keys: Any
    owner: str
    said: str
    forgotten: tuple[str, ...] = ()

    def blob_names(self, session: Session) -> list[str]:
        return list(session.scalars(select(self.files.blob_name).where(*self._there())))

    def keys_kept(self, session: Session) -> list[dict[str, str]]:
        """The wrapped keys, as the key file holds them."""
        return [
            {
                self.said: getattr(key, self.owner),
                "merchant": key.merchant_id,
                "blob": key.blob_name,
                "wrapped": base64.b64encode(key.sealed_keyset).decode(),
            }
            for key in session.scalars(select(self.keys))
        ]

    def bring_keys(
        self, session: Session, kept: Iterable[dict[str, str]], files: Path, destroyed: set[str],
        removed: Iterable[str],
    ) -> list[dict[str, str]]:  # fmt: skip
        """Put back the keys of files that are known, in the backup and not destroyed; gives them."""
        there = (*self._there(), self.files.merchant_id.not_in(list(removed)))
        known = set(session.scalars(select(self.files.blob_name).where(*there)))
        wanted = [key for key in kept if key["blob"] in known - destroyed and (files / key["blob"]).is_file()]
        rows: list[dict[str, Any]] = [
            {
                self.owner: key[self.said],
                "merchant_id": key["merchant"],
                "blob_name": key["blob"],
                "sealed_keyset": base64.b64decode(key["wrapped"]),
                "created_at": utc_now(),
            }
            for key in wanted
        ]
        if rows:
            session.execute(insert(self.keys), rows)
        return wanted

    def settle_files(self, db: Database, opened: set[str]) -> int:
        """Mark what lost its file or its key as destroyed. Gives how many."""
        with db.write() as session:
            rows = session.scalars(select(self.files).where(*self._there())).all()
            lost = [row for row in rows if row.blob_name not in opened]
            for row in lost:
                row.destroyed_at = utc_now()
                for column in self.forgotten:
                    setattr(row, column, None)
        return len(lost)

    def _there(self) -> Sequence[Any]:
        return (self.files.destroyed_at.is_(None),) if hasattr(self.files, "destroyed_at") else ()


SOURCES = SealedFileKind(SourcePage, SourceKey, "source_id", "source")
SYSTEMS = SealedFileKind(SystemFile, SystemKey, "line_id", "line", ("sealed_name", "destroy_after"))
PACKAGES = SealedFileKind(CasePackage, PackageKey, "case_id", "case", ("destroy_after",))
