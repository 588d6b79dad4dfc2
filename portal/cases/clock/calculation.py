"""The clock of a case: one pure function from the facts to its dates, with the steps that led to each.

Two days are kept apart. `target_on` is the earliest defensible reading: no day off and no contestable pause moves it.
`last_lawful_on` is the usual reading, which moves over days off and knows the pauses of the law. An answer by the
target is in time even when a list of holidays is wrong.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from portal.cases.clock.events import Event, EventKind, first_on, standing
from portal.cases.clock.extending import Extension, extension_of
from portal.cases.clock.outcome import Outcome, outcome_of
from portal.cases.clock.pauses import Pauses, pauses_of, prolonged
from portal.cases.clock.regimes import Counting, Extending, Period, Profile, Rolling
from portal.cases.clock.steps import Step, StepKind
from portal.cases.clock.working_days import ONE_DAY, SATURDAY, DayOff, WorkingDays


@dataclass(frozen=True, slots=True)
class House:
    """What a merchant sets for itself; it can only make the target earlier."""

    post_days: int = 3
    limit_days: int | None = None
    """Its own limit for the first answer. The ICO recommends 28 days, the same in every month."""


@dataclass(frozen=True, slots=True)
class Clock:
    """The dates of a case; None where the law has no such date. `due_on` and `due_last_on` are the ones that count now:
    those with more time once it was told. `why` holds the steps in the order of the dates."""

    received_on: dt.date
    target_on: dt.date
    last_lawful_on: dt.date
    contested_alternative: dt.date | None
    tell_extension_by: dt.date | None
    tell_extension_last_on: dt.date | None
    extended_target_on: dt.date | None
    extended_last_lawful_on: dt.date | None
    confirm_target_on: dt.date | None
    confirm_last_on: dt.date | None
    extended: bool
    due_on: dt.date
    due_last_on: dt.date
    outcome: Outcome | None
    why: tuple[Step, ...]


HOUSE = House()
_OFF: dict[DayOff, StepKind] = {
    DayOff.SATURDAY: StepKind.SATURDAY,
    DayOff.SUNDAY: StepKind.SUNDAY,
    DayOff.HOLIDAY: StepKind.HOLIDAY,
    DayOff.ADDED: StepKind.ADDED,
}
_MONTHS = {1: StepKind.ONE_MONTH, 3: StepKind.THREE_MONTHS}


def clock(
    profile: Profile, received_on: dt.date, calendar: WorkingDays, events: Sequence[Event] = (), house: House = HOUSE
) -> Clock:
    """The dates that follow from the facts. Raises InputError for years whose days off are not known."""
    facts = standing(events) if events else ()
    steps = [_law(profile, calendar), Step(StepKind.RECEIVED, {"day": received_on})]
    pauses = pauses_of(profile, received_on, facts, steps) if facts else Pauses(received_on)
    post_days = house.post_days if first_on(facts, EventKind.BY_POST) is not None else 0
    target, usual = _ends(profile, profile.first, pauses, steps)
    target = _house_rules(target, pauses, house.limit_days, post_days, steps)
    steps.append(Step(StepKind.TARGET, {"day": target}))
    last = _rolled(profile, usual, calendar, steps)
    steps.append(Step(StepKind.LAST_LAWFUL, {"day": last}))
    contested = _contested(profile, pauses, calendar, last, steps)
    tell_by, tell_last = _tell(profile, target, last, first_on(facts, EventKind.LETTER_DATED), steps)
    extended_target, extended_last = _extended(profile, pauses, calendar, post_days, steps)
    confirm_target, confirm_last = _confirm(profile, received_on, calendar, steps)
    extension = Extension(False, extended_target, extended_last)
    if facts:
        extension = extension_of(profile, facts, tell_last, extension, steps)
    due_last = extension.last_on if extension.stands and extension.last_on else last
    return Clock(
        received_on, target, last, contested, tell_by, tell_last,
        extension.target_on, extension.last_on, confirm_target, confirm_last,
        extended=extension.stands,
        due_on=extension.due_on or target,
        due_last_on=due_last,
        outcome=outcome_of(facts, last, due_last, steps) if facts else None,
        why=tuple(steps),
    )  # fmt: skip


def _law(profile: Profile, calendar: WorkingDays) -> Step:
    if profile.rolling is Rolling.NEVER and profile.confirm_in_working_days is None:
        return Step(StepKind.LAW, {"regime": profile.regime.value})
    if calendar.code is None:
        return Step(StepKind.LAW_WITHOUT_CALENDAR, {"regime": profile.regime.value})
    return Step(StepKind.LAW_AND_CALENDAR, {"regime": profile.regime.value, "calendar": str(calendar.code)})


def _ends(profile: Profile, period: Period, pauses: Pauses, steps: list[Step]) -> tuple[dt.date, dt.date]:
    """The end by the earliest and by the usual reading, days off left aside."""
    start = pauses.start_on
    target = usual = period.end(start)
    if period.counting is Counting.DAYS:
        steps.append(Step(StepKind.DAYS, {"count": period.count, "day": usual, "source": profile.source}))
    elif usual.day != start.day:
        steps.append(Step(StepKind.CLIPPED, {"number": start.day, "day": usual, "source": profile.source}))
    else:
        steps.append(Step(_MONTHS[period.count], {"day": usual, "source": profile.source}))
    if profile.first_day_may_count:
        target = period.end_first_day_counted(start)
        if target != usual:
            steps.append(Step(StepKind.FIRST_DAY_COUNTS, {"day": target}))
    if pauses.usual:
        usual = prolonged(usual, pauses.usual, start)
        target = prolonged(target, pauses.target, start)
        steps.append(Step(StepKind.DAYS_LEFT_OUT, {"day": usual}))
    return target, usual


def _house_rules(
    target: dt.date, pauses: Pauses, limit_days: int | None, post_days: int, steps: list[Step]
) -> dt.date:  # fmt: skip
    if limit_days is not None:
        own = prolonged(pauses.start_on + dt.timedelta(days=limit_days), pauses.target, pauses.start_on)
        if own < target:
            target = own
            steps.append(Step(StepKind.HOUSE_LIMIT, {"count": limit_days, "day": own}))
    return _by_post(target, post_days, steps)


def _by_post(target: dt.date, post_days: int, steps: list[Step]) -> dt.date:
    if post_days:
        target -= dt.timedelta(days=post_days)
        steps.append(Step(StepKind.BY_POST, {"count": post_days, "day": target}))
    return target


def _rolled(profile: Profile, end: dt.date, calendar: WorkingDays, steps: list[Step]) -> dt.date:
    """The end after days off, with a step for each day looked at."""
    if profile.rolling is not Rolling.NEXT_WORKING_DAY:
        steps.append(Step(StepKind.NEVER_ROLLED, {}))
        return end
    if not calendar.listed(end):
        steps.append(Step(StepKind.NOT_LISTED, {"calendar": str(calendar.code), "year": end.year}))
    day = end
    while (off := calendar.off(day)) is not None:
        steps.append(Step(_OFF[off[0]], {"day": day, "name": off[1]}))
        day += ONE_DAY
    if struck := calendar.struck_name(day):
        steps.append(Step(StepKind.STRUCK, {"day": day, "name": struck}))
    elif doubtful := calendar.doubtful_name(day):
        steps.append(Step(StepKind.DOUBTFUL, {"day": day, "name": doubtful}))
    if day == end:
        steps.append(Step(StepKind.WORKING_DAY, {"day": day}))
    else:
        steps.append(Step(StepKind.ROLLED, {"day": day, "source": profile.rolling_source}))
    return day


def _contested(
    profile: Profile, pauses: Pauses, calendar: WorkingDays, last: dt.date, steps: list[Step]
) -> dt.date | None:  # fmt: skip
    """The later day that some would defend: doubtful days off, contestable pauses, a roll that is not certain."""
    later = prolonged(profile.first.end(pauses.start_on), [*pauses.usual, *pauses.contested], pauses.start_on)
    if profile.rolling is not Rolling.NEVER:
        later = calendar.next_working(later, doubtful_too=True)
    if later <= last:
        return None
    steps.append(Step(StepKind.ANOTHER_READING, {"day": later}))
    return later


def _tell(
    profile: Profile, target: dt.date, last: dt.date, letter_on: dt.date | None, steps: list[Step]
) -> tuple[dt.date | None, dt.date | None]:  # fmt: skip
    """By when more time is told: by the target, and by the last lawful day."""
    if profile.extending is Extending.NOT_POSSIBLE:
        steps.append(Step(StepKind.NO_MORE_TIME, {}))
        return None, None
    if profile.extending is Extending.NAMED_DATE:
        steps.append(Step(StepKind.NAME_DATE_BY, {"day": target, "source": profile.source}))
        return target, last
    if profile.tell_from_letter and letter_on is not None and profile.first.end(letter_on) < target:
        limit = profile.first.end(letter_on)
        steps.append(Step(StepKind.TELL_BY_LETTER, {"letter": letter_on, "day": limit, "source": profile.source}))
        return limit, limit
    steps.append(Step(StepKind.TELL_BY, {"day": target}))
    return target, last


def _extended(
    profile: Profile, pauses: Pauses, calendar: WorkingDays, post_days: int, steps: list[Step]
) -> tuple[dt.date | None, dt.date | None]:  # fmt: skip
    """The dates with more time, counted from the start and never from the first end."""
    if profile.extended is None:
        return None, None
    target, usual = _ends(profile, profile.extended, pauses, steps)
    target = _by_post(target, post_days, steps)
    steps.append(Step(StepKind.EXTENDED_TARGET, {"day": target}))
    last = _rolled(profile, usual, calendar, steps)
    steps.append(Step(StepKind.EXTENDED_LAST_LAWFUL, {"day": last}))
    return target, last


def _confirm(
    profile: Profile, received_on: dt.date, calendar: WorkingDays, steps: list[Step]
) -> tuple[dt.date | None, dt.date | None]:  # fmt: skip
    """So many working days: the target counts holidays and steps back from one, the last day leaves them out."""
    count = profile.confirm_in_working_days
    if count is None:
        return None, None
    weekdays = weekday = received_on
    for _ in range(count):
        weekdays = _next(weekdays, None)
        weekday = _next(weekday, calendar)
    steps.append(Step(StepKind.CONFIRM, {"count": count, "day": weekdays, "source": profile.source}))
    target = weekdays
    while calendar.off(target) is not None:
        target -= ONE_DAY
    if target != weekdays:
        steps.append(Step(StepKind.CONFIRM_BEFORE, {"day": target}))
    steps.append(Step(StepKind.CONFIRM_LAST, {"day": weekday}))
    return target, weekday


def _next(day: dt.date, calendar: WorkingDays | None) -> dt.date:
    """The next weekday, or the next working day of the calendar."""
    day += ONE_DAY
    while day.weekday() >= SATURDAY or (calendar is not None and calendar.off(day) is not None):
        day += ONE_DAY
    return day
