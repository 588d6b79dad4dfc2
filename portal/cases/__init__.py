"""One person's request as a case. So far its clock: the dates that follow from the facts, and why."""

from portal.cases.applicable import Law, clock_of, earliest, laws_of
from portal.cases.clock import Clock, House, clock
from portal.cases.events import Event, EventKind, parse_events
from portal.cases.regimes import Profile, Regime, profile_of
from portal.cases.steps import Step, StepKind
from portal.cases.words import sentence
from portal.cases.working_days import WorkingDays

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
