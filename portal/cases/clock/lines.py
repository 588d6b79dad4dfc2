"""One case as a line of plain values, and its clock as another: no database, no merchant (`cases clock --json`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portal.cases.clock.applicable import clock_of, laws_of
from portal.cases.clock.calculation import Clock
from portal.cases.clock.events import parse_events
from portal.cases.clock.receipt import received_day, zone_of
from portal.cases.clock.words import sentence
from portal.errors import InputError

FIELDS = ("received", "time_zone", "regime", "calendar", "events")
DATES = (
    "received_on", "target_on", "last_lawful_on", "contested_alternative", "tell_extension_by", "extended_target_on",
    "extended_last_lawful_on", "confirm_target_on", "confirm_last_on",
)  # fmt: skip


def answer_line(line: Any) -> dict[str, Any]:
    """The dates and the sentences for one line's values. Raises InputError naming the field that is wrong.

    Values are texts; one that is missing or null is empty. Fields that are not asked for are left alone.
    """
    if not isinstance(line, Mapping):
        raise InputError("A line is one JSON object.", field="line")
    given = {name: _text(line.get(name), name) for name in FIELDS}
    for name in ("received", "regime"):
        if not given[name]:
            raise InputError("This must not be empty.", field=name)
    received_on, steps = received_day(given["received"], given["time_zone"])
    laws = laws_of(given["regime"], given["calendar"])
    found = clock_of(laws, received_on, parse_events(given["events"], received_on, zone_of(given["time_zone"])))
    why = [sentence(step) for step in (*steps, *found.why)]
    return {"id": line.get("id"), **dates_of(found), "why": why}


def dates_of(found: Clock) -> dict[str, str | None]:
    """The dates by name, in ISO form."""
    days = {name: getattr(found, name) for name in DATES}
    return {name: day.isoformat() if day is not None else None for name, day in days.items()}


def _text(value: Any, name: str) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise InputError("This is a text, in quotes.", field=name)
    return value.strip()
