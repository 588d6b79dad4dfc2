"""One system in one case: files attached and removed, "nothing held" and "answered apart" said and taken back.

A file is sealed before anything of it is judged. Its key is stored first, its row last: what a killed process leaves
between the two counts for nothing, and the sweep takes it.
"""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from portal.cases.services.ledger import CaseSeal, own_case
from portal.config import Settings
from portal.errors import InputError, StateConflict
from portal.exports.retention.sealed_files import drop_blobs
from portal.identity import Permission, User, allows, require
from portal.identity.refusal_audit import RefusalAudit, refusals_audited
from portal.sources.kinds import SourceState
from portal.storage.answering.system_tables import CaseSystem, SystemFile, SystemKey
from portal.storage.engine import Database
from portal.storage.tables import Account, Merchant, new_id, utc_now
from portal.systems.ledger import (
    TABLES,
    destroy_file,
    file_of,
    hold,
    line_of,
    live_files,
    move,
    new_place,
    replacements_of,
)
from portal.systems.media import SAMPLE_BYTES, Media, judge
from portal.systems.names import file_name
from portal.systems.views import AttachedFile, SystemAnswer
from portal.vault import SealedFiles
from portal.vault.files import CHUNK_BYTES, FilePlace, SealingWriter

MAX_FILE_BYTES = 50 * 1024 * 1024
MAX_FILES = 20  # of one system in one case
MAX_REPLACEMENTS = 5  # of one attached file
STATE_OF: Mapping[SystemAnswer, SourceState] = {
    SystemAnswer.NOTHING_HELD: SourceState.ATTESTED,
    SystemAnswer.APART: SourceState.APART,
}
TAKES_FILES = frozenset({SourceState.PLANNED, SourceState.FETCHED})
TOO_LARGE = "A file may have at most 50 MB."


