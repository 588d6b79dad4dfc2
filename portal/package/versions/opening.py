"""Looking into a sealed package, and taking it out: role and proof checked, the seal verified, each audited first.

Pages are read out of the sealed ZIP: what staff look at is what the person will get (PKG-10).
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from portal import audit
from portal.cases.recognition.hiding import check_shown
from portal.config import Settings
from portal.errors import NotFound, StateConflict
from portal.exports.core.download import Download
from portal.identity import Permission, User, require, require_fresh_proof
from portal.identity.refusal_audit import RefusalAudit, refusals_audited
from portal.package.encrypted import encrypted_pieces, passphrase
from portal.package.parts import LETTER_ALONE, Outcome
from portal.package.versions.copy_words import CopyWords, EncryptedCopy
from portal.package.versions.gathering import Gathering, digest_now
from portal.package.versions.ledger import newest_of, package_of, place_of, rows_of_case, standing_of
from portal.package.versions.views import Member, MemberBytes, Standing
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
STAYS: Mapping[Standing, tuple[str, str]] = {
    Standing.DRAFT: ("This version is not approved.", "Look at it and approve it."),
    Standing.APPROVED: ("", ""),
    Standing.OUTDATED: ("Something changed since this version was built.", "Build it again."),
    Standing.REPLACED: ("A newer version has taken the place of this one.", "Look at the newest version."),
    Standing.DESTROYED: ("This package is destroyed.", "Build it again."),
}
"""Why a version does not go out, and what to do."""
OTHER = "application/octet-stream"


@refusals_audited
@dataclass
class PackageFiles:
    """Opens versions, of ended cases as well, until their time is over."""

    db: Database
    refusal_audit: RefusalAudit
    settings: Settings
    sealed: SealedFiles
    gathering: Gathering
    words: CopyWords = field(default_factory=CopyWords)

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
        """The whole of the newest version, verified before its first byte. Raises as `members` does, StateConflict for
        one that is not approved, outdated or replaced."""
        row, key = self._approved(user, case_id, package_id)
        self._note(user, row, "package:download", bytes=row.size_bytes, sha256=row.sha256)
        place = place_of(row)
        self.sealed.verify(place, key, sha256=row.sha256, size_bytes=row.size_bytes)
        name = f"answer-v{row.number}.zip"
        return Download(name, "application/zip", row.size_bytes, self.sealed.chunks(place, key))

    def encrypt(self, user: User, case_id: str, package_id: str) -> EncryptedCopy:
        """Words for a copy of an approved version that goes as an attachment or on a stick. They are given here alone.
        Raises as `download` does."""
        row, _key = self._approved(user, case_id, package_id)
        copy = self.words.hold(user.account_id, row.id, passphrase())
        self._note(user, row, "package:encrypt", sha256=row.sha256)
        return copy

    def encrypted(self, user: User, case_id: str, package_id: str, copy_id: str) -> Download:
        """The copy, encrypted while it is sent. Raises as `download` does, StateConflict when its words are gone."""
        row, _key = self._approved(user, case_id, package_id)
        words = self.words.words_of(user.account_id, row.id, copy_id)
        if words is None:
            raise StateConflict("This encrypted copy is gone.", next_step="Make another one.", detail="copy")
        package = self.download(user, case_id, package_id)
        name = f"answer-v{row.number}-encrypted.zip"
        return Download(name, package.media_type, None, encrypted_pieces(package.chunks, words))

    # -------------------------------------------------------------------------------------------

    def _approved(self, user: User, case_id: str, package_id: str) -> tuple[CasePackage, bytes]:
        row, key = self._openable(user, case_id, package_id)
        digest = digest_now(self.gathering, user, row)
        with self.db.read() as session:
            newest = newest_of(rows_of_case(session, case_id), row.variant)
        standing = standing_of(row, newest, digest)
        if standing is not Standing.APPROVED:
            said, next_step = STAYS[standing]
            raise StateConflict(said, next_step=next_step, detail=standing.value)
        return row, key

    def _openable(self, user: User, case_id: str, package_id: str) -> tuple[CasePackage, bytes]:
        require(user, Permission.EXPORT_OPEN)
        with self.db.read() as session:
            row = package_of(session, user, case_id, package_id)
            require_fresh_proof(user, self.settings)
            if Outcome(row.outcome) not in LETTER_ALONE:
                check_shown(session, case_id)
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
