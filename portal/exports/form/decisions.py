"""What a person decides about an export: stop it, close it, leave it, fetch it once more, release its file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import update
from sqlalchemy.engine import CursorResult

from portal import audit
from portal.errors import InputError, StateConflict
from portal.exports.core import ledger
from portal.exports.core.base import own_row
from portal.exports.core.person_limits import DirectAct, charge_person
from portal.exports.core.states import KEEPABLE, State
from portal.exports.core.views import EXPIRY_MARGIN
from portal.exports.core.workflow_starter import WorkflowStarter
from portal.exports.workflow.messages import NO_PROBLEM
from portal.identity import Permission, User, require
from portal.identity.refusal_audit import RefusalAudit, refusals_audited
from portal.storage.engine import Database
from portal.storage.tables import Export, utc_now

REASON_MIN = 5
MARKED_NOT_SENT = "marked_not_sent"


@refusals_audited
@dataclass
class Decisions:
    """Each a move of the table of states, by a person."""

    db: Database
    refusal_audit: RefusalAudit
    workflow: WorkflowStarter

    def _decide(self, user: User, export_id: str, allowed: set[State], to: State, code: str, **changes: object) -> None:
        with self.db.write() as session:
            row = own_row(session, user, export_id)
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
        """Leave an export as it is: it stays in the list and needs no further decision. One that failed a check needs a
        manager. Raises StateConflict when nothing waits.
        """
        require(user, Permission.EXPORT_CREATE)
        with self.db.write() as session:
            row = own_row(session, user, export_id)
            if State(row.state) is State.ATTENTION:
                require(user, Permission.EXPORT_RELEASE)
            done: CursorResult[Any] = session.execute(  # type: ignore[assignment]  # an UPDATE gives a cursor result
                update(Export)
                .where(Export.id == row.id, Export.state == row.state, Export.state.in_(KEEPABLE))
                .where(Export.turn != "nobody")
                .values(turn="nobody")
                .execution_options(synchronize_session=False)
            )
            if done.rowcount != 1:
                raise StateConflict(detail=row.state)
            row.response.next_step = ""
            audit.record(
                session, user.merchant_id, user.account_id, "export:keep",
                object_id=export_id, origin=user.origin, state=row.state,
            )  # fmt: skip

    def retry_fetch(self, user: User, export_id: str) -> None:
        """Try the link once more while it lives. Raises StateConflict when it does not."""
        require(user, Permission.EXPORT_CREATE)
        with self.db.write() as session:
            row = own_row(session, user, export_id)
            expires = row.link_expires_at
            alive = row.response.sealed_download_url is not None and expires and utc_now() < expires - EXPIRY_MARGIN
            if State(row.state) is not State.FAILED or not alive:
                raise StateConflict("The link can no longer be used.", next_step="Ask again for a new one.")
            charge_person(session, user, DirectAct.FETCH)
            ledger.move(
                session, row, State.ACCEPTED, actor=user.account_id, origin=user.origin, code="fetch_again",
                problem_code="", problem="", next_step="", turn="",
            )  # fmt: skip
        self.workflow.begin_again(export_id)

    def release(self, user: User, export_id: str, reason: str) -> None:
        """A manager lets a file with a failed check be opened, saying why (LAW-23)."""
        require(user, Permission.EXPORT_RELEASE)
        reason = reason.strip()
        if len(reason) < REASON_MIN:
            raise InputError("Enter a reason of at least 5 characters.", field="reason")
        with self.db.write() as session:
            row = own_row(session, user, export_id)
            if State(row.state) is not State.ATTENTION:
                raise StateConflict(detail=row.state)
            ledger.move(
                session, row, State.READY, actor=user.account_id, origin=user.origin, code="released", **NO_PROBLEM
            )
            audit.record(
                session, user.merchant_id, user.account_id, "export:release",
                object_id=export_id, origin=user.origin, reason=reason[:500],
            )  # fmt: skip
