"""Everything that can go wrong between the portal and LoyaltyDog, in one tree.

    LoyaltyDogError
    ├── CallError                    one API call
    │   ├── NoConnection             the vendor was not reached
    │   │   ├── TlsFailed            reached, but it could not prove who it is
    │   │   └── ConnectionLost       reached, then cut off
    │   ├── TimedOut                 the total deadline ran out
    │   ├── UnreadableAnswer         an answer came, but not one we understand
    │   └── StatusError              an answer came and says no
    │       ├── NotAuthenticated     401
    │       ├── SubscriptionInactive 402
    │       ├── Forbidden            403
    │       ├── NotFound             404
    │       ├── Gone                 410
    │       ├── Rejected             422, 400, 409 and any other 4xx
    │       ├── RateLimited          429
    │       └── ServerTrouble        5xx
    └── FetchError                   one file behind a download address (file_errors.py)
        ├── AddressRefused           the address is not one we would ever open
        │   ├── LinkMissing          there is no address
        │   └── HostNotAllowed       the host is not on the merchant's list
        ├── RedirectRefused          the answer points elsewhere
        ├── WrongMediaType           not the format that was asked for
        ├── EncodedBody              compressed although we asked for plain bytes
        ├── TooLarge                 more bytes than allowed
        ├── TooSlow                  fewer bytes a second than allowed
        ├── Truncated                ended early, or does not match its declared length
        ├── EmptyFile                nothing in it
        └── LinkExpired              401, 403, 404 or 410 from the file's host

Each error has two readers. ``message`` and ``next_step`` (and ``vendor_says``, ``fields``) are for the person on the
page; ``code``, ``detail``, ``status`` and ``request_id`` are for the log and hold no personal data, no secret and
nothing of an address beyond its host. ``str`` and ``repr`` show the second kind only (SEC-9, SEC-18). All survive
pickle.
"""

from dataclasses import dataclass, field
from typing import Any, Literal, Self

__all__ = [
    "CallError",
    "ConnectionLost",
    "Delivery",
    "FieldProblem",
    "Forbidden",
    "Gone",
    "LoyaltyDogError",
    "NoConnection",
    "NotAuthenticated",
    "NotFound",
    "RateLimited",
    "Rejected",
    "ServerTrouble",
    "StatusError",
    "SubscriptionInactive",
    "TimedOut",
    "TlsFailed",
    "Turn",
    "UnreadableAnswer",
]

Turn = Literal["you", "manager", "loyaltydog", "nobody"]
"""Whose move it is; ``nobody`` means that waiting is enough."""

Delivery = Literal["never_sent", "answered", "unknown"]
"""Did the vendor get the request? ``never_sent``: provably not, no byte left. ``answered``: a status line decides."""


@dataclass(frozen=True)
class FieldProblem:
    """One field of a 422: where (``("body", "customerEmail")``), the vendor's words, which may quote the input, and the
    kind of error (``"missing"``), empty when it is no plain name."""

    loc: tuple[str | int, ...]
    msg: str = field(repr=False)
    type: str = ""


class LoyaltyDogError(Exception):
    """Base of all errors of this package."""

    code: str = "loyaltydog_error"
    message: str = "Something went wrong while talking to LoyaltyDog."
    next_step: str = "Try again in a few minutes. If it happens again, tell your manager the code of this error."
    turn: Turn = "loyaltydog"
    delivery: Delivery = "unknown"
    retryable: bool = False

    def __init__(
        self,
        detail: str = "",
        *,
        message: str | None = None,
        next_step: str | None = None,
        turn: Turn | None = None,
        delivery: Delivery | None = None,
        retryable: bool | None = None,
        status: int | None = None,
        request_id: str | None = None,
        retry_after_seconds: float | None = None,
        fields: tuple[FieldProblem, ...] = (),
        vendor_says: str | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.status = status
        self.request_id = request_id
        self.retry_after_seconds = retry_after_seconds
        self.fields = fields
        self.vendor_says = vendor_says
        if delivery == "never_sent" and isinstance(self, (ConnectionLost, TimedOut)):
            self.next_step = NoConnection.next_step
            self.turn = NoConnection.turn
        if message is not None:
            self.message = message
        if next_step is not None:
            self.next_step = next_step
        if turn is not None:
            self.turn = turn
        if delivery is not None:
            self.delivery = delivery
        if retryable is not None:
            self.retryable = retryable

    def as_read(self) -> Self:
        """Reworded for a call that changes nothing: after an unclear end there is nothing to check, only to repeat."""
        if isinstance(self, (ConnectionLost, TimedOut, ServerTrouble)):
            self.next_step = "Nothing was changed. Try again in a few minutes."
            self.turn = "nobody"
        return self

    def __str__(self) -> str:
        return f"{self.code}: {self.detail}" if self.detail else self.code

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.code!r}, {self.detail!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), dict(self.__dict__))


