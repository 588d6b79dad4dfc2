"""How a case ended by its facts, and whether that was in time (CLK-4, CLK-6)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from portal.cases.clock.events import Event, EventKind
from portal.cases.clock.steps import Step, StepKind

_ENDS: dict[EventKind, StepKind] = {
    EventKind.ANSWERED: StepKind.ANSWERED,
    EventKind.REFUSED: StepKind.REFUSED,
    EventKind.CLOSED: StepKind.CLOSED,
    EventKind.WITHDRAWN: StepKind.WITHDRAWN,
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What ended the case first, and when."""

    kind: EventKind
    on: dt.date
    late: bool


def outcome_of(
    events: Sequence[Event], last_on: dt.date, due_last_on: dt.date, steps: list[Step]
) -> Outcome | None:  # fmt: skip
    """The first end that still stands; None while the clock runs.

    An answer that came back was none (CLK-6). A refusal is told within the first period whatever more time was told
    (Art. 12(4) GDPR), so it is measured by `last_on`; closing and withdrawing are never late.
    """
    ends: list[Event] = []
    for event in sorted(events, key=lambda event: (event.on, event.kind is EventKind.BOUNCED)):
        if event.kind in _ENDS:
            ends.append(event)
        elif event.kind is EventKind.BOUNCED:
            answers = [end for end in ends if end.kind is EventKind.ANSWERED]
            if answers:
                ends.remove(answers[-1])
                steps.append(Step(StepKind.BOUNCED, {"day": answers[-1].on}))
    if not ends:
        return None
    end = ends[0]
    steps.append(Step(_ENDS[end.kind], {"day": end.on}))
    last = {EventKind.ANSWERED: due_last_on, EventKind.REFUSED: last_on}.get(end.kind)
    late = last is not None and end.on > last
    if late and last is not None:
        steps.append(Step(StepKind.TOO_LATE, {"last": last}))
    return Outcome(end.kind, end.on, late)
