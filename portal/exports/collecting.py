"""The second step: fetch the file into the vault (SEC-25)."""

from __future__ import annotations

import datetime as dt
import secrets
import time
from dataclasses import replace
from typing import Any

from sqlalchemy.orm import Session

from portal.errors import SealBroken
from portal.exports import ledger
from portal.exports.states import State
from portal.exports.timing import VENDOR_SECONDS
from portal.exports.views import EXPIRY_MARGIN
from portal.exports.walk_base import PACED, SHORT_WAIT_SECONDS, Errand, WalkBase, wait_code
from portal.exports.walk_words import (
    EXPIRED_NEXT,
    EXPIRED_WORDS,
    NO_PROBLEM,
    words_of,
)
from portal.log import log
from portal.loyaltydog import FetchedFile, LoyaltyDogError
from portal.loyaltydog.retry import retry_reads
from portal.storage.blobs import StorageTrouble
from portal.storage.tables import Export, FileKey, Merchant, utc_now
from portal.vault.files import FilePlace, SealingWriter

MAX_FETCH_TRIES = 3
PROGRESS_EVERY_SECONDS = 0.5
STORE_AGAIN_SECONDS = 5.0  # a full disk is given a moment
FETCH_TURN_SECONDS = 0.5  # while the merchant has as many files under way as it may


