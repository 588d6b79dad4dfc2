"""What is recorded of an export's answer is a fact of its case as well, in the same transaction."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.orm import Session

from portal.cases.clock.gates import refusal_is_late
from portal.cases.facts import FactKind
from portal.cases.services.ledger import add_fact, as_folded, own_case, rows_of, rules_of
from portal.exports.core.answers import Kind, Reason
from portal.identity import User
from portal.storage.tables import Answer

FACT_OF: Mapping[Kind, FactKind] = {
    Kind.SENT: FactKind.ANSWERED,
    Kind.ACKNOWLEDGED: FactKind.CONFIRMED,
    Kind.EXTENDED: FactKind.EXTENDED,
    Kind.REFUSED: FactKind.REFUSED,
    Kind.CLOSED: FactKind.CLOSED,
    Kind.TAKEN_BACK: FactKind.TAKEN_BACK,
}


def record_in_case(
    session: Session, user: User, case_id: str, row: Answer, letter: tuple[str, bytes] | None = None
) -> None:
    """Add the fact that says what the answer's row says. `letter`: the fact's id and the sealed words that went out."""
    case = own_case(session, user, case_id, hold=True)
    kind, reason = FACT_OF[Kind(row.kind)], row.reason
    if kind is FactKind.CLOSED and reason == Reason.TAKEN_BACK:
        kind, reason = FactKind.WITHDRAWN, ""
    takes_back = None
    if row.takes_back is not None:
        takes_back = _number_of(session, case.id, row.request_id, row.takes_back)
    clock = as_folded(session, case).clock
    late = kind is FactKind.REFUSED and refusal_is_late(clock, row.at, rules_of(case).place)
    codes = {
        "request": row.request_id, "answer": str(row.number), "channel": row.channel, "copy": row.copy,
        "sha256": row.sha256, "reason": reason, "until": row.until.isoformat() if row.until else "",
        "late": "yes" if late else "",
    }  # fmt: skip
    add_fact(session, user, case, kind, at=row.at, codes=codes, takes_back=takes_back, text=letter, anyhow=True)


def _number_of(session: Session, case_id: str, request_id: str, answer: int) -> int:
    named = {"request": request_id, "answer": str(answer)}
    return next(row.number for row in rows_of(session, case_id) if named.items() <= row.codes.items())
