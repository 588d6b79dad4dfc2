"""The day of receipt is the controller's: zones, the hour that is skipped, the last second of a year."""

from __future__ import annotations

import datetime as dt

import pytest

from portal.cases.clock.receipt import received_day
from portal.errors import InputError


@pytest.mark.parametrize(
    ("received", "zone", "day"),
    [
        ("2026-03-05", "", "2026-03-05"),
        ("2026-03-05", "America/Los_Angeles", "2026-03-05"),  # a day stands as it was written
        ("2026-03-29T00:59:59Z", "Europe/Berlin", "2026-03-29"),
        ("2026-03-29T22:00:00+00:00", "Europe/Berlin", "2026-03-30"),  # summer time: two hours ahead
        ("2026-03-28T23:00:00+00:00", "Europe/Berlin", "2026-03-29"),
        ("2026-10-25T22:59:59+00:00", "Europe/Berlin", "2026-10-25"),
        ("2026-10-25T23:00:00+00:00", "Europe/Berlin", "2026-10-26"),
        ("2026-10-24T22:00:00+00:00", "Europe/Berlin", "2026-10-25"),
        ("2025-12-31T23:59:59+00:00", "Europe/Lisbon", "2025-12-31"),
        ("2025-12-31T23:00:00+00:00", "Europe/Berlin", "2026-01-01"),
        ("2026-03-04T23:30:00-08:00", "America/Los_Angeles", "2026-03-04"),
        ("2026-03-04T23:30:00-08:00", "Europe/Zurich", "2026-03-05"),
        ("2026-03-04T10:30:00+00:00", "Pacific/Kiritimati", "2026-03-05"),
        ("2026-03-04T23:30:00", "Europe/Berlin", "2026-03-04"),  # without an offset it is local
        ("2026-03-04 23:30", "Europe/Berlin", "2026-03-04"),
        ("2028-02-28T23:30:00+00:00", "Europe/Paris", "2028-02-29"),
        ("2026-07-01T04:59:59.999999+00:00", "America/Bogota", "2026-06-30"),
    ],
)
def test_an_instant_falls_on_the_day_it_has_in_the_zone(received: str, zone: str, day: str) -> None:
    assert received_day(received, zone)[0] == dt.date.fromisoformat(day)


@pytest.mark.parametrize(
    ("received", "zone", "field"),
    [
        ("2026-03-04T23:30:00+00:00", "", "time_zone"),
        ("2026-03-04T23:30:00+00:00", "Europe/Nowhere", "time_zone"),
        ("2026-03-04T23:30:00+00:00", "America", "time_zone"),
        ("2026-03-04T23:30:00+00:00", "../../etc/passwd", "time_zone"),
        ("2026-03-04", "/etc/passwd", "time_zone"),
        ("5 March 2026", "", "received"),
        ("05.03.2026", "", "received"),
        ("2026-3-5", "", "received"),
        ("20260305", "", "received"),
        ("2026-W10-4", "", "received"),
        ("2027-02-29", "", "received"),
        ("2026-03-05T25:00:00+00:00", "Europe/Berlin", "received"),
        ("２０２６-03-05", "", "received"),
        ("0001-01-01T00:00:00+14:00", "America/Los_Angeles", "received"),
        ("9999-12-31T23:59:59-12:00", "Pacific/Auckland", "received"),
        ("1989-12-31", "", "received"),
        ("2101-01-01", "", "received"),
    ],
)
def test_what_is_no_day_or_no_zone_is_refused_by_its_field(received: str, zone: str, field: str) -> None:
    with pytest.raises(InputError) as refused:
        received_day(received, zone)
    assert refused.value.field == field
