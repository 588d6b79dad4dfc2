"""Who is calling, and what that caller may see. Shared by all routes.

A missing or unknown bearer is 401, a role or program that is not the caller's is 403, anything that does not exist for
the caller's merchant is 404; each with ``{"detail": "..."}`` as FastAPI writes it.
"""

from typing import Annotated, Final

from fastapi import Depends, Header, HTTPException, Path, Query, Request
from pydantic import AfterValidator, StringConstraints

from portal.practice.invented.world import Customer, Merchant
from portal.practice.settings import MERCHANT_ADMIN, PracticeUser
from portal.practice.state import State


def _only_writable(text: str) -> str:
    if not text.isascii():
        text.encode()  # A lone surrogate raises UnicodeEncodeError, which is a ValueError and so becomes a 422.
    return text


# JSON may hold a lone surrogate ("\ud800") and pydantic lets it through; answering with it would be a 500.
Text = Annotated[str, AfterValidator(_only_writable)]
ObjectId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{24}$", min_length=24, max_length=24)]
ProgramIdQuery = Annotated[ObjectId | None, Query(alias="programId")]
CardIdQuery = Annotated[ObjectId | None, Query(alias="cardId")]
ProgramIdPath = Annotated[ObjectId, Path(alias="programId")]
FORBIDDEN: Final = "You do not have permission to perform this action"


def get_state(request: Request) -> State:
    """The state that both listeners share."""
    state = request.app.state.practice
    assert isinstance(state, State)
    return state


StateDep = Annotated[State, Depends(get_state)]


def get_caller(state: StateDep, authorization: Annotated[str | None, Header()] = None) -> PracticeUser:
    """The user or app key behind the bearer token, or 401."""
    scheme, _, token = (authorization or "").partition(" ")
    caller = state.caller(token.strip()) if scheme.lower() == "bearer" else None
    if caller is None:
        detail = "Could not validate credentials" if authorization else "Not authenticated"
        raise HTTPException(401, detail, headers={"WWW-Authenticate": "Bearer"})
    return caller


Caller = Annotated[PracticeUser, Depends(get_caller)]


def get_admin(caller: Caller) -> PracticeUser:
    """A caller who may use the GDPR and audit endpoints, or 403."""
    if caller.role != MERCHANT_ADMIN:
        raise HTTPException(403, FORBIDDEN)
    return caller


Admin = Annotated[PracticeUser, Depends(get_admin)]


def get_merchant(state: StateDep, caller: Caller) -> Merchant:
    """The caller's merchant."""
    return state.world.merchant(caller.merchant)


CallersMerchant = Annotated[Merchant, Depends(get_merchant)]


def check_scope(state: State, merchant: Merchant, program_id: str | None, card_id: str | None) -> None:
    """Refuse another merchant's program with 403, and a program or card that is not there with 404."""
    if program_id is not None:
        program = state.world.programs.get(program_id) or state.loyalty.programs.get(program_id)
        if program is None:
            raise HTTPException(404, "Program not found")
        if program.merchant_id != merchant.id:
            raise HTTPException(403, FORBIDDEN)
    if card_id is not None:
        card = state.world.cards.get(card_id)
        if card is None or card.merchant_id != merchant.id:
            raise HTTPException(404, "Gift card not found")


def find_customer(state: State, merchant: Merchant, customer_id: str | None, email: str | None) -> Customer:
    """The one customer whom the identifiers name: 422 without any, 404 when unknown or when they disagree."""
    if not customer_id and not email:
        raise HTTPException(422, "Either customerId or customerEmail is required")
    named = state.world.customer_by_id(merchant.id, customer_id) if customer_id else None
    sharing = state.world.customers_by_email(merchant.id, email) if email else ()
    customer = named if customer_id else sharing[0] if sharing else None
    if customer_id and email and customer not in sharing:
        customer = None
    if customer is None:
        raise HTTPException(404, "Customer not found")
    return customer
