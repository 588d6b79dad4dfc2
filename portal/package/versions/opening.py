"""Looking into a sealed package, and taking it out: role and proof checked, the seal verified, each audited first.

Pages are read out of the sealed ZIP: what staff look at is what the person will get (PKG-10).
"""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from portal import audit
from portal.config import Settings
from portal.errors import NotFound, StateConflict
from portal.exports.core.download import Download
from portal.identity import Permission, User, require, require_fresh_proof
from portal.identity.refusal_audit import RefusalAudit, refusals_audited
from portal.package.versions.ledger import package_of, place_of
from portal.package.versions.views import Member, MemberBytes
from portal.storage.answering.package_tables import CasePackage, PackageKey
from portal.storage.engine import Database
from portal.vault import SealedFiles

MOST_BYTES = 256 * 1024 * 1024
"""Of a package that is looked into here; a larger one is saved and opened there."""
MEDIA_TYPES = {
    "html": "text/html; charset=utf-8",
    "json": "application/json",
    "csv": "text/csv; charset=utf-8",
    "txt": "text/plain; charset=utf-8",
    "pdf": "application/pdf",
}
OTHER = "application/octet-stream"


@refusals_audited
@dataclass
class PackageFiles:
    """Opens versions, of ended cases as well, until their time is over."""

    db: Database
    refusal_audit: RefusalAudit
    settings: Settings
    sealed: SealedFiles

    def members(self, user: User, case_id: str, package_id: str) -> tuple[Member, ...]:
        """Its files, in their order. Raises NotFound, StepUpNeeded, StateConflict, SealBroken."""
        row, _key = self._openable(user, case_id, package_id)
        with zipfile.ZipFile(self._content(user, row)) as archive:
            return tuple(Member(one.filename, one.file_size) for one in archive.infolist())

    def member(self, user: User, case_id: str, package_id: str, path: str) -> MemberBytes:
        """One file of it, by its path. Raises as `members` does."""
        row, _key = self._openable(user, case_id, package_id)
        with zipfile.ZipFile(self._content(user, row)) as archive:
            if path not in archive.namelist():
                raise NotFound(next_step="Look at the case.", detail="member")
            content = archive.read(path)
        self._note(user, row, "package:view", page=archive.namelist().index(path) + 1)
        return MemberBytes(path, MEDIA_TYPES.get(path.rpartition(".")[2], OTHER), content)

    def download(self, user: User, case_id: str, package_id: str) -> Download:
        """The whole of an approved version, verified before its first byte. Raises as `members` does, StateConflict for
        one that is not approved."""
        row, key = self._openable(user, case_id, package_id)
        if row.approved_at is None:
            raise StateConflict("This version is not approved.", next_step="Look at it and approve it.", detail="draft")
        self._note(user, row, "package:download", bytes=row.size_bytes, sha256=row.sha256)
        place = place_of(row)
        self.sealed.verify(place, key, sha256=row.sha256, size_bytes=row.size_bytes)
        name = f"answer-v{row.number}.zip"
        return Download(name, "application/zip", row.size_bytes, self.sealed.chunks(place, key))

    # -------------------------------------------------------------------------------------------

    def _openable(self, user: User, case_id: str, package_id: str) -> tuple[CasePackage, bytes]:
        require(user, Permission.EXPORT_OPEN)
        with self.db.read() as session:
            row = package_of(session, user, case_id, package_id)
            require_fresh_proof(user, self.settings)
            key = session.get(PackageKey, (row.case_id, row.blob_name))
            if key is None or row.destroyed_at is not None:
                raise StateConflict("This package is destroyed.", next_step="Build it again.", detail="destroyed")
            return row, key.sealed_keyset

    def _content(self, user: User, row: CasePackage) -> io.BytesIO:
        if row.size_bytes > MOST_BYTES:
            raise StateConflict(
                "This package is too large to be looked at here.", next_step="Save it and look at it there."
            )
        _row, key = self._openable(user, row.case_id, row.id)
        place = place_of(row)
        return io.BytesIO(self.sealed.read_all(place, key, sha256=row.sha256, size_bytes=row.size_bytes))

    def _note(self, user: User, row: CasePackage, action: str, **facts: Any) -> None:
        def write(session: Session) -> None:
            audit.record(
                session, user.merchant_id, user.account_id, action,
                object_id=row.case_id, origin=user.origin, package=row.id, version=row.number, **facts,
            )  # fmt: skip

        self.db.group_commit(write)
