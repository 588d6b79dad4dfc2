"""Whether it is settled who is asking in a case, from its rows."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.cases.facts import Channel, DemandOutcome, Right, effective
from portal.cases.recognition.agents import Authority, DeliverTo
from portal.cases.recognition.risk import changed_lately, reaches
from portal.cases.recognition.standing import (
    AUTHORITY_OVER,
    NO_AUTHORITY,
    NOT_TO_THE_AGENT,
    Doubt,
    Lack,
    Recognition,
    recognition,
)
from portal.cases.services.ledger import as_facts, rows_of, today_of
from portal.storage.case_tables import Case, CaseAgent, CaseDemand
from portal.storage.export_tables import CardRequest, ExportFile
from portal.storage.tables import Export, Merchant

GRANTED, PERSON_ASKED = "granted", "person_asked"
"""Codes of `portal.exports.files.card_codes`: whole card numbers may be shown because the person asked for them."""


def recognition_of(session: Session, case_id: str, *, new_address: bool = False) -> Recognition:
    """`new_address`: what is given out goes to one that the case does not know."""
    doubts = _doubts(session, case_id) | ({Doubt.NEW_ADDRESS} if new_address else set())
    facts = effective(as_facts(rows_of(session, case_id)))
    return recognition(facts, doubts, _of_agent(session, case_id, new_address=new_address))


def newest_agent(session: Session, case_id: str) -> CaseAgent | None:
    wanted = select(CaseAgent).where(CaseAgent.case_id == case_id)
    return session.scalar(wanted.order_by(CaseAgent.checked_at.desc(), CaseAgent.id).limit(1))


def _of_agent(session: Session, case_id: str, *, new_address: bool) -> tuple[Lack, ...]:
    case, row = session.get_one(Case, case_id), newest_agent(session, case_id)
    if row is None:
        return (NO_AUTHORITY,) if case.channel == Channel.AGENT else ()
    authority = Authority(row.valid_until, DeliverTo(row.deliver_to), row.ended_at is not None)
    if authority.ended:
        return ()
    if not authority.holds(today_of(case)):
        return (AUTHORITY_OVER,)
    return (NOT_TO_THE_AGENT,) if new_address and authority.deliver_to is DeliverTo.PERSON else ()


def _of_files(session: Session, case_id: str) -> set[Doubt]:
    """What the fetched files of the case say, also once they are destroyed."""
    case = session.get_one(Case, case_id)
    amount = session.get_one(Merchant, case.merchant_id).second_proof_from
    files = session.execute(
        select(ExportFile.money_band, ExportFile.person_changed_on, ExportFile.other_address)
        .join(Export, Export.id == ExportFile.export_id)
        .where(Export.case_id == case_id, ExportFile.money_band.is_not(None))
    ).all()
    said = {
        Doubt.MONEY: any(reaches(file.money_band, amount) for file in files),
        Doubt.CHANGED: any(changed_lately(file.person_changed_on, case.received_on) for file in files),
        Doubt.OTHER_ADDRESS: any(file.other_address for file in files),
    }
    return {doubt for doubt, holds in said.items() if holds}


def _doubts(session: Session, case_id: str) -> set[Doubt]:
    erasure = session.get(CaseDemand, (case_id, Right.ERASURE.value))
    numbers = (
        select(CardRequest.id)
        .join(Export, Export.id == CardRequest.export_id)
        .where(Export.case_id == case_id, CardRequest.state == GRANTED, CardRequest.reason == PERSON_ASKED)
    )
    found = _of_files(session, case_id)
    if erasure is not None and erasure.outcome == DemandOutcome.OPEN:
        found.add(Doubt.ERASURE)
    if session.scalar(numbers.limit(1)):
        found.add(Doubt.CARD_NUMBERS)
    return found
