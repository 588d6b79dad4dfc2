"""More time as it was told: does it stand, and which day follows from it (CLK-3)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

from portal.cases.clock.events import Event, EventKind, first_on
from portal.cases.clock.regimes import Extending, Profile
from portal.cases.clock.steps import Step, StepKind


@dataclass(frozen=True, slots=True)
class Extension:
    """The dates with more time, and whether it was told in time. `due_on` is the new target once it stands."""

    stands: bool
    target_on: dt.date | None
    last_on: dt.date | None
    due_on: dt.date | None = None


def extension_of(
    profile: Profile, events: Sequence[Event], tell_last_on: dt.date | None, possible: Extension, steps: list[Step]
) -> Extension:
    """`possible` as the facts leave it. Only the first notice counts; one told too late changes nothing."""
    told = sorted(event.on for event in events if event.kind is EventKind.EXTENDED)
    if not told:
        return possible
    until = first_on(events, EventKind.EXTENDED_UNTIL)
    found = _first(profile, told[0], until, tell_last_on, possible, steps)
    steps += [Step(StepKind.EXTENDED_AGAIN, {"day": on}) for on in told[1:]]
    return found


def _first(
    profile: Profile,
    on: dt.date,
    until: dt.date | None,
    tell_last_on: dt.date | None,
    possible: Extension,
    steps: list[Step],
) -> Extension:
    if tell_last_on is None:
        steps += [Step(StepKind.EXTENDED, {"day": on}), Step(StepKind.NO_MORE_TIME, {})]
        return possible
    if on > tell_last_on:
        steps.append(Step(StepKind.EXTENDED_LATE, {"day": on, "last": tell_last_on}))
        return possible
    named = profile.extending is Extending.NAMED_DATE
    if named and until is None:
        steps.append(Step(StepKind.EXTENDED_WITHOUT_DATE, {"day": on}))
        return possible
    steps.append(Step(StepKind.EXTENDED, {"day": on}))
    if until is not None:
        steps.append(Step(StepKind.EXTENDED_UNTIL, {"day": until}))
    if named:
        return Extension(True, until, until, until)
    assert possible.target_on is not None
    due_on = possible.target_on if until is None else min(until, possible.target_on)
    return replace(possible, stands=True, due_on=due_on)
