"""S1 and S2: the line of an identifier by which an export is asked, read from the case's exports.

With `whose.reading` the only module of this room that knows an export's columns.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.cases.services.intake import IdentifierKind
from portal.cases.services.people import masked_subject
from portal.errors import NotFound, StateConflict
from portal.exports.core.states import State
from portal.identity import User
from portal.sources.kinds import OF_EXPORTS, UNANSWERED, SourceKind, SourceState
from portal.sources.ledger import sources_of
from portal.sources.planning import KnownIdentifier
from portal.sources.views import SourceLine
from portal.storage.answering.source_tables import CaseSource
from portal.storage.case_tables import CaseIdentifier
from portal.storage.tables import Export

KIND_OF: Mapping[IdentifierKind, SourceKind | None] = {
    IdentifierKind.EMAIL: SourceKind.CARDS_BY_EMAIL,
    IdentifierKind.CUSTOMER_ID: SourceKind.CARDS_BY_ID,
    IdentifierKind.PHONE: None,
    IdentifierKind.CARD_ID: None,
    IdentifierKind.LAST_FOUR: None,
    IdentifierKind.MEMBER_ID: None,
}
"""What LoyaltyDog's export can be asked by."""

STATE_OF: Mapping[State, SourceState] = {
    State.REQUESTED: SourceState.ASKING,
    State.SENT: SourceState.ASKING,
    State.WAITING: SourceState.ASKING,
    State.ACCEPTED: SourceState.ASKING,
    State.COLLECTED: SourceState.ASKING,
    State.READY: SourceState.FETCHED,
    State.ATTENTION: SourceState.FAILED,
    State.UNKNOWN: SourceState.FAILED,
    State.REJECTED: SourceState.FAILED,
    State.FAILED: SourceState.FAILED,
    State.EXPIRED: SourceState.FETCHED,
    State.PURGED: SourceState.FETCHED,
}
"""Where an export stands, as a source. What a check, a refusal or an error says otherwise is in `_state`."""


UNDECIDED = frozenset({State.ATTENTION, State.UNKNOWN})
"""A file came that a manager decides about, or nobody knows whether one was asked for: neither is answered for here."""
ONLY_UNANSWERED = "Only what was refused or failed is answered for."


def export_lines(session: Session, case_id: str, identifiers: Sequence[KnownIdentifier]) -> Iterator[SourceLine]:
    """One line for each identifier that LoyaltyDog's export can be asked by."""
    exports = session.scalars(
        select(Export).where(Export.case_id == case_id).order_by(Export.requested_at.desc(), Export.id)
    ).all()
    indexes = dict(
        session.execute(
            select(CaseIdentifier.id, CaseIdentifier.value_index).where(CaseIdentifier.case_id == case_id)
        ).all()
    )
    vouched = {row.place: row for row in sources_of(session, case_id) if row.kind in OF_EXPORTS}
    for one in identifiers:
        kind = KIND_OF[one.kind]
        if kind is None:
            continue
        asked_by = (one.kind.value, masked_subject(one.kind, one.value))
        found = next((row for row in exports if _is_of(row, one.kind, indexes[one.id])), None)
        if found is None:
            yield SourceLine(kind, SourceState.PLANNED, identifier_id=one.id, asked_by=asked_by)
        else:
            line = _line(kind, one.id, asked_by, found)
            yield _answered_for(line, vouched.get(found.id)) if line.state in UNANSWERED else line


def _answered_for(line: SourceLine, row: CaseSource | None) -> SourceLine:
    """The line of an export that gave no answer, as a manager answered for it: a source whose place is the export."""
    if row is None:
        return line
    return replace(line, id=row.id, state=SourceState(row.state), settled_at=row.settled_at, problem="", next_step="")


def unanswered_export(session: Session, user: User, case_id: str, export_id: str) -> Export:
    """An export of the case that gave no answer, and that nobody answered for. Raises NotFound, StateConflict."""
    row = session.get(Export, export_id)
    if row is None or row.case_id != case_id or row.merchant_id != user.merchant_id:
        raise NotFound(next_step="Look at the case.", detail="export")
    answered = any(one.place == export_id for one in sources_of(session, case_id))
    if answered or State(row.state) in UNDECIDED or _state(row) not in UNANSWERED:
        raise StateConflict(ONLY_UNANSWERED, next_step="", detail=row.state)
    return row


def kind_of_export(row: Export) -> SourceKind:
    return SourceKind.CARDS_BY_EMAIL if row.asked.subject_kind == "email" else SourceKind.CARDS_BY_ID


def asked_numbers(session: Session, case_id: str, identifiers: Sequence[KnownIdentifier]) -> list[int]:
    """Numbers of the identifiers by which an export can be asked and was not."""
    exported = [one for one in identifiers if KIND_OF[one.kind] is not None]
    lines = export_lines(session, case_id, exported)
    return [one.number for one, line in zip(exported, lines, strict=True) if not line.export_id]


def _is_of(row: Export, kind: IdentifierKind, index: str) -> bool:
    """Was everything asked, as JSON, by this identifier? The newest such export stands for the source."""
    whole = row.program_id is None and row.asked.sealed_card_id is None and row.format == "json"
    return whole and row.asked.subject_kind == kind.value and row.subject_index == index


def _line(kind: SourceKind, identifier_id: str, asked_by: tuple[str, str], row: Export) -> SourceLine:
    return SourceLine(
        kind,
        _state(row),
        undecided=State(row.state) in UNDECIDED,
        export_id=row.id,
        identifier_id=identifier_id,
        asked_by=asked_by,
        size_bytes=row.file.size_bytes,
        row_count=row.file.row_count,
        sha256=row.file.sha256,
        problem_code=row.response.problem_code,
        problem=row.response.problem,
        next_step=row.response.next_step,
        attempt=row.attempt,
        asked_at=row.response.sent_at,
        settled_at=row.inspected_at,
        destroyed_at=row.file.destroyed_at,
    )


def _state(row: Export) -> SourceState:
    state = STATE_OF[State(row.state)]
    if state is SourceState.FETCHED and row.file.size_bytes is None:
        return SourceState.FAILED  # its link expired before the file was fetched
    if state is SourceState.FETCHED and row.file.verdict == "nobody":
        return SourceState.EMPTY
    if state is SourceState.FAILED and row.state == State.REJECTED and row.response.problem_code == "forbidden":
        return SourceState.REFUSED
    return state
