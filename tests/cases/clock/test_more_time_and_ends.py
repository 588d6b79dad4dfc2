"""More time, refusing, answering, post, a limit of the house: what facts make of the days (CLK-3, 4, 6, 7, 9)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from portal.cases.clock import Clock, EventKind, House, StepKind
from portal.cases.clock.gates import is_overdue, may_extend, moved_later, refusal_is_late

pytestmark = pytest.mark.keeps("LAW-3")

Reckon = Callable[..., Clock]
BERLIN = ZoneInfo("Europe/Berlin")


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=BERLIN)


def test_more_time_told_in_time_makes_its_days_the_ones_that_count(reckon: Reckon) -> None:
    found = reckon("EU", "DE", "2026-09-25", "extended=2026-10-25")
    assert found.extended and (str(found.due_on), str(found.due_last_on)) == ("2026-12-25", "2026-12-28")
    assert (str(found.target_on), str(found.last_lawful_on)) == ("2026-10-25", "2026-10-26")


@pytest.mark.parametrize(("told", "stands"), [("2026-10-26", True), ("2026-10-27", False)])
def test_a_notice_after_the_last_lawful_day_changes_nothing(reckon: Reckon, told: str, stands: bool) -> None:
    found = reckon("EU", "DE", "2026-09-25", f"extended={told}")
    assert found.extended == stands
    assert str(found.due_last_on) == ("2026-12-28" if stands else "2026-10-26")
    assert (StepKind.EXTENDED_LATE in [step.kind for step in found.why]) != stands


def test_a_nearer_date_that_was_told_is_the_new_target_and_a_farther_one_is_not(reckon: Reckon) -> None:
    near = reckon("EU", "DE", "2026-09-25", "extended=2026-10-20;extended_until=2026-11-20")
    assert (str(near.due_on), str(near.due_last_on)) == ("2026-11-20", "2026-12-28")
    far = reckon("EU", "DE", "2026-09-25", "extended=2026-10-20;extended_until=2027-01-20")
    assert str(far.due_on) == "2026-12-25"


def test_there_is_more_time_only_once(reckon: Reckon) -> None:
    found = reckon("EU", "DE", "2026-09-25", "extended=2026-10-20;extended=2026-12-20")
    assert str(found.due_on) == "2026-12-25" and StepKind.EXTENDED_AGAIN in [step.kind for step in found.why]


@pytest.mark.parametrize(("regime", "calendar"), [("BR", "BR"), ("QC", "")])
def test_a_law_without_more_time_gives_none_whatever_was_told(reckon: Reckon, regime: str, calendar: str) -> None:
    found = reckon(regime, calendar, "2026-09-25", "extended=2026-09-30")
    assert not found.extended and found.due_on == found.target_on


def test_switzerland_wants_the_new_date_named(reckon: Reckon) -> None:
    named = reckon("CH", "CH-ZH", "2026-03-05", "extended=2026-04-01;extended_until=2026-05-08")
    assert named.extended and str(named.due_on) == str(named.extended_last_lawful_on) == "2026-05-08"
    assert not reckon("CH", "CH-ZH", "2026-03-05", "extended=2026-04-01").extended


def test_canada_counts_the_notice_from_the_date_of_the_letter(reckon: Reckon) -> None:
    found = reckon("CA", "CA", "2027-01-31", "letter_dated=2027-01-25")
    assert (str(found.tell_extension_by), str(found.target_on)) == ("2027-02-24", "2027-03-02")
    assert not reckon("CA", "CA", "2027-01-31", "letter_dated=2027-01-25;extended=2027-02-25").extended
    assert str(reckon("EU", "DE", "2027-01-31", "letter_dated=2027-01-25").tell_extension_by) == "2027-02-28"


def test_more_time_may_be_told_to_the_last_second_of_the_target_and_by_a_manager_of_the_last_day(
    reckon: Reckon,
) -> None:
    """28 Feb is a Saturday, 2 March the last lawful day."""
    found = reckon("EU", "DE", "2026-01-31")
    gates = [
        ("2026-02-28T23:59:59", True, True),
        ("2026-03-01T00:00:00", False, True),
        ("2026-03-02T23:59:59", False, True),
        ("2026-03-03T00:00:00", False, False),
    ]
    for instant, anybody, manager in gates:
        assert may_extend(found, at(instant), BERLIN, manager=False) == anybody, instant
        assert may_extend(found, at(instant), BERLIN, manager=True) == manager, instant
    utc = dt.datetime(2026, 2, 28, 23, 0, tzinfo=dt.UTC)  # midnight in Berlin
    assert not may_extend(found, utc, BERLIN, manager=False)


def test_more_time_is_not_told_twice_nor_after_the_end_nor_where_there_is_none(reckon: Reckon) -> None:
    instant = at("2026-02-10T12:00:00")
    assert not may_extend(reckon("EU", "DE", "2026-01-31", "extended=2026-02-05"), instant, BERLIN, manager=True)
    assert not may_extend(reckon("EU", "DE", "2026-01-31", "answered=2026-02-05"), instant, BERLIN, manager=True)
    assert not may_extend(reckon("BR", "BR", "2026-01-31"), instant, BERLIN, manager=True)


def test_a_refusal_is_due_within_the_first_month_whatever_more_time_was_told(reckon: Reckon) -> None:
    late = reckon("EU", "DE", "2026-01-31", "extended=2026-02-20;refused=2026-03-03").outcome
    assert late is not None and late.kind is EventKind.REFUSED and late.late
    in_time = reckon("EU", "DE", "2026-01-31", "refused=2026-03-02").outcome
    assert in_time is not None and not in_time.late
    found = reckon("EU", "DE", "2026-01-31", "extended=2026-02-20")
    assert not refusal_is_late(found, at("2026-03-02T23:59:59"), BERLIN)
    assert refusal_is_late(found, at("2026-03-03T00:00:00"), BERLIN)


def test_an_answer_is_late_by_the_day_that_counts(reckon: Reckon) -> None:
    for events, late in (
        ("answered=2026-03-02", False),
        ("answered=2026-03-03", True),
        ("extended=2026-02-20;answered=2026-04-30", False),
        ("extended=2026-02-20;answered=2026-05-01", True),
        ("closed=2026-08-01", False),
        ("withdrawn=2026-08-01", False),
    ):
        outcome = reckon("EU", "DE", "2026-01-31", events).outcome
        assert outcome is not None and outcome.late == late, events


def test_an_answer_that_came_back_was_none(reckon: Reckon) -> None:
    noon = at("2026-03-03T12:00:00")
    sent = reckon("EU", "DE", "2026-01-31", "answered=2026-02-20")
    assert sent.outcome is not None and not is_overdue(sent, noon, BERLIN)
    back = reckon("EU", "DE", "2026-01-31", "answered=2026-02-20;bounced=2026-02-20")
    assert back.outcome is None and is_overdue(back, noon, BERLIN)
    again = reckon("EU", "DE", "2026-01-31", "answered=2026-02-20;bounced=2026-02-20;answered=2026-02-25")
    assert again.outcome is not None and str(again.outcome.on) == "2026-02-25"


def test_a_case_is_overdue_from_the_first_second_after_the_last_day(reckon: Reckon) -> None:
    found = reckon("EU", "DE", "2026-01-31")
    assert not is_overdue(found, at("2026-03-02T23:59:59"), BERLIN)
    assert is_overdue(found, at("2026-03-03T00:00:00"), BERLIN)


def test_an_answer_by_post_leaves_three_days_before_the_target(reckon: Reckon) -> None:
    plain, post = (reckon("EU", "DE", "2026-03-05", events) for events in ("", "by_post=2026-03-06"))
    assert (str(post.target_on), str(post.extended_target_on)) == ("2026-04-02", "2026-06-02")
    assert post.last_lawful_on == plain.last_lawful_on
    own = reckon("EU", "DE", "2026-03-05", "by_post=2026-03-06", House(post_days=5))
    assert str(own.target_on) == "2026-03-31"


def test_a_merchants_own_limit_makes_the_target_earlier_and_never_later(reckon: Reckon) -> None:
    short = reckon("UK", "GB-ENG", "2026-09-03", "", House(limit_days=28))
    assert (str(short.target_on), str(short.last_lawful_on)) == ("2026-10-01", "2026-10-05")
    long = reckon("UK", "GB-ENG", "2026-09-03", "", House(limit_days=60))
    assert str(long.target_on) == "2026-10-02"


def test_dating_anew_names_the_days_that_would_be_later(reckon: Reckon) -> None:
    german, french = reckon("EU", "DE", "2027-02-26"), reckon("EU", "FR", "2027-02-26")
    assert moved_later(french, german) == ("last_lawful_on", "due_last_on")
    assert moved_later(german, french) == () == moved_later(german, german)
    assert "extended_target_on" in moved_later(replace(german, extended_target_on=None), german)