def _rebuild(kind: type[LoyaltyDogError], state: dict[str, Any]) -> LoyaltyDogError:
    error = kind(str(state.get("detail", "")))
    error.__dict__.update(state)
    return error


class CallError(LoyaltyDogError):
    """One API call failed."""

    code = "call_failed"


class NoConnection(CallError):
    """The vendor was not reached: name not resolved, connection refused or unreachable."""

    code = "no_connection"
    message = "LoyaltyDog could not be reached."
    next_step = "Nothing was sent. Try again in a few minutes; if it lasts, ask a manager to check the connection."
    turn: Turn = "nobody"
    retryable = True


class TlsFailed(NoConnection):
    """The other side could not prove who it is (SEC-19); nothing was sent."""

    code = "tls_failed"
    message = "The server that answered could not prove that it belongs to LoyaltyDog, so nothing was sent."
    next_step = "Ask a manager to check the address in Settings. Do not work around this."
    turn: Turn = "manager"
    delivery: Delivery = "never_sent"
    retryable = False


class ConnectionLost(NoConnection):
    """The connection broke after the request, or part of it, had left."""

    code = "connection_lost"
    message = "The connection to LoyaltyDog broke before the answer had arrived."
    next_step = "It is not known whether LoyaltyDog acted on this. Check before asking again."
    turn: Turn = "you"


class TimedOut(CallError):
    """The total deadline ran out (resolver, connection, TLS, headers and body together)."""

    code = "timed_out"
    message = "LoyaltyDog did not answer in time."
    next_step = "It is not known whether LoyaltyDog acted on this. Check before asking again."
    turn: Turn = "you"
    retryable = True


class UnreadableAnswer(CallError):
    """An answer came, but it is not what the documentation promises."""

    code = "unreadable_answer"
    message = "LoyaltyDog answered in a form that this portal does not understand."
    next_step = "Tell LoyaltyDog's support, and quote the request ID."


class StatusError(CallError):
    """A complete answer that says no."""

    code = "status_error"
    delivery: Delivery = "answered"


class NotAuthenticated(StatusError):
    """401: the token is missing, wrong, expired, or its user inactive."""

    code = "not_authenticated"
    message = "LoyaltyDog did not accept the access token."
    next_step = "Ask a manager to renew the token in Settings."
    turn: Turn = "manager"


class SubscriptionInactive(StatusError):
    """402: the API subscription is not active."""

    code = "subscription_inactive"
    message = "The merchant's LoyaltyDog API subscription is not active."
    next_step = "Ask a manager to renew it with LoyaltyDog."
    turn: Turn = "manager"


class Forbidden(StatusError):
    """403: the token may not do this, or not for this program."""

    code = "forbidden"
    message = "LoyaltyDog does not let this token do that."
    next_step = "Check the program or card, or ask a manager whether the token has the rights it needs."
    turn: Turn = "manager"


class NotFound(StatusError):
    """404: no such customer, card, program or export for this merchant."""

    code = "not_found"
    message = "LoyaltyDog found nothing under what you entered."
    next_step = "Check the spelling, or search for the card by its last four digits."
    turn: Turn = "you"


class Gone(StatusError):
    """410: it was there once."""

    code = "gone"
    message = "LoyaltyDog no longer has this."
    next_step = "Ask for a new export."
    turn: Turn = "you"


class Rejected(StatusError):
    """422, 400, 409 and any other 4xx: the vendor read the request and declined it."""

    code = "rejected"
    message = "LoyaltyDog could not work with what was entered."
    next_step = "Check what you entered and ask again."
    turn: Turn = "you"


class RateLimited(StatusError):
    """429: too many calls; ``retry_after_seconds`` says how long to wait, if the vendor said so."""

    code = "rate_limited"
    message = "LoyaltyDog asks this merchant to slow down."
    next_step = "Wait a moment. Nothing was done yet."
    turn: Turn = "nobody"
    retryable = True


class ServerTrouble(StatusError):
    """5xx: the vendor's own trouble. It may have acted all the same (a 502 after acceptance)."""

    code = "server_trouble"
    message = "LoyaltyDog has trouble of its own at the moment."
    next_step = "It is not known whether LoyaltyDog acted on this. Check before asking again."
    delivery: Delivery = "unknown"
    retryable = True
