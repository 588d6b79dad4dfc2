"""The last day of a period of months, against the rules of Regulation 1182/71 written another way."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.storage.months import months_after

pytestmark = pytest.mark.keeps("LAW-2")

DAYS = st.dates(dt.date(1999, 1, 1), dt.date(2100, 12, 31))


@pytest.mark.parametrize(
    ("received", "ends"),
    [
        ("2026-03-05", "2026-04-05"),  # EDPB guidelines 01/2022, example 32
        ("2026-08-31", "2026-09-30"),  # and 33
        ("2026-01-31", "2026-02-28"),
        ("2028-01-31", "2028-02-29"),  # a leap year
        ("2028-01-29", "2028-02-29"),
        ("2027-01-29", "2027-02-28"),
        ("2100-01-31", "2100-02-28"),  # no leap year
        ("2026-12-31", "2027-01-31"),
        ("2028-02-29", "2028-03-29"),
    ],
)
def test_a_month_ends_on_the_same_date_or_the_months_last_day(received: str, ends: str) -> None:
    assert months_after(dt.date.fromisoformat(received), 1) == dt.date.fromisoformat(ends)


def test_three_months_are_counted_from_receipt_not_from_the_end_of_the_first() -> None:
    assert months_after(dt.date(2026, 1, 31), 3) == dt.date(2026, 4, 30)
    assert months_after(months_after(dt.date(2026, 1, 31), 1), 2) == dt.date(2026, 4, 28)  # which would be too few


@given(DAYS, st.integers(0, 60))
def test_the_last_day_is_in_the_month_so_many_later_and_never_after_the_date(day: dt.date, months: int) -> None:
    ends = months_after(day, months)
    assert 12 * ends.year + ends.month == 12 * day.year + day.month + months
    assert ends.day == day.day or (ends.day < day.day and (ends + dt.timedelta(days=1)).day == 1)


@given(DAYS, DAYS, st.integers(0, 60))
def test_what_is_received_earlier_is_never_due_later(one: dt.date, other: dt.date, months: int) -> None:
    first, second = sorted((one, other))
    assert months_after(first, months) <= months_after(second, months)


@given(DAYS)
def test_a_month_is_never_longer_than_the_law_gives(day: dt.date) -> None:
    assert 28 <= (months_after(day, 1) - day).days <= 31
    assert months_after(months_after(day, 1), -1) <= day
