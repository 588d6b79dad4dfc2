"""Events read from text: names, days, instants in the case's zone, and what cannot have happened."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.cases.clock import Event, EventKind, parse_events
from portal.cases.clock.events import OTHER_NAMES, standing
from portal.errors import InputError

ON = dt.date(2026, 9, 3)


def test_events_are_read_in_their_order() -> None:
    assert parse_events(" identity_asked = 2026-09-08 ; identity_given=2026-09-18;", ON, None) == (
        Event(EventKind.IDENTITY_ASKED, dt.date(2026, 9, 8)),
        Event(EventKind.IDENTITY_GIVEN, dt.date(2026, 9, 18)),
    )
    assert parse_events("", ON, None) == ()


def test_an_instant_is_the_day_it_has_in_the_cases_zone() -> None:
    late = "identity_asked=2026-09-08T22:30:00+00:00"
    assert parse_events(late, ON, ZoneInfo("Europe/Berlin"))[0].on == dt.date(2026, 9, 9)
    assert parse_events(late, ON, ZoneInfo("America/New_York"))[0].on == dt.date(2026, 9, 8)
    with pytest.raises(InputError):
        parse_events(late, ON, None)


@pytest.mark.parametrize("name", OTHER_NAMES)
def test_names_of_facts_are_understood_too(name: str) -> None:
    assert parse_events(f"{name}=2026-09-08", ON, None)[0].kind is OTHER_NAMES[name]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("identity_asked", "names no day"),
        ("identity_asked=", "names no day"),
        ("asked=2026-09-08", "no event “asked”"),
        ("identity_asked=8.9.2026", "is no day"),
        ("identity_asked=2026-02-30", "is no day"),
        ("identity_asked=20260908", "is no day"),
        ("identity_asked=2026-09-02", "before the receipt"),
        ("identity_asked=2026-09-08;identity_given=2026-09-07", "before “identity_asked”"),
        ("identity_given=2026-09-07;identity_asked=2026-09-08", "before “identity_asked”"),
        ("bounced=2026-09-08", "come back"),
        ("answered=2026-09-09;bounced=2026-09-08", "come back"),
        ("taken_back=1", "no event number 1"),
        ("extended=2026-09-09;taken_back=2", "no event number 2"),
        ("extended=2026-09-09;taken_back=refused", "no event “refused”"),
        ("taken_back=extended;extended=2026-09-09", "no event “extended”"),
        (";=;", "no event"),
    ],
)
def test_what_cannot_have_happened_is_refused_by_name(text: str, told: str) -> None:
    with pytest.raises(InputError) as refused:
        parse_events(text, ON, None)
    assert refused.value.field == "events" and told in refused.value.message


def test_the_letter_may_be_older_than_its_arrival() -> None:
    assert parse_events("letter_dated=2026-08-20", ON, None)[0].on == dt.date(2026, 8, 20)


def test_an_order_that_was_put_right_is_taken() -> None:
    text = "identity_asked=2026-09-08;identity_given=2026-09-05;taken_back=2;identity_given=2026-09-15"
    assert [event.on.day for event in standing(parse_events(text, ON, None))] == [8, 15]


@given(st.text(max_size=80))
def test_no_text_does_more_than_be_refused(text: str) -> None:
    try:
        parse_events(text, ON, ZoneInfo("Europe/Berlin"))
    except InputError as error:
        assert error.field in {"events", "time_zone"}
