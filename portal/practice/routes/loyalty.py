"""Loyalty customers: finding one in a program, consents, and the loyalty export, the data itself without a link.

A program of gift cards lists its card holders; the loyalty programs have members of their own (`invented.loyalty`).
"""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, HTTPException, Path, Query, Response

from portal.practice.files import MEDIA_TYPES
from portal.practice.invented import shapes
from portal.practice.invented.loyalty import LoyaltyProgram, Member
from portal.practice.invented.world import Customer, Merchant
from portal.practice.routes.access import FORBIDDEN, Admin, CallersMerchant, StateDep, check_scope
from portal.practice.routes.cards import Paging
from portal.practice.state import State

router = APIRouter(prefix="/v2/loyalty/programs/{programId}/customers")
# The vendor's path ids here are an ObjectId or any string, so nothing is refused for its form.
AnyProgramId = Annotated[str, Path(alias="programId")]
AnyCustomerId = Annotated[str, Path(alias="customerId")]


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
) -> list[dict[str, Any]] | dict[str, Any]:
    """Customers with a card in the program; email is matched exactly in any case, ``q`` within name and email."""
    check_scope(state, merchant, program_id, None)
    if (program := state.loyalty.programs.get(program_id)) is not None:
        return _members(state, program, asked)
    wanted = (asked.q or "").casefold()
    found = [
        shapes.customer_record(customer)
        for customer in state.world.customers.values()
        if _is_member(state, customer, merchant, program_id)
        and (asked.email is None or asked.email.lower() in customer.emails)
        and asked.phone in (None, customer.phone)
        and (not wanted or wanted in "\n".join((customer.name, *customer.emails)).casefold())
    ]
    return list(asked.slice(found))


@router.get("/{customerId}/export")
async def export_customer(
    state: StateDep,
    caller: Admin,
    merchant: CallersMerchant,
    program_id: AnyProgramId,
    customer_id: AnyCustomerId,
    format_: Annotated[Literal["json", "csv"], Query(alias="format")] = "json",
) -> Response:
    """Identity, loyalty state, consents and activities of one customer in one program."""
    check_scope(state, merchant, program_id, None)
    record = _record_of(state, merchant, program_id, customer_id)
    state.note("gdpr_export", "loyalty_customer", user=caller, resourceId=customer_id, subjectId=customer_id)
    if format_ == "json":
        body = shapes.json_bytes(record)
    else:
        flat = {**record["customer"], **record["loyalty"]}
        rows = [{**flat, **activity} for activity in record["activities"]]
        body = shapes.csv_text([*flat, "activityId", "activityType", "at", "pointsChange"], rows).encode()
    return Response(body, media_type=MEDIA_TYPES[format_])


@router.get("/{customerId}/consents")
async def list_consents(
    state: StateDep, caller: Admin, merchant: CallersMerchant, program_id: AnyProgramId, customer_id: AnyCustomerId
) -> list[dict[str, Any]]:
    """The latest record of each type; a card holder of a gift card program has none here."""
    check_scope(state, merchant, program_id, None)
    return list(_record_of(state, merchant, program_id, customer_id).get("loyaltyConsents", ()))


def _record_of(state: State, merchant: Merchant, program_id: str, customer_id: str) -> dict[str, Any]:
    """What the program holds about a customer, or 404."""
    if (program := state.loyalty.programs.get(program_id)) is not None:
        _check_manner(program)
        member = state.loyalty.members[program_id].get(customer_id)
        if member is None or member.id in state.erased:
            raise HTTPException(404, "Customer not found")
        return _member_record(member)
    customer = state.world.customer_by_id(merchant.id, customer_id)
    if customer is None or not _is_member(state, customer, merchant, program_id):
        raise HTTPException(404, "Customer not found")
    return _loyalty_record(state, customer, program_id)


def _members(state: State, program: LoyaltyProgram, asked: CustomerSearch) -> list[dict[str, Any]] | dict[str, Any]:
    """A page of members: filtered as documented in a bare list, or all of them in an envelope with their number."""
    _check_manner(program)
    everybody = [member for member in state.loyalty.members[program.id].values() if member.id not in state.erased]
    if program.manner == "unfiltered":
        page = [_customer_of(member) for member in asked.slice(everybody)]
        return {"customers": page, "total": len(everybody)}
    wanted = (asked.q or "").casefold()
    found = [
        _customer_of(member)
        for member in everybody
        if (asked.email is None or member.email.lower() == asked.email.lower())
        and asked.phone in (None, member.phone)
        and (not wanted or wanted in f"{member.name}\n{member.email}".casefold())
    ]
    return list(asked.slice(found))


def _check_manner(program: LoyaltyProgram) -> None:
    if program.manner == "refused":
        raise HTTPException(403, FORBIDDEN)


def _customer_of(member: Member) -> dict[str, Any]:
    return {
        "id": member.id,
        "email": member.email,
        "name": member.name,
        "phone": member.phone,
        "createdAt": shapes.instant(member.joined_at),
    }


def _member_record(member: Member) -> dict[str, Any]:
    consents = [
        {
            "consentType": one.consent_type,
            "granted": one.granted,
            "method": one.method,
            "policyVersion": "2025-01",
            "recordedAt": shapes.instant(one.recorded_at),
        }
        for one in member.consents
    ]
    return {
        "customer": _customer_of(member),
        "loyalty": {"programId": member.program_id, "points": member.points, "tier": "basic"},
        "loyaltyConsents": consents,
        "activities": [],
    }


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
