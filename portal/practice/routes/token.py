"""Sign-in: ``/v2/token`` and ``/v2/token/mfa-verify``, and what a token says about its bearer."""

import hmac
import time
from typing import Annotated, Any

import pyotp
from fastapi import APIRouter, Form, HTTPException
from pydantic import BaseModel

from portal.practice.routes.access import Caller, StateDep, Text
from portal.practice.settings import PRACTICE_PASSWORD, TOTP_SECRET

router = APIRouter()


class MfaLoginVerifyRequest(BaseModel):
    """The vendor's field names are undocumented; these two are the likeliest guess, anything else is ignored."""

    pendingToken: Text  # noqa: N815 - the wire's name
    code: Text


def _token(access: str | None, pending: str | None = None) -> dict[str, Any]:
    return {"accessToken": access, "tokenType": "bearer", "mfaPending": pending is not None, "pendingToken": pending}


@router.post("/v2/token")
async def sign_in(
    state: StateDep,
    username: Annotated[Text, Form()],
    password: Annotated[Text, Form()],
    grant_type: Annotated[str | None, Form(pattern="^password$")] = None,
    scope: Annotated[str, Form()] = "",
    client_id: Annotated[str | None, Form()] = None,
    client_secret: Annotated[str | None, Form()] = None,
) -> dict[str, Any]:
    """Trade a password for a token, or for a pending token when the account has a second factor."""
    user = state.user(username)
    right = hmac.compare_digest(password.encode(), PRACTICE_PASSWORD.encode())
    if user is None or not right:
        state.note("login_failed", "user", user=user)
        raise HTTPException(401, "Incorrect username or password", headers={"WWW-Authenticate": "Bearer"})
    if user.mfa:
        return _token(None, state.begin_code_step(user))
    state.note("login", "user", user=user)
    return _token(state.sign_in(user))


@router.post("/v2/token/mfa-verify")
async def verify_code(state: StateDep, body: MfaLoginVerifyRequest) -> dict[str, Any]:
    """Trade a pending token and a six-digit code for a token. Five tries within five minutes."""
    pending = state.pending.get(body.pendingToken)
    if pending is None or pending.deadline < time.monotonic():
        raise HTTPException(401, "The sign-in has expired", headers={"WWW-Authenticate": "Bearer"})
    if not pyotp.TOTP(TOTP_SECRET).verify(body.code, valid_window=1):
        pending.tries_left -= 1
        if pending.tries_left <= 0:
            state.pending.pop(body.pendingToken, None)
        state.note("login_failed", "user", user=pending.user)
        raise HTTPException(401, "Incorrect code", headers={"WWW-Authenticate": "Bearer"})
    state.pending.pop(body.pendingToken, None)
    state.note("login", "user", user=pending.user)
    return _token(state.sign_in(pending.user))


@router.get("/v2/token")
async def describe_caller(caller: Caller) -> dict[str, Any]:
    """UserRead. There is no role and no merchant in it, as documented."""
    return {
        "id": caller.id,
        "name": caller.name,
        "email": caller.email,
        "emailVerified": "2026-01-05T09:00:00Z",
        "active": True,
        "admin": False,
        "image": None,
        "location": None,
        "website": None,
    }
