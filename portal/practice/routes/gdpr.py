"""The gift card GDPR endpoints: export, download, erasure and consent."""

import asyncio
import secrets
import time
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Header, HTTPException, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, EmailStr, Field

from portal.practice.behaviours import Behaviour
from portal.practice.invented.shapes import instant
from portal.practice.invented.world import Customer
from portal.practice.routes.access import (
    FORBIDDEN,
    Admin,
    CallersMerchant,
    CardIdQuery,
    ProgramIdQuery,
    StateDep,
    Text,
    check_scope,
    find_customer,
)
from portal.practice.routes.downloads import file_response
from portal.practice.state import Export, State

router = APIRouter(prefix="/v2/giftcards/gdpr")
WEB_PAGE = "<!doctype html><html><head><title>Maintenance</title></head><body>Back in a moment.</body></html>"


class GDPRExportRequest(BaseModel):
    """As the seed contract has it: two optional identifiers and a format."""

    customerId: Text | None = None  # noqa: N815 - the wire's name
    customerEmail: EmailStr | None = None  # noqa: N815 - the wire's name
    format: Annotated[str, Field(pattern="^(json|csv)$")]


class RightToErasureRequest(BaseModel):
    """Every field is optional in the schema; prose wants an identifier."""

    customerId: Text | None = None  # noqa: N815 - the wire's name
    customerEmail: EmailStr | None = None  # noqa: N815 - the wire's name
    reason: Annotated[Text, Field(max_length=1000)] | None = None


@router.post("/export")
async def make_export(
    request: Request,
    state: StateDep,
    caller: Admin,
    merchant: CallersMerchant,
    body: GDPRExportRequest,
    program_id: ProgramIdQuery = None,
    card_id: CardIdQuery = None,
    x_eposn_customer_token: Annotated[str | None, Header()] = None,
    x_eposn_merchant_token: Annotated[str | None, Header()] = None,
) -> Response:
    """Make an export and hand out its link, or do what the customer's situation says instead."""
    check_scope(state, merchant, program_id, card_id)
    customer = find_customer(state, merchant, body.customerId, body.customerEmail)
    behaviour = state.behaviour(customer)
    state.count("export_posts_valid", customer)
    _refuse_by_situation(state, customer, behaviour)
    export = _accept(state, customer, behaviour, body, program_id, card_id)
    state.count("exports_accepted", customer)
    state.note("gdpr_export", "gift_card_customer", user=caller, resourceId=export.id, subjectId=customer.id)
    answer = {
        "exportId": export.id,
        "downloadUrl": _download_url(state, export, behaviour),
        "format": export.format,
        "requestedAt": instant(export.requested_at),
        "expiresAt": instant(export.expires_at),
        "status": behaviour.status,
    }
    return await _answer(request, state, behaviour, answer)


def _refuse_by_situation(state: State, customer: Customer, behaviour: Behaviour) -> None:
    if behaviour.first_try != "works":
        _refuse_first_try(state, customer, says_how_long=behaviour.first_try == "429")
    if behaviour.answer == "forbidden":
        raise HTTPException(403, FORBIDDEN)
    if behaviour.answer == "unprocessable":
        reason = "The domain name example.com does not accept email."
        message = f"value is not a valid email address: {reason}"
        location = ("body", "customerEmail")
        error = {"type": "value_error", "loc": location, "msg": message, "input": None, "ctx": {"reason": reason}}
        raise RequestValidationError([error])


def _refuse_first_try(state: State, customer: Customer, *, says_how_long: bool) -> None:
    now = time.monotonic()
    turned_away_at = state.turned_away_at.get(customer.id)
    if turned_away_at is not None and now - turned_away_at < state.settings.retry_reset_seconds:
        if says_how_long and now - turned_away_at < state.settings.retry_after_seconds:
            state.count("retried_too_early", customer)
        return
    state.turned_away_at[customer.id] = now
    headers = {"Retry-After": str(state.settings.retry_after_seconds)} if says_how_long else None
    raise HTTPException(429, "Too many requests", headers=headers)


def _accept(
    state: State,
    customer: Customer,
    behaviour: Behaviour,
    body: GDPRExportRequest,
    program_id: str | None,
    card_id: str | None,
) -> Export:
    now = datetime.now(UTC)
    seconds = {
        "ordinary": state.settings.export_lifetime_seconds,
        "soon": state.settings.expires_soon_seconds,
        "past": -60.0,
    }[behaviour.link_life]
    export = Export(
        id=f"exp_{secrets.token_hex(12)}",
        object_key=secrets.token_urlsafe(24),
        customer_id=customer.id,
        merchant_id=customer.merchant_id,
        format=body.format,
        asked_customer_id=body.customerId,
        asked_customer_email=body.customerEmail,
        program_id=program_id,
        card_id=card_id,
        requested_at=now,
        expires_at=now + timedelta(seconds=seconds),
    )
    state.keep_export(export)
    return export


