"""One download of a package: begun, verified, streamed, and counted once its last byte went out (DLV-7).

A stream that breaks counts for nothing, and may go on from where it broke. While it runs its row says so, on whatever
replica; it ends when the delivery is taken back.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.cases.services.ledger import hold_case
from portal.delivery import proof
from portal.delivery.kinds import DeliveryState
from portal.delivery.ledger import RECIPIENT, acting_for, move, note, package_to_give
from portal.delivery.limits import BEAT_SECONDS, DOWNLOADS, GRACE, SILENT, may_begin
from portal.errors import SealBroken, TryLater
from portal.identity import User
from portal.package.versions.ledger import place_of
from portal.storage.answering.delivery_tables import Delivery, DeliveryFetch
from portal.storage.case_tables import Case
from portal.storage.engine import Database
from portal.storage.tables import utc_now
from portal.vault import SealedFiles
from portal.vault.files import FilePlace

ORIGIN = "link"


def file_name_of(case: Case) -> str:
    return f"answer-{case.year}-{case.number:04}.zip"


@dataclass(frozen=True)
class Begun:
    """A download that may begin. `start`: the byte it goes on from."""

    fetch_id: str
    delivery_id: str
    file_name: str
    size_bytes: int
    sha256: str
    start: int
    place: FilePlace
    sealed_keyset: bytes = field(repr=False)


@dataclass(frozen=True)
class Fetched:
    """A verified package on its way: `chunks` are its bytes from `start` on."""

    delivery_id: str
    file_name: str
    size_bytes: int
    sha256: str
    start: int
    chunks: Iterator[bytes]


class TakenBack(Exception):
    """The delivery ended while it was streamed; the stream breaks off."""


@dataclass
class Fetching:
    db: Database
    sealed: SealedFiles
    checkpoint: Callable[[str], None]
    clock: Callable[[], float] = time.monotonic

    def begin(self, session: Session, user: User, case: Case, row: Delivery, visit: str, start: int) -> Begun:
        """Within a transaction that holds the case. Raises TryLater, StateConflict."""
        package, key = package_to_give(session, row)
        before = self._broken(session, row, visit) if start else None
        if before is not None and not 0 < start <= min(before.reached, package.size_bytes - 1):
            before = None
        others = [before.id] if before is not None else []
        if not may_begin(row.completed, self._running(session, row, others)):
            raise TryLater("Two downloads run already.", wait_seconds=SILENT.total_seconds(), detail=row.id)
        fetch = before or DeliveryFetch(delivery_id=row.id, merchant_id=row.merchant_id, cookie_sha256=visit)
        fetch.beat_at = utc_now()
        session.add(fetch)
        session.flush()
        going_on = start if before is not None else 0
        note(session, user, row, "delivery:fetch", start=going_on, bytes=package.size_bytes)
        return Begun(
            fetch.id, row.id, file_name_of(case), package.size_bytes, package.sha256, going_on, place_of(package), key
        )  # fmt: skip

    def verified(self, begun: Begun) -> Fetched:
        """Reads it through once; only then is there a first byte. Raises SealBroken."""
        try:
            self._verify(begun)
        except BaseException:
            self._rest(begun, begun.start)
            raise
        return Fetched(
            begun.delivery_id, begun.file_name, begun.size_bytes, begun.sha256, begun.start, self._stream(begun)
        )  # fmt: skip

    # -------------------------------------------------------------------------------------------

    def _broken(self, session: Session, row: Delivery, visit: str) -> DeliveryFetch | None:
        """The last download of this browser that did not end whole."""
        return session.scalar(
            select(DeliveryFetch)
            .where(DeliveryFetch.delivery_id == row.id, DeliveryFetch.cookie_sha256 == visit)
            .where(DeliveryFetch.whole_at.is_(None), DeliveryFetch.reached > 0)
            .order_by(DeliveryFetch.began_at.desc())
            .limit(1)
        )

    def _running(self, session: Session, row: Delivery, others: list[str]) -> int:
        wanted = select(func.count()).select_from(DeliveryFetch)
        alive = DeliveryFetch.beat_at > utc_now() - SILENT
        of_row = wanted.where(DeliveryFetch.delivery_id == row.id, DeliveryFetch.id.not_in(others), alive)
        return session.scalar(of_row) or 0

    def _verify(self, begun: Begun) -> None:
        digest, size, last = hashlib.sha256(), 0, self.clock()
        for chunk in self.sealed.chunks(begun.place, begun.sealed_keyset):
            digest.update(chunk)
            size += len(chunk)
            last = self._beat(begun, begun.start, last)
        if size != begun.size_bytes or digest.hexdigest() != begun.sha256:
            raise SealBroken(detail="sealed package is not the one approved")

    def _stream(self, begun: Begun) -> Iterator[bytes]:
        at, last, whole = 0, self.clock(), False
        try:
            for chunk in self.sealed.chunks(begun.place, begun.sealed_keyset):
                skipped = max(0, min(len(chunk), begun.start - at))
                at += skipped
                if skipped < len(chunk):
                    yield chunk[skipped:]
                    at += len(chunk) - skipped
                last = self._beat(begun, at, last)
            whole = at == begun.size_bytes
            if whole:
                self.checkpoint("delivery.last_byte")
                self._completed(begun)
        finally:
            if not whole:
                self._rest(begun, at)

    def _beat(self, begun: Begun, at: int, last: float) -> float:
        """Say now and then that it runs. Raises TakenBack."""
        if self.clock() - last < BEAT_SECONDS:
            return last
        with self.db.write() as session:
            fetch = session.get_one(DeliveryFetch, begun.fetch_id)
            fetch.beat_at, fetch.reached = utc_now(), max(fetch.reached, at)
            if session.get_one(Delivery, begun.delivery_id).state == DeliveryState.REVOKED:
                raise TakenBack
        return self.clock()

    def _rest(self, begun: Begun, at: int) -> None:
        """It broke: it runs no longer, and may go on from here."""
        with self.db.write() as session:
            fetch = session.get_one(DeliveryFetch, begun.fetch_id)
            fetch.beat_at, fetch.reached = None, max(fetch.reached, at)

    def _completed(self, begun: Begun) -> None:
        with self.db.write() as session:
            row = session.get_one(Delivery, begun.delivery_id)
            user = acting_for(session, row.merchant_id, RECIPIENT, ORIGIN)
            case = hold_case(session, user, row.case_id)
            session.refresh(row)
            now = utc_now()
            fetch = session.get_one(DeliveryFetch, begun.fetch_id)
            fetch.beat_at, fetch.reached, fetch.whole_at = None, begun.size_bytes, now
            row.completed += 1
            note(
                session, user, row, "delivery:fetched",
                count=row.completed, bytes=begun.size_bytes, sha256=begun.sha256,
            )  # fmt: skip
            if row.completed_at is None:
                self._first(session, user, case, row, now)
            if row.completed >= DOWNLOADS and row.state == DeliveryState.COMPLETED:
                move(row, DeliveryState.CLOSED)
                note(session, user, row, "delivery:closed", reason="downloads")

    def _first(self, session: Session, user: User, case: Case, row: Delivery, now: dt.datetime) -> None:
        """The proof that the person has it; a day's grace for another device, then it closes."""
        row.completed_at, row.closes_at = now, now + GRACE
        if row.state == DeliveryState.OPENED:
            move(row, DeliveryState.COMPLETED)
        proof.record_fetched(session, user, case, row)
        proof.keep_package(session, row, now)
