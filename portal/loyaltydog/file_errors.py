"""What can go wrong with one file behind a download address: the lower branch of the tree drawn in ``errors``."""

from .errors import Delivery, LoyaltyDogError, Turn

__all__ = [
    "AddressRefused",
    "EmptyFile",
    "EncodedBody",
    "FetchError",
    "HostNotAllowed",
    "LinkExpired",
    "LinkMissing",
    "RedirectRefused",
    "TooLarge",
    "TooSlow",
    "Truncated",
    "WrongMediaType",
]


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


class LinkMissing(AddressRefused):
    """There is no address at all: LoyaltyDog accepted the request but said nowhere where the file is."""

    code = "link_missing"
    message = "LoyaltyDog accepted the request but gave no link to the file."
    next_step = "Ask for a new export. If it happens again, tell LoyaltyDog's support, and quote the request ID."
    turn: Turn = "loyaltydog"


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
