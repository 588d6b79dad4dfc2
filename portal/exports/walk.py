"""The three steps of an export: ask, collect, inspect.

Each step reads the row, does its one thing and moves the row by a guarded, audited UPDATE. A step
may be run again after a crash at any point; the row's state decides what is left to do. What a step
returns is a bare code: the durable engine keeps results in clear, so nothing personal may be in one.

What cannot be asked a second time (the vendor's answer, the sealed file) is written with
`Database.insist`: a database away for half a minute costs time, not knowledge.
"""

from __future__ import annotations

import datetime as dt
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from portal.errors import NotConfigured, SealBroken
from portal.exports import ledger
from portal.exports.findings import findings
from portal.exports.ledger import SubjectSeal
from portal.exports.pace import EDGE_REQUESTS, reserve_slot
from portal.exports.states import State
from portal.exports.vendor import Vendor, VendorAccess
from portal.exports.views import EXPIRY_MARGIN
from portal.exports.walk_words import (
    EXPIRED_NEXT,
    EXPIRED_WORDS,
    GIVEN_UP_WORDS,
    NO_PROBLEM,
    UNKNOWN_NEXT,
    UNKNOWN_WORDS,
    words_of,
)
from portal.identity.sessions import end_one, live_vendor_token
from portal.log import log
from portal.loyaltydog import ExportAnswer, ExportAsk, FetchedFile, LoyaltyDogError, NotAuthenticated
from portal.loyaltydog.retry import retry_export_post, retry_reads
from portal.storage.blobs import StorageTrouble
from portal.storage.engine import Database
from portal.storage.tables import Export, FileKey, Merchant, utc_now
from portal.vault import SealedFiles
from portal.vault.files import FilePlace, SealingWriter

MAX_ASK_TRIES = 12
MAX_FETCH_TRIES = 3
PROGRESS_EVERY_SECONDS = 0.5
STORE_AGAIN_SECONDS = 5.0  # a full disk is given a moment
EARLY_SECONDS = 0.25
FETCH_TURN_SECONDS = 2.0  # while the merchant has as many files under way as it may
SHORT_WAIT_SECONDS = 2.0  # a slot this near is reserved and waited for here; farther ones are waited for durably

PACED = "paced:"


def wait_code(seconds: float) -> str:
    return f"wait:{seconds:.3f}"


def wait_seconds(code: str) -> float | None:
    """The wait a step asked for, or None when it asked for none."""
    code = code.removeprefix(PACED)
    return float(code.removeprefix("wait:")) if code.startswith("wait:") else None


@dataclass(frozen=True)
class _Errand:
    """What a step has decided to do, with everything it needs; the row is marked already."""

    access: VendorAccess
    attempt: int = 0
    ask: ExportAsk | None = None
    place: FilePlace | None = None
    key: bytes = b""
    address: str = ""
    format: str = ""


