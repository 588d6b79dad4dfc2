"""The day of receipt: an instant in the controller's time zone, or a day that stands as it was written."""

from __future__ import annotations

import datetime as dt
import re
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from portal.cases.clock.steps import Step, StepKind
from portal.cases.clock.working_days import FIRST_YEAR, LAST_YEAR
from portal.errors import InputError

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:?\d{2})?", re.ASCII)


@lru_cache(maxsize=1024)
def zone_of(name: str) -> ZoneInfo | None:
    """The zone of that name; None for an empty one. Raises InputError for a name there is not."""
    if not name:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: `America` is a folder
        raise InputError(f"There is no time zone “{name}”.", field="time_zone") from None


def local_day(instant: dt.datetime, zone: ZoneInfo) -> dt.date:
    """The calendar day there; an instant without an offset is local already."""
    return (instant if instant.tzinfo is None else instant.astimezone(zone)).date()


def day_of(text: str, zone: ZoneInfo | None, field: str) -> dt.date:
    """The day that a date or an instant falls on. Raises InputError; an instant needs a zone."""
    try:
        if _DAY.fullmatch(text):
            return dt.date.fromisoformat(text)
        if _INSTANT.fullmatch(text):
            instant = dt.datetime.fromisoformat(text)
            if zone is None:
                raise InputError("An instant needs the time zone in which its day is counted.", field="time_zone")
            return local_day(instant, zone)
    except (ValueError, OverflowError):
        pass
    raise InputError(f"“{text}” is no day (2026-03-05) and no instant (2026-03-05T23:30:00+00:00).", field=field)


def received_day(text: str, time_zone: str) -> tuple[dt.date, tuple[Step, ...]]:
    """The day of receipt, and the step that led from an instant to it."""
    day = day_of(text, zone_of(time_zone), "received")
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise InputError(f"The receipt must lie in {FIRST_YEAR} to {LAST_YEAR}.", field="received")
    if _DAY.fullmatch(text):
        return day, ()
    return day, (Step(StepKind.RECEIVED_INSTANT, {"instant": text, "day": day, "zone": time_zone}),)
