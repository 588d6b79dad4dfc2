"""Which days are off in a calendar: Saturdays, Sundays, public holidays, and what the merchant added or struck.

Holidays come from the `holidays` library, a year at a time, sorted into those that move an end and those about which
lists differ. A doubtful day moves nothing: the earlier end is the safe one. Only the last lawful day ever depends on
this module; a wrong holiday makes nobody late who works to the target.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from portal.cases.clock.calendar_codes import REGIONS, CalendarCode, calendar_code
from portal.errors import InputError

FIRST_YEAR, LAST_YEAR = 1990, 2100  # `holidays` 0.109 gives an empty calendar for 2101, without a word
SATURDAY = 5
ONE_DAY = dt.timedelta(days=1)

# Days by decree of a year, by their English names in `holidays` 0.109.
_DECREED = ("substituted from", "Non-working day", "Monday following")
_DOUBTFUL_NAMES: Mapping[str, tuple[str, ...]] = {
    "NL": ("Good Friday",),  # equated with a holiday by the Algemene termijnenwet art. 3, no general day off
    "GR": ("(observed)",),  # Labour Day beside Easter: moved by the minister each time
}
_DOUBTFUL_CATEGORIES: Mapping[str, str] = {
    "NL": "optional",  # 5 May: the same act names it every year, the list as public each fifth
    "DE-BY": "catholic",  # Assumption Day: in most municipalities
}


class DayOff(StrEnum):
    SATURDAY = "saturday"
    SUNDAY = "sunday"
    HOLIDAY = "holiday"
    ADDED = "added"


@dataclass(frozen=True, slots=True)
class Year:
    """One year of a calendar. `listed` is False where the library's list of that country begins later."""

    public: Mapping[dt.date, str]
    doubtful: Mapping[dt.date, str]
    listed: bool


@dataclass(frozen=True, slots=True)
class WorkingDays:
    """A calendar as one merchant uses it. Without a code, Saturdays and Sundays alone are off."""

    code: CalendarCode | None = None
    added: frozenset[dt.date] = frozenset()
    struck: frozenset[dt.date] = frozenset()

    def off(self, day: dt.date) -> tuple[DayOff, str] | None:
        """Why no work is done that day, with the holiday's name in its own country; None for a working day."""
        weekday = day.weekday()
        if weekday >= SATURDAY:
            return (DayOff.SATURDAY if weekday == SATURDAY else DayOff.SUNDAY), ""
        if day in self.added:
            return DayOff.ADDED, ""
        if self.code is not None and day not in self.struck:
            name = year_of(self.code, day.year).public.get(day)
            if name is not None:
                return DayOff.HOLIDAY, name
        return None

    def struck_name(self, day: dt.date) -> str:
        """The holiday that the merchant struck on that day, or nothing."""
        if self.code is None or day not in self.struck:
            return ""
        return year_of(self.code, day.year).public.get(day, "")

    def doubtful_name(self, day: dt.date) -> str:
        """The holiday that moves no end because lists differ about it, or nothing."""
        if self.code is None or day in self.struck:
            return ""
        return year_of(self.code, day.year).doubtful.get(day, "")

    def listed(self, day: dt.date) -> bool:
        return self.code is None or year_of(self.code, day.year).listed

    def next_working(self, day: dt.date, *, doubtful_too: bool = False) -> dt.date:
        """`day` itself when it is a working day, else the first after it."""
        while self.off(day) is not None or (doubtful_too and self.doubtful_name(day)):
            day += ONE_DAY
        return day


NO_CALENDAR = WorkingDays()


@lru_cache(maxsize=4096)
def year_of(code: CalendarCode, year: int) -> Year:
    """The days off of one year, read once. Raises InputError outside 1990-2100."""
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise InputError(f"Days off are known for {FIRST_YEAR} to {LAST_YEAR}, not for {year}.", field="received")
    if code.country == "US":
        return Year(_business_days_off(year), {}, True)
    names, english = _names(code, year), _names(code, year, language="en_US")
    doubtful = {day: names[day] for day, name in english.items() if _is_doubtful(code.country, name)}
    category = _DOUBTFUL_CATEGORIES.get(str(code))
    if category is not None:
        doubtful |= {day: name for day, name in _names(code, year, categories=category).items() if day not in names}
    if str(code) == "CH":
        doubtful |= _off_in_most_cantons(year, names)
    public = {day: name for day, name in names.items() if day not in doubtful}
    return Year(public, doubtful, year >= _first_listed(code.country))


def _is_doubtful(country: str, english: str) -> bool:
    return any(mark in english for mark in (*_DECREED, *_DOUBTFUL_NAMES.get(country, ())))


def _names(
    code: CalendarCode, year: int, language: str | None = None, categories: str | None = None
) -> dict[dt.date, str]:
    import holidays  # 0.2 s and 14 MB (measured with 0.109): only a process that looks at a calendar pays for it

    # Without a language the library takes the one of the process (LANG): names would differ from machine to machine.
    language = language or holidays.country_holidays(code.country).default_language
    listed = holidays.country_holidays(
        code.country,
        subdiv=code.region or None,
        years=year,
        expand=False,
        language=language,
        categories=categories and (categories,),
    )
    return dict(listed.items())


def _first_listed(country: str) -> int:
    """Before that year the library knows no holidays of the country (ES: 2008) and says nothing about it."""
    import holidays

    return int(holidays.country_holidays(country).start_year)


def _off_in_most_cantons(year: int, national: Mapping[dt.date, str]) -> dict[dt.date, str]:
    """Holidays are the cantons' affair but for 1 August: what more than half of them keep is mentioned."""
    kept: dict[dt.date, list[str]] = {}
    for canton in sorted(REGIONS["CH"]):
        for day, name in _names(CalendarCode("CH", canton), year).items():
            kept.setdefault(day, []).append(name)
    return {day: names[0] for day, names in kept.items() if 2 * len(names) > len(REGIONS["CH"]) and day not in national}


def _business_days_off(year: int) -> dict[dt.date, str]:
    """Federal holidays that California keeps too.

    The state's own list has days on which business goes on (Cesar Chavez Day, the day after Thanksgiving, Diwali), and
    a Friday in place of a Saturday is kept by public offices: any of these could make a confirmation too late.
    """
    federal = _names(calendar_code("US"), year)
    state = _names(calendar_code("US-CA"), year)
    return {day: name for day, name in federal.items() if day in state and not _friday_for_saturday(day, name)}


def _friday_for_saturday(day: dt.date, name: str) -> bool:
    return day.weekday() == SATURDAY - 1 and name.endswith("(observed)")
