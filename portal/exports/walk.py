"""The three steps of an export: ask, collect, inspect.

Each step reads the row, does its one thing and moves the row by a guarded, audited UPDATE. A step
may be run again after a crash at any point; the row's state decides what is left to do. What a step
returns is a bare code: the durable engine keeps results in clear, so nothing personal may be in one.
"""

from __future__ import annotations

import datetime as dt
import secrets
import time
from collections.abc import Callable
from typing import Any

from portal.errors import NotConfigured, SealBroken
from portal.exports import ledger
from portal.exports.ledger import SubjectSeal
from portal.exports.pace import wait_for_slot
from portal.exports.states import State
from portal.exports.vendor import Vendor, VendorAccess
from portal.exports.views import EXPIRY_MARGIN
from portal.log import log
from portal.loyaltydog import ExportAnswer, ExportAsk, FetchedFile, LoyaltyDogError, fetch_file
from portal.loyaltydog.retry import retry_export_post, retry_reads
from portal.storage.engine import Database
from portal.storage.tables import Export, FileKey, Merchant, utc_now
from portal.vault import SealedFiles
from portal.vault.files import FilePlace, SealingWriter

MAX_ASK_TRIES = 12
MAX_FETCH_TRIES = 3
PROGRESS_EVERY_SECONDS = 0.5
MAX_INSPECTED_BYTES = 512 * 1024 * 1024


PACED = "paced:"


def wait_code(seconds: float) -> str:
    return f"wait:{seconds:.3f}"


