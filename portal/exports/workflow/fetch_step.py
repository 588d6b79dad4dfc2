"""The second step: fetch the file into the vault (SEC-25)."""

from __future__ import annotations

import datetime as dt
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy.orm import Session

from portal.errors import SealBroken
from portal.exports.core import ledger
from portal.exports.core.ledger import SubjectSeal
from portal.exports.core.states import State
from portal.exports.core.vendor import Vendor, VendorAccess
from portal.exports.core.views import EXPIRY_MARGIN
from portal.exports.workflow.background_sink import BackgroundSink
from portal.exports.workflow.messages import EXPIRED_NEXT, EXPIRED_WORDS, NO_PROBLEM, words_of
from portal.exports.workflow.metrics import VENDOR_SECONDS
from portal.exports.workflow.results import Done, StepResult, Stop, Wait
from portal.exports.workflow.vendor_turn import SlotAhead, VendorTurn
from portal.log import log
from portal.loyaltydog import FetchedFile, FileFormat, LoyaltyDogError
from portal.loyaltydog.retry import retry_reads
from portal.storage.blobs import StorageTrouble
from portal.storage.engine import Database
from portal.storage.tables import Export, FileKey, Merchant, utc_now
from portal.vault import SealedFiles
from portal.vault.files import FilePlace, SealingWriter

MAX_FETCH_TRIES = 3
PROGRESS_EVERY_SECONDS = 0.5
STORE_AGAIN_SECONDS = 5.0  # a full disk is given a moment
FETCH_TURN_SECONDS = 0.5  # while the merchant has as many files under way as it may


def _media_type(fetched: FetchedFile) -> str:
    """As it came: ``text/csv; charset=windows-1250``, the charset left out where none was named."""
    named = f"; charset={fetched.charset}" if fetched.charset else ""
    return f"{fetched.media_type or ''}{named}"[:100]


@dataclass(frozen=True)
class ToFetch:
    """The key of the file at `place` is stored: bytes may be fetched from `address` and sealed under it."""

    access: VendorAccess
    address: str
    format: FileFormat
    place: FilePlace
    key: bytes


