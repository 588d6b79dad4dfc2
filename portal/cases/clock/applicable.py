"""Which rules and which calendar a case is calculated with, read from short codes: `EU`, `EU+FR`, `EU+UK`.

With two sets of rules (the merchant's country and the person's) of each date the earlier one counts.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from portal.cases.clock.calculation import HOUSE, Clock, House, clock
from portal.cases.clock.calendar_codes import EEA_STATES, US_STATES, CalendarCode, calendar_code, fits
from portal.cases.clock.events import Event
from portal.cases.clock.regimes import Profile, Regime, profile_of
from portal.cases.clock.steps import Step, StepKind
from portal.cases.clock.working_days import NO_CALENDAR, WorkingDays
from portal.errors import InputError

OTHER_NAMES: Mapping[str, Regime] = {
    "US-VA": Regime.FORTY_FIVE_DAYS,
    "US-CO": Regime.FORTY_FIVE_DAYS,
    "US-CT": Regime.FORTY_FIVE_DAYS,
    "US-TX": Regime.FORTY_FIVE_DAYS,
    "CA-QC": Regime.QUEBEC,
}
_STATES_OF_45 = frozenset(US_STATES) - {"CA"}


@dataclass(frozen=True, slots=True)
class Law:
    """One regime of a case with the state whose own rules apply, and its calendar."""

    regime: Regime
    state: str = ""
    calendar: WorkingDays = NO_CALENDAR

    def profile(self, received_on: dt.date) -> Profile:
        """The state stands in the regime's code (`EU+FR`); else it is the calendar's country."""
        code = self.calendar.code
        return profile_of(self.regime, received_on, self.state or (code.country if code is not None else ""))


def laws_of(regime: str, calendar: str = "") -> tuple[Law, ...]:
    """`regime` and `calendar` as codes with a plus between several. Raises InputError saying which is wrong."""
    laws = _regimes(regime)
    for name in filter(None, (part.strip() for part in calendar.split("+"))):
        code = calendar_code(name)
        place = next((n for n, law in enumerate(laws) if _lacks(law, code)), None)
        if place is None:
            raise InputError(f"The calendar “{name}” is not one for the rules of {regime}.", field="calendar")
        laws[place] = replace(laws[place], calendar=WorkingDays(code))
    return tuple(laws)


def _lacks(law: Law, code: CalendarCode) -> bool:
    return law.calendar.code is None and fits(code, law.regime)


def _regimes(text: str) -> list[Law]:
    laws: list[Law] = []
    for part in (part.strip().upper() for part in text.split("+")):
        known = OTHER_NAMES.get(part) or (Regime(part) if part in set(Regime) else None)
        if known is not None and known not in [law.regime for law in laws]:
            laws.append(Law(known))
        elif known is None and laws and _is_state_of(laws[-1], part):
            laws[-1] = replace(laws[-1], state=part)
        else:
            raise InputError(f"There are no rules “{text}”. Take one of {', '.join(Regime)}.", field="regime")
    return laws


def _is_state_of(law: Law, part: str) -> bool:
    if law.state:
        return False
    if law.regime is Regime.EU:
        return part in EEA_STATES
    return law.regime is Regime.FORTY_FIVE_DAYS and part in _STATES_OF_45


def clock_of(
    laws: Sequence[Law], received_on: dt.date, events: Sequence[Event] = (), house: House = HOUSE
) -> Clock:  # fmt: skip
    """The clock under every law that applies, the earlier of each date."""
    return earliest([clock(law.profile(received_on), received_on, law.calendar, events, house) for law in laws])


def earliest(clocks: Sequence[Clock]) -> Clock:
    """Of each date the earliest. More time exists only where every law gives it; a law without an own limit takes the
    others'."""
    if len(clocks) == 1:
        return clocks[0]
    last = min(clock.last_lawful_on for clock in clocks)
    later = min(clock.contested_alternative or clock.last_lawful_on for clock in clocks)
    strictest = min(clocks, key=lambda clock: clock.due_last_on)
    more_time = all(clock.tell_extension_by is not None for clock in clocks)
    return Clock(
        clocks[0].received_on,
        min(clock.target_on for clock in clocks),
        last,
        later if later > last else None,
        _first(clock.tell_extension_by for clock in clocks) if more_time else None,
        _first(clock.tell_extension_last_on for clock in clocks) if more_time else None,
        _first(clock.extended_target_on for clock in clocks) if more_time else None,
        _first(clock.extended_last_lawful_on for clock in clocks) if more_time else None,
        _first(clock.confirm_target_on for clock in clocks),
        _first(clock.confirm_last_on for clock in clocks),
        extended=all(clock.extended for clock in clocks),
        due_on=min(clock.due_on for clock in clocks),
        due_last_on=strictest.due_last_on,
        outcome=next((clock.outcome for clock in clocks if clock.outcome and clock.outcome.late), strictest.outcome),
        why=(Step(StepKind.SEVERAL_LAWS, {}), *(step for clock in clocks for step in clock.why)),
    )


def _first(days: Iterable[dt.date | None]) -> dt.date | None:
    return min((day for day in days if day is not None), default=None)
