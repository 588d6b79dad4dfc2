"""The clock of a case: the dates that follow from what happened, and why. Pure functions; `docs/cases.md`."""

from portal.cases.clock.applicable import Law, clock_of, earliest, laws_of
from portal.cases.clock.calculation import Clock, House, clock
from portal.cases.clock.events import Event, EventKind, parse_events
from portal.cases.clock.regimes import Profile, Regime, profile_of
from portal.cases.clock.steps import Step, StepKind
from portal.cases.clock.words import sentence
from portal.cases.clock.working_days import WorkingDays

__all__ = [
    "Clock",
    "Event",
    "EventKind",
    "House",
    "Law",
    "Profile",
    "Regime",
    "Step",
    "StepKind",
    "WorkingDays",
    "clock",
    "clock_of",
    "earliest",
    "laws_of",
    "parse_events",
    "profile_of",
    "sentence",
]
