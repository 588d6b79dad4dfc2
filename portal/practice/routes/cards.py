"""Programs, gift cards and their search.

The vendor declares no shape for card lists, so merchant one answers with a bare array and merchant two with an envelope
``{"items", "total", "page", "limit"}``. ``offset`` wins over ``page`` when both are sent.
"""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, HTTPException, Path, Query
from pydantic import BaseModel, Field

from portal.practice.invented import shapes
from portal.practice.invented.world import Card, Merchant
from portal.practice.routes.access import (
    FORBIDDEN,
    CallersMerchant,
    ObjectId,
    ProgramIdPath,
    StateDep,
    check_scope,
)
from portal.practice.state import State

router = APIRouter()
GiftCardStatus = Literal["pending", "active", "suspended", "expired", "voided", "depleted"]
Answer = list[dict[str, Any]] | dict[str, Any]


class Paging(BaseModel):
    """Paging and text search as the vendor declares them: no bounds, hence the clamping in ``slice``."""

    q: str | None = None
    page: int = 1
    limit: int = 250
    offset: int | None = None

    def slice(self, rows: Sequence[Any]) -> Sequence[Any]:
        """The rows of the page asked for."""
        limit = max(self.limit, 0)
        start = max(self.offset, 0) if self.offset is not None else (max(self.page, 1) - 1) * limit
        return rows[start : start + limit]


class CardSearch(Paging):
    """What every card list and search takes in its query."""

    merchant_id: ObjectId | None = None
    card_id: ObjectId | None = Field(default=None, alias="cardId")


class CardFilter(CardSearch):
    """What card lists take beyond a search."""

    status: GiftCardStatus | None = None
    positive_balance: bool = False


class AnyProgramSearch(CardSearch):
    """A search whose program is in the query, or left out."""

    program_id: ObjectId | None = Field(default=None, alias="programId")


class AnyProgramFilter(CardFilter):
    """A list whose program is in the query, or left out."""

    program_id: ObjectId | None = Field(default=None, alias="programId")


@router.get("/v2/loyalty/programs")
async def list_programs(state: StateDep, merchant: CallersMerchant) -> list[dict[str, Any]]:
    """BasicProgramRead of every program of the caller's merchant, of gift cards and of loyalty."""
    programs = [(one.id, one.name) for one in merchant.programs]
    programs += [(one.id, one.name) for one in state.loyalty.of_merchant(merchant.id)]
    return [
        {"id": program_id, "name": name, "shareUrl": f"https://join.practice.example/{program_id}" if n else None}
        for n, (program_id, name) in enumerate(programs)
    ]


@router.get("/v2/giftcards/programs/cards")
async def list_cards(state: StateDep, merchant: CallersMerchant, asked: Annotated[AnyProgramFilter, Query()]) -> Answer:
    """Cards of all programs or of one."""
    return _answer(state, merchant, asked, asked.program_id)


@router.get("/v2/giftcards/programs/search")
async def search_cards(
    state: StateDep, merchant: CallersMerchant, asked: Annotated[AnyProgramSearch, Query()]
) -> Answer:
    """Search by card number, last four digits, customer name or customer email."""
    return _answer(state, merchant, asked, asked.program_id)


@router.get("/v2/giftcards/programs/{programId}/cards")
async def list_program_cards(
    state: StateDep, merchant: CallersMerchant, asked: Annotated[CardFilter, Query()], program_id: ProgramIdPath
) -> Answer:
    """Cards of one program."""
    return _answer(state, merchant, asked, program_id)


@router.get("/v2/giftcards/programs/{programId}/search")
async def search_program_cards(
    state: StateDep, merchant: CallersMerchant, asked: Annotated[CardSearch, Query()], program_id: ProgramIdPath
) -> Answer:
    """Search within one program."""
    return _answer(state, merchant, asked, program_id)


@router.get("/v2/giftcards/programs/{programId}/cards/{cardId}")
async def read_card(
    state: StateDep,
    merchant: CallersMerchant,
    program_id: ProgramIdPath,
    card_id: Annotated[ObjectId, Path(alias="cardId")],
    include_transactions: bool = False,
) -> dict[str, Any]:
    """One card, with its transactions on request."""
    card = _card_of_program(state, merchant, program_id, card_id)
    answer = _card(state, merchant, card)
    if include_transactions:
        answer["transactions"] = _transactions(card)
    return answer


@router.get("/v2/giftcards/programs/{programId}/cards/{cardId}/transactions")
async def list_transactions(
    state: StateDep,
    merchant: CallersMerchant,
    program_id: ProgramIdPath,
    card_id: Annotated[ObjectId, Path(alias="cardId")],
    asked: Annotated[Paging, Query()],
) -> Answer:
    """A card's transactions, newest first."""
    rows = _transactions(_card_of_program(state, merchant, program_id, card_id))
    wanted = (asked.q or "").casefold()
    rows = [row for row in rows if not wanted or any(wanted in str(value).casefold() for value in row.values())]
    return _page(merchant, asked, rows)


def _answer(state: State, merchant: Merchant, asked: CardSearch, program_id: str | None) -> Answer:
    if asked.merchant_id not in (None, merchant.id):
        raise HTTPException(403, FORBIDDEN)
    check_scope(state, merchant, program_id, asked.card_id)
    cards = [
        card
        for card in state.world.cards.values()
        if card.merchant_id == merchant.id
        and card.known_to != "export"
        and program_id in (None, card.program_id)
        and asked.card_id in (None, card.id)
        and (not asked.q or asked.q.casefold() in _searched_text(state, card))
    ]
    if isinstance(asked, CardFilter):
        cards = [card for card in cards if asked.status in (None, card.status)]
        cards = [card for card in cards if card.balance > 0 or not asked.positive_balance]
    return _page(merchant, asked, [_card(state, merchant, card) for card in cards])


def _searched_text(state: State, card: Card) -> str:
    if card.customer_id in state.erased:
        return card.number
    customer = state.world.customers[card.customer_id]
    return "\n".join((card.number, customer.name, *customer.emails)).casefold()


def _card(state: State, merchant: Merchant, card: Card) -> dict[str, Any]:
    answer = shapes.card_response(card, state.world.customers[card.customer_id], merchant.name)
    if card.customer_id in state.erased:
        personal = ("customerId", "customerEmail", "customerPhone", "customerName", "customMessage", "senderName")
        answer.update(dict.fromkeys(personal))
    return answer


def _card_of_program(state: State, merchant: Merchant, program_id: str, card_id: str) -> Card:
    check_scope(state, merchant, program_id, card_id)
    card = state.world.cards[card_id]
    if card.program_id != program_id:
        raise HTTPException(404, "Gift card not found")
    return card


def _transactions(card: Card) -> list[dict[str, Any]]:
    return [shapes.transaction_response(t, card.merchant_id) for t in reversed(card.transactions)]


def _page(merchant: Merchant, asked: Paging, rows: Sequence[dict[str, Any]]) -> Answer:
    page = list(asked.slice(rows))
    if merchant.key == "one":
        return page
    return {"items": page, "total": len(rows), "page": max(asked.page, 1), "limit": max(asked.limit, 0)}