def _download_url(state: State, export: Export, behaviour: Behaviour) -> str:
    if behaviour.link == "presigned":
        return presigned_url(state, export)
    if behaviour.link == "unlisted":
        return f"https://files.unlisted.example/exports/{export.object_key}?X-Signature={secrets.token_hex(16)}"
    asked = {
        "exportId": export.id,
        "format": export.format,
        "customerId": export.asked_customer_id,
        "customerEmail": export.asked_customer_email,
        "programId": export.program_id,
        "cardId": export.card_id,
    }
    query = urlencode({name: value for name, value in asked.items() if value is not None})
    base = "" if behaviour.link == "relative" else state.settings.api_base
    return f"{base}{router.prefix}/download?{query}"


def presigned_url(state: State, export: Export) -> str:
    """A link on the second host that needs no bearer; good until the export expires."""
    expires = str(int(export.expires_at.timestamp()))
    query = urlencode({"X-Expires": expires, "X-Signature": state.sign(export.object_key, expires)})
    return f"{state.settings.download_base}/presigned/{export.object_key}?{query}"


async def _answer(request: Request, state: State, behaviour: Behaviour, answer: dict[str, Any]) -> Response:
    if behaviour.answer == "slow":
        await pause(request, state, state.settings.slow_seconds)
    if behaviour.answer == "accepted_then_502":
        return Response("<html><body><h1>502 Bad Gateway</h1></body></html>", 502, media_type="text/html")
    if behaviour.answer == "accepted_then_silence":
        await pause(request, state, state.settings.silence_seconds)
        return Response("<html><body><h1>504 Gateway Time-out</h1></body></html>", 504, media_type="text/html")
    if behaviour.answer == "html":
        return Response(WEB_PAGE, media_type="text/html")
    if behaviour.answer == "incomplete":
        answer = {name: answer[name] for name in ("format", "requestedAt", "status")}
    return JSONResponse(answer)


async def pause(request: Request, state: State, seconds: float) -> None:
    """Wait, but no longer than the caller stays and the server runs."""
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0 and not state.stopping.is_set():
        if await request.is_disconnected():
            return
        await asyncio.sleep(min(left, 0.1))


@router.get("/download")
async def download(
    state: StateDep,
    caller: Admin,
    export_id: Annotated[str, Query(alias="exportId")],
    format_: Annotated[str, Query(alias="format", pattern="^(json|csv)$")],
    customer_id: Annotated[str | None, Query(alias="customerId")] = None,
    customer_email: Annotated[str | None, Query(alias="customerEmail")] = None,
    program_id: ProgramIdQuery = None,
    card_id: CardIdQuery = None,
) -> Response:
    """The file of an export, as long as everything asked repeats what the export was made with. 410 after expiry."""
    export = state.exports.get(export_id)
    asked = (caller.merchant, format_, customer_id, customer_email, program_id, card_id)
    if export is None or asked != (
        state.world.merchants[export.merchant_id].key,
        export.format,
        export.asked_customer_id,
        export.asked_customer_email,
        export.program_id,
        export.card_id,
    ):
        raise HTTPException(404, "Export not found")
    if datetime.now(UTC) >= export.expires_at:
        raise HTTPException(410, "This export has expired")
    return file_response(state, export, redirect_to=presigned_url(state, export))


@router.post("/erasure")
async def erase(
    state: StateDep,
    caller: Admin,
    merchant: CallersMerchant,
    body: RightToErasureRequest,
    program_id: ProgramIdQuery = None,
    card_id: CardIdQuery = None,
) -> dict[str, Any]:
    """Mark a customer erased, in this process only. Repeating it is safe."""
    check_scope(state, merchant, program_id, card_id)
    customer = find_customer(state, merchant, body.customerId, body.customerEmail)
    state.erased.add(customer.id)
    state.consents.pop(customer.id, None)
    request_id = f"ers_{secrets.token_hex(12)}"
    state.note("gdpr_erasure", "gift_card_customer", user=caller, resourceId=request_id, subjectId=customer.id)
    return {
        "requestId": request_id,
        "status": "completed",
        "affectedCards": [card.id for card in state.world.cards_of_customer[customer.id]],
        "completedAt": instant(datetime.now(UTC)),
        "message": "Personal data has been erased",
    }
