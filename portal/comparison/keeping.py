"""Takes the fingerprints of files that are there, keeps them sealed, and destroys them in time.

A worker's housekeeping takes them, apart from the workflow that fetched and checked the file: nobody waits for it, and
what a killed process left out is made up for by the next. A small file that is missed when a comparison is looked at is
taken then. Several processes may take the same file; the first one's are kept.

All fingerprints of a person are taken under one secret. The first is derived from the merchant's index key and the
person; it is kept, sealed, with the fingerprints, and later files are taken under it also after that key has changed.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import audit
from portal.cases.services.ledger import CaseSeal
from portal.comparison import fingerprints
from portal.comparison.files import Gone, TakenFile, Wanted, file_of, opened, origin_of, wanted_files
from portal.comparison.fingerprints import UNREADABLE, WHOLE_FILE, FilePrints, TablePrints
from portal.comparison.persons import identifiers_of, indexes_of, of_person
from portal.comparison.retention import cases_due, forget_case, kept_still
from portal.config import Settings
from portal.errors import PortalError, SealBroken
from portal.exports.core.ledger import SubjectSeal
from portal.exports.files.sealed_reading import TakesTooLong
from portal.exports.retention.clock import ClockWatch
from portal.log import log
from portal.preview import PreviewError
from portal.storage.case_tables import Case
from portal.storage.engine import Database
from portal.storage.locks import lock_merchant
from portal.storage.tables import CaseFingerprints, Merchant, utc_now
from portal.vault import FieldSealer, SealedFiles
from portal.vault.boxes import SealedBoxes, box_context

LOOK_EVERY = dt.timedelta(seconds=20)
FORGET_EVERY = dt.timedelta(minutes=10)
SECONDS_AT_ONCE = 10.0  # no further file is begun after so long: other housekeeping waits
SMALL_BYTES = 1024 * 1024
HOUSE_BATCH = 500
PURPOSE = "fingerprints-v1"


@dataclass
class Fingerprints:
    """A worker's housekeeping for fingerprints, and how they are opened."""

    db: Database
    settings: Settings
    sealer: FieldSealer
    boxes: SealedBoxes
    files: SealedFiles
    _looked_at: dt.datetime | None = None
    _forgot_at: dt.datetime | None = None
    _clock: ClockWatch | None = field(default=None, repr=False)
    _broken: set[Wanted] = field(default_factory=set, repr=False)

    # What a worker does -------------------------------------------------------------------------

    def run_housekeeping(self) -> None:
        """Destroy what is past its time, and take what is missing. Run every few seconds by a worker."""
        now = utc_now()
        self._clock = self._clock or ClockWatch(self.db)
        if self._clock.trusted() and (self._forgot_at is None or now - self._forgot_at >= FORGET_EVERY):
            self._forgot_at = now
            self.forget_due()
        if self._looked_at is None or now - self._looked_at >= LOOK_EVERY:
            self.take_missing()
            self._looked_at = now

    def forget_due(self) -> int:
        """Destroy fingerprints and words of cases that are past their time. Gives of how many files they were."""
        now = utc_now()
        with self.db.read() as session:
            due = cases_due(session, now, HOUSE_BATCH)
        gone = 0
        for merchant_id, case_id in due:
            with self.db.write() as session:
                gone += forget_case(session, merchant_id, case_id, now)
        return gone

    def take_missing(self, seconds: float = SECONDS_AT_ONCE) -> int:
        """Take the fingerprints of files that have none. Gives of how many."""
        with self.db.read() as session:
            wanted = wanted_files(session)
        return self._take_all(wanted, time.monotonic() + seconds)

    def take_small(self, cases: Collection[str]) -> None:
        """Of the files of some cases those that are read in a moment."""
        with self.db.read() as session:
            wanted = wanted_files(session, cases=cases, most_bytes=SMALL_BYTES)
        self._take_all(wanted, time.monotonic() + SECONDS_AT_ONCE)

    def _take_all(self, wanted: Sequence[Wanted], until: float) -> int:
        done = 0
        for one in wanted:
            if time.monotonic() > until:
                break
            if one in self._broken:
                continue
            try:
                done += self._take(one)
            except Gone:
                continue
            except PortalError as error:
                if isinstance(error, SealBroken):
                    self._broken.add(one)  # it never opens; looked at once a process
                log.error("fingerprints.not_taken", file=one.id, code=error.code, detail=error.detail)
        return done

    def _take(self, wanted: Wanted) -> bool:
        with self.db.read() as session:
            taken = file_of(session, wanted)
            secret = self._secret(session, session.get_one(Case, taken.case_id))
        prints = self._prints(taken, secret)
        bound = box_context(taken.merchant_id, CaseFingerprints.__tablename__, wanted.id)
        wrapped, content = self.boxes.seal(fingerprints.packed(prints), bound)
        row = CaseFingerprints(
            file_id=wanted.id, merchant_id=taken.merchant_id, case_id=taken.case_id, sha256=taken.sha256,
            row_count=prints.rows, sealed_keyset=wrapped, content=content, taken_at=taken.taken_at,
        )  # fmt: skip
        with self.db.write() as session:
            return self._keep(session, wanted, row)

    def _keep(self, session: Session, wanted: Wanted, row: CaseFingerprints) -> bool:
        """False when another process was first. Raises Gone when the file was destroyed before its fingerprints were
        stored; none are kept then."""
        lock_merchant(session, row.merchant_id)
        if file_of(session, wanted).sha256 != row.sha256:
            raise Gone
        if session.scalar(select(Case.id).where(Case.id == row.case_id, kept_still(utc_now()))) is None:
            raise Gone
        there = session.get(CaseFingerprints, row.file_id)
        if there is not None and there.sha256 == row.sha256:
            return False
        if there is not None:
            session.delete(there)
            session.flush()
        session.add(row)
        audit.record(
            session, row.merchant_id, "system", "fingerprints:keep",
            object_id=row.case_id, origin="worker", file=row.file_id, rows=row.row_count,
        )  # fmt: skip
        return True

    def _prints(self, taken: TakenFile, secret: bytes) -> FilePrints:
        origin = origin_of(taken, secret, SubjectSeal(self.sealer))
        try:
            tables = fingerprints.prints_of(opened(self.files, taken, self.settings.root), secret)
        except TakesTooLong:
            tables = (TablePrints(WHOLE_FILE, taken.row_count, prints=None),)
        except PreviewError:
            return FilePrints(secret, replace(origin, family=UNREADABLE), ())
        return FilePrints(secret, origin, tables)

    def _secret(self, session: Session, case: Case) -> bytes:
        """Of this case's other files, else of the person's other cases, else a new one."""
        known = identifiers_of(session, case.id)
        values = CaseSeal(self.sealer).values(session, known)
        indexes = indexes_of(session, self.sealer, case.merchant_id, values)
        theirs = select(Case.id).where(of_person(case.merchant_id, indexes))
        for cases in ([case.id], theirs):
            found = session.scalars(
                select(CaseFingerprints)
                .where(CaseFingerprints.merchant_id == case.merchant_id, CaseFingerprints.case_id.in_(cases))
                .order_by(CaseFingerprints.taken_at.desc(), CaseFingerprints.file_id)
                .limit(1)
            ).first()
            if found is not None and (prints := self._opened(found)) is not None:
                return prints.secret
        wrapped, person = session.get_one(Merchant, case.merchant_id).sealed_index_keyset, (*values, case.id)[0]
        return self.sealer.derived_key(PURPOSE, person, merchant_id=case.merchant_id, wrapped_keyset=wrapped)

    # What a comparison reads --------------------------------------------------------------------

    def of_case(self, session: Session, case_id: str) -> list[FilePrints]:
        """All that is kept of a case's files, the newest first."""
        rows = session.scalars(
            select(CaseFingerprints)
            .where(CaseFingerprints.case_id == case_id)
            .order_by(CaseFingerprints.taken_at.desc(), CaseFingerprints.file_id)
        )
        return [prints for row in rows if (prints := self._opened(row)) is not None]

    def _opened(self, row: CaseFingerprints) -> FilePrints | None:
        bound = box_context(row.merchant_id, CaseFingerprints.__tablename__, row.file_id)
        try:
            return fingerprints.unpacked(self.boxes.open(row.sealed_keyset, row.content, bound))
        except SealBroken:
            log.error("fingerprints.not_opened", file=row.file_id)  # `keys check` reports it
            return None
