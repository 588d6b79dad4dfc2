"""Loyalty customers: finding one in a program, and the loyalty export, which is the data itself without a link."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, HTTPException, Path, Query, Response

from portal.practice.files import MEDIA_TYPES
from portal.practice.invented import shapes
from portal.practice.invented.world import Customer, Merchant
from portal.practice.routes.access import Admin, CallersMerchant, StateDep, check_scope
from portal.practice.routes.cards import Paging
from portal.practice.state import State

router = APIRouter(prefix="/v2/loyalty/programs/{programId}/customers")
# The vendor's path ids here are an ObjectId or any string, so nothing is refused for its form.
AnyProgramId = Annotated[str, Path(alias="programId")]


class CustomerSearch(Paging):
    """The documented filters that this server honours."""

    email: str | None = None
    phone: str | None = None


@router.get("")
async def list_customers(
    state: StateDep,
    merchant: CallersMerchant,
    program_id: AnyProgramId,
    asked: Annotated[CustomerSearch, Query()],
) -> list[dict[str, Any]]:
    """Customers with a card in the program; email is matched exactly in any case, ``q`` within name and email."""
    check_scope(state, merchant, program_id, None)
    wanted = (asked.q or "").casefold()
    found = [
        shapes.customer_record(customer)
        for customer in state.world.customers.values()
        if _is_member(state, customer, merchant, program_id)
        and (asked.email is None or customer.email.lower() == asked.email.lower())
        and asked.phone in (None, customer.phone)
        and (not wanted or wanted in f"{customer.name}\n{customer.email}".casefold())
    ]
    return list(asked.slice(found))


@router.get("/{customerId}/export")
async def export_customer(
    state: StateDep,
    caller: Admin,
    merchant: CallersMerchant,
    program_id: AnyProgramId,
    customer_id: Annotated[str, Path(alias="customerId")],
    format_: Annotated[Literal["json", "csv"], Query(alias="format")] = "json",
) -> Response:
    """Identity, loyalty state, consents and activities of one customer in one program."""
    check_scope(state, merchant, program_id, None)
    customer = state.world.customer_by_id(merchant.id, customer_id)
    if customer is None or not _is_member(state, customer, merchant, program_id):
        raise HTTPException(404, "Customer not found")
    state.note("gdpr_export", "loyalty_customer", user=caller, resourceId=customer.id, subjectId=customer.id)
    record = _loyalty_record(state, customer, program_id)
    if format_ == "json":
        body = shapes.json_bytes(record)
    else:
        flat = {**record["customer"], **record["loyalty"]}
        rows = [{**flat, **activity} for activity in record["activities"]]
        body = shapes.csv_text([*flat, "activityId", "activityType", "at", "pointsChange"], rows).encode()
    return Response(body, media_type=MEDIA_TYPES[format_])


def _is_member(state: State, customer: Customer, merchant: Merchant, program_id: str) -> bool:
    return (
        customer.merchant_id == merchant.id
        and customer.id not in state.erased
        and any(card.program_id == program_id for card in state.world.cards_of_customer[customer.id])
    )


def _loyalty_record(state: State, customer: Customer, program_id: str) -> dict[str, Any]:
    cards = [card for card in state.world.cards_of_customer[customer.id] if card.program_id == program_id]
    spent = [t for card in cards for t in card.transactions if t.transaction_type == "REDEMPTION"]
    points = sum(t.amount for t in spent) // 100
    return {
        "customer": shapes.customer_record(customer),
        "loyalty": {"programId": program_id, "points": points, "tier": "gold" if points > 100 else "basic"},
        "consents": shapes.consent_rows(customer, state.consent_of(customer)),
        "activities": [
            {
                "activityId": t.id,
                "activityType": "points_earned",
                "at": shapes.instant(t.created_at),
                "pointsChange": t.amount // 100,
            }
            for t in spent
        ],
    }
