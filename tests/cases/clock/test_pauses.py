"""Days that do not count: pairs of facts, what each law makes of them, and the edges."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from portal.cases.clock import Clock, StepKind

pytestmark = pytest.mark.keeps("LAW-4")

Reckon = Callable[..., Clock]


def dates(found: Clock) -> tuple[str, str]:
    return found.target_on.isoformat(), found.last_lawful_on.isoformat()


def kinds(found: Clock) -> list[StepKind]:
    return [step.kind for step in found.why]


def asked(what: str, first: str, last: str = "") -> str:
    given = "paid" if what == "fee" else "given"
    return f"{what}_asked={first}" + (f";{what}_{given}={last}" if last else "")


@pytest.mark.parametrize(
    ("regime", "calendar", "received", "events", "target", "last"),
    [
        # France: identity only, asked within a week, for the last lawful day
        ("EU", "FR", "2026-09-03", asked("identity", "2026-09-10", "2026-09-12"), "2026-10-03", "2026-10-05"),
        ("EU", "FR", "2026-09-03", asked("identity", "2026-09-11", "2026-09-25"), "2026-10-03", "2026-10-05"),
        ("EU", "FR", "2026-09-03", asked("identity", "2026-09-03", "2026-09-05"), "2026-10-03", "2026-10-05"),
        ("EU", "FR", "2026-09-03", asked("identity", "2026-09-08", "2026-09-08"), "2026-10-03", "2026-10-05"),
        ("EU", "FR", "2026-09-01", asked("identity", "2026-09-02", "2026-09-03"), "2026-10-01", "2026-10-02"),
        ("EU", "FR", "2026-01-31", asked("identity", "2026-02-02", "2026-02-05"), "2026-02-28", "2026-03-03"),
        ("EU", "FR", "2026-09-01", asked("clarification", "2026-09-02", "2026-09-12"), "2026-10-01", "2026-10-01"),
        ("EU", "FR-6AE", "2026-09-01", asked("identity", "2026-09-02", "2026-09-03"), "2026-10-01", "2026-10-02"),
        ("EU+FR", "", "2026-09-01", asked("identity", "2026-09-02", "2026-09-03"), "2026-10-01", "2026-10-02"),
        ("EU+DE", "FR", "2026-09-01", asked("identity", "2026-09-02", "2026-09-03"), "2026-10-01", "2026-10-01"),
        # a reminder before the answer adds nothing; a second round after it does; rounds that overlap count once
        ("EU", "FR", "2026-09-01",
         asked("identity", "2026-09-02") + ";" + asked("identity", "2026-09-05", "2026-09-08"),
         "2026-10-01", "2026-10-07"),
        ("EU", "FR", "2026-09-01",
         asked("identity", "2026-09-02", "2026-09-04") + ";" + asked("identity", "2026-09-06", "2026-09-10"),
         "2026-10-01", "2026-10-07"),
        ("UK", "GB-ENG", "2026-09-01",
         asked("clarification", "2026-09-02", "2026-09-04") + ";" + asked("clarification", "2026-09-04", "2026-09-06"),
         "2026-10-04", "2026-10-06"),
        # the UK: a clarification, both days included; identity and a fee begin the month
        ("UK", "GB-ENG", "2026-09-03", asked("clarification", "2026-09-10", "2026-09-10"), "2026-10-02", "2026-10-05"),
        ("UK", "GB-ENG", "2026-09-01", asked("clarification", "2026-09-25", "2026-10-05"), "2026-10-10", "2026-10-12"),
        ("UK", "GB-ENG", "2026-09-01", asked("clarification", "2026-10-01", "2026-10-05"), "2026-09-30", "2026-10-06"),
        ("UK", "GB-ENG", "2026-09-01", asked("clarification", "2026-10-02", "2026-10-05"), "2026-09-30", "2026-10-01"),
        ("UK", "GB-ENG", "2026-09-03", asked("identity", "2026-09-05", "2026-09-10"), "2026-10-09", "2026-10-12"),
        ("UK", "GB-ENG", "2026-09-03", asked("fee", "2026-09-05", "2026-09-15"), "2026-10-14", "2026-10-15"),
        ("UK", "GB-ENG", "2026-09-03",
         asked("identity", "2026-09-05", "2026-09-10") + ";" + asked("fee", "2026-09-05", "2026-09-15"),
         "2026-10-14", "2026-10-15"),
        ("UK", "GB-ENG", "2026-01-31", asked("clarification", "2026-02-02", "2026-02-03"), "2026-02-28", "2026-03-02"),
        ("UK", "GB-ENG", "2027-01-31", asked("clarification", "2027-02-02", "2027-02-03"), "2027-03-01", "2027-03-02"),
        # a clarification before the month has begun takes nothing from it; one across its first day only its part
        ("UK", "GB-ENG", "2026-09-03",
         asked("clarification", "2026-09-04", "2026-09-08") + ";" + asked("identity", "2026-09-04", "2026-09-15"),
         "2026-10-14", "2026-10-15"),
        ("UK", "GB-ENG", "2026-09-03",
         asked("clarification", "2026-09-04", "2026-09-17") + ";" + asked("identity", "2026-09-04", "2026-09-15"),
         "2026-10-16", "2026-10-19"),
        ("UK", "GB-ENG", "2026-09-03", asked("identity", "2026-10-20", "2026-10-25"), "2026-10-02", "2026-10-05"),
        # laws that know no pause
        ("US-CA", "US-CA", "2026-03-05", asked("identity", "2026-03-06", "2026-03-16"), "2026-04-18", "2026-04-19"),
        ("CH", "CH", "2026-03-05", asked("identity", "2026-03-06", "2026-03-16"), "2026-04-04", "2026-04-06"),
        ("CA", "CA", "2027-01-31", asked("clarification", "2027-02-01", "2027-02-09"), "2027-03-02", "2027-03-02"),
    ],
)  # fmt: skip
def test_a_pause_moves_what_the_law_lets_it_move(
    reckon: Reckon, regime: str, calendar: str, received: str, events: str, target: str, last: str
) -> None:
    assert dates(reckon(regime, calendar, received, events)) == (target, last)


@pytest.mark.parametrize("what", ["identity", "clarification", "fee"])
@pytest.mark.parametrize(("regime", "calendar"), [("EU", "DE"), ("EU", "FR"), ("UK", "GB-ENG"), ("US-CA", "US-CA")])
def test_while_the_answer_is_missing_every_day_counts(reckon: Reckon, regime: str, calendar: str, what: str) -> None:
    plain = reckon(regime, calendar, "2026-09-03")
    found = reckon(regime, calendar, "2026-09-03", asked(what, "2026-09-05"))
    assert dates(found) == dates(plain) and found.contested_alternative is None
    assert {StepKind.NOT_ENDED, StepKind.NO_SUCH_PAUSE} & set(kinds(found))


def test_a_pause_moves_the_days_with_more_time_too(reckon: Reckon) -> None:
    found = reckon("EU", "FR", "2026-01-31", asked("identity", "2026-02-02", "2026-02-05"))
    assert str(found.extended_target_on) == "2026-04-30"
    assert str(found.extended_last_lawful_on) == "2026-05-04"  # 3 May is a Sunday


def test_in_the_eu_a_pause_is_contested_and_only_mentioned(reckon: Reckon) -> None:
    found = reckon("EU", "DE", "2026-09-03", asked("clarification", "2026-09-08", "2026-09-18"))
    assert dates(found) == ("2026-10-03", "2026-10-05") and str(found.contested_alternative) == "2026-10-13"


@pytest.mark.parametrize(("day", "mentioned"), [("2026-09-10", True), ("2026-09-11", False)])
def test_a_question_after_more_than_a_week_is_no_pause_and_says_so(reckon: Reckon, day: str, mentioned: bool) -> None:
    found = reckon("EU", "DE", "2026-09-03", asked("identity", day, "2026-09-25"))
    assert (found.contested_alternative is not None) == mentioned
    assert (StepKind.ASKED_LATE in kinds(found)) != mentioned


def test_the_uk_knows_no_such_week(reckon: Reckon) -> None:
    found = reckon("UK", "GB-ENG", "2026-09-01", asked("clarification", "2026-09-20", "2026-09-25"))
    assert dates(found) == ("2026-10-05", "2026-10-07")


def test_before_article_12a_the_uk_had_no_pause(reckon: Reckon) -> None:
    found = reckon("UK", "GB-ENG", "2026-02-03", asked("clarification", "2026-02-04", "2026-02-10"))
    assert dates(found) == ("2026-03-03", "2026-03-03") and found.contested_alternative is not None


def test_with_more_time_told_a_late_question_stops_the_longer_period_alone(reckon: Reckon) -> None:
    events = "extended=2026-09-20;" + asked("clarification", "2026-10-10", "2026-10-19")
    found = reckon("UK", "GB-ENG", "2026-09-01", events)
    assert dates(found) == ("2026-09-30", "2026-10-01")
    assert (str(found.extended_target_on), str(found.extended_last_lawful_on)) == ("2026-12-09", "2026-12-11")


def test_a_pause_that_was_taken_back_never_was(reckon: Reckon) -> None:
    pause = asked("identity", "2026-09-02", "2026-09-12")
    assert dates(reckon("EU", "FR", "2026-09-01", pause)) == ("2026-10-01", "2026-10-12")
    for back in ("taken_back=2", "taken_back=identity_given"):
        assert dates(reckon("EU", "FR", "2026-09-01", f"{pause};{back}")) == ("2026-10-01", "2026-10-01")
    again = f"{pause};taken_back=2;taken_back=3"
    assert dates(reckon("EU", "FR", "2026-09-01", again)) == ("2026-10-01", "2026-10-12")


def test_an_answer_without_its_question_is_no_pause_where_the_week_matters(reckon: Reckon) -> None:
    assert dates(reckon("EU", "FR", "2026-09-01", "identity_given=2026-09-12")) == ("2026-10-01", "2026-10-01")
    assert dates(reckon("UK", "GB-ENG", "2026-09-01", "clarification_given=2026-09-12")) == ("2026-09-30", "2026-10-01")


def test_the_uk_month_begins_with_the_proof_whenever_it_was_asked_for(reckon: Reckon) -> None:
    """Art. 12A looks at the day on which the information came."""
    assert dates(reckon("UK", "GB-ENG", "2026-09-03", "identity_given=2026-09-10")) == ("2026-10-09", "2026-10-12")
