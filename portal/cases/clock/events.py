"""What happened in a case that may move a day, and reading it from text (`identity_asked=2026-09-08;…`).

Events are dated facts in the order they were recorded, numbered from 1. None is ever changed: `taken_back` names an
earlier one that was a mistake.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from zoneinfo import ZoneInfo

from portal.cases.clock.receipt import day_of
from portal.cases.clock.regimes import PauseKind
from portal.errors import InputError


class EventKind(StrEnum):
    """`LETTER_DATED`: the date on what the person wrote. `EXTENDED_UNTIL`: the new date that was told. `BOUNCED`: the
    answer never arrived. `BY_POST`: the answer will go by post."""

    LETTER_DATED = "letter_dated"
    ACKNOWLEDGED = "acknowledged"
    IDENTITY_ASKED = "identity_asked"
    IDENTITY_GIVEN = "identity_given"
    CLARIFICATION_ASKED = "clarification_asked"
    CLARIFICATION_GIVEN = "clarification_given"
    FEE_ASKED = "fee_asked"
    FEE_PAID = "fee_paid"
    PAUSE_BEGAN = "pause_began"
    PAUSE_ENDED = "pause_ended"
    EXTENDED = "extended"
    EXTENDED_UNTIL = "extended_until"
    BY_POST = "by_post"
    ANSWERED = "answered"
    BOUNCED = "bounced"
    REFUSED = "refused"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"
    TAKEN_BACK = "taken_back"


PAIRS: Mapping[PauseKind, tuple[EventKind, EventKind]] = {
    PauseKind.IDENTITY: (EventKind.IDENTITY_ASKED, EventKind.IDENTITY_GIVEN),
    PauseKind.CLARIFICATION: (EventKind.CLARIFICATION_ASKED, EventKind.CLARIFICATION_GIVEN),
    PauseKind.FEE: (EventKind.FEE_ASKED, EventKind.FEE_PAID),
    PauseKind.OTHER: (EventKind.PAUSE_BEGAN, EventKind.PAUSE_ENDED),
}
OTHER_NAMES: Mapping[str, EventKind] = {
    "asked_identity": EventKind.IDENTITY_ASKED,
    "identity": EventKind.IDENTITY_GIVEN,
    "identity_received": EventKind.IDENTITY_GIVEN,
    "asked_scope": EventKind.CLARIFICATION_ASKED,
    "scope_asked": EventKind.CLARIFICATION_ASKED,
    "scope": EventKind.CLARIFICATION_GIVEN,
    "scope_given": EventKind.CLARIFICATION_GIVEN,
    "clarification_received": EventKind.CLARIFICATION_GIVEN,
    "fee_given": EventKind.FEE_PAID,
    "fee_received": EventKind.FEE_PAID,
    "paused": EventKind.PAUSE_BEGAN,
    "pause_begin": EventKind.PAUSE_BEGAN,
    "pause_end": EventKind.PAUSE_ENDED,
    "resumed": EventKind.PAUSE_ENDED,
    "extension": EventKind.EXTENDED,
    "extension_told": EventKind.EXTENDED,
    "requested": EventKind.LETTER_DATED,
    "request_dated": EventKind.LETTER_DATED,
    "post": EventKind.BY_POST,
    "sent": EventKind.ANSWERED,
}
"""Names of the facts of a case and words that say the same."""
UNTIED = frozenset({EventKind.LETTER_DATED, EventKind.TAKEN_BACK})  # may lie before the receipt


@dataclass(frozen=True, slots=True)
class Event:
    """One dated fact. `names`: which event a `TAKEN_BACK` is about, by its number."""

    kind: EventKind
    on: dt.date
    names: int = 0


def standing(events: Sequence[Event]) -> tuple[Event, ...]:
    """The events that were not taken back; one that takes back can be taken back itself."""
    gone: set[int] = set()
    for number in range(len(events), 0, -1):
        event = events[number - 1]
        if event.kind is EventKind.TAKEN_BACK and number not in gone:
            gone.add(event.names)
    return tuple(
        event for number, event in enumerate(events, 1) if number not in gone and event.kind is not EventKind.TAKEN_BACK
    )


def first_on(events: Iterable[Event], kind: EventKind) -> dt.date | None:
    """The earliest day an event of that kind bears."""
    return min((event.on for event in events if event.kind is kind), default=None)


def parse_events(text: str, received_on: dt.date, zone: ZoneInfo | None) -> tuple[Event, ...]:
    """`name=day` parts with semicolons between; a day may be an instant. `taken_back=2` or `taken_back=identity_given`.

    Raises InputError for what cannot have happened: before the receipt, or an answer before its question.
    """
    events: list[Event] = []
    for part in filter(None, (part.strip() for part in text.split(";"))):
        name, equals, value = (side.strip() for side in part.partition("="))
        kind = _kind_of(name)
        if not equals or not value:
            raise InputError(f"Event “{part}” names no day.", field="events")
        if kind is EventKind.TAKEN_BACK:
            events.append(Event(kind, received_on, _number_of(value, events)))
            continue
        on = day_of(value, zone, "events")
        if on < received_on and kind not in UNTIED:
            raise InputError(f"Event “{part}” lies before the receipt.", field="events")
        events.append(Event(kind, on))
    _check_order(standing(events))
    return tuple(events)


def _kind_of(name: str) -> EventKind:
    known = OTHER_NAMES.get(name)
    if known is not None:
        return known
    try:
        return EventKind(name)
    except ValueError:
        raise InputError(f"There is no event “{name}”.", field="events") from None


def _number_of(value: str, earlier: Sequence[Event]) -> int:
    """The number of the event that is taken back: as it stands, or the last one of that name still standing."""
    if value.isascii() and value.isdecimal():
        if not 1 <= int(value) <= len(earlier):
            raise InputError(f"There is no event number {value} to take back.", field="events")
        return int(value)
    kind = _kind_of(value)
    gone = {event.names for event in earlier if event.kind is EventKind.TAKEN_BACK}
    for number in range(len(earlier), 0, -1):
        if earlier[number - 1].kind is kind and number not in gone:
            return number
    raise InputError(f"There is no event “{value}” to take back.", field="events")


def _check_order(events: Sequence[Event]) -> None:
    for asked_kind, given_kind in PAIRS.values():
        asked, given = first_on(events, asked_kind), first_on(events, given_kind)
        if asked is not None and given is not None and given < asked:
            raise InputError(f"Event “{given_kind.value}” lies before “{asked_kind.value}”.", field="events")
    answered, bounced = first_on(events, EventKind.ANSWERED), first_on(events, EventKind.BOUNCED)
    if bounced is not None and (answered is None or bounced < answered):
        raise InputError("An answer cannot come back before it was sent.", field="events")
