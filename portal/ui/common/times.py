"""Times, spans and sizes as text for people."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from portal.ui.common.words import _, day, day_of_year, later, number, plural

MINUTE, HOUR, DAY = 60, 3600, 86_400
UNITS = (later("{n} B"), later("{n} KB"), later("{n} MB"), later("{n} GB"))


def reader_zone(fallback: str = "") -> dt.tzinfo:
    """The browser's time zone, else the merchant's, else UTC."""
    for name in (st.context.timezone, fallback):
        if name:
            try:
                return ZoneInfo(name)
            except (ZoneInfoNotFoundError, ValueError):
                continue
    return dt.UTC


def when(time: dt.datetime | None, zone: dt.tzinfo) -> str:
    """``23 Nov 2026, 14:05`` in the reader's zone."""
    if time is None:
        return "–"
    local = time.astimezone(zone)
    return f"{day(local)}, {local:%H:%M}"


def when_short(time: dt.datetime, zone: dt.tzinfo) -> str:
    """Without the year when it is this one."""
    local = time.astimezone(zone)
    same_year = local.year == dt.datetime.now(zone).year
    return f"{day_of_year(local)}, {local:%H:%M}" if same_year else when(time, zone)


def when_to_second(time: dt.datetime, zone: dt.tzinfo) -> str:
    """``23 Nov 2026, 14:05:09``, for lists of acts, where several fall into a minute."""
    local = time.astimezone(zone)
    return f"{day(local)}, {local:%H:%M:%S}"


def when_exact(time: dt.datetime, zone: dt.tzinfo) -> str:
    """The same with the name of the reader's zone and, where that differs, in UTC: ``23 Nov 2026, 14:05:09 CET``."""
    local = time.astimezone(zone)
    if not local.utcoffset():
        return f"{when_to_second(time, dt.UTC)} UTC"
    return f"{when_to_second(time, zone)} {local.tzname()} · {when_to_second(time, dt.UTC)} UTC"


def when_and_ago(time: dt.datetime | None, zone: dt.tzinfo) -> str:
    """``23 Nov 2026, 14:05 · 3 h 10 min ago``."""
    if time is None:
        return when(time, zone)
    return f"{when(time, zone)} · {ago(time)}"


def ago(time: dt.datetime) -> str:
    """``3 h 10 min ago``, or ``just now`` within a minute."""
    left = (time - dt.datetime.now(dt.UTC)).total_seconds()
    return _("just now") if abs(left) < MINUTE else expires_in(left)


def span(seconds: float) -> str:
    """A length of time in its two largest units."""
    whole = max(0, round(seconds))
    if whole < MINUTE:
        return plural("{n} second", "{n} seconds", whole)
    if whole < HOUR:
        return plural("{n} minute", "{n} minutes", whole // MINUTE)
    if whole < DAY:
        hours, minutes = divmod(whole // MINUTE, 60)
        return _("{hours} h {minutes} min").format(hours=hours, minutes=f"{minutes:02}")
    days, rest = divmod(whole, DAY)
    return plural("{n} day", "{n} days", days) + (_(" {n} h").format(n=rest // HOUR) if rest >= HOUR else "")


def expires_in(seconds: float | None) -> str:
    """``in 1 day 3 h``, ``2 h 05 min ago`` or a dash when there is no expiry."""
    if seconds is None:
        return "–"
    if seconds <= 0:
        return _("{span} ago").format(span=span(-seconds))
    return _("in {span}").format(span=span(seconds))


def good_for(lefts: Iterable[float | None]) -> float:
    """Seconds for which the texts of `expires_in` stay about right: less for times within a day, shown in minutes."""
    near = any(left is not None and abs(left) < DAY + HOUR for left in lefts)
    return float(MINUTE if near else HOUR / 4)


def size(count: int | None) -> str:
    """Bytes in the nearest unit, powers of 1,000."""
    if count is None:
        return "–"
    power = 0
    while count >= 1000 ** (power + 1) and power < len(UNITS) - 1:
        power += 1
    return _(UNITS[power]).format(n=number(count / 1000**power, 1 if power else 0))


def step_time(start: dt.datetime | None, end: dt.datetime | None) -> str:
    """How long a step took, or an empty text while it has not ended."""
    if start is None or end is None:
        return ""
    seconds = max(0.0, (end - start).total_seconds())
    return _("{n} s").format(n=number(seconds, 1)) if seconds < MINUTE else span(seconds)
