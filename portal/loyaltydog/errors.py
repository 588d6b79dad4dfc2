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
    └── FetchError                   one file behind a download address
        ├── AddressRefused           the address is not one we would ever open
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
    "AddressRefused",
    "CallError",
    "ConnectionLost",
    "Delivery",
    "EmptyFile",
    "EncodedBody",
    "FetchError",
    "FieldProblem",
    "Forbidden",
    "Gone",
    "HostNotAllowed",
    "LinkExpired",
    "LoyaltyDogError",
    "NoConnection",
    "NotAuthenticated",
    "NotFound",
    "RateLimited",
    "RedirectRefused",
    "Rejected",
    "ServerTrouble",
    "StatusError",
    "SubscriptionInactive",
    "TimedOut",
    "TlsFailed",
    "TooLarge",
    "TooSlow",
    "Truncated",
    "Turn",
    "UnreadableAnswer",
    "WrongMediaType",
]

Turn = Literal["you", "manager", "loyaltydog", "nobody"]
"""Whose move it is; ``nobody`` means that waiting is enough."""

Delivery = Literal["never_sent", "answered", "unknown"]
"""Did the vendor get the request? ``never_sent``: provably not, no byte left. ``answered``: a status line decides."""


@dataclass(frozen=True)
class FieldProblem:
    """One field of a 422: where (``("body", "customerEmail")``), and the vendor's words, which may quote the input."""

    loc: tuple[str | int, ...]
    msg: str = field(repr=False)


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


class FetchError(LoyaltyDogError):
    """One file could not be fetched; nothing of it may be used."""

    code = "fetch_failed"
    message = "The file could not be fetched."
    next_step = "Try again, or ask for a new export."


class AddressRefused(FetchError):
    """The address is one the portal never opens (SEC-1, SEC-2, SEC-3); nothing was sent."""

    code = "address_refused"
    message = "LoyaltyDog named an address for the file that this portal does not open."
    next_step = (
        "Tell your manager. If the address should be trusted, LoyaltyDog's support can say where files are kept."
    )
    turn: Turn = "manager"
    delivery: Delivery = "never_sent"


class HostNotAllowed(AddressRefused):
    """The file's host is not on the merchant's list; ``host`` names it for the manager who may add it."""

    code = "host_not_allowed"
    message = "The file lies on a server that is not on the list of allowed download hosts."
    next_step = "Ask a manager to look at the host and, if it is LoyaltyDog's, to add it in Settings."
    host: str = ""


class RedirectRefused(FetchError):
    """A 3xx answer: the address points somewhere else (SEC-4)."""

    code = "redirect_refused"
    message = "The answer points to another address, and this portal does not follow it."
    next_step = "Ask for a new export. If it happens again, tell LoyaltyDog's support."


class WrongMediaType(FetchError):
    """Media type or first bytes are not those of the asked format (SEC-8)."""

    code = "wrong_media_type"
    message = "What came back is not the file that was asked for."
    next_step = "Ask for a new export. If it happens again, tell LoyaltyDog's support."


class EncodedBody(FetchError):
    """The body is compressed although plain bytes were asked for (SEC-6)."""

    code = "encoded_body"
    message = "The file came compressed, which this portal does not open."
    next_step = "Tell LoyaltyDog's support that the file must be sent without Content-Encoding."


class TooLarge(FetchError):
    """More bytes than the limit, counted while they came (SEC-7)."""

    code = "too_large"
    message = "The file is larger than this portal accepts."
    next_step = "Ask for one program or one card at a time, or ask a manager to raise the limit."
    turn: Turn = "you"


class TooSlow(FetchError):
    """Fewer bytes a second than the limit (SEC-7)."""

    code = "too_slow"
    message = "The file arrived too slowly to wait for."
    next_step = "Try again later."
    turn: Turn = "nobody"
    retryable = True


class Truncated(FetchError):
    """The body ended early, or is longer than it declared: not the whole file (SEC-7)."""

    code = "truncated"
    message = "The file arrived incomplete, so it was not kept."
    next_step = "Try again."
    turn: Turn = "nobody"
    retryable = True


class EmptyFile(FetchError):
    """There is nothing in the file."""

    code = "empty_file"
    message = "The file is empty."
    next_step = "Ask for a new export. If it is empty again, tell LoyaltyDog's support."


class LinkExpired(FetchError):
    """401, 403, 404 or 410 from the file's host: the link no longer opens anything."""

    code = "link_expired"
    message = "The link to the file no longer works."
    next_step = "Ask for a new export."
    turn: Turn = "you"
