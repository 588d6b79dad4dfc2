"""What may still be done on a day, by a case's clock: telling more time, refusing in time, dating anew (CLK-3, 4, 9).

A day is the controller's: the last second of the last day is in time, the next one is not.
"""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from portal.cases.clock.calculation import Clock
from portal.cases.clock.receipt import local_day

_COUNTING = (
    "target_on",
    "last_lawful_on",
    "tell_extension_by",
    "extended_target_on",
    "extended_last_lawful_on",
    "confirm_target_on",
    "confirm_last_on",
    "due_on",
    "due_last_on",
)


def may_extend(clock: Clock, at: dt.datetime, zone: ZoneInfo, *, manager: bool) -> bool:
    """May more time be told at that instant? Once, while the case is open; by the target, a manager to the last day."""
    limit = clock.tell_extension_last_on if manager else clock.tell_extension_by
    return limit is not None and not clock.extended and clock.outcome is None and local_day(at, zone) <= limit


def new_day(clock: Clock, until: dt.date | None = None) -> dt.date | None:
    """The day that may be told when there is more time: `until`, else the latest. None for one outside what the law
    gives, and where no day is named and the law has no latest one."""
    latest = clock.extended_target_on
    day = until or latest
    if day is None or day <= clock.target_on or (latest is not None and day > latest):
        return None
    return day


def refusal_is_late(clock: Clock, at: dt.datetime, zone: ZoneInfo) -> bool:
    """Refusing stays possible; after the first period it is late, whatever more time was told (Art. 12(4) GDPR)."""
    return local_day(at, zone) > clock.last_lawful_on


def is_overdue(clock: Clock, at: dt.datetime, zone: ZoneInfo) -> bool:
    """Nothing has ended the case, and the last day that counts is over."""
    return clock.outcome is None and local_day(at, zone) > clock.due_last_on


def moved_later(old: Clock, new: Clock) -> tuple[str, ...]:
    """The dates that another profile, zone or list would put later, or first give: for these a manager is needed."""
    pairs = ((name, getattr(old, name), getattr(new, name)) for name in _COUNTING)
    return tuple(name for name, before, after in pairs if after is not None and (before is None or after > before))
