"""Days that do not count: what the person was asked for, and what each law makes of the days until it came.

Pauses are pairs of dated facts. While the second is missing every day counts: nobody knows the end yet, and the earlier
date is the safe one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from portal.cases.clock.events import PAIRS, Event, EventKind
from portal.cases.clock.regimes import PauseEffect, PauseKind, PauseRule, Profile
from portal.cases.clock.steps import Step, StepKind, Value

ONE_DAY = dt.timedelta(days=1)
_OPEN: dict[PauseKind, StepKind] = {
    PauseKind.IDENTITY: StepKind.IDENTITY_OPEN,
    PauseKind.CLARIFICATION: StepKind.CLARIFICATION_OPEN,
    PauseKind.FEE: StepKind.FEE_OPEN,
    PauseKind.OTHER: StepKind.OTHER_OPEN,
}
_ENDED: dict[PauseKind, StepKind] = {
    PauseKind.IDENTITY: StepKind.IDENTITY,
    PauseKind.CLARIFICATION: StepKind.CLARIFICATION,
    PauseKind.FEE: StepKind.FEE,
    PauseKind.OTHER: StepKind.OTHER,
}


@dataclass(frozen=True, slots=True)
class Pause:
    """One question and its answer; either day may be unknown, not both."""

    kind: PauseKind
    asked_on: dt.date | None
    given_on: dt.date | None


@dataclass(frozen=True, slots=True)
class Span:
    """Days from `first` up to and without `after`."""

    first: dt.date
    after: dt.date


@dataclass(slots=True)
class Pauses:
    """The day from which the period is counted, and the days left out by each reading."""

    start_on: dt.date
    target: list[Span] = field(default_factory=list)
    usual: list[Span] = field(default_factory=list)
    contested: list[Span] = field(default_factory=list)


def pauses_of(profile: Profile, received_on: dt.date, events: Sequence[Event], steps: list[Step]) -> Pauses:
    """What the events come to under this law; each one's fate is added to `steps`."""
    pauses = Pauses(received_on)
    asked = asked_and_given(events)
    for pause in asked:
        rule = profile.pauses.get(pause.kind)
        if rule is not None and rule.effect is PauseEffect.BEGINS_THEN:
            _begin_anew(pauses, profile, received_on, pause, steps)
    if pauses.start_on != received_on:
        steps.append(Step(StepKind.BEGINS_THEN, {"day": pauses.start_on, "source": profile.source}))
    extended = any(event.kind is EventKind.EXTENDED for event in events)
    for pause in asked:
        rule = profile.pauses.get(pause.kind)
        if rule is None:
            _say(pause, steps)
            steps.append(Step(StepKind.NO_SUCH_PAUSE, {}))
        elif rule.effect is not PauseEffect.BEGINS_THEN:
            _say(pause, steps)
            end = None if extended else prolonged(profile.first.end(pauses.start_on), pauses.usual, pauses.start_on)
            _leave_out(pauses, rule, received_on, pause, end, steps)
    return pauses


def asked_and_given(events: Iterable[Event]) -> list[Pause]:
    """Pairs in the order of their first day. A second question before the answer to the first adds nothing."""
    found: list[Pause] = []
    for kind, (asks, gives) in PAIRS.items():
        paired = ((e.on, e.kind is gives) for e in events if e.kind is asks or e.kind is gives)
        dated = sorted(paired, key=lambda fact: fact[0])  # of one day, in the order they were recorded
        asked_on: dt.date | None = None
        for on, given in dated:
            if not given:
                asked_on = asked_on or on
            else:
                found.append(Pause(kind, asked_on, on))
                asked_on = None
        if asked_on is not None:
            found.append(Pause(kind, asked_on, None))
    return sorted(found, key=lambda pause: pause.asked_on or pause.given_on or dt.date.min)


def prolonged(end: dt.date, spans: Iterable[Span], start_on: dt.date) -> dt.date:
    """The end of a period when the days of the spans do not count; a span that begins after the end changes nothing."""
    counted_to = start_on
    for span in sorted(spans, key=lambda span: span.first):
        first = max(span.first, counted_to)
        if first > end:
            break
        if span.after > first:
            end += span.after - first
            counted_to = span.after
    return end


def _begin_anew(pauses: Pauses, profile: Profile, received_on: dt.date, pause: Pause, steps: list[Step]) -> None:
    """A day of asking that is not recorded does not matter here: the law looks at the day of the answer only."""
    _say(pause, steps)
    if pause.asked_on is not None and pause.asked_on > profile.first.end(received_on):
        steps.append(Step(StepKind.ASKED_AFTER_END, {}))
    elif pause.given_on is None:
        steps.append(Step(StepKind.NOT_ENDED, {}))
    else:
        pauses.start_on = max(pauses.start_on, pause.given_on)


def _leave_out(
    pauses: Pauses, rule: PauseRule, received_on: dt.date, pause: Pause, end: dt.date | None, steps: list[Step]
) -> None:
    if pause.asked_on is None:
        return  # its step has said so
    if rule.asked_within_days is not None and (pause.asked_on - received_on).days > rule.asked_within_days:
        steps.append(Step(StepKind.ASKED_LATE, {"count": rule.asked_within_days}))
    elif end is not None and pause.asked_on > end:
        steps.append(Step(StepKind.ASKED_AFTER_END, {}))
    elif pause.given_on is None:
        steps.append(Step(StepKind.NOT_ENDED, {}))
    else:
        _count(pauses, rule, pause.asked_on, pause.given_on, steps)


def _count(pauses: Pauses, rule: PauseRule, asked_on: dt.date, given_on: dt.date, steps: list[Step]) -> None:
    days: dict[str, Value] = {"asked": asked_on, "given": given_on, "source": rule.source}
    span = Span(asked_on, given_on)
    pauses.contested.append(span)
    if rule.effect is PauseEffect.BOTH_DAYS_INCLUDED:
        pauses.target.append(span)
        pauses.usual.append(Span(asked_on, given_on + ONE_DAY))
        steps.append(Step(StepKind.BOTH_DAYS_INCLUDED, days))
    elif rule.effect is PauseEffect.LAST_DAY_ONLY:
        pauses.usual.append(span)
        steps.append(Step(StepKind.LAST_DAY_ONLY, days))
    else:
        steps.append(Step(StepKind.CONTESTED_PAUSE, {"source": rule.source}))


def _say(pause: Pause, steps: list[Step]) -> None:
    if pause.given_on is None:
        assert pause.asked_on is not None
        steps.append(Step(_OPEN[pause.kind], {"asked": pause.asked_on}))
    elif pause.asked_on is None:
        steps.append(Step(StepKind.GIVEN_UNASKED, {"given": pause.given_on}))
    else:
        steps.append(Step(_ENDED[pause.kind], {"asked": pause.asked_on, "given": pause.given_on}))
