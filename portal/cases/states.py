"""Where a case stands: a fold of its facts, and which facts may be recorded from there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum

from portal.cases.endings import Ending, Endings, endings_of, is_filed
from portal.cases.facts import (
    ENDS,
    HOLDS_NOTHING,
    DemandOutcome,
    Fact,
    FactKind,
    IdentityMethod,
    IdentityResult,
    Right,
    effective,
)


class CaseState(StrEnum):
    RECEIVED = "received"
    IDENTIFYING = "identifying"
    COLLECTING = "collecting"
    WAITING_PERSON = "waiting_person"
    ANSWERED = "answered"
    CLOSED = "closed"
    CLOSED_NOT_IDENTIFIED = "closed_not_identified"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


OPEN_STATES = frozenset(
    {CaseState.RECEIVED, CaseState.IDENTIFYING, CaseState.COLLECTING, CaseState.WAITING_PERSON}
)  # fmt: skip
"""The clock runs. A case in any other state has ended."""

ENDED_AS: Mapping[FactKind, CaseState] = {
    FactKind.ANSWERED: CaseState.ANSWERED,
    FactKind.REFUSED: CaseState.REFUSED,
    FactKind.CLOSED: CaseState.CLOSED,
    FactKind.WITHDRAWN: CaseState.WITHDRAWN,
    FactKind.NOT_IDENTIFIED: CaseState.CLOSED_NOT_IDENTIFIED,
}
OUTCOMES: Mapping[FactKind, DemandOutcome] = {
    FactKind.ANSWERED: DemandOutcome.GIVEN,
    FactKind.REFUSED: DemandOutcome.REFUSED,
    FactKind.CLOSED: DemandOutcome.WITHDRAWN,
    FactKind.WITHDRAWN: DemandOutcome.WITHDRAWN,
    FactKind.NOT_IDENTIFIED: DemandOutcome.NOT_IDENTIFIED,
}
"""What an end says of the demand that ended so."""

WAITS: Mapping[FactKind, FactKind] = {
    FactKind.IDENTITY_ASKED: FactKind.IDENTITY,
    FactKind.SCOPE_ASKED: FactKind.SCOPE,
    FactKind.FEE_ASKED: FactKind.FEE_PAID,
    FactKind.PAUSED: FactKind.RESUMED,
}
"""A question to the person, and the fact that ends the waiting."""

_ANYWHERE = frozenset(
    {
        FactKind.NOTE, FactKind.ASSIGNED, FactKind.HANDED_OVER, FactKind.ACKNOWLEDGED, FactKind.TAKEN_BACK,
        FactKind.EXPORT_ASKED, FactKind.FOLLOW_UP, FactKind.ANSWERED, FactKind.OPENED, FactKind.FETCHED,
        FactKind.NOT_THEIRS,
    }
)  # fmt: skip
_WHILE_OPEN = _ANYWHERE | {*WAITS, *WAITS.values(), FactKind.EXTENDED, *ENDS}
MAY_RECORD: Mapping[CaseState, frozenset[FactKind]] = {
    CaseState.RECEIVED: _WHILE_OPEN,
    CaseState.IDENTIFYING: _WHILE_OPEN,
    CaseState.COLLECTING: _WHILE_OPEN,
    CaseState.WAITING_PERSON: _WHILE_OPEN,
    CaseState.ANSWERED: _ANYWHERE | {FactKind.CONFIRMED, FactKind.BOUNCED, FactKind.CLOSED, FactKind.IDENTITY},
    CaseState.CLOSED: _ANYWHERE | {FactKind.IDENTITY},
    CaseState.CLOSED_NOT_IDENTIFIED: _ANYWHERE | {FactKind.IDENTITY},
    CaseState.REFUSED: _ANYWHERE | {FactKind.CLOSED},
    CaseState.WITHDRAWN: _ANYWHERE | {FactKind.CLOSED},
}
"""What may be recorded in each state. An answer may follow any end: more was found, or a refusal was reconsidered.
So may a proof of identity: a locked link gets a new code only after one (DLV-5)."""


def state_of(facts: Sequence[Fact]) -> CaseState:
    """The state that the facts come to."""
    holding = effective(facts)
    ending = endings_of(holding).of_case()
    if ending is not None:
        done = any(is_filed(fact) and fact.number > ending.fact.number for fact in holding)
        return CaseState.CLOSED if done else ENDED_AS[ending.fact.kind]
    if waiting_for(holding):
        return CaseState.WAITING_PERSON
    of_identity = (fact for fact in holding if fact.kind is FactKind.IDENTITY)
    checks = [fact for fact in of_identity if fact.codes.get("method") != IdentityMethod.ADDRESS_CODE]
    if any(fact.kind is FactKind.EXPORT_ASKED for fact in holding):
        return CaseState.COLLECTING
    if checks:
        proved = checks[-1].codes.get("result") == IdentityResult.PROVED
        return CaseState.COLLECTING if proved else CaseState.IDENTIFYING
    return CaseState.RECEIVED


def outcome_of(endings: Endings, right: Right) -> tuple[DemandOutcome, Ending | None]:
    """What came of one demand. A copy of which one part was sent and another refused was given partly."""
    ending = endings.of_demand(right)
    if ending is None:
        return DemandOutcome.OPEN, None
    kinds = {one.fact.kind for one in endings.of_parts(right)}
    partly = {FactKind.ANSWERED, FactKind.REFUSED} <= kinds
    if ending.fact.codes.get("holds") == HOLDS_NOTHING:
        return DemandOutcome.NOTHING_HELD, ending
    return DemandOutcome.PARTLY if partly else OUTCOMES[ending.fact.kind], ending


def waiting_for(holding: Iterable[Fact]) -> tuple[FactKind, ...]:
    """The questions to the person that nothing has answered yet."""
    open_questions: dict[FactKind, None] = {}
    for fact in holding:
        if fact.kind in WAITS:
            open_questions[fact.kind] = None
        for asked, given in WAITS.items():
            if fact.kind is given:
                open_questions.pop(asked, None)
    return tuple(open_questions)
