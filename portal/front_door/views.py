"""What the pages of a person show."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from portal.cases.states import CaseState
from portal.front_door.kinds import Demand, MessageKind, Writer


class DoorKind(StrEnum):
    OPEN = "open"
    CLOSED = "closed"


class MineKind(StrEnum):
    UNKNOWN = "unknown"
    WAITING = "waiting"
    LAPSED = "lapsed"
    PROVED = "proved"


class Where(StrEnum):
    """How a case stands, as its person is told: neither what is held nor how it was decided."""

    RECEIVED = "received"
    WORKED_ON = "worked_on"
    WAITS = "waits"
    ANSWERED = "answered"
    ENDED = "ended"


WHERE: Mapping[CaseState, Where] = {
    CaseState.RECEIVED: Where.RECEIVED,
    CaseState.IDENTIFYING: Where.WORKED_ON,
    CaseState.COLLECTING: Where.WORKED_ON,
    CaseState.WAITING_PERSON: Where.WAITS,
    CaseState.ANSWERED: Where.ANSWERED,
    CaseState.CLOSED: Where.ANSWERED,
    CaseState.REFUSED: Where.ANSWERED,
    CaseState.WITHDRAWN: Where.ENDED,
    CaseState.CLOSED_NOT_IDENTIFIED: Where.ENDED,
}


@dataclass(frozen=True)
class DoorPage:
    """`form`: what a form that is sent now has to bring along."""

    kind: DoorKind
    merchant: str = ""
    contact: str = ""
    form: str = ""


@dataclass(frozen=True)
class Asking:
    """The fields as they came. `trap` is one that people do not see."""

    demand: str
    email: str
    note: str
    form: str
    trap: str
    language: str


@dataclass(frozen=True)
class ShownMessage:
    writer: Writer
    kind: MessageKind
    text: str
    at: dt.datetime


@dataclass(frozen=True)
class MinePage:
    """`mailed`: a code is on its way, and can still be typed. `opened`: a code was typed in this browser."""

    kind: MineKind
    language: str = ""
    merchant: str = ""
    contact: str = ""
    demand: Demand = Demand.COPY
    mailed: bool = False
    opened: bool = False
    reference: str = ""
    where: Where = Where.RECEIVED
    received_on: dt.date | None = None
    due_on: dt.date | None = None
    zone: str = "UTC"
    messages: tuple[ShownMessage, ...] = ()


@dataclass(frozen=True)
class Entered:
    """After a right code: where the person goes on, and the cookie that opens it."""

    token: str
    cookie: str
