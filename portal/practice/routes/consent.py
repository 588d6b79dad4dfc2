"""Gift card consent: read and write, by customer id or by email or phone. A write replaces the stored purposes."""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query
from pydantic import BaseModel, Field

from portal.practice.invented.shapes import instant
from portal.practice.invented.world import Consent, Customer, Merchant
from portal.practice.routes.access import (
    Admin,
    CallersMerchant,
    CardIdQuery,
    ProgramIdQuery,
    StateDep,
    Text,
    check_scope,
)
from portal.practice.state import State

router = APIRouter(prefix="/v2/giftcards/gdpr/consent")


class ConsentRequest(BaseModel):
    """As documented: purposes with an optional address, email and phone."""

    purposes: list[Text] = Field(default_factory=list)
    ipAddress: Text | None = None  # noqa: N815 - the wire's name
    customerEmail: Text | None = None  # noqa: N815 - the wire's name
    customerPhone: Text | None = None  # noqa: N815 - the wire's name


@router.get("/lookup")
async def look_up(
    state: StateDep,
    caller: Admin,
    merchant: CallersMerchant,
    customer_id: Annotated[str | None, Query(alias="customerId")] = None,
    email: Annotated[str | None, Query(alias="customerEmail")] = None,
    phone: Annotated[str | None, Query(alias="customerPhone")] = None,
    program_id: ProgramIdQuery = None,
    card_id: CardIdQuery = None,
) -> dict[str, Any]:
    """The consent record of the customer with one of the identifiers."""
    check_scope(state, merchant, program_id, card_id)
    return _record(state, _find(state, merchant, customer_id, email, phone))


@router.get("/{customerId}")
async def read(
    customerId: str,  # noqa: N803 - the wire's name
    state: StateDep,
    caller: Admin,
    merchant: CallersMerchant,
    program_id: ProgramIdQuery = None,
    card_id: CardIdQuery = None,
) -> dict[str, Any]:
    """The consent record of a customer id."""
    check_scope(state, merchant, program_id, card_id)
    return _record(state, _find(state, merchant, customerId))


@router.post("/{customerId}")
async def write(
    customerId: str,  # noqa: N803 - the wire's name
    state: StateDep,
    caller: Admin,
    merchant: CallersMerchant,
    body: ConsentRequest,
    program_id: ProgramIdQuery = None,
    card_id: CardIdQuery = None,
) -> dict[str, Any]:
    """Replace the consent record of a customer id."""
    check_scope(state, merchant, program_id, card_id)
    return _store(state, _find(state, merchant, customerId), body)


@router.post("")
async def write_by_contact(
    state: StateDep,
    caller: Admin,
    merchant: CallersMerchant,
    body: ConsentRequest,
    program_id: ProgramIdQuery = None,
    card_id: CardIdQuery = None,
) -> dict[str, Any]:
    """Replace the consent record of the customer with the email or phone in the body."""
    check_scope(state, merchant, program_id, card_id)
    return _store(state, _find(state, merchant, None, body.customerEmail, body.customerPhone), body)


def _find(
    state: State, merchant: Merchant, customer_id: str | None, email: str | None = None, phone: str | None = None
) -> Customer:
    if not (customer_id or email or phone):
        raise HTTPException(422, "Either customerEmail or customerPhone is required")
    customer = None
    if customer_id:
        customer = state.world.customer_by_id(merchant.id, customer_id)
    elif email:
        customer = state.world.customer_by_email(merchant.id, email)
    elif phone:
        customer = state.world.customer_by_phone(merchant.id, phone)
    if customer is None or customer.id in state.erased:
        raise HTTPException(404, "Customer not found")
    return customer


def _store(state: State, customer: Customer, body: ConsentRequest) -> dict[str, Any]:
    earlier = state.consent_of(customer)
    now = datetime.now(UTC)
    consented_at = earlier.consented_at if earlier else now
    state.consents[customer.id] = Consent(tuple(body.purposes), consented_at, body.ipAddress, updated_at=now)
    return _record(state, customer)


def _record(state: State, customer: Customer) -> dict[str, Any]:
    consent = state.consent_of(customer)
    if consent is None:
        raise HTTPException(404, "Consent not found")
    return {
        "customerId": customer.id,
        "purposes": list(consent.purposes),
        "consentedAt": instant(consent.consented_at),
        "ipAddress": consent.ip_address,
        "expiresAt": None,
        "updatedAt": instant(consent.updated_at),
    }
