"""What a person may ask for, where a request stands, who wrote, and how much of everything. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from enum import StrEnum

from portal.cases.facts import Right


class Demand(StrEnum):
    COPY = "copy"
    PORTABLE = "portable"
    ERASURE = "erasure"


RIGHT_OF: Mapping[Demand, Right] = {
    Demand.COPY: Right.ACCESS,
    Demand.PORTABLE: Right.PORTABILITY,
    Demand.ERASURE: Right.ERASURE,
}


class RequestState(StrEnum):
    """`WAITING`: the address is not proved. `LAPSED`: it was not within fourteen days."""

    WAITING = "waiting"
    PROVED = "proved"
    LAPSED = "lapsed"


class Writer(StrEnum):
    PERSON = "person"
    STAFF = "staff"


class MessageKind(StrEnum):
    """`ALSO_USED`: an address or a card that the person names as theirs. Nothing looks it up by itself."""

    MESSAGE = "message"
    ALSO_USED = "also_used"


NOTE_MAX = 1_000
MESSAGE_MAX = 2_000
ALSO_MAX = 200
MOST_MESSAGES = 50
"""Of the person in one case within a day."""
MOST_WAITING, MOST_AN_HOUR = 20_000, 500
"""Unproved requests of one merchant, and new ones within an hour; more are told to write a mail."""
MOST_OF_A_FORM = 3
"""Requests by one form: somebody mends a mistyped address. A program that keeps one is given another."""
LAPSES_AFTER = dt.timedelta(days=14)
FORGOTTEN_AFTER = dt.timedelta(weeks=4)
"""A lapsed request's row, which holds nothing personal any more."""
FEWEST_SECONDS = 3
"""A form sent sooner was filled by a program."""
FORM_LIVES = dt.timedelta(hours=12)
VISIT = dt.timedelta(minutes=60)
