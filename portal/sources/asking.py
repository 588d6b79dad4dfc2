"""One question of a source to LoyaltyDog, GET only (ANS-6), and how its answer is read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from portal.cases.services.intake import IdentifierKind
from portal.loyaltydog import LoyaltyDog, UnreadableAnswer
from portal.loyaltydog.calls import Received
from portal.sources.answers import (
    LOG_PAGE_SIZE,
    PAGE_SIZE,
    Answer,
    read_card_consent,
    read_found_cards,
    read_log,
    read_loyalty_consents,
    read_loyalty_data,
    read_members,
    read_programs,
)
from portal.sources.kinds import SourceKind
from portal.sources.matching import KnownPerson

Read = Callable[[Callable[[], bytes]], Answer]


@dataclass(frozen=True)
class Question:
    """What is asked: of which kind, in which program, about whom by which value, and which page."""

    kind: SourceKind
    program_id: str = ""
    by: IdentifierKind | None = None
    value: str = field(default="", repr=False)
    person: KnownPerson = field(default_factory=KnownPerson, repr=False)
    page: int = 1


@dataclass(frozen=True)
class Asked:
    """The answer is with the sink. `read`, given what opens the sealed bytes again, says what they hold; raises
    UnreadableAnswer."""

    status: int
    request_id: str
    read: Read


def ask(client: LoyaltyDog, question: Question, sink: Callable[[bytes], None]) -> Asked:
    """Ask once, hand the bytes to `sink` as they came, interpret nothing. Raises LoyaltyDogError."""
    if question.kind is SourceKind.LOYALTY_DATA:
        fetched = client.loyalty_customer_export(question.program_id, question.value, format="json", sink=sink)
        emails = question.person.emails
        return Asked(
            200, fetched.http_request_id or "", lambda opened: read_loyalty_data(opened(), question.value, emails)
        )
    received = _received(client, question)
    sink(received.body)
    return Asked(received.status, received.request_id, lambda _opened: _read(received, question))


def _received(client: LoyaltyDog, question: Question) -> Received:
    email = question.value if question.by is IdentifierKind.EMAIL else None
    phone = question.value if question.by is IdentifierKind.PHONE else None
    match question.kind:
        case SourceKind.PROGRAMS:
            return client.programs_unread()
        case SourceKind.MEMBERS:
            return client.loyalty_customers_unread(
                question.program_id, email=email, phone=phone, page=question.page, limit=PAGE_SIZE
            )
        case SourceKind.CARDS_FOUND:
            return client.search_cards_unread(question.value, page=question.page, limit=PAGE_SIZE)
        case SourceKind.CARD_CONSENT:
            customer_id = question.value if question.by is IdentifierKind.CUSTOMER_ID else None
            return client.find_consent_unread(customer_id=customer_id, email=email, phone=phone)
        case SourceKind.LOYALTY_CONSENT:
            return client.loyalty_consents_unread(question.program_id, question.value)
        case SourceKind.VENDOR_LOG:
            return client.audit_logs_unread(subject_id=question.value, page=question.page, limit=LOG_PAGE_SIZE)
        case (
            SourceKind.LOYALTY_DATA
            | SourceKind.CARDS_BY_EMAIL
            | SourceKind.CARDS_BY_ID
            | SourceKind.PORTAL_RECORDS
            | SourceKind.OTHER_SYSTEM
        ):
            raise ValueError(f"{question.kind} is not asked here")


def _read(received: Received, question: Question) -> Answer:
    match question.kind:
        case SourceKind.PROGRAMS:
            return received.read(read_programs)
        case SourceKind.MEMBERS:
            return received.read(lambda value: read_members(value, question.person))
        case SourceKind.CARDS_FOUND:
            return received.read(lambda value: read_found_cards(value, question.person))
        case SourceKind.CARD_CONSENT:
            customer_id = question.value if question.by is IdentifierKind.CUSTOMER_ID else None
            return received.read(lambda value: read_card_consent(value, customer_id))
        case SourceKind.LOYALTY_CONSENT:
            return received.read(read_loyalty_consents)
        case SourceKind.VENDOR_LOG:
            return received.read(lambda value: read_log(value, question.value))
        case (
            SourceKind.LOYALTY_DATA
            | SourceKind.CARDS_BY_EMAIL
            | SourceKind.CARDS_BY_ID
            | SourceKind.PORTAL_RECORDS
            | SourceKind.OTHER_SYSTEM
        ):
            raise UnreadableAnswer(f"{question.kind} is not read here")
