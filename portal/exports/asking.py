"""The first step: send the one POST, and write down what came back (SEC-13)."""

from __future__ import annotations

import datetime as dt

from sqlalchemy.orm import Session

from portal.exports import ledger
from portal.exports.states import State
from portal.exports.timing import VENDOR_SECONDS
from portal.exports.walk_base import SHORT_WAIT_SECONDS, Errand, WalkBase, wait_code
from portal.exports.walk_words import (
    NO_PROBLEM,
    UNKNOWN_NEXT,
    UNKNOWN_WORDS,
    words_of,
)
from portal.identity.sessions import end_one, live_vendor_token
from portal.log import log
from portal.loyaltydog import ExportAnswer, ExportAsk, LoyaltyDogError, NotAuthenticated
from portal.loyaltydog.retry import retry_export_post
from portal.storage.tables import Export, utc_now

MAX_ASK_TRIES = 12
EARLY_SECONDS = 0.25


class Asking(WalkBase):
    def ask(self, export_id: str) -> str:
        """Send the one POST, if it is still to be sent. Gives accepted, collected, stop or wait:N."""
        self._at("ask.begin")
        errand = self._in_turn(lambda session, held: self._mark_sent(session, export_id, held))
        if isinstance(errand, str):
            return errand
        self._at("ask.sent_committed")
        assert errand.ask is not None
        try:
            with VENDOR_SECONDS.labels("ask").time():
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

    def _mark_sent(self, session: Session, export_id: str, slot_held: bool) -> Errand | str | float:
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
        return Errand(access, attempt=row.attempt, ask=ask)

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
