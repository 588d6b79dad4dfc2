"""Cases beside the vectors, worked by hand: other countries, regions, nations, cantons, states and edges."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import holidays
import pytest
from dateutil.relativedelta import relativedelta

from portal.cases.clock import Clock, WorkingDays, clock, profile_of
from portal.cases.clock.calendar_codes import EEA_STATES, calendar_code
from portal.cases.clock.regimes import Regime
from portal.cases.clock.working_days import year_of

pytestmark = pytest.mark.keeps("LAW-2")

FIRST = [  # regime, calendar, received, target, last lawful, contested
    ("EU", "AT", "2026-09-26", "2026-10-26", "2026-10-27", None),
    ("EU", "BG", "2026-08-07", "2026-09-07", "2026-09-08", None),
    ("EU", "CY", "2026-03-01", "2026-04-01", "2026-04-02", None),
    ("EU", "CZ", "2026-06-06", "2026-07-06", "2026-07-07", None),
    ("EU", "DK", "2026-04-24", "2026-05-24", "2026-05-26", None),
    ("EU", "DK", "2026-04-01", "2026-05-01", "2026-05-01", None),
    ("EU", "EE", "2026-05-23", "2026-06-23", "2026-06-25", None),
    ("EU", "FI", "2026-05-19", "2026-06-19", "2026-06-22", None),
    ("EU", "SE", "2026-05-19", "2026-06-19", "2026-06-19", None),
    ("EU", "GR", "2026-03-10", "2026-04-10", "2026-04-14", None),
    ("EU", "RO", "2026-03-10", "2026-04-10", "2026-04-14", None),
    ("EU", "HR", "2026-05-22", "2026-06-22", "2026-06-23", None),
    ("EU", "IE", "2027-01-01", "2027-02-01", "2027-02-02", None),
    ("EU", "LT", "2026-06-06", "2026-07-06", "2026-07-07", None),
    ("EU", "LU", "2026-05-23", "2026-06-23", "2026-06-24", None),
    ("EU", "MT", "2027-05-07", "2027-06-07", "2027-06-08", None),
    ("EU", "SI", "2026-05-25", "2026-06-25", "2026-06-26", None),
    ("EU", "SK", "2026-08-15", "2026-09-15", "2026-09-15", None),  # a working day in 2026, a day off in 2027
    ("EU", "SK", "2027-08-15", "2027-09-15", "2027-09-16", None),
    ("EU", "PT", "2026-03-05", "2026-04-05", "2026-04-06", None),  # no Easter Monday
    ("EU", "IS", "2026-05-17", "2026-06-17", "2026-06-18", None),
    ("EU", "LI", "2027-01-02", "2027-02-02", "2027-02-03", None),
    ("EU", "NO", "2027-04-17", "2027-05-17", "2027-05-18", None),
    ("EU", "EL", "2026-09-28", "2026-10-28", "2026-10-29", None),
    ("EU", "DE-BY", "2026-12-06", "2027-01-06", "2027-01-07", None),
    ("EU", "DE-BY", "2026-05-04", "2026-06-04", "2026-06-05", None),
    ("EU", "DE-BY", "2028-07-15", "2028-08-15", "2028-08-15", "2028-08-16"),  # Assumption: most municipalities
    ("EU", "DE-SL", "2028-07-15", "2028-08-15", "2028-08-16", None),
    ("EU", "FR-6AE", "2027-02-26", "2027-03-26", "2027-03-30", None),
    ("EU", "FR-57", "2027-02-26", "2027-03-26", "2027-03-30", None),
    ("EU", "FR-Alsace", "2028-11-26", "2028-12-26", "2028-12-27", None),
    ("EU", "HU", "2026-07-21", "2026-08-21", "2026-08-21", "2026-08-24"),  # a day off by decree
    ("EU", "LV", "2026-05-22", "2026-06-22", "2026-06-22", "2026-06-25"),
    ("EU", "GR", "2027-04-04", "2027-05-04", "2027-05-04", "2027-05-05"),
    ("EU", "NL", "2030-04-05", "2030-05-05", "2030-05-06", None),
    ("EU", "NL", "2026-04-05", "2026-05-05", "2026-05-05", "2026-05-06"),
    ("UK", "GB-ENG", "2026-07-31", "2026-08-30", "2026-09-01", None),
    ("UK", "GB-ENG", "2026-03-05", "2026-04-04", "2026-04-07", None),
    ("UK", "GB-SCT", "2026-03-05", "2026-04-04", "2026-04-06", None),
    ("UK", "GB-WLS", "2026-11-25", "2026-12-24", "2026-12-29", None),
    ("UK", "GB-NIR", "2026-06-13", "2026-07-12", "2026-07-14", None),
    ("UK", "GB-NIR", "2027-02-17", "2027-03-16", "2027-03-18", None),
    ("UK", "GB-ENG", "2027-02-17", "2027-03-16", "2027-03-17", None),
    ("UK", "GB-SCT", "2026-12-01", "2026-12-31", "2027-01-05", None),
    ("UK", "GB-ENG", "2028-01-29", "2028-02-28", "2028-02-29", None),
    ("UK", "GB-ENG", "2028-01-30", "2028-02-29", "2028-02-29", None),
    ("UK", "GB-ENG", "2026-02-04", "2026-03-04", "2026-03-04", None),  # before art. 12A
    ("UK", "GB-ENG", "2026-02-05", "2026-03-04", "2026-03-05", None),
    ("CH", "CH-ZH", "2026-03-05", "2026-04-04", "2026-04-07", None),
    ("CH", "CH-ZH", "2027-02-24", "2027-03-26", "2027-03-30", None),
    ("CH", "CH-TI", "2027-02-24", "2027-03-26", "2027-03-26", None),  # no Good Friday in Ticino
    ("CH", "CH", "2027-02-24", "2027-03-26", "2027-03-26", "2027-03-30"),
    ("CA", "CA", "2027-02-28", "2027-03-30", "2027-03-30", None),
    ("QC", "QC", "2028-01-29", "2028-02-28", "2028-02-28", None),
    ("QC", "", "2028-01-30", "2028-02-29", "2028-02-29", None),
    ("BR", "BR", "2026-03-05", "2026-03-20", "2026-03-20", None),
    ("BR", "BR", "2026-11-05", "2026-11-20", "2026-11-20", "2026-11-23"),
    ("US-45", "US-VA", "2028-01-16", "2028-02-29", "2028-03-01", None),
    ("US-TX", "", "2028-01-16", "2028-02-29", "2028-03-01", None),
]


@pytest.mark.parametrize("row", FIRST, ids=lambda row: "-".join(row[:3]))
def test_a_neighbour_of_the_vectors_has_its_dates(reckon: Callable[..., Clock], row: tuple[str, ...]) -> None:
    regime, calendar, received, target, last, contested = row
    found = reckon(regime, calendar, received)
    assert (found.target_on.isoformat(), found.last_lawful_on.isoformat()) == (target, last)
    assert (found.contested_alternative and found.contested_alternative.isoformat()) == contested


@pytest.mark.parametrize(
    ("received", "target", "last"),
    [
        ("2026-11-13", "2026-11-27", "2026-11-30"),  # Thanksgiving counts as a weekday for the target only
        ("2026-10-01", "2026-10-15", "2026-10-15"),  # Columbus Day is no day off in California
        ("2026-06-22", "2026-07-06", "2026-07-06"),  # Friday 3 July stands for Saturday in public offices only
        ("2026-03-17", "2026-03-31", "2026-03-31"),  # business goes on on Cesar Chavez Day
        ("2026-05-09", "2026-05-22", "2026-05-22"),  # received on a Saturday
        ("2026-05-11", "2026-05-22", "2026-05-26"),  # the tenth weekday is Memorial Day
    ],
)
def test_california_confirms_in_ten_business_days(
    reckon: Callable[..., Clock], received: str, target: str, last: str
) -> None:
    found = reckon("US-CA", "US-CA", received)
    assert (found.confirm_target_on, found.confirm_last_on) == tuple(map(dt.date.fromisoformat, (target, last)))


@pytest.mark.parametrize("country", sorted(EEA_STATES))
def test_each_country_agrees_with_naive_months_and_its_list_where_lists_agree(country: str) -> None:
    """Held against `relativedelta` and the library's list itself, every receipt of two years."""
    code = calendar_code(country)
    calendar, profile = WorkingDays(code), profile_of(Regime.EU, dt.date(2026, 1, 1), country)
    listed = holidays.country_holidays(country, years=range(2026, 2030))
    doubtful = {day for year in range(2026, 2030) for day in year_of(code, year).doubtful}
    for number in range(730):
        received = dt.date(2026, 1, 1) + dt.timedelta(days=number)
        found = clock(profile, received, calendar)
        for months, target, last in (
            (1, found.target_on, found.last_lawful_on),
            (3, found.extended_target_on, found.extended_last_lawful_on),
        ):
            end = received + relativedelta(months=months)
            assert target == end
            while end.weekday() >= 5 or (end in listed and end not in doubtful):
                end += dt.timedelta(days=1)
            assert last == end
