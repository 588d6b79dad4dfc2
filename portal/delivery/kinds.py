"""The code lists of deliveries, and the one table of moves between their states."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class DeliveryWay(StrEnum):
    """How a package reaches the person. `SCREEN`: the link is shown as a QR code to somebody who stands there."""

    LINK = "link"
    SCREEN = "screen"
    PAPER = "paper"
    ATTACHMENT = "attachment"
    ELSEWHERE = "elsewhere"


WITH_LINK: Mapping[DeliveryWay, bool] = {
    DeliveryWay.LINK: True,
    DeliveryWay.SCREEN: True,
    DeliveryWay.PAPER: False,
    DeliveryWay.ATTACHMENT: False,
    DeliveryWay.ELSEWHERE: False,
}
"""Does the person fetch the package from the portal? The other ways are recorded when it was handed over."""


class CodeChannel(StrEnum):
    """How the person is told the code. `SAME_MAILBOX`: by mail, when they press a button on the page; it protects
    against forwarded and archived links only, so that a manager has to choose it (DLV-4)."""

    PHONE = "phone"
    IN_PERSON = "in_person"
    POST = "post"
    SMS_BY_MERCHANT = "sms_by_merchant"
    SECOND_EMAIL = "second_email"
    SAME_MAILBOX = "same_mailbox"


class AddressFrom(StrEnum):
    """`CASE`: one on file. `TYPED`: another one, typed twice; a second person looks at it.
    `NONE`: nothing is sent anywhere."""

    NONE = ""
    CASE = "on_file"
    TYPED = "typed"


class DeliveryState(StrEnum):
    PREPARED = "prepared"
    CODE_TOLD = "code_told"
    SENT = "sent"
    OPENED = "opened"
    COMPLETED = "completed"
    CLOSED = "closed"
    EXPIRED = "expired"
    REVOKED = "revoked"
    LOCKED = "locked"


_ENDS = frozenset({DeliveryState.REVOKED, DeliveryState.EXPIRED})
_OPENS = frozenset({DeliveryState.OPENED, DeliveryState.LOCKED})
MOVES: Mapping[DeliveryState, frozenset[DeliveryState]] = {
    DeliveryState.PREPARED: _ENDS | _OPENS | {DeliveryState.CODE_TOLD, DeliveryState.SENT},
    DeliveryState.CODE_TOLD: _ENDS | _OPENS | {DeliveryState.SENT},
    DeliveryState.SENT: _ENDS | _OPENS,
    DeliveryState.OPENED: _ENDS | {DeliveryState.COMPLETED, DeliveryState.LOCKED},
    DeliveryState.COMPLETED: frozenset({DeliveryState.CLOSED, DeliveryState.REVOKED, DeliveryState.LOCKED}),
    DeliveryState.CLOSED: frozenset({DeliveryState.REVOKED}),
    DeliveryState.EXPIRED: frozenset({DeliveryState.SENT, DeliveryState.REVOKED}),
    DeliveryState.REVOKED: frozenset(),
    DeliveryState.LOCKED: _ENDS | {DeliveryState.SENT},
}
"""A mail may be opened before its acceptance is recorded, so the page works from the moment a link exists. `CLOSED` is
taken back when the wrong person says so afterwards."""

LIVE: frozenset[DeliveryState] = frozenset(
    {
        DeliveryState.PREPARED, DeliveryState.CODE_TOLD, DeliveryState.SENT, DeliveryState.OPENED,
        DeliveryState.COMPLETED,
    }
)  # fmt: skip
"""Those in which a link opens the page that asks for the code."""
UNOPENED = frozenset({DeliveryState.PREPARED, DeliveryState.CODE_TOLD, DeliveryState.SENT})


class BreachState(StrEnum):
    """`OPEN`: nobody has recorded yet what was done about it."""

    OPEN = "open"
    REPORTED = "reported"
    NOT_REPORTABLE = "not_reportable"


class AgentFamily(StrEnum):
    """What opened the page, so coarse that it tells nobody apart (DLV-9)."""

    CHROMIUM = "chromium"
    FIREFOX = "firefox"
    SAFARI = "safari"
    OTHER = "other"


def agent_family(user_agent: str) -> AgentFamily:
    said = user_agent[:400].lower()
    for word, family in (
        ("firefox", AgentFamily.FIREFOX), ("fxios", AgentFamily.FIREFOX), ("chrom", AgentFamily.CHROMIUM),
        ("crios", AgentFamily.CHROMIUM), ("edg", AgentFamily.CHROMIUM), ("safari", AgentFamily.SAFARI),
    ):  # fmt: skip
        if word in said:
            return family
    return AgentFamily.OTHER
