"""What holds for every receipt of 1999 to 2100 (CLK-2)."""

from __future__ import annotations

import calendar as months
import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.cases.clock import Clock, Event, EventKind, Regime, WorkingDays, clock, profile_of
from portal.cases.clock.calendar_codes import calendar_code

pytestmark = pytest.mark.keeps("LAW-2")

FIRST, LAST = dt.date(1999, 1, 1), dt.date(2100, 9, 30)  # three months later is still 2100
RECEIPTS = st.dates(FIRST, LAST)
ROLLING = [
    (Regime.EU, name)
    for name in (
        *(
            "AT",
            "BE",
            "BG",
            "CY",
            "CZ",
            "DE",
            "DE-BY",
            "DK",
            "EE",
            "ES",
            "ES-MD",
            "FI",
            "FR",
            "FR-6AE",
            "GR",
            "HR",
            "HU",
        ),
        *("IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK", "IS", "LI", "NO", ""),
    )
] + [(Regime.UK, name) for name in ("GB-ENG", "GB-SCT", "GB-NIR", "GB-WLS", "")]
OTHERS = [
    (Regime.CH, "CH"), (Regime.CH, "CH-GE"), (Regime.CALIFORNIA, "US-CA"), (Regime.FORTY_FIVE_DAYS, ""),
    (Regime.BRAZIL, "BR"), (Regime.CANADA, "CA"), (Regime.QUEBEC, ""),
]  # fmt: skip


def days(name: str) -> WorkingDays:
    return WorkingDays(calendar_code(name)) if name else WorkingDays()


def reckoned(rules: tuple[Regime, str], received: dt.date) -> Clock:
    regime, name = rules
    return clock(profile_of(regime, received, name[:2]), received, days(name))


@given(RECEIPTS, st.sampled_from(ROLLING + OTHERS))
def test_the_target_is_never_later_than_the_last_lawful_day_nor_more_time_shorter(
    received: dt.date, rules: tuple[Regime, str]
) -> None:
    found = reckoned(rules, received)
    assert received < found.target_on <= found.last_lawful_on
    if found.extended_target_on is not None:
        assert found.target_on <= found.extended_target_on
        assert found.last_lawful_on <= (found.extended_last_lawful_on or dt.date.min)
        assert found.extended_target_on <= (found.extended_last_lawful_on or dt.date.min)
    if found.confirm_target_on is not None:
        assert received < found.confirm_target_on <= (found.confirm_last_on or dt.date.min)
    assert found.contested_alternative is None or found.contested_alternative > found.last_lawful_on


@given(RECEIPTS, st.sampled_from(ROLLING + OTHERS))
def test_a_later_receipt_never_ends_earlier(received: dt.date, rules: tuple[Regime, str]) -> None:
    one, other = (reckoned(rules, day) for day in (received, received + dt.timedelta(days=1)))
    for name in ("target_on", "last_lawful_on", "extended_target_on", "extended_last_lawful_on", "confirm_last_on"):
        before, after = getattr(one, name), getattr(other, name)
        assert (before is None) == (after is None)
        assert before is None or before <= after, name


@given(RECEIPTS, st.sampled_from(ROLLING))
def test_the_last_lawful_day_of_the_eu_and_the_uk_is_a_working_day_with_none_between(
    received: dt.date, rules: tuple[Regime, str]
) -> None:
    found, calendar = reckoned(rules, received), days(rules[1])
    assert calendar.off(found.last_lawful_on) is None
    assert found.extended_last_lawful_on is not None and calendar.off(found.extended_last_lawful_on) is None
    between = found.target_on + dt.timedelta(days=2)  # the UK's target is one day before the usual end
    while between < found.last_lawful_on:
        assert calendar.off(between) is not None
        between += dt.timedelta(days=1)


@given(RECEIPTS, st.sampled_from(ROLLING))
def test_a_month_is_at_most_31_days_and_keeps_its_date_where_the_month_has_it(
    received: dt.date, rules: tuple[Regime, str]
) -> None:
    target = reckoned((Regime.EU, rules[1]) if rules[0] is Regime.EU else rules, received).target_on
    assert (target - received).days <= 31
    if rules[0] is Regime.EU:
        longest = months.monthrange(target.year, target.month)[1]
        assert target.day == min(received.day, longest)
        assert (target.year * 12 + target.month) - (received.year * 12 + received.month) == 1


@given(RECEIPTS, st.sampled_from(ROLLING + OTHERS), st.integers(0, 10), st.integers(0, 40))
def test_a_pause_never_moves_a_date_earlier_and_the_target_of_the_eu_not_at_all(
    received: dt.date, rules: tuple[Regime, str], asked_after: int, lasted: int
) -> None:
    if received > dt.date(2100, 7, 31):
        received = dt.date(2100, 7, 31)
    asked = received + dt.timedelta(days=asked_after)
    events = [
        Event(EventKind.IDENTITY_ASKED, asked),
        Event(EventKind.IDENTITY_GIVEN, asked + dt.timedelta(days=lasted)),
    ]
    plain = reckoned(rules, received)
    paused = clock(profile_of(rules[0], received, rules[1][:2]), received, days(rules[1]), events)
    assert plain.target_on <= paused.target_on
    assert plain.last_lawful_on <= paused.last_lawful_on
    assert paused.target_on <= paused.last_lawful_on
    if rules[0] is not Regime.UK:
        assert plain.target_on == paused.target_on


@given(RECEIPTS, st.sampled_from(ROLLING + OTHERS))
def test_the_same_facts_give_the_same_clock(received: dt.date, rules: tuple[Regime, str]) -> None:
    assert reckoned(rules, received) == reckoned(rules, received)
