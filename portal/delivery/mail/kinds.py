"""What a mail is for, and where it stands."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class MailKind(StrEnum):
    """`NOTICE`: to who is on file, that an answer goes elsewhere. `DOOR`: to somebody who asks on the merchant's own
    page; they have limits of their own, so that a flood of that page keeps no answer back."""

    ANSWER = "answer"
    REMINDER = "reminder"
    CODE = "code"
    LETTER = "letter"
    NOTICE = "notice"
    DOOR = "door"
    TEST = "test"


class MailState(StrEnum):
    """`ACCEPTED`: the relay has it. `DEFERRED`: not now, tried again. `UNKNOWN`: it was sent and the relay's answer was
    lost; repeated as the same mail."""

    QUEUED = "queued"
    SENDING = "sending"
    ACCEPTED = "accepted"
    DEFERRED = "deferred"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    BOUNCED = "bounced"


_SENT = frozenset({MailState.ACCEPTED, MailState.DEFERRED, MailState.REFUSED, MailState.UNKNOWN, MailState.BOUNCED})
MOVES: Mapping[MailState, frozenset[MailState]] = {
    MailState.QUEUED: frozenset({MailState.SENDING, MailState.REFUSED}),
    MailState.SENDING: _SENT | {MailState.SENDING},
    MailState.DEFERRED: frozenset({MailState.SENDING, MailState.REFUSED}),
    MailState.UNKNOWN: frozenset({MailState.SENDING, MailState.BOUNCED, MailState.UNKNOWN, MailState.REFUSED}),
    MailState.ACCEPTED: frozenset({MailState.BOUNCED}),
    MailState.REFUSED: frozenset(),
    MailState.BOUNCED: frozenset(),
}
TO_SEND = frozenset({MailState.QUEUED, MailState.SENDING, MailState.DEFERRED, MailState.UNKNOWN})
"""Those in which something is tried by itself, while `next_try_at` says when."""
FAILED = frozenset({MailState.REFUSED, MailState.BOUNCED})
"""Those in which nobody got the mail."""
