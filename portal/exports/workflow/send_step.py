"""The first step: send the one POST, and write down what came back (SEC-13)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.orm import Session

from portal.cases.services.ledger import has_case
from portal.exports.core import ledger
from portal.exports.core.ledger import SubjectSeal
from portal.exports.core.states import State
from portal.exports.core.vendor import Vendor, VendorAccess
from portal.exports.core.vendor_refusal import refusal_of
from portal.exports.workflow.messages import CASE_NEEDED_WORDS, NO_PROBLEM, UNKNOWN_NEXT, UNKNOWN_WORDS, words_of
from portal.exports.workflow.metrics import VENDOR_SECONDS
from portal.exports.workflow.results import Done, StepResult, Stop, Wait
from portal.exports.workflow.vendor_turn import SlotAhead, VendorTurn
from portal.identity.sessions import end_login_session, live_vendor_token
from portal.log import log
from portal.loyaltydog import ExportAnswer, ExportAsk, LoyaltyDogError, NotAuthenticated
from portal.loyaltydog.retry import retry_export_post
from portal.storage.engine import Database
from portal.storage.tables import Export, utc_now

MAX_SEND_TRIES = 12
EARLY_SECONDS = 0.25


@dataclass(frozen=True)
class ToSend:
    """The row is `sent` and committed: the POST leaves now, as this attempt."""

    access: VendorAccess
    attempt: int
    ask: ExportAsk


class SendStep:
    """Sends at most one POST for each attempt; what came back is written with `write_with_retry`."""

    def __init__(
        self, db: Database, seal: SubjectSeal, vendor: Vendor, turn: VendorTurn, checkpoint: Callable[[str], None]
    ) -> None:
        self._db = db
        self._seal = seal
        self._vendor = vendor
        self._turn = turn
        self._checkpoint = checkpoint

    def run(self, export_id: str) -> StepResult:
        """Send the POST if it is still to be sent. Done(ACCEPTED or COLLECTED), Wait or Stop."""
        self._checkpoint("send.begin")
        plan = self._turn.plan(lambda session, slot_held: self._mark_sent(session, export_id, slot_held))
        if not isinstance(plan, ToSend):
            return plan
        self._checkpoint("send.sent_committed")
        try:
            with VENDOR_SECONDS.labels("ask").time():
                answer = self._vendor.client(plan.access.connection).request_export(plan.ask)
        except LoyaltyDogError as error:
            self._checkpoint("send.answered_with_error")
            log.info("export.send_refused", export=export_id, code=error.code, status=error.status, detail=error.detail)
            refusal = error
            result = self._db.write_with_retry(lambda session: self._refused(session, export_id, plan, refusal))
            self._checkpoint("send.refused_committed")
            return result
        self._checkpoint("send.answered")
        result = self._db.write_with_retry(lambda session: self._accepted(session, export_id, plan, answer))
        self._checkpoint("send.accepted_committed")
        return result

    def _mark_sent(self, session: Session, export_id: str, slot_held: bool) -> ToSend | StepResult | SlotAhead:
        row = ledger.load(session, export_id)
        state = State(row.state)
        if state is State.SENT:
            # A former run died between the mark and the answer: whether the POST arrived cannot be known (SEC-13).
            ledger.move(session, row, State.UNKNOWN, code="interrupted", **UNKNOWN_WORDS)
            self._checkpoint("send.given_up")
            return Stop()
        if state in (State.ACCEPTED, State.COLLECTED):
            return Done(state)
        if state not in (State.REQUESTED, State.WAITING):
            return Stop()
        if row.response.retry_at and (early := (row.response.retry_at - utc_now()).total_seconds()) > EARLY_SECONDS:
            return Wait(early)  # a run that was taken over waits as long as the vendor said
        if not has_case(session, row.merchant_id, row.case_id):
            ledger.move(session, row, State.FAILED, code="case_needed", **CASE_NEEDED_WORDS)
            return Stop()
        access = self._turn.access(session, row)
        if access is None:
            return Stop()
        if not slot_held and (reserved := self._turn.reserve(session, row)):
            return reserved
        ask = self._ask_of(row)
        if not ledger.move(
            session, row, State.SENT, attempt=row.attempt + 1, sent_at=utc_now(), retry_at=None, **NO_PROBLEM
        ):
            return Stop()
        self._checkpoint("send.marked")
        return ToSend(access, row.attempt, ask)

    def _ask_of(self, row: Export) -> ExportAsk:
        subject = self._seal.open(row, "subject")
        return ExportAsk(
            format="json" if row.format == "json" else "csv",
            customer_email=subject if row.asked.subject_kind == "email" else None,
            customer_id=subject if row.asked.subject_kind == "customer_id" else None,
            program_id=row.program_id,
            card_id=self._seal.open(row, "card_id"),
        )

    def _accepted(self, session: Session, export_id: str, sent: ToSend, answer: ExportAnswer) -> StepResult:
        row = ledger.load(session, export_id)
        if row.attempt != sent.attempt or State(row.state) not in (State.SENT, State.UNKNOWN):
            # Written already, when an earlier try of this transaction was committed but its answer lost.
            same = row.attempt == sent.attempt and State(row.state) is State.ACCEPTED
            return Done(State.ACCEPTED) if same else Stop()
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
        self._checkpoint("send.accepted")
        return Done(State.ACCEPTED) if moved else Stop()

    def _refused(self, session: Session, export_id: str, sent: ToSend, error: LoyaltyDogError) -> StepResult:
        row = ledger.load(session, export_id)
        if row.attempt != sent.attempt or State(row.state) not in (State.SENT, State.UNKNOWN):
            return Stop()
        words = words_of(error)
        decision = retry_export_post(error, sent.attempt)
        if State(row.state) is State.SENT and decision.retry and sent.attempt < MAX_SEND_TRIES:
            retry_at = utc_now() + dt.timedelta(seconds=decision.after_seconds)
            ledger.move(session, row, State.WAITING, code=error.code, retry_at=retry_at, **words)
            return Wait(decision.after_seconds)
        if error.delivery == "unknown":
            if State(row.state) is State.SENT:
                ledger.move(session, row, State.UNKNOWN, code=error.code, **{**words, **UNKNOWN_NEXT})
            return Stop()
        ledger.move(session, row, State.REJECTED, code=error.code, sealed_refusal=self._sealed(row, error), **words)
        if isinstance(error, NotAuthenticated) and live_vendor_token(
            session, self._vendor.sealer, row.asked.asked_in, row.merchant_id
        ):
            end_login_session(session, row.asked.asked_in, "vendor_refused", actor="system")
        self._checkpoint("send.refused")
        return Stop()

    def _sealed(self, row: Export, error: LoyaltyDogError) -> bytes | None:
        refusal = refusal_of(error)
        return self._seal.seal(row.merchant_id, row.id, "refusal", refusal.as_json()) if refusal else None