class Walk:
    """The steps over one database, vault and vendor. `at(label)` is a seam for the crash tests."""

    def __init__(
        self,
        db: Database,
        files: SealedFiles,
        seal: SubjectSeal,
        vendor: Vendor,
        *,
        retention_days: int,
        edge_requests: int = EDGE_REQUESTS,
        at: Callable[[str], None] = lambda label: None,
    ) -> None:
        self._db = db
        self._files = files
        self._seal = seal
        self._vendor = vendor
        self._retention_days = retention_days
        self._edge_requests = edge_requests
        self._at = at

    def _in_turn(self, plan: Callable[[Session, bool], _Errand | str | float]) -> _Errand | str:
        """Run `plan` in a transaction; when it reserved a slot some way off, wait for it and run it again.

        `plan(session, slot_held)` gives the errand, a code to return, or the seconds until its slot.
        """
        slot_held = False
        while True:
            with self._db.write() as session:
                outcome = plan(session, slot_held)
            if not isinstance(outcome, float):
                return outcome
            slot_held = True
            time.sleep(outcome)

    def _access(self, session: Session, row: Export) -> VendorAccess | None:
        """The merchant's connection, or None after the row was moved to `failed` for want of one."""
        try:
            return self._vendor.access(session, row.merchant_id, row.asked_in)
        except (NotConfigured, LoyaltyDogError) as error:
            words = {"problem": error.message, "next_step": error.next_step, "turn": "manager"}
            ledger.move(session, row, State.FAILED, code=error.code, problem_code=error.code, **words)
            return None

    # Ask ---------------------------------------------------------------------------------------

    def ask(self, export_id: str) -> str:
        """Send the one POST, if it is still to be sent. Gives accepted, collected, stop or wait:N."""
        self._at("ask.begin")
        errand = self._in_turn(lambda session, held: self._mark_sent(session, export_id, held))
        if isinstance(errand, str):
            return errand
        self._at("ask.sent_committed")
        assert errand.ask is not None
        try:
            answer = self._vendor.client(errand.access.connection).request_export(errand.ask)
        except LoyaltyDogError as error:
            self._at("ask.answered_with_error")
            log.info("export.ask_refused", export=export_id, code=error.code, status=error.status, detail=error.detail)
            refusal = error
            outcome = self._db.insist(lambda session: self._refused(session, export_id, errand.attempt, refusal))
            self._at("ask.refused_committed")
            return outcome
        self._at("ask.answered")
        outcome = self._db.insist(lambda session: self._accepted(session, export_id, errand.attempt, answer))
        self._at("ask.accepted_committed")
        return outcome

    def _mark_sent(self, session: Session, export_id: str, slot_held: bool) -> _Errand | str | float:
        row = ledger.load(session, export_id)
        state = State(row.state)
        if state is State.SENT:
            # A former run died between the mark and the answer: whether the POST arrived cannot be known (SEC-13).
            ledger.move(session, row, State.UNKNOWN, code="interrupted", **UNKNOWN_WORDS)
            self._at("ask.given_up")
            return "stop"
        if state not in (State.REQUESTED, State.WAITING):
            return state.value if state in (State.ACCEPTED, State.COLLECTED) else "stop"
        if row.retry_at and (early := (row.retry_at - utc_now()).total_seconds()) > EARLY_SECONDS:
            return wait_code(early)  # a run that was taken over waits as long as the vendor said
        access = self._access(session, row)
        if access is None:
            return "stop"
        if not slot_held and (wait := self._reserve(session, row)):
            return wait if wait <= SHORT_WAIT_SECONDS else wait_code(wait)
        ask = self._ask_of(row)
        if not ledger.move(
            session, row, State.SENT, attempt=row.attempt + 1, sent_at=utc_now(), retry_at=None, **NO_PROBLEM
        ):
            return "stop"
        self._at("ask.marked")
        return _Errand(access, attempt=row.attempt, ask=ask)

    def _reserve(self, session: Session, row: Export) -> float:
        wait = reserve_slot(session, row.merchant_id, at_most=SHORT_WAIT_SECONDS, edge_requests=self._edge_requests)
        if wait:
            row.updated_at = utc_now()
        return wait

    def _ask_of(self, row: Export) -> ExportAsk:
        subject = self._seal.open(row, "subject")
        return ExportAsk(
            format="json" if row.format == "json" else "csv",
            customer_email=subject if row.subject_kind == "email" else None,
            customer_id=subject if row.subject_kind == "customer_id" else None,
            program_id=row.program_id,
            card_id=self._seal.open(row, "card_id"),
        )

    def _accepted(self, session: Session, export_id: str, attempt: int, answer: ExportAnswer) -> str:
        row = ledger.load(session, export_id)
        if row.attempt != attempt or State(row.state) not in (State.SENT, State.UNKNOWN):
            # Written already, when an earlier try of this transaction was committed but its answer lost.
            return "accepted" if row.attempt == attempt and State(row.state) is State.ACCEPTED else "stop"
        moved = ledger.move(
            session,
            row,
            State.ACCEPTED,
            accepted_at=utc_now(),
            vendor_export_id=answer.export_id_shown[:200],
            vendor_status=answer.status[:100],
            vendor_request_id=answer.request_id or "",
            sealed_download_url=self._seal.seal(
                row.merchant_id, row.id, "download_url", answer.download_url.get_secret_value()
            ),
            link_expires_at=answer.expires_here,
            clock_skew_seconds=answer.clock_skew_seconds,
            notes=list(answer.notes),
            **NO_PROBLEM,
        )
        self._at("ask.accepted")
        return "accepted" if moved else "stop"

    def _refused(self, session: Session, export_id: str, attempt: int, error: LoyaltyDogError) -> str:
        row = ledger.load(session, export_id)
        if row.attempt != attempt or State(row.state) not in (State.SENT, State.UNKNOWN):
            return "stop"
        words = words_of(error)
        decision = retry_export_post(error, attempt)
        if State(row.state) is State.SENT and decision.retry and attempt < MAX_ASK_TRIES:
            retry_at = utc_now() + dt.timedelta(seconds=decision.after_seconds)
            ledger.move(session, row, State.WAITING, code=error.code, retry_at=retry_at, **words)
            return wait_code(decision.after_seconds)
        if error.delivery == "unknown":
            if State(row.state) is State.SENT:
                ledger.move(session, row, State.UNKNOWN, code=error.code, **{**words, **UNKNOWN_NEXT})
            return "stop"
        ledger.move(session, row, State.REJECTED, code=error.code, **words)
        if isinstance(error, NotAuthenticated) and live_vendor_token(
            session, self._vendor.sealer, row.asked_in, row.merchant_id
        ):
            end_one(session, row.asked_in, "vendor_refused", actor="system")
        self._at("ask.refused")
        return "stop"

    # Collect -----------------------------------------------------------------------------------

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
        if (fetched.size, fetched.sha256) != (writer.size_bytes, writer.sha256):
            raise SealBroken(detail="fetched and sealed bytes differ")
        collected = self._db.insist(lambda session: self._collected(session, export_id, place, fetched))
        self._at("collect.committed")
        if not collected:
            self._forget_key(place)
            self._files.destroy(place.blob_name)
        return "collected" if collected else "stop"

    def _prepare(self, session: Session, export_id: str, slot_held: bool) -> _Errand | str | float:
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
        return _Errand(access, place=place, key=key, address=address, format=row.format)

    def _fetch(self, export_id: str, errand: _Errand, writer: SealingWriter) -> FetchedFile:
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
            sha256=fetched.sha256,
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
                ledger.move(session, row, State.FAILED, code=error.code, retry_at=None, **words)
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

    # Inspect -----------------------------------------------------------------------------------

    def inspect(self, export_id: str) -> str:
        """Check format, whole and whose; then ready or attention."""
        self._at("inspect.begin")
        with self._db.read() as session:
            row = ledger.load(session, export_id)
            if State(row.state) is not State.COLLECTED:
                return "stop"
            key = session.get(FileKey, (row.id, row.blob_name))
            subject = self._seal.open(row, "subject") or ""
        found = findings(self._files, row, key, subject)
        self._at("inspect.read")
        with self._db.write() as session:
            row = ledger.load(session, export_id)
            if State(row.state) is not State.COLLECTED:
                return "stop"
            to = State.READY if found.pop("good") else State.ATTENTION
            ledger.move(session, row, to, code=found.get("problem_code", ""), inspected_at=utc_now(), **found)
            self._at("inspect.moved")
        self._at("inspect.committed")
        return to.value

    def give_up(self, export_id: str) -> None:
        """After many runs that all broke off: put the export where a person decides."""
        places = {
            State.REQUESTED: State.FAILED,
            State.WAITING: State.FAILED,
            State.SENT: State.UNKNOWN,
            State.ACCEPTED: State.FAILED,
            State.COLLECTED: State.ATTENTION,
        }
        with self._db.write() as session:
            row = ledger.load(session, export_id)
            if State(row.state) in places:
                ledger.move(session, row, places[State(row.state)], code="given_up", retry_at=None, **GIVEN_UP_WORDS)
