"""Months of the calendar, as the law counts them.

A period of months ends with the day of the same date, or with the month's last day where it has no such date; the day
of the event is not counted (Regulation 1182/71, art. 3(1) and 3(2)(c)). Its art. 3(4), by which a period that ends on
a holiday, Sunday or Saturday ends with the next working day, is left aside on purpose: the earlier day is the safe one
in every country.
"""

from __future__ import annotations

import calendar
import datetime as dt


def months_after(day: dt.date, months: int) -> dt.date:
    """The last day of a period of so many months that begins with an event on `day`: 31 Jan + 1 is 28 or 29 Feb."""
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    return dt.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