def wait_seconds(code: str) -> float | None:
    """The wait a step asked for, or None when it asked for none."""
    code = code.removeprefix(PACED)
    return float(code.removeprefix("wait:")) if code.startswith("wait:") else None


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
        at: Callable[[str], None] = lambda label: None,
    ) -> None:
        self._db = db
        self._files = files
        self._seal = seal
        self._vendor = vendor
        self._retention_days = retention_days
        self._at = at

    # Ask ---------------------------------------------------------------------------------------

    def ask(self, export_id: str) -> str:
        """Send the one POST, if it is still to be sent. Gives accepted, collected, stop or wait:N."""
        self._at("ask.begin")
        with self._db.write() as session:
            row = ledger.load(session, export_id)
            state = State(row.state)
            if state is State.SENT:
                # A former run died between the mark and the answer: whether the POST arrived cannot be known (SEC-13).
                ledger.move(session, row, State.UNKNOWN, code="interrupted", **UNKNOWN_WORDS)
                return "stop"
            if state not in (State.REQUESTED, State.WAITING):
                return state.value if state in (State.ACCEPTED, State.COLLECTED) else "stop"
            try:
                access = self._vendor.access(session, row.merchant_id)
            except (NotConfigured, LoyaltyDogError) as error:
                words = {"problem": error.message, "next_step": error.next_step, "turn": "manager"}
                ledger.move(session, row, State.FAILED, code=error.code, problem_code=error.code, **words)
                return "stop"
            wait = wait_for_slot(session, row.merchant_id)
            if wait:
                row.updated_at = utc_now()
                return wait_code(wait)
            ask = self._ask_of(row)
            if not ledger.move(
                session, row, State.SENT, attempt=row.attempt + 1, sent_at=utc_now(), retry_at=None, **NO_PROBLEM
            ):
                return "stop"
            attempt = row.attempt
        self._at("ask.sent_committed")
        try:
            answer = self._vendor.client(access.connection).request_export(ask)
        except LoyaltyDogError as error:
            self._at("ask.answered_with_error")
            return self._refused(export_id, attempt, error)
        self._at("ask.answered")
        return self._accepted(export_id, attempt, answer)

    def _ask_of(self, row: Export) -> ExportAsk:
        subject = self._seal.open(row, "subject")
        return ExportAsk(
            format="json" if row.format == "json" else "csv",
            customer_email=subject if row.subject_kind == "email" else None,
            customer_id=subject if row.subject_kind == "customer_id" else None,
            program_id=row.program_id,
            card_id=self._seal.open(row, "card_id"),
        )

    def _accepted(self, export_id: str, attempt: int, answer: ExportAnswer) -> str:
        with self._db.write() as session:
            row = ledger.load(session, export_id)
            if row.attempt != attempt or State(row.state) not in (State.SENT, State.UNKNOWN):
                return "stop"
            url = self._seal.seal(row.merchant_id, row.id, "download_url", answer.download_url.get_secret_value())
            moved = ledger.move(
                session,
                row,
                State.ACCEPTED,
                accepted_at=utc_now(),
                vendor_export_id=answer.export_id[:200],
                vendor_status=answer.status[:100],
                vendor_request_id=answer.request_id or "",
                sealed_download_url=url,
                link_expires_at=answer.expires_at,
                notes=list(answer.notes),
                **NO_PROBLEM,
            )
        self._at("ask.accepted_committed")
        return "accepted" if moved else "stop"

    def _refused(self, export_id: str, attempt: int, error: LoyaltyDogError) -> str:
        log.info("export.ask_refused", export=export_id, code=error.code, status=error.status, detail=error.detail)
        with self._db.write() as session:
            row = ledger.load(session, export_id)
            if row.attempt != attempt or State(row.state) not in (State.SENT, State.UNKNOWN):
                return "stop"
            words = _words(error)
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
        return "stop"

    # Collect -----------------------------------------------------------------------------------

    def collect(self, export_id: str, tried: int) -> str:
        """Fetch the file into the vault. Gives collected, stop or wait:N. `tried` counts from 0."""
        self._at("collect.begin")
        with self._db.write() as session:
            row = ledger.load(session, export_id)
            if State(row.state) is not State.ACCEPTED:
                return row.state if State(row.state) is State.COLLECTED else "stop"
            if row.link_expires_at and utc_now() >= row.link_expires_at - EXPIRY_MARGIN:
                ledger.move(session, row, State.EXPIRED, code="expired_unfetched", **EXPIRED_WORDS)
                return "stop"
            address = self._seal.open(row, "download_url") or ""
            try:
                access = self._vendor.access(session, row.merchant_id)
            except (NotConfigured, LoyaltyDogError) as error:
                words = {"problem": error.message, "next_step": error.next_step, "turn": "manager"}
                ledger.move(session, row, State.FAILED, code=error.code, problem_code=error.code, **words)
                return "stop"
            wait = wait_for_slot(session, row.merchant_id)
            if wait:
                row.updated_at = utc_now()
                return PACED + wait_code(wait)
            place = FilePlace(row.merchant_id, row.id, f"{row.merchant_id}/{row.id}-{secrets.token_hex(4)}")
            key = self._files.new_key(place)
            session.add(
                FileKey(export_id=row.id, merchant_id=row.merchant_id, blob_name=place.blob_name, sealed_keyset=key)
            )
            asked_format = row.format
        self._at("collect.key_committed")
        try:
            with self._files.sealing(place, key) as writer:
                fetched = self._fetch(export_id, address, access, asked_format, writer)
                self._at("collect.fetched")
            self._at("collect.sealed")
        except LoyaltyDogError as error:
            self._forget_key(place)
            return self._not_fetched(export_id, error, tried)
        return self._collected(export_id, place, fetched, writer)

    def _fetch(
        self, export_id: str, address: str, access: VendorAccess, asked_format: str, writer: SealingWriter
    ) -> FetchedFile:
        last_told = time.monotonic()

        def tell(done: int, whole: int | None) -> None:
            nonlocal last_told
            if time.monotonic() - last_told >= PROGRESS_EVERY_SECONDS:
                last_told = time.monotonic()
                self._set(export_id, fetched_bytes=done, expected_bytes=whole)

        return fetch_file(
            address,
            access.policy,
            expected_format="json" if asked_format == "json" else "csv",
            sink=writer.write,
            connection=access.connection,
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

    def _collected(self, export_id: str, place: FilePlace, fetched: FetchedFile, writer: SealingWriter) -> str:
        if (fetched.size, fetched.sha256) != (writer.size_bytes, writer.sha256):
            raise SealBroken(detail="fetched and sealed bytes differ")
        now = utc_now()
        with self._db.write() as session:
            row = ledger.load(session, export_id)
            days = self._retention(session.get(Merchant, row.merchant_id))
            moved = State(row.state) is State.ACCEPTED and ledger.move(
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
        self._at("collect.committed")
        if not moved:
            self._forget_key(place)
            self._files.destroy(place.blob_name)
        return "collected" if moved else "stop"

    def _retention(self, merchant: Merchant | None) -> int:
        return (merchant.retention_days if merchant else None) or self._retention_days

    def _not_fetched(self, export_id: str, error: LoyaltyDogError, tried: int) -> str:
        log.info("export.fetch_failed", export=export_id, code=error.code, status=error.status, detail=error.detail)
        decision = retry_reads(error, tried + 1)
        with self._db.write() as session:
            row = ledger.load(session, export_id)
            if State(row.state) is not State.ACCEPTED:
                return "stop"
            again = utc_now() + dt.timedelta(seconds=decision.after_seconds)
            alive = row.link_expires_at is None or again < row.link_expires_at - EXPIRY_MARGIN
            words = _words(error)
            if decision.retry and tried + 1 < MAX_FETCH_TRIES and alive:
                for name, value in {**words, "retry_at": again}.items():
                    setattr(row, name, value)
                return wait_code(decision.after_seconds)
            if error.code == "link_expired":
                ledger.move(session, row, State.EXPIRED, code=error.code, **{**words, **EXPIRED_NEXT})
            else:
                ledger.move(session, row, State.FAILED, code=error.code, retry_at=None, **words)
        return "stop"

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
        findings = self._findings(row, key, subject)
        self._at("inspect.read")
        with self._db.write() as session:
            row = ledger.load(session, export_id)
            if State(row.state) is not State.COLLECTED:
                return "stop"
            to = State.READY if findings.pop("good") else State.ATTENTION
            ledger.move(session, row, to, code=findings.get("problem_code", ""), inspected_at=utc_now(), **findings)
        self._at("inspect.committed")
        return to.value

    def _findings(self, row: Export, key: FileKey | None, subject: str) -> dict[str, Any]:
        from portal.preview import AskedPerson, PreviewError, inspect, read

        if key is None or (row.size_bytes or 0) > MAX_INSPECTED_BYTES:
            return _attention("too_large_to_check", "The file is too large to be checked by itself.")
        place = FilePlace(row.merchant_id, row.id, row.blob_name)
        try:
            data = self._files.read_all(place, key.sealed_keyset, sha256=row.sha256, size_bytes=row.size_bytes or 0)
        except SealBroken as error:
            return _attention(error.code, error.message)
        try:
            preview = read(data, "json" if row.format == "json" else "csv")
        except PreviewError as error:
            return _attention("unreadable", error.message)
        by_email = row.subject_kind == "email"
        asked = AskedPerson(email=subject if by_email else None, customer_id=None if by_email else subject)
        found = inspect(preview, asked)
        good = found.verdict in ("one_person", "nobody") and all(check.ok for check in found.checks)
        facts: dict[str, Any] = {
            "good": good,
            "verdict": found.verdict,
            "table_count": found.tables,
            "row_count": found.rows,
            "checks": [{"key": c.key, "ok": c.ok, "sentence": c.sentence} for c in found.checks]
            + [{"key": "finding", "ok": False, "sentence": f"{f.place}: {f.sentence}"} for f in found.findings[:20]],
        }
        if not good:
            facts |= _attention_words(found.verdict)
        return facts


NO_PROBLEM: dict[str, Any] = {"problem_code": "", "problem": "", "next_step": "", "turn": ""}
UNKNOWN_NEXT = {
    "next_step": "Nothing was repeated by itself. Ask again if the customer still needs the file; a second "
    "export does no harm at LoyaltyDog as far as its documentation says.",
    "turn": "you",
}
UNKNOWN_WORDS = {
    "problem_code": "interrupted",
    "problem": "The portal was interrupted after it had sent the request, so it cannot know whether LoyaltyDog got it.",
    **UNKNOWN_NEXT,
}
EXPIRED_NEXT = {"next_step": "Ask again for a new link.", "turn": "you"}
EXPIRED_WORDS = {
    "problem_code": "expired_unfetched",
    "problem": "LoyaltyDog's link expired before the file could be fetched.",
    **EXPIRED_NEXT,
}
ATTENTION_WORDS = {
    "other_person": "The file holds a record of another customer, so it is not opened or sent.",
    "unsure": "The portal could not tell whose record this is, so it is not opened by itself.",
}


def _words(error: LoyaltyDogError) -> dict[str, Any]:
    changes: dict[str, Any] = {
        "problem_code": error.code,
        "problem": error.message,
        "next_step": error.next_step,
        "turn": error.turn,
    }
    if error.request_id:
        changes["vendor_request_id"] = error.request_id[:128]
    return changes


def _attention_words(verdict: str) -> dict[str, Any]:
    return {
        "problem_code": verdict if verdict in ATTENTION_WORDS else "check_failed",
        "problem": ATTENTION_WORDS.get(verdict, "A check of the file failed, so it is not opened by itself."),
        "next_step": "A manager looks at the checks and decides.",
        "turn": "manager",
    }


def _attention(code: str, sentence: str) -> dict[str, Any]:
    return {
        "good": False,
        "verdict": "unsure",
        "checks": [{"key": code, "ok": False, "sentence": sentence}],
        "problem_code": code,
        "problem": sentence,
        "next_step": "A manager looks at the checks and decides.",
        "turn": "manager",
    }
