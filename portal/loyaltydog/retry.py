"""When to try again, as decisions without I/O: (error, attempt) in, RetryDecision out.

``attempt`` counts the tries already made, from 1. ``spread`` (0 to 1) shortens a wait by up to a quarter so that many
callers do not come back at the same instant; pass ``random.random()``.
"""

from dataclasses import dataclass

from .errors import LoyaltyDogError, RateLimited

__all__ = ["GIVE_UP", "MAX_WAIT_SECONDS", "RetryDecision", "retry_export_post", "retry_reads"]

MAX_WAIT_SECONDS = 120.0  # a server-directed delay beyond two minutes is for a person to know about, not to sit out
MAX_READ_ATTEMPTS = 3  # the first try and two repeats
_FIRST_WAIT_SECONDS = 0.5
_LONGEST_BACKOFF_SECONDS = 8.0


@dataclass(frozen=True)
class RetryDecision:
    """Try again after ``after_seconds``, or do not."""

    retry: bool
    after_seconds: float = 0.0


GIVE_UP = RetryDecision(False)


def retry_reads(error: LoyaltyDogError, attempt: int, spread: float = 0.0) -> RetryDecision:
    """For GETs: connection trouble, time-outs, 5xx, and 429 after the wait the vendor asked for."""
    if attempt >= MAX_READ_ATTEMPTS or not error.retryable:
        return GIVE_UP
    return _after(error, attempt, spread)


def retry_export_post(error: LoyaltyDogError, attempt: int, spread: float = 0.0) -> RetryDecision:
    """For the export POST: only what the vendor provably never got, or turned away with a 429 (SEC-13).

    No bound on ``attempt``: how long a person's request may wait is the caller's rule.
    """
    if isinstance(error, RateLimited) or (error.delivery == "never_sent" and error.retryable):
        return _after(error, attempt, spread)
    return GIVE_UP


def _after(error: LoyaltyDogError, attempt: int, spread: float) -> RetryDecision:
    if error.retry_after_seconds is not None:
        return RetryDecision(True, min(max(error.retry_after_seconds, 0.0), MAX_WAIT_SECONDS))
    backoff = min(_FIRST_WAIT_SECONDS * 2 ** min(attempt - 1, 10), _LONGEST_BACKOFF_SECONDS)
    return RetryDecision(True, backoff * (1 - 0.25 * spread))
