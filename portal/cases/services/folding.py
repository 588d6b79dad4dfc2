"""From the facts of a case to its dates: the events a clock reads, the clock, and what the row keeps of it (CLK-1).

What stands on the row is a cache: `folded` over the facts gives the same at any time.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from zoneinfo import ZoneInfo

from portal.cases.clock.applicable import Law, clock_of, laws_of
from portal.cases.clock.calculation import HOUSE, Clock, House
from portal.cases.clock.events import Event, EventKind
from portal.cases.clock.receipt import zone_of
from portal.cases.endings import endings_of, ends_a_part, is_filed
from portal.cases.facts import ENDS, Channel, Fact, FactKind, IdentityResult, effective
from portal.cases.recognition.standing import failed_since
from portal.cases.states import CaseState, state_of

UTC_ZONE = ZoneInfo("UTC")
EVENT_OF: Mapping[FactKind, EventKind | None] = {
    FactKind.RECEIVED: None,
    FactKind.FOLLOW_UP: None,
    FactKind.ACKNOWLEDGED: EventKind.ACKNOWLEDGED,
    FactKind.ASSIGNED: None,
    FactKind.HANDED_OVER: None,
    FactKind.NOTE: None,
    FactKind.IDENTITY_ASKED: EventKind.IDENTITY_ASKED,
    FactKind.IDENTITY: EventKind.IDENTITY_GIVEN,
    FactKind.SCOPE_ASKED: EventKind.CLARIFICATION_ASKED,
    FactKind.SCOPE: EventKind.CLARIFICATION_GIVEN,
    FactKind.FEE_ASKED: EventKind.FEE_ASKED,
    FactKind.FEE_PAID: EventKind.FEE_PAID,
    FactKind.PAUSED: EventKind.PAUSE_BEGAN,
    FactKind.RESUMED: EventKind.PAUSE_ENDED,
    FactKind.EXPORT_ASKED: None,
    FactKind.EXTENDED: EventKind.EXTENDED,
    FactKind.ANSWERED: EventKind.ANSWERED,
    FactKind.CONFIRMED: None,
    FactKind.OPENED: None,
    FactKind.FETCHED: None,
    FactKind.NOT_THEIRS: None,
    FactKind.BOUNCED: EventKind.BOUNCED,
    FactKind.REFUSED: EventKind.REFUSED,
    FactKind.CLOSED: EventKind.CLOSED,
    FactKind.WITHDRAWN: EventKind.WITHDRAWN,
    FactKind.NOT_IDENTIFIED: EventKind.REFUSED,  # told within the first period as well (Art. 12(4) GDPR)
    FactKind.TAKEN_BACK: None,
}
"""What a fact is to the clock; None moves no day."""


@dataclass(frozen=True)
class Rules:
    """What a case is calculated with: the codes of its laws and calendars, the controller's time zone, and what the
    merchant set for itself."""

    profile: str = "EU"
    calendar: str = ""
    zone: str = ""
    house: House = HOUSE
    added: frozenset[dt.date] = frozenset()
    struck: frozenset[dt.date] = frozenset()

    @property
    def place(self) -> ZoneInfo:
        return zone_of(self.zone) or UTC_ZONE

    @property
    def laws(self) -> tuple[Law, ...]:
        """Raises InputError for codes there are not."""
        return _laws(self.profile, self.calendar, self.added, self.struck)


@lru_cache(maxsize=256)  # all cases of a merchant have few
def _laws(profile: str, calendar: str, added: frozenset[dt.date], struck: frozenset[dt.date]) -> tuple[Law, ...]:
    laws = laws_of(profile, calendar)
    if not added and not struck:
        return laws
    return tuple(replace(law, calendar=replace(law.calendar, added=added, struck=struck)) for law in laws)


@dataclass(frozen=True)
class Folded:
    """What the facts of a case come to."""

    state: CaseState
    clock: Clock
    ended_at: dt.datetime | None
    ended_as: str
    identity_failed_at: dt.datetime | None

    @property
    def extended_to(self) -> dt.date | None:
        return self.clock.due_on if self.clock.extended else None


def received_on(facts: Sequence[Fact], zone: ZoneInfo) -> dt.date:
    """The earliest day of receipt that holds: a message found later that came earlier starts the clock earlier."""
    days = [fact.day(zone) for fact in effective(facts) if fact.kind in (FactKind.RECEIVED, FactKind.FOLLOW_UP)]
    return min(days)


def events_of(facts: Sequence[Fact], zone: ZoneInfo) -> tuple[Event, ...]:
    """The facts that hold, as the clock reads them.

    Who wrote by post is answered by post, so the target comes the merchant's days for the post earlier.

    A proof of identity that nobody asked for moves no day, and one that failed ends no waiting. What ended one part or
    one demand is left out; where all of them came to an end, the clock hears the day of the last one.
    """
    found: list[Event] = []
    asked = False
    holding = effective(facts)
    endings = endings_of(holding)
    for fact in _as_it_stands(holding):
        kind = EVENT_OF[fact.kind]
        if fact.kind in ENDS and (ends_a_part(fact) or is_filed(fact)):
            continue
        if fact.kind is FactKind.RECEIVED and fact.codes.get("letter_dated"):
            found.append(Event(EventKind.LETTER_DATED, dt.date.fromisoformat(fact.codes["letter_dated"])))
        if fact.kind is FactKind.RECEIVED and fact.codes.get("channel") == Channel.POST:
            found.append(Event(EventKind.BY_POST, fact.day(zone)))
        if fact.kind is FactKind.IDENTITY and not (asked and _proved(fact)):
            continue
        asked = asked or fact.kind is FactKind.IDENTITY_ASKED
        if kind is not None:
            found.append(Event(kind, fact.day(zone)))
        if fact.kind is FactKind.EXTENDED and fact.codes.get("until"):
            found.append(Event(EventKind.EXTENDED_UNTIL, dt.date.fromisoformat(fact.codes["until"])))
    ending = endings.of_case()
    if ending is not None and not endings.whole and (kind := EVENT_OF[ending.first.kind]) is not None:
        found.append(Event(kind, ending.first.day(zone)))
    return tuple(found)


def _as_it_stands(holding: Sequence[Fact]) -> list[Fact]:
    """Without the ends that a later proof of identity undid, and answers that came back: a part's, and a delivery's,
    beside which another may hold."""
    back = {fact.codes["delivery"] for fact in holding if fact.kind is FactKind.BOUNCED and fact.codes.get("delivery")}
    came_back = (FactKind.ANSWERED, FactKind.BOUNCED)
    holding = [f for f in holding if f.kind not in came_back or f.codes.get("delivery") not in back]
    if not any(fact.kind is FactKind.ANSWERED and not ends_a_part(fact) for fact in holding):
        holding = [fact for fact in holding if fact.kind is not FactKind.BOUNCED]
    proofs = [place for place, fact in enumerate(holding) if fact.kind is FactKind.IDENTITY and _proved(fact)]
    last = proofs[-1] if proofs else -1
    return [f for place, f in enumerate(holding) if f.kind is not FactKind.NOT_IDENTIFIED or place > last]


def _proved(fact: Fact) -> bool:
    return fact.codes.get("result") == IdentityResult.PROVED


def folded(facts: Sequence[Fact], rules: Rules) -> Folded:
    """State and clock of the facts. Raises InputError for rules there are not."""
    zone = rules.place
    day = received_on(facts, zone)
    clock = clock_of(rules.laws, day, events_of(facts, zone), rules.house)
    ending = endings_of(effective(facts)).of_case()
    return Folded(
        state=state_of(facts),
        clock=clock,
        ended_at=ending.at if ending is not None else None,
        identity_failed_at=failed_since(effective(facts)),
        ended_as=(ending.fact.codes.get("reason") or ending.fact.kind.value) if ending is not None else "",
    )
