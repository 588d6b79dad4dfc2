"""A calendar file (iCalendar, RFC 5545) from events that are lists of lines."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

CALENDAR = "text/calendar; charset=utf-8"
LINE_OCTETS = 75


def calendar_file(what: str, events: Iterable[Sequence[str]], *, about: Sequence[str] = ()) -> bytes:
    """`what` the calendar is of, `about` further properties of it; each event without its BEGIN and END."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:-//privacy-portal//{what}//EN", "CALSCALE:GREGORIAN", *about]
    for event in events:
        lines += ["BEGIN:VEVENT", *event, "END:VEVENT"]
    lines.append("END:VCALENDAR")
    return "".join(f"{_folded(line)}\r\n" for line in lines).encode()


def instant(time: dt.datetime) -> str:
    return time.astimezone(dt.UTC).strftime("%Y%m%dT%H%M%SZ")


def day(date: dt.date) -> str:
    return date.strftime("%Y%m%d")


def as_text(words: str) -> str:
    """A value of words: backslash, comma and semicolon are marked, a new line is written out (3.3.11)."""
    for plain, marked in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\n", "\\n")):
        words = words.replace(plain, marked)
    return words


def _folded(line: str) -> str:
    """Lines are at most 75 octets (3.1); ours are ASCII."""
    parts = [line[:LINE_OCTETS]]
    parts += [line[start : start + LINE_OCTETS - 1] for start in range(LINE_OCTETS, len(line), LINE_OCTETS - 1)]
    return "\r\n ".join(parts)
