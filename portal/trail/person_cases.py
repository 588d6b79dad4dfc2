"""The cases that the portal keeps about one person, in words for that person (LAW-19)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.cases.facts import Channel, Fact, FactKind, IdentityMethod, Right, effective
from portal.cases.services.intake import IdentifierKind
from portal.cases.services.ledger import as_facts, is_forgotten, rows_of
from portal.cases.states import CaseState
from portal.letters.drafts import RECORDED_AS
from portal.letters.words import LetterKind
from portal.storage.answering.comparison_tables import CaseFingerprints
from portal.storage.case_tables import Case, CaseDemand, CaseIdentifier

MOST_CASES = 500
CAME_WORDS: Mapping[Channel, str] = {
    Channel.EMAIL: "by email", Channel.FORM: "by a form", Channel.POST: "by post", Channel.PHONE: "by phone",
    Channel.IN_PERSON: "in person", Channel.CHAT: "by chat", Channel.SOCIAL: "by social media",
    Channel.AGENT: "through somebody who acts for you", Channel.AUTHORITY: "through an authority",
    Channel.VENDOR: "through LoyaltyDog", Channel.UNKNOWN: "",
}  # fmt: skip
ASKED_WORDS: Mapping[Right, str] = {
    Right.ACCESS: "a copy of your data", Right.PORTABILITY: "a copy to take elsewhere", Right.ERASURE: "erasure",
    Right.RECTIFICATION: "correction", Right.RESTRICTION: "restriction of use", Right.OBJECTION: "objection",
    Right.CONSENT_WITHDRAWAL: "withdrawal of consent",
}  # fmt: skip
STANDS_WORDS: Mapping[CaseState, str] = {
    CaseState.RECEIVED: "open", CaseState.IDENTIFYING: "open: who asks is not settled", CaseState.COLLECTING: "open",
    CaseState.WAITING_PERSON: "open: waiting for you", CaseState.ANSWERED: "answered", CaseState.CLOSED: "closed",
    CaseState.CLOSED_NOT_IDENTIFIED: "closed: you could not be identified", CaseState.REFUSED: "refused",
    CaseState.WITHDRAWN: "taken back by you",
}  # fmt: skip
KNOWN_WORDS: Mapping[IdentifierKind, str] = {
    IdentifierKind.EMAIL: "your email address", IdentifierKind.CUSTOMER_ID: "your customer ID",
    IdentifierKind.PHONE: "your phone number", IdentifierKind.CARD_ID: "the ID of a card",
    IdentifierKind.LAST_FOUR: "the last four digits of a card", IdentifierKind.MEMBER_ID: "your member ID",
}  # fmt: skip
METHOD_WORDS: Mapping[IdentityMethod, str] = {
    IdentityMethod.ADDRESS_CODE: "by a code sent to the address that you gave",
    IdentityMethod.EMAIL_CODE: "by a code sent to your email address", IdentityMethod.ACCOUNT: "by your account",
    IdentityMethod.REPLY: "by your answer from your email address",
    IdentityMethod.CALLBACK: "by a call to your phone number",
    IdentityMethod.QUESTIONS: "by questions", IdentityMethod.CARD_IN_HAND: "by your card",
    IdentityMethod.IN_PERSON: "in person", IdentityMethod.STAFF_KNOWS: "by staff who know you",
    IdentityMethod.SINGLE_SIGN_ON: "by your account", IdentityMethod.EID: "by your national eID",
    IdentityMethod.AUTHORITY: "by an authority to act for you", IdentityMethod.NOT_NEEDED: "not needed",
}  # fmt: skip
LETTER_WORDS: Mapping[LetterKind, str] = {
    LetterKind.ACKNOWLEDGEMENT: "confirmation of receipt", LetterKind.MORE_TIME: "more time",
    LetterKind.REFUSAL: "refusal", LetterKind.NOT_IDENTIFIED: "that you could not be identified",
}  # fmt: skip


def cases_of_person(session: Session, merchant_id: str, indexes: Sequence[str]) -> list[Case]:
    """The merchant's cases in which one of these blind indexes stands, in the order they came; the first 500."""
    named = select(CaseIdentifier.case_id).where(
        CaseIdentifier.merchant_id == merchant_id, CaseIdentifier.value_index.in_(indexes)
    )
    wanted = select(Case).where(Case.merchant_id == merchant_id, Case.id.in_(named))
    return list(session.scalars(wanted.order_by(Case.received_on, Case.id).limit(MOST_CASES)))


def held_case(session: Session, case: Case) -> dict[str, Any]:
    """What is kept of one case, as a row of the document."""
    facts = effective(as_facts(rows_of(session, case.id)))
    kinds = session.scalars(select(CaseIdentifier.kind).where(CaseIdentifier.case_id == case.id))
    rights = session.scalars(select(CaseDemand.demand).where(CaseDemand.case_id == case.id))
    words = [KNOWN_WORDS[IdentifierKind(kind)] for kind in sorted(set(kinds))]
    known = [] if is_forgotten(session, case.id) else list(words)
    if case.sealed_name is not None:
        known.append("your name")
    return {
        "request": f"{case.year}-{case.number:04}",
        "received_on": case.received_on.isoformat(),
        "came": CAME_WORDS[Channel(case.channel)],
        "asked_for": ", ".join(ASKED_WORDS[Right(right)] for right in sorted(rights)),
        "kept_encrypted": ", ".join(known),
        "kept_as_keyed_code": ", ".join(words),
        "you_were_recognised": _recognised(facts),
        "letters": _letters(facts),
        "notes_of_staff": sum(fact.kind is FactKind.NOTE for fact in facts),
        "rows_kept_as_fingerprints": fingerprints_of_rows(session, case.id) or "",
        "answer_due_on": "" if case.closed_at else case.due_on.isoformat(),
        "now": STANDS_WORDS[CaseState(case.state)],
        "ended_on": case.closed_at.date().isoformat() if case.closed_at else "",
    }


def fingerprints_of_rows(session: Session, case_id: str) -> int:
    """Of how many rows fingerprints are kept, without contents, to tell later what changed."""
    rows = select(func.sum(CaseFingerprints.row_count)).where(CaseFingerprints.case_id == case_id)
    return int(session.scalar(rows) or 0)


def _recognised(facts: Sequence[Fact]) -> str:
    methods = (fact.codes.get("method", "") for fact in facts if fact.kind is FactKind.IDENTITY)
    return ", ".join(dict.fromkeys(METHOD_WORDS[IdentityMethod(method)] for method in methods if method))


def _letters(facts: Sequence[Fact]) -> str:
    names = {RECORDED_AS[kind]: words for kind, words in LETTER_WORDS.items()}
    return ", ".join(f"{names[fact.kind]} ({fact.at.date()})" for fact in facts if fact.kind in names)
