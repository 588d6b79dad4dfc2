"""The exports tables: writing a row, moving it, reading it back.

Every move is `UPDATE … WHERE state = …` plus its audit entry in one transaction, so that of two who
try the same move one wins and the other is told (SEC-12).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from portal import audit
from portal.cases.recognition.hiding import hidden_cases
from portal.cases.services.people import PersonIndex, masked_subject
from portal.cases.standing import Standing
from portal.errors import NotFound
from portal.exports.core.states import State, may_move
from portal.exports.core.views import ExportView, without_counts
from portal.identity import User
from portal.storage.base import Base
from portal.storage.tables import Account, Export, ExportAsked, ExportFile, ExportResponse, utc_now
from portal.vault import FieldSealer

_PARTS: Mapping[str, type[Base]] = {"asked": ExportAsked, "response": ExportResponse, "file": ExportFile}
PART_OF: Mapping[str, str] = {
    column.key: part for part, table in _PARTS.items() for column in table.__table__.columns if not column.primary_key
}
"""Column -> the part of an export that has it; what is not named here is in `exports`."""


class IllegalMove(RuntimeError):
    """A move the table of states does not have: our own mistake, never the person's."""


def load(session: Session, export_id: str, merchant_id: str | None = None) -> Export:
    """The row. Raises NotFound when absent or, with `merchant_id`, another merchant's (SEC-41)."""
    row = session.get(Export, export_id)
    if row is None or (merchant_id is not None and row.merchant_id != merchant_id):
        raise NotFound(detail="export")
    return row


def move(
    session: Session,
    row: Export,
    to: State,
    *,
    actor: str = "system",
    origin: str = "worker",
    code: str = "",
    **changes: Any,
) -> bool:
    """Move `row` from the state it was read in. False when somebody else moved it first.

    `changes` are further columns of its rows, set in the same transaction: those of `exports` by the statement that
    moves it, the others once it has moved, under the lock that statement took. Raises IllegalMove.
    """
    here = State(row.state)
    if not may_move(here, to):
        raise IllegalMove(f"{here} -> {to}")
    own = {name: value for name, value in changes.items() if name not in PART_OF}
    done: CursorResult[Any] = session.execute(  # type: ignore[assignment]  # an UPDATE gives a cursor result
        update(Export)
        .where(Export.id == row.id, Export.state == here, Export.attempt == row.attempt)
        .values(state=to, updated_at=utc_now(), **own)
        .execution_options(synchronize_session=False)
    )
    if done.rowcount != 1:
        return False
    session.refresh(row)
    set_columns(row, {name: value for name, value in changes.items() if name in PART_OF})
    facts: dict[str, Any] = {"from": here.value, "to": to.value, "code": code or None, "attempt": row.attempt}
    audit.record(
        session,
        row.merchant_id,
        actor,
        "export:state",
        object_id=row.id,
        origin=origin,
        **facts,
    )
    return True


def set_columns(row: Export, changes: Mapping[str, Any]) -> None:
    """Set columns of an export, each in the one of its rows that has it; written when the session is flushed."""
    for name, value in changes.items():
        setattr(_row_with(row, name), name, value)


def value_of(row: Export, name: str) -> Any:
    """A column of an export, from the one of its rows that has it."""
    return getattr(_row_with(row, name), name)


def _row_with(row: Export, name: str) -> Base:
    found: Base = getattr(row, PART_OF[name]) if name in PART_OF else row
    return found


class SubjectSeal:
    """Seals and opens the personal columns of an export; all are bound to its row in `exports`."""

    TABLE = "exports"

    def __init__(self, sealer: FieldSealer) -> None:
        self._sealer = sealer

    @property
    def sealer(self) -> FieldSealer:
        return self._sealer

    def seal(self, merchant_id: str, export_id: str, column: str, value: str) -> bytes:
        return self._sealer.seal(value, merchant_id=merchant_id, table=self.TABLE, column=column, row=export_id)

    def open(self, row: Export, column: str) -> str | None:
        sealed = value_of(row, f"sealed_{column}")
        if sealed is None:
            return None
        return self._sealer.open(sealed, merchant_id=row.merchant_id, table=self.TABLE, column=column, row=row.id)


_AS_IT_IS = {
    name: attrgetter(f"{PART_OF[name]}.{name}" if name in PART_OF else name)
    for name in ExportView.__dataclass_fields__
    if name not in ("state", "customer", "scope", "has_card", "requested_by", "answer", "hidden")
}
"""What a view has from the rows unchanged. Asked for once: a page of 50 reads two thousand values."""


def _to_view(row: Export, by: str, seal: SubjectSeal) -> ExportView:
    """The row as pages see it: customer masked, secrets left out."""
    subject = seal.open(row, "subject") or ""
    card = seal.open(row, "card_id")
    if card:
        scope = f"Card …{card[-4:]}"
    elif row.program_id:
        scope = row.program_name or f"Program …{row.program_id[-4:]}"
    else:
        scope = "Everything"
    return ExportView(
        **{name: value(row) for name, value in _AS_IT_IS.items()},
        state=State(row.state),
        answer=Standing(row.answer),
        customer=masked_subject(row.asked.subject_kind, subject),
        scope=scope,
        has_card=card is not None,
        requested_by=by,
    )


def view_of(session: Session, row: Export, seal: SubjectSeal) -> ExportView:
    account = session.execute(select(Account.name, Account.email).where(Account.id == row.requested_by)).first()
    return views_of(session, [(row, (account.name or account.email) if account else "")], seal)[0]


def views_of(session: Session, rows: Sequence[tuple[Export, str]], seal: SubjectSeal) -> tuple[ExportView, ...]:
    """Rows with who asked, as pages see them: of a case that shows nothing yet without counts."""
    hidden = hidden_cases(session, {row.case_id for row, _by in rows})
    views = (_to_view(row, by, seal) for row, by in rows)
    return tuple(without_counts(view) if view.case_id in hidden else view for view in views)


def indexes_of_row(session: Session, user: User, index: PersonIndex, row: Export) -> tuple[str, ...]:
    """All indexes of the person an export is about; the one that is kept where what they are known by is destroyed."""
    subject = SubjectSeal(index.sealer).open(row, "subject")
    return index.all(session, user, subject) if subject else (row.subject_index,)