@refusals_audited
@dataclass
class CaseSystems:
    """What people say of the merchant's other systems in a case, and what they attach."""

    db: Database
    refusal_audit: RefusalAudit
    seal: CaseSeal
    sealed: SealedFiles
    settings: Settings
    checkpoint: Callable[[str], None]

    def attached(self, user: User, case_id: str) -> dict[str, list[AttachedFile]]:
        """The files of a case by their system, without those removed by hand. Raises NotFound."""
        require(user, Permission.CASE_LIST)
        opens = allows(user.role, Permission.EXPORT_OPEN)
        found: dict[str, list[AttachedFile]] = {}
        with self.db.read() as session:
            own_case(session, user, case_id)
            rows = session.execute(
                select(SystemFile, CaseSystem.system_id, Account.name, Account.email)
                .join(CaseSystem, CaseSystem.id == SystemFile.line_id)
                .join(Account, Account.id == SystemFile.attached_by)
                .where(CaseSystem.case_id == case_id, SystemFile.removed_by.is_(None), SystemFile.replaces.is_(None))
                .order_by(SystemFile.attached_at, SystemFile.id)
            ).all()
            for row, system_id, name, email in rows:
                found.setdefault(system_id, []).append(
                    AttachedFile(
                        row.id, system_id, self.seal.opened(row, "name") if opens else "", Media(row.media),
                        row.size_bytes, row.sha256, row.attached_at, name or email, row.destroyed_at,
                    )
                )  # fmt: skip
        return found

    def attach(self, user: User, case_id: str, system_id: str, filename: str, chunks: Iterable[bytes]) -> str:
        """Seal a file and add it to the line. Gives its id.

        Raises InputError(field="file") for an empty one, one too large or too many, one that is there already;
        NotFound, CaseNeeded, StateConflict, StorageTrouble. Then nothing of it stays.
        """
        require(user, Permission.EXPORT_CREATE)
        return self._attach(
            user, lambda session: self._line_for_file(session, user, case_id, system_id), filename, chunks
        )

    def replace(self, user: User, case_id: str, file_id: str, filename: str, chunks: Iterable[bytes]) -> str:
        """Seal a file that may go out in the place of an attached one, once a person says so in the review. It goes
        with that one. Gives its id. Raises as `attach` does."""
        require(user, Permission.EXPORT_CREATE)

        def line_of_replaced(session: Session) -> CaseSystem:
            hold(session, user, case_id)
            row, line = file_of(session, user, case_id, file_id)
            if row.destroyed_at is not None or row.replaces is not None:
                raise StateConflict("This file is destroyed already.", next_step="", detail="destroyed")
            if len(replacements_of(session, row.id)) >= MAX_REPLACEMENTS:
                raise InputError(f"At most {MAX_REPLACEMENTS} files can be given in its place.", field="file")
            return line

        return self._attach(user, line_of_replaced, filename, chunks, replaces=file_id)

    def _attach(
        self,
        user: User,
        line_of_file: Callable[[Session], CaseSystem],
        filename: str,
        chunks: Iterable[bytes],
        *,
        replaces: str | None = None,
    ) -> str:
        with self.db.write() as session:
            line = line_of_file(session)
            place = new_place(line)
            key = self.sealed.new_key(place)
            session.add(
                SystemKey(
                    line_id=line.id, blob_name=place.blob_name, merchant_id=line.merchant_id, sealed_keyset=key
                )
            )  # fmt: skip
        self.checkpoint("system.key_committed")
        with self._nothing_left_after_failure(place):
            with self.sealed.sealing(place, key) as writer:
                _fill(writer, chunks)
            self.checkpoint("system.sealed")
            media = judge(next(iter(self.sealed.chunks(place, key)))[:SAMPLE_BYTES])
            with self.db.write() as session:
                line = line_of_file(session)
                return self._add(session, user, line, place, filename, media, writer, replaces)

    def remove(self, user: User, case_id: str, file_id: str) -> None:
        """Destroy an attached file, its key before the ciphertext. The last one gone, the system is to be answered.

        Raises NotFound, CaseNeeded, StateConflict for one that was destroyed.
        """
        require(user, Permission.EXPORT_CREATE)
        with self.db.write() as session:
            hold(session, user, case_id)
            row, line = file_of(session, user, case_id, file_id)
            if row.destroyed_at is not None:
                raise StateConflict("This file is destroyed already.", next_step="", detail="destroyed")
            blob_names = destroy_file(session, row, by=user.account_id)
            left = session.scalar(
                select(SystemFile.id)
                .where(
                    SystemFile.line_id == line.id, SystemFile.removed_by.is_(None), SystemFile.replaces.is_(None)
                )
                .limit(1)
            )  # fmt: skip
            to = SourceState.FETCHED if left else SourceState.PLANNED
            move(session, user, line, to, "system:remove", file=row.id, sha256=row.sha256)
        self.checkpoint("system.removed")
        drop_blobs(self.sealed, self.settings.destruction_list, blob_names)

    def attest(self, user: User, case_id: str, system_id: str, said: SystemAnswer) -> None:
        """Say that nothing is held there, or that it is answered apart: by this person, now.

        Raises NotFound, CaseNeeded, StateConflict for a line that is answered.
        """
        require(user, Permission.EXPORT_CREATE)
        with self.db.write() as session:
            line = line_of(session, user, hold(session, user, case_id), system_id)
            if line.state != SourceState.PLANNED:
                raise StateConflict("This is answered already.", next_step="Take that back first.", detail=line.state)
            move(session, user, line, STATE_OF[said], "system:attest", what=said.value)

    def take_back(self, user: User, case_id: str, system_id: str) -> None:
        """The system is to be answered again. Raises NotFound, CaseNeeded, StateConflict while files are attached."""
        require(user, Permission.EXPORT_CREATE)
        with self.db.write() as session:
            line = line_of(session, user, hold(session, user, case_id), system_id)
            if line.state == SourceState.PLANNED:
                raise StateConflict("There is nothing to take back.", next_step="", detail=line.state)
            if live_files(session, line.id):
                raise StateConflict("Files are attached.", next_step="Remove them first.", detail=line.state)
            for row in session.scalars(select(SystemFile).where(SystemFile.line_id == line.id)):
                row.removed_by = row.removed_by or user.account_id  # they stood for the answer that is taken back
            move(session, user, line, SourceState.PLANNED, "system:take_back", was=line.state)

    # -------------------------------------------------------------------------------------------

    def _line_for_file(self, session: Session, user: User, case_id: str, system_id: str) -> CaseSystem:
        line = line_of(session, user, hold(session, user, case_id), system_id)
        if SourceState(line.state) not in TAKES_FILES:
            raise StateConflict("This is answered already.", next_step="Take that back first.", detail=line.state)
        if len(live_files(session, line.id)) >= MAX_FILES:
            raise InputError(f"At most {MAX_FILES} files can be attached here.", field="file")
        return line

    def _add(
        self,
        session: Session,
        user: User,
        line: CaseSystem,
        place: FilePlace,
        filename: str,
        media: Media,
        written: SealingWriter,
        replaces: str | None,
    ) -> str:
        there = live_files(session, line.id) + (replacements_of(session, replaces) if replaces else [])
        if any(file.sha256 == written.sha256 for file in there):
            raise InputError("This file is attached already.", field="file")
        if session.get(SystemKey, (line.id, place.blob_name)) is None:
            raise StateConflict("This took too long.", next_step="Attach the file again.", detail="key swept")
        row_id = new_id()
        merchant = session.get_one(Merchant, line.merchant_id)
        days = merchant.retention_days or self.settings.retention_days
        until = utc_now() + dt.timedelta(days=days)
        if replaces:  # it goes with the one it replaces
            until = session.get_one(SystemFile, replaces).destroy_after or until
        name = self.seal.seal(line.merchant_id, SystemFile, "name", row_id, file_name(filename))
        session.add(
            SystemFile(
                id=row_id, merchant_id=line.merchant_id, line_id=line.id, blob_name=place.blob_name,
                size_bytes=written.size_bytes, sha256=written.sha256, media=media.value, sealed_name=name,
                attached_by=user.account_id, destroy_after=until, replaces=replaces,
            )
        )  # fmt: skip
        session.flush()
        move(
            session, user, line, SourceState.FETCHED, "system:attach",
            file=row_id, kind=media.value, bytes=written.size_bytes, sha256=written.sha256, replaces=replaces,
        )  # fmt: skip
        return row_id

    @contextlib.contextmanager
    def _nothing_left_after_failure(self, place: FilePlace) -> Iterator[None]:
        try:
            yield
        except BaseException:
            with contextlib.suppress(SQLAlchemyError):  # the sweep takes what cannot be taken now
                self._forget(place)
            raise

    def _forget(self, place: FilePlace) -> None:
        """A commit whose answer was lost has added the file: then it stays."""
        with self.db.write() as session:
            if session.scalar(select(SystemFile.id).where(SystemFile.blob_name == place.blob_name)) is not None:
                return
            TABLES.drop_keys(session, place.export_id, [place.blob_name])
        drop_blobs(self.sealed, self.settings.destruction_list, [place.blob_name])


def _fill(writer: SealingWriter, chunks: Iterable[bytes]) -> None:
    """Raises InputError(field="file") for nothing at all and for too much, as soon as that is known."""
    for chunk in chunks:
        if writer.size_bytes + len(chunk) > MAX_FILE_BYTES:
            raise InputError(TOO_LARGE, field="file")
        for start in range(0, len(chunk), CHUNK_BYTES):
            writer.write(chunk[start : start + CHUNK_BYTES] if len(chunk) > CHUNK_BYTES else chunk)
    if not writer.size_bytes:
        raise InputError("This file is empty.", field="file")