class FetchStep:
    """Streams the file into a new sealed file; one that was not taken whole leaves no key behind."""

    def __init__(
        self,
        db: Database,
        files: SealedFiles,
        seal: SubjectSeal,
        vendor: Vendor,
        turn: VendorTurn,
        checkpoint: Callable[[str], None],
        *,
        retention_days: int,
    ) -> None:
        self._db = db
        self._files = files
        self._seal = seal
        self._vendor = vendor
        self._turn = turn
        self._checkpoint = checkpoint
        self._retention_days = retention_days

    def run(self, export_id: str, tried: int) -> StepResult:
        """Fetch the file into the vault. Done(COLLECTED), Wait or Stop. `tried` counts from 0."""
        self._checkpoint("fetch.begin")
        plan = self._turn.plan(lambda session, slot_held: self._prepare(session, export_id, slot_held))
        if not isinstance(plan, ToFetch):
            return plan
        place = plan.place
        self._checkpoint("fetch.key_committed")
        try:
            with self._files.sealing(place, plan.key) as writer:
                fetched = self._fetch(export_id, plan, writer)
                self._checkpoint("fetch.fetched")
        except LoyaltyDogError as error:
            self._forget_key(place)
            return self._not_fetched(export_id, error, tried)
        except StorageTrouble as error:
            log.error("export.not_stored", export=export_id, code=error.code, detail=error.detail)
            self._forget_key(place)
            return self._not_stored(export_id, error, tried)
        self._checkpoint("fetch.sealed")
        if fetched.size != writer.size_bytes:
            raise SealBroken(detail="fetched and sealed bytes differ")
        fetched = replace(fetched, sha256=writer.sha256)  # hashed once, where it is sealed
        collected = self._db.write_with_retry(lambda session: self._collected(session, export_id, place, fetched))
        self._checkpoint("fetch.committed")
        if not collected:
            self._forget_key(place)
            self._files.destroy(place.blob_name)
        return Done(State.COLLECTED) if collected else Stop()

    def _prepare(self, session: Session, export_id: str, slot_held: bool) -> ToFetch | StepResult | SlotAhead:
        row = ledger.load(session, export_id)
        if State(row.state) is State.COLLECTED:
            return Done(State.COLLECTED)
        if State(row.state) is not State.ACCEPTED:
            return Stop()
        if row.link_expires_at and utc_now() >= row.link_expires_at - EXPIRY_MARGIN:
            ledger.move(session, row, State.EXPIRED, code="expired_unfetched", **EXPIRED_WORDS)
            return Stop()
        address = self._seal.open(row, "download_url") or ""
        access = self._turn.access(session, row)
        if access is None:
            return Stop()
        if not self._vendor.may_fetch_now(session, row):
            row.updated_at = utc_now()
            return Wait(FETCH_TURN_SECONDS, paced=True)
        if not slot_held and (reserved := self._turn.reserve(session, row)):
            return reserved
        place = FilePlace(row.merchant_id, row.id, f"{row.merchant_id}/{row.id}-{secrets.token_hex(4)}")
        key = self._files.new_key(place)
        session.add(
            FileKey(export_id=row.id, merchant_id=row.merchant_id, blob_name=place.blob_name, sealed_keyset=key)
        )
        session.flush()
        self._checkpoint("fetch.key_written")
        return ToFetch(access, address, "json" if row.format == "json" else "csv", place, key)

    def _fetch(self, export_id: str, plan: ToFetch, writer: SealingWriter) -> FetchedFile:
        last_written = time.monotonic()
        begun = False

        def write_progress(done: int, whole: int | None) -> None:
            nonlocal last_written
            if time.monotonic() - last_written >= PROGRESS_EVERY_SECONDS:
                last_written = time.monotonic()
                self._note_progress(export_id, done, whole)

        def seal(chunk: bytes) -> None:
            nonlocal begun
            writer.write(chunk)
            if not begun:
                begun = True
                self._checkpoint("fetch.first_bytes")

        with VENDOR_SECONDS.labels("fetch").time(), BackgroundSink(seal) as sink:
            return self._vendor.fetch(
                plan.access, plan.address, expected_format=plan.format, sink=sink, on_progress=write_progress
            )

    def _note_progress(self, export_id: str, done: int, whole: int | None) -> None:
        """Progress only: no state, no audit."""
        with self._db.write() as session:
            file = ledger.load(session, export_id).file
            file.fetched_bytes, file.expected_bytes = done, whole

    def _forget_key(self, place: FilePlace) -> None:
        with self._db.write() as session:
            key = session.get(FileKey, (place.export_id, place.blob_name))
            if key is not None:
                session.delete(key)

    def _collected(self, session: Session, export_id: str, place: FilePlace, fetched: FetchedFile) -> bool:
        now = utc_now()
        row = ledger.load(session, export_id)
        if State(row.state) is not State.ACCEPTED:
            return row.file.blob_name == place.blob_name  # an earlier try of this transaction was committed after all
        days = self._retention(session.get(Merchant, row.merchant_id))
        moved = ledger.move(
            session,
            row,
            State.COLLECTED,
            collected_at=now,
            size_bytes=fetched.size,
            fetched_bytes=fetched.size,
            expected_bytes=fetched.size,
            sha256=fetched.sha256 or "",
            media_type=_media_type(fetched),
            blob_name=place.blob_name,
            destroy_after=now + dt.timedelta(days=days),
            **NO_PROBLEM,
        )
        self._checkpoint("fetch.moved")
        return moved

    def _retention(self, merchant: Merchant | None) -> int:
        return (merchant.retention_days if merchant else None) or self._retention_days

    def _not_fetched(self, export_id: str, error: LoyaltyDogError, tried: int) -> StepResult:
        log.info("export.fetch_failed", export=export_id, code=error.code, status=error.status, detail=error.detail)
        decision = retry_reads(error, tried + 1)
        words = words_of(error)
        with self._db.write() as session:
            row = ledger.load(session, export_id)
            if State(row.state) is not State.ACCEPTED:
                return Stop()
            if decision.retry and self._again(row, tried, decision.after_seconds, words):
                return Wait(decision.after_seconds)
            if error.code == "link_expired":
                ledger.move(session, row, State.EXPIRED, code=error.code, **{**words, **EXPIRED_NEXT})
            else:
                last = {**words, "turn": "you"} if words["turn"] == "nobody" else words  # no more automatic retries
                ledger.move(session, row, State.FAILED, code=error.code, retry_at=None, **last)
        return Stop()

    def _not_stored(self, export_id: str, error: StorageTrouble, tried: int) -> StepResult:
        words = {"problem_code": error.code, "problem": error.message, "next_step": error.next_step, "turn": "manager"}
        with self._db.write() as session:
            row = ledger.load(session, export_id)
            if State(row.state) is not State.ACCEPTED:
                return Stop()
            if self._again(row, tried, STORE_AGAIN_SECONDS, words):
                return Wait(STORE_AGAIN_SECONDS)
            ledger.move(session, row, State.FAILED, code=error.code, retry_at=None, **words)
        return Stop()

    def _again(self, row: Export, tried: int, seconds: float, words: dict[str, Any]) -> bool:
        """May the fetch be tried once more after `seconds`? Then the row says so."""
        again = utc_now() + dt.timedelta(seconds=seconds)
        alive = row.link_expires_at is None or again < row.link_expires_at - EXPIRY_MARGIN
        if tried + 1 >= MAX_FETCH_TRIES or not alive:
            return False
        ledger.set_columns(row, {**words, "retry_at": again})
        return True
