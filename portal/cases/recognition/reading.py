"""Whether it is settled who is asking in a case, from its rows."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.cases.facts import DemandOutcome, Right, effective
from portal.cases.recognition.standing import Doubt, Recognition, recognition
from portal.cases.services.ledger import as_facts, rows_of
from portal.storage.case_tables import CaseDemand
from portal.storage.export_tables import CardRequest
from portal.storage.tables import Export

GRANTED, PERSON_ASKED = "granted", "person_asked"
"""Codes of `portal.exports.files.card_codes`: whole card numbers may be shown because the person asked for them."""


def recognition_of(session: Session, case_id: str, *, new_address: bool = False) -> Recognition:
    """`new_address`: what is given out goes to one that the case does not know."""
    doubts = _doubts(session, case_id) | ({Doubt.NEW_ADDRESS} if new_address else set())
    return recognition(effective(as_facts(rows_of(session, case_id))), doubts)


def _doubts(session: Session, case_id: str) -> set[Doubt]:
    erasure = session.get(CaseDemand, (case_id, Right.ERASURE.value))
    numbers = (
        select(CardRequest.id)
        .join(Export, Export.id == CardRequest.export_id)
        .where(Export.case_id == case_id, CardRequest.state == GRANTED, CardRequest.reason == PERSON_ASKED)
    )
    found = set()
    if erasure is not None and erasure.outcome == DemandOutcome.OPEN:
        found.add(Doubt.ERASURE)
    if session.scalar(numbers.limit(1)):
        found.add(Doubt.CARD_NUMBERS)
    return found
