"""What a source's line says when it could not be fetched: what happened, and what next. Never that nothing is held."""

from __future__ import annotations

from typing import Any

from portal.loyaltydog import Forbidden, LinkExpired, LoyaltyDogError, NotFound
from portal.sources.kinds import SourceKind, SourceState

ROLE_LACKS = (
    "LoyaltyDog shows its log to the roles MERCHANT_ADMIN and MERCHANT_STAFF, and this token has neither.",
    "A manager can save a token with such a role in Settings; then try again.",
)
NO_SUCH = (
    "LoyaltyDog said that this does not exist (404), which is no proof that nothing is held.",
    "Try again. If it stays so, tell LoyaltyDog's support, and quote the request ID.",
)
INCOMPLETE = (
    "LoyaltyDog's pages hold fewer records than it says there are.",
    "Try again. If it stays so, tell LoyaltyDog's support.",
)
REPEATED = (
    "LoyaltyDog sent the same page twice, so it is not known whether all was seen.",
    "Try again. If it stays so, tell LoyaltyDog's support.",
)
TOO_MANY = (
    "LoyaltyDog's list did not come to an end within 400 pages.",
    "Tell LoyaltyDog's support.",
)
TOO_LARGE = ("The answer is too large to be checked by itself.", "The portal's operator looks at its log.")
GIVEN_UP = (
    "The portal tried many times and could not get further.",
    "The portal's operator looks at its log; then try again.",
)
CASE_ENDED = ("The case has ended, so nothing was asked about the person.", "Open a case for this request.")
RESTORED = ("The portal was restored from a backup made before this was fetched.", "Try again.")
REMOVED = ("The merchant was removed from the portal.", "")
NOT_FOUND_CODE = "not_found"
NONE_RECORDED = frozenset({SourceKind.CARD_CONSENT, SourceKind.LOYALTY_CONSENT})
"""The only sources where 404 says that nothing is recorded (S5)."""


def problem(code: str, words: tuple[str, str]) -> dict[str, Any]:
    return {"problem_code": code, "problem": words[0], "next_step": words[1]}


def outcome_of(kind: SourceKind, error: LoyaltyDogError) -> tuple[SourceState, dict[str, Any]]:
    """Where an error leaves a source of that kind, and the columns that say why (ANS-5, ANS-7)."""
    status = {"status": error.status, "vendor_request_id": (error.request_id or "")[:128]}
    if _is_not_found(error):
        if kind in NONE_RECORDED:
            return SourceState.EMPTY, status
        return SourceState.FAILED, {**status, **problem(NOT_FOUND_CODE, NO_SUCH)}
    if isinstance(error, Forbidden):
        words = ROLE_LACKS if kind is SourceKind.VENDOR_LOG else (error.message, error.next_step)
        return SourceState.REFUSED, {**status, **problem(error.code, words)}
    return SourceState.FAILED, {**status, **problem(error.code, (error.message, error.next_step))}


def _is_not_found(error: LoyaltyDogError) -> bool:
    """The guarded fetch calls every 404 an expired link."""
    return isinstance(error, NotFound) or (isinstance(error, LinkExpired) and error.status == 404)
