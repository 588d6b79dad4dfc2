"""The codes of asking for card numbers in full, and what pages get to see of it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum


class CardReason(StrEnum):
    """Why somebody needs the numbers. Nothing is typed: a typed reason would name the customer."""

    PERSON_ASKED = "person_asked"
    LOST_CARD = "lost_card"
    DISPUTE = "dispute"
    AUTHORITY = "authority"


class RequestState(StrEnum):
    WAITING = "waiting"
    GRANTED = "granted"
    REFUSED = "refused"


@dataclass(frozen=True)
class WaitingRequest:
    """A request that waits for a second person. `by` is the asker's name."""

    id: str
    export_id: str
    by: str
    reason: CardReason
    at: dt.datetime


@dataclass(frozen=True)
class CardAccessState:
    """How card numbers of one file stand for one user.

    `waiting`: their own request; `to_decide`: those of others which they may allow or refuse; `deciders`: the names of
    those who may allow theirs; `refused_by`: who refused their latest one within a day.
    """

    holds_numbers: bool
    granted_until: dt.datetime | None
    needs_two: bool
    waiting: WaitingRequest | None
    to_decide: tuple[WaitingRequest, ...]
    deciders: tuple[str, ...]
    refused_by: str = ""

    @property
    def shown(self) -> bool:
        """May the numbers be shown to this user now?"""
        return not self.holds_numbers or self.granted_until is not None
