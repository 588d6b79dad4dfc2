"""How a case ended, for its package: a refusal and "we could not identify you" go out as the letter that was recorded.

The recorded words are taken, not a letter made anew: what is given out is what the record says was said. Nothing about
the person is in such a package, so it may go to somebody who was not recognised.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from portal.cases.endings import endings_of
from portal.cases.facts import FactKind, effective
from portal.cases.services.ledger import CaseSeal, as_facts, rows_of
from portal.letters.engine import as_written
from portal.package.parts import Letter, Outcome
from portal.package.versions.views import Need
from portal.storage.case_tables import Case

TAKE_BACK_FIRST = "To answer it all the same, take that entry back first."
LETTER_GONE = Need(
    "letter", "The letter that the person got is not kept in the case.",
    "Take that entry back and record it with its letter.",
)  # fmt: skip


@dataclass(frozen=True)
class EndedCase:
    """`letters`: as they went out, oldest first; `sha256s`: of each. `at`: when the last was recorded."""

    outcome: Outcome
    letters: tuple[str, ...] = field(repr=False)
    sha256s: tuple[str, ...]
    at: dt.datetime

    @property
    def needs(self) -> Sequence[Need]:
        return () if all(self.letters) else (LETTER_GONE,)

    @property
    def letter(self) -> Letter:
        made = as_written(self.letters)
        return Letter(made.html, made.text)


def ended_without_answer(session: Session, case: Case) -> Need | None:
    """Why nothing is built for a case that ended so."""
    ending = endings_of(effective(as_facts(rows_of(session, case.id)))).of_case()
    match ending.fact.kind if ending is not None else None:
        case FactKind.WITHDRAWN:
            return Need("withdrawn", "The person took the request back.", TAKE_BACK_FIRST)
        case FactKind.CLOSED:
            return Need("closed", "The case was closed without an answer.", TAKE_BACK_FIRST)
        case _:
            return None


def ended_with_letter(session: Session, seal: CaseSeal, case: Case) -> EndedCase | None:
    """None for a case that is open, or ended in another way. Several demands may each have been refused by a letter."""
    rows = rows_of(session, case.id)
    holding = effective(as_facts(rows))
    ending = endings_of(holding).of_case()
    outcome = _outcome(ending.fact.kind) if ending is not None else None
    if ending is None or outcome is None:
        return None
    numbers = {fact.number for fact in holding if fact.kind is ending.fact.kind}
    told = [row for row in rows if row.number in numbers]
    return EndedCase(
        outcome,
        tuple(dict.fromkeys(seal.text(row) for row in told)),
        tuple(row.codes.get("sha256", "") for row in told),
        told[-1].at,
    )


def _outcome(kind: FactKind) -> Outcome | None:
    """Of the ends whose letter is the answer."""
    match kind:
        case FactKind.REFUSED:
            return Outcome.REFUSED
        case FactKind.NOT_IDENTIFIED:
            return Outcome.NOT_IDENTIFIED
        case _:
            return None
