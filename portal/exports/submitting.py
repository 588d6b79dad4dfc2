"""Asking for an export, and what may be done with one under way."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Iterator
from typing import Any

from pydantic import SecretStr
from sqlalchemy import func, select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from portal import audit
from portal.errors import InputError, StateConflict, TryLater
from portal.exports import ledger
from portal.exports.answering import hold_request
from portal.exports.answers import Standing
from portal.exports.base import ExportsBase, asked_words, stand_in_line
from portal.exports.request import ExportRequest
from portal.exports.states import KEEPABLE, State
from portal.exports.views import EXPIRY_MARGIN
from portal.identity import Permission, User, require
from portal.log import log
from portal.storage.tables import Export, new_id, utc_now

SAME_ASK_WINDOW = dt.timedelta(seconds=60)
REASON_MIN = 5
MARKED_NOT_SENT = "marked_not_sent"
UNUSUAL_A_DAY = 200  # a busy desk answers tens; every further 200 is marked again
MAX_SUBMITS_A_MINUTE = 30  # a person types; more than this is a script or a mistake (SEC-45)


class AskedAlready(StateConflict):
    """The same export was asked for within the last minute; `export_id` is that one."""

    code = "asked_already"
    message = "This export was asked for less than a minute ago."
    next_step = "Open that one, or ask again if you mean it."

    def __init__(self, export_id: str) -> None:
        super().__init__()
        self.export_id = export_id


class Submitting(ExportsBase):
    def submit(self, user: User, request: ExportRequest, *, again: bool = False, repeat_of: str | None = None) -> str:
        """Write the export and its audit entry down, then start its walk. Gives the export's id.

        Raises NotPermitted, AskedAlready (unless `again`), TryLater, NotFound for a foreign `repeat_of`.
        """
        require(user, Permission.EXPORT_CREATE)
        card = request.card_id.get_secret_value() if request.card_id else ""
        export_id = new_id()
        self.at("submit.begin")
        with self._duplicates_noted(user), self.db.write() as session:
            # A request's rows before the line, as every move does: the other way round two could wait for each other.
            repeated = None if repeat_of is None else self._held(session, user, repeat_of)
            stand_in_line(session, user.merchant_id)  # two clicks, two tabs, two replicas (SEC-14)
            self._check_rate(session, user)
            subject_index = self._index(session, user, request.subject)
            asked = asked_words(request.subject, request.program_id, card, request.format, request.subject_kind)
            ask_indexes = self._indexes(session, user, *asked)
            if not again:
                self._refuse_same_ask(session, user, ask_indexes)
            row = Export(
                id=export_id,
                merchant_id=user.merchant_id,
                state=State.REQUESTED,
                requested_by=user.account_id,
                asked_in=user.session_hash,
                channel="cli" if user.origin == "cli" else "web",
                repeat_of=repeat_of,
                subject_kind=request.subject_kind,
                sealed_subject=self.seal.seal(user.merchant_id, export_id, "subject", request.subject),
                subject_index=subject_index,
                ask_index=ask_indexes[0],
                program_id=request.program_id,
                program_name=request.program_name[:200],
                sealed_card_id=self.seal.seal(user.merchant_id, export_id, "card_id", card) if card else None,
                format=request.format,
                reference=request.reference,
                received_on=request.received_on,
            )
            if repeated is not None:
                _take_over(row, *repeated)
            session.add(row)
            session.flush()
            audit.record(
                session,
                user.merchant_id,
                user.account_id,
                "export:submit",
                object_id=export_id,
                origin=user.origin,
                subject=subject_index[:16],
                kind=request.subject_kind,
                format=request.format,
                program=request.program_id,
                card=bool(card) or None,
                repeat_of=repeat_of,
                channel=row.channel,
            )
            self._note_unusual_volume(session, user)
            self.at("submit.written")
        self.at("submit.committed")
        self.begin(export_id)
        self.at("submit.begun")
        return export_id

    def _held(self, session: Session, user: User, export_id: str) -> tuple[Export, Export]:
        return hold_request(session, self._row(session, user, export_id).request_id)

    @contextlib.contextmanager
    def _duplicates_noted(self, user: User) -> Iterator[None]:
        try:
            yield
        except AskedAlready as same:
            earlier = same.export_id
            self.db.together(
                lambda session: audit.record(
                    session, user.merchant_id, user.account_id, "export:duplicate",
                    object_id=earlier, origin=user.origin, result="refused", of=earlier,
                )
            )  # fmt: skip
            raise

    def _check_rate(self, session: Session, user: User) -> None:
        minute_ago = utc_now() - dt.timedelta(minutes=1)
        recent = session.scalar(
            select(func.count())
            .select_from(Export)
            .where(Export.merchant_id == user.merchant_id, Export.requested_at > minute_ago)
            .where(Export.requested_by == user.account_id, Export.channel == "web")
        )
        if user.origin != "cli" and (recent or 0) >= MAX_SUBMITS_A_MINUTE:
            raise TryLater("You have asked for many exports within a minute.", wait_seconds=60)

    def _note_unusual_volume(self, session: Session, user: User) -> None:
        """So many exports of one person within a day are marked in the trail and the log (SEC-45)."""
        day_ago = utc_now() - dt.timedelta(days=1)
        count = session.scalar(
            select(func.count())
            .select_from(Export)
            .where(Export.merchant_id == user.merchant_id, Export.requested_at > day_ago)
            .where(Export.requested_by == user.account_id)
        )
        if count and count % UNUSUAL_A_DAY == 0:
            log.warning("exports.unusual_volume", account=user.account_id, merchant=user.merchant_id, count=count)
            audit.record(
                session, user.merchant_id, user.account_id, "export:unusual_volume",
                object_id=user.account_id, origin=user.origin, count=count,
            )  # fmt: skip

    def _refuse_same_ask(self, session: Session, user: User, ask_indexes: tuple[str, ...]) -> None:
        same = session.scalar(
            select(Export.id)
            .where(
                Export.merchant_id == user.merchant_id,
                Export.ask_index.in_(ask_indexes),
                Export.requested_at > utc_now() - SAME_ASK_WINDOW,
            )
            .order_by(Export.requested_at.desc())
            .limit(1)
        )
        if same is not None:
            raise AskedAlready(same)

    def request_of(self, user: User, export_id: str) -> ExportRequest:
        """The same filters as an earlier export, to ask again."""
        require(user, Permission.EXPORT_CREATE)
        with self.db.read() as session:
            row = self._row(session, user, export_id)
            subject = SecretStr(self.seal.open(row, "subject") or "")
            card = self.seal.open(row, "card_id")
        by_email = row.subject_kind == "email"
        return ExportRequest(
            email=subject if by_email else None,
            customer_id=None if by_email else subject,
            program_id=row.program_id,
            program_name=row.program_name,
            card_id=SecretStr(card) if card else None,
            format="json" if row.format == "json" else "csv",
            reference=row.reference,
            received_on=row.received_on,
        )

    def ask_again(self, user: User, export_id: str) -> str:
        """A new export with the same filters, linked to the old one."""
        return self.submit(user, self.request_of(user, export_id), again=True, repeat_of=export_id)

    def refresh(self, user: User, export_id: str) -> str:
        """A fresh link and file in place of an expiring one, linked to it; two clicks make one. Gives the new id."""
        try:
            return self.submit(user, self.request_of(user, export_id), repeat_of=export_id)
        except AskedAlready as same:
            return same.export_id

    # Decisions ---------------------------------------------------------------------------------

    def _decide(self, user: User, export_id: str, allowed: set[State], to: State, code: str, **changes: object) -> None:
        with self.db.write() as session:
            row = self._row(session, user, export_id)
            if State(row.state) not in allowed or not ledger.move(
                session, row, to, actor=user.account_id, origin=user.origin, code=code, **changes
            ):
                raise StateConflict(detail=f"{row.state} -> {to}")
            if code == MARKED_NOT_SENT:
                audit.record(
                    session, user.merchant_id, user.account_id, "export:mark_not_sent",
                    object_id=export_id, origin=user.origin,
                )  # fmt: skip

    def stop_waiting(self, user: User, export_id: str) -> None:
        """Give up an export that waits to be sent."""
        require(user, Permission.EXPORT_CREATE)
        words = {"problem_code": "stopped", "problem": "Stopped before it was sent.", "next_step": "", "turn": "nobody"}
        self._decide(user, export_id, {State.WAITING, State.REQUESTED}, State.FAILED, "stopped", retry_at=None, **words)

    def close_unknown(self, user: User, export_id: str) -> None:
        """A person has settled that the request did not arrive, or no longer matters."""
        require(user, Permission.EXPORT_CREATE)
        words = {"problem_code": "closed", "problem": "Closed by a person.", "next_step": "", "turn": "nobody"}
        self._decide(user, export_id, {State.UNKNOWN}, State.FAILED, MARKED_NOT_SENT, **words)

    def keep(self, user: User, export_id: str) -> None:
        """A person leaves an export as it is: it stays in the list, and waits for nobody any more.

        What failed a check is a manager's to leave. Raises StateConflict when nothing waits.
        """
        require(user, Permission.EXPORT_CREATE)
        with self.db.write() as session:
            row = self._row(session, user, export_id)
            if State(row.state) is State.ATTENTION:
                require(user, Permission.EXPORT_RELEASE)
            done: CursorResult[Any] = session.execute(  # type: ignore[assignment]  # an UPDATE gives a cursor result
                update(Export)
                .where(Export.id == row.id, Export.state == row.state, Export.state.in_(KEEPABLE))
                .where(Export.turn != "nobody")
                .values(turn="nobody", next_step="")
                .execution_options(synchronize_session=False)
            )
            if done.rowcount != 1:
                raise StateConflict(detail=row.state)
            audit.record(
                session, user.merchant_id, user.account_id, "export:keep",
                object_id=export_id, origin=user.origin, state=row.state,
            )  # fmt: skip

    def fetch_again(self, user: User, export_id: str) -> None:
        """Try the link once more while it lives. Raises StateConflict when it does not."""
        require(user, Permission.EXPORT_CREATE)
        with self.db.write() as session:
            row = self._row(session, user, export_id)
            expires = row.link_expires_at
            alive = row.sealed_download_url is not None and expires and utc_now() < expires - EXPIRY_MARGIN
            if State(row.state) is not State.FAILED or not alive:
                raise StateConflict("The link can no longer be used.", next_step="Ask again for a new one.")
            ledger.move(
                session, row, State.ACCEPTED, actor=user.account_id, origin=user.origin, code="fetch_again",
                problem_code="", problem="", next_step="", turn="",
            )  # fmt: skip
        self.begin_again(export_id)

    def release(self, user: User, export_id: str, reason: str) -> None:
        """A manager lets a file with a failed check be opened, saying why (LAW-23)."""
        require(user, Permission.EXPORT_RELEASE)
        reason = reason.strip()
        if len(reason) < REASON_MIN:
            raise InputError("Enter a reason of at least 5 characters.", field="reason")
        with self.db.write() as session:
            row = self._row(session, user, export_id)
            if State(row.state) is not State.ATTENTION:
                raise StateConflict(detail=row.state)
            ledger.move(session, row, State.READY, actor=user.account_id, origin=user.origin, code="released")
            audit.record(
                session, user.merchant_id, user.account_id, "export:release",
                object_id=export_id, origin=user.origin, reason=reason[:500],
            )  # fmt: skip


def _take_over(row: Export, first: Export, before: Export) -> None:
    """`row` is asked again for a request and stands for it from now on: same receipt, same due day, same answer."""
    row.request_id, row.received_on = first.id, first.received_on
    row.month_ends_on, row.due_on = before.month_ends_on, before.due_on
    row.answer, row.answered_on = before.answer, before.answered_on
    before.answer = Standing.LATER.value