class Collecting(WalkBase):
    def collect(self, export_id: str, tried: int) -> str:
        """Fetch the file into the vault. Gives collected, stop or wait:N. `tried` counts from 0."""
        self._at("collect.begin")
        errand = self._in_turn(lambda session, held: self._prepare(session, export_id, held))
        if isinstance(errand, str):
            return errand
        place = errand.place
        assert place is not None
        self._at("collect.key_committed")
        try:
            with self._files.sealing(place, errand.key) as writer:
                fetched = self._fetch(export_id, errand, writer)
                self._at("collect.fetched")
        except LoyaltyDogError as error:
            self._forget_key(place)
            return self._not_fetched(export_id, error, tried)
        except StorageTrouble as error:
            log.error("export.not_stored", export=export_id, code=error.code, detail=error.detail)
            self._forget_key(place)
            return self._not_stored(export_id, error, tried)
        self._at("collect.sealed")
        if fetched.size != writer.size_bytes:
            raise SealBroken(detail="fetched and sealed bytes differ")
        fetched = replace(fetched, sha256=writer.sha256)  # hashed once, where it is sealed
        collected = self._db.insist(lambda session: self._collected(session, export_id, place, fetched))
        self._at("collect.committed")
        if not collected:
            self._forget_key(place)
            self._files.destroy(place.blob_name)
        return "collected" if collected else "stop"

    def _prepare(self, session: Session, export_id: str, slot_held: bool) -> Errand | str | float:
        row = ledger.load(session, export_id)
        if State(row.state) is not State.ACCEPTED:
            return row.state if State(row.state) is State.COLLECTED else "stop"
        if row.link_expires_at and utc_now() >= row.link_expires_at - EXPIRY_MARGIN:
            ledger.move(session, row, State.EXPIRED, code="expired_unfetched", **EXPIRED_WORDS)
            return "stop"
        address = self._seal.open(row, "download_url") or ""
        access = self._access(session, row)
        if access is None:
            return "stop"
        if not self._vendor.may_fetch_now(session, row):
            row.updated_at = utc_now()
            return PACED + wait_code(FETCH_TURN_SECONDS)
        if not slot_held and (wait := self._reserve(session, row)):
            return wait if wait <= SHORT_WAIT_SECONDS else PACED + wait_code(wait)
        place = FilePlace(row.merchant_id, row.id, f"{row.merchant_id}/{row.id}-{secrets.token_hex(4)}")
        key = self._files.new_key(place)
        session.add(
            FileKey(export_id=row.id, merchant_id=row.merchant_id, blob_name=place.blob_name, sealed_keyset=key)
        )
        session.flush()
        self._at("collect.key_written")
        return Errand(access, place=place, key=key, address=address, format=row.format)

    def _fetch(self, export_id: str, errand: Errand, writer: SealingWriter) -> FetchedFile:
        last_told = time.monotonic()
        begun = False

        def tell(done: int, whole: int | None) -> None:
            nonlocal last_told
            if time.monotonic() - last_told >= PROGRESS_EVERY_SECONDS:
                last_told = time.monotonic()
                self._set(export_id, fetched_bytes=done, expected_bytes=whole)

        def sink(chunk: bytes) -> None:
            nonlocal begun
            writer.write(chunk)
            if not begun:
                begun = True
                self._at("collect.first_bytes")

        with VENDOR_SECONDS.labels("fetch").time():
            return self._vendor.fetch(
                errand.access,
                errand.address,
                expected_format="json" if errand.format == "json" else "csv",
                sink=sink,
                on_progress=tell,
            )

    def _set(self, export_id: str, **values: Any) -> None:
        """Progress only: no state, no audit."""
        with self._db.write() as session:
            row = ledger.load(session, export_id)
            for name, value in values.items():
                setattr(row, name, value)

    def _forget_key(self, place: FilePlace) -> None:
        with self._db.write() as session:
            key = session.get(FileKey, (place.export_id, place.blob_name))
            if key is not None:
                session.delete(key)

    def _collected(self, session: Session, export_id: str, place: FilePlace, fetched: FetchedFile) -> bool:
        now = utc_now()
        row = ledger.load(session, export_id)
        if State(row.state) is not State.ACCEPTED:
            return row.blob_name == place.blob_name  # an earlier try of this transaction was committed after all
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
            media_type=(fetched.media_type or "")[:100],
            blob_name=place.blob_name,
            destroy_after=now + dt.timedelta(days=days),
            **NO_PROBLEM,
        )
        self._at("collect.moved")
        return moved

    def _retention(self, merchant: Merchant | None) -> int:
        return (merchant.retention_days if merchant else None) or self._retention_days

    def _not_fetched(self, export_id: str, error: LoyaltyDogError, tried: int) -> str:
        log.info("export.fetch_failed", export=export_id, code=error.code, status=error.status, detail=error.detail)
        decision = retry_reads(error, tried + 1)
        words = words_of(error)
        with self._db.write() as session:
            row = ledger.load(session, export_id)
            if State(row.state) is not State.ACCEPTED:
                return "stop"
            if decision.retry and self._again(row, tried, decision.after_seconds, words):
                return wait_code(decision.after_seconds)
            if error.code == "link_expired":
                ledger.move(session, row, State.EXPIRED, code=error.code, **{**words, **EXPIRED_NEXT})
            else:
                last = {**words, "turn": "you"} if words["turn"] == "nobody" else words  # no more tries by itself
                ledger.move(session, row, State.FAILED, code=error.code, retry_at=None, **last)
        return "stop"

    def _not_stored(self, export_id: str, error: StorageTrouble, tried: int) -> str:
        words = {"problem_code": error.code, "problem": error.message, "next_step": error.next_step, "turn": "manager"}
        with self._db.write() as session:
            row = ledger.load(session, export_id)
            if State(row.state) is not State.ACCEPTED:
                return "stop"
            if self._again(row, tried, STORE_AGAIN_SECONDS, words):
                return wait_code(STORE_AGAIN_SECONDS)
            ledger.move(session, row, State.FAILED, code=error.code, retry_at=None, **words)
        return "stop"

    def _again(self, row: Export, tried: int, seconds: float, words: dict[str, Any]) -> bool:
        """May the fetch be tried once more after `seconds`? Then the row says so."""
        again = utc_now() + dt.timedelta(seconds=seconds)
        alive = row.link_expires_at is None or again < row.link_expires_at - EXPIRY_MARGIN
        if tried + 1 >= MAX_FETCH_TRIES or not alive:
            return False
        for name, value in {**words, "retry_at": again}.items():
            setattr(row, name, value)
        return True
