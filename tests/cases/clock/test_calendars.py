"""The traps of the lists of holidays: unknown codes, years without a list, doubtful days, what a merchant changes."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from collections.abc import Callable

import pytest

from portal.cases.clock import Clock, Regime, StepKind, WorkingDays, clock, laws_of, profile_of
from portal.cases.clock.calendar_codes import EEA_STATES, REGIONS, calendar_code
from portal.cases.clock.working_days import year_of
from portal.errors import InputError

pytestmark = pytest.mark.keeps("LAW-2")


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


@pytest.mark.parametrize("text", ["GB", "UK", "FR-GES", "DE-XX", "XX", "DE-", "-DE", "DE-BY-1", "Germany", "FR-A", "D"])
def test_a_calendar_that_is_not_in_our_list_is_refused(text: str) -> None:
    with pytest.raises(InputError) as refused:
        calendar_code(text)
    assert refused.value.field == "calendar" and text in refused.value.message


def test_a_refused_calendar_says_what_to_write_instead() -> None:
    for text, right in (("GB", "GB-ENG"), ("FR-GES", "FR-6AE")):
        with pytest.raises(InputError) as refused:
            calendar_code(text)
        assert right in refused.value.message


def test_every_calendar_of_our_list_has_days_off_in_every_year_that_its_country_has() -> None:
    """A code that the library took without knowing it would have the holidays of the country, or none."""
    codes = [*(c for c in EEA_STATES), "CH", "BR", "CA", "US"]
    codes += [f"{country}-{region}" for country, regions in REGIONS.items() for region in regions]
    for code in map(calendar_code, codes):
        for year in (2026, 2100):
            assert len(year_of(code, year).public) >= 4, (str(code), year)


def test_alsace_and_moselle_keep_good_friday() -> None:
    for name in ("FR-6AE", "FR-57", "FR-67", "FR-Moselle"):
        assert WorkingDays(calendar_code(name)).off(day("2027-03-26"))
    assert WorkingDays(calendar_code("FR")).off(day("2027-03-26")) is None


def test_every_nation_but_scotland_keeps_easter_monday() -> None:
    off = {n: WorkingDays(calendar_code(f"GB-{n}")).off(day("2027-03-29")) is not None for n in REGIONS["GB"]}
    assert off == {"ENG": True, "WLS": True, "NIR": True, "SCT": False}


def test_a_year_without_a_list_is_refused_rather_than_taken_as_one_without_holidays(
    reckon: Callable[..., Clock],
) -> None:
    for received in ("2100-10-15", "2100-12-25"):
        with pytest.raises(InputError) as refused:
            reckon("EU", "DE", received)
        assert "2101" in refused.value.message
    assert reckon("EU", "DE", "2100-09-30").extended_last_lawful_on == day("2100-12-30")
    for year in (1989, 2101):
        with pytest.raises(InputError):
            year_of(calendar_code("DE"), year)


def test_where_a_countrys_list_begins_later_the_step_says_so(reckon: Callable[..., Clock]) -> None:
    """The library knows Spain since 2008; before that Saturdays and Sundays alone move an end."""
    kinds = [step.kind for step in reckon("EU", "ES", "2005-12-06").why]
    assert StepKind.NOT_LISTED in kinds
    assert StepKind.NOT_LISTED not in [step.kind for step in reckon("EU", "ES", "2026-12-06").why]


def test_a_doubtful_day_does_not_move_the_end_and_is_named(reckon: Callable[..., Clock]) -> None:
    found = reckon("EU", "NL", "2027-02-26")
    assert found.last_lawful_on == day("2027-03-26")
    doubtful = [step for step in found.why if step.kind is StepKind.DOUBTFUL]
    assert [(step.values["day"], step.values["name"]) for step in doubtful] == [(day("2027-03-26"), "Goede vrijdag")]


def test_a_merchant_may_add_a_day_and_strike_one() -> None:
    profile, received = profile_of(Regime.EU, day("2026-09-22")), day("2026-09-22")
    plain = WorkingDays(calendar_code("DE"))
    assert clock(profile, received, plain).last_lawful_on == day("2026-10-22")
    added = WorkingDays(calendar_code("DE"), added=frozenset({day("2026-10-22"), day("2026-10-23")}))
    assert clock(profile, received, added).last_lawful_on == day("2026-10-26")
    struck = WorkingDays(calendar_code("DE"), struck=frozenset({day("2026-05-01"), day("2026-10-24")}))
    found = clock(profile, day("2026-04-01"), struck)
    assert found.last_lawful_on == day("2026-05-01")
    assert StepKind.STRUCK in [step.kind for step in found.why]
    assert struck.off(day("2026-10-24")), "a Saturday cannot be struck"


def test_what_a_merchant_adds_or_strikes_never_moves_the_target() -> None:
    profile, received = profile_of(Regime.EU, day("2026-04-01")), day("2026-04-01")
    changed = WorkingDays(
        calendar_code("DE"), added=frozenset({day("2026-05-04")}), struck=frozenset({day("2026-05-01")})
    )
    assert clock(profile, received, changed).target_on == clock(profile, received, WorkingDays()).target_on


def test_a_struck_day_is_not_contested_either() -> None:
    calendar = WorkingDays(calendar_code("NL"), struck=frozenset({day("2027-03-26")}))
    assert clock(profile_of(Regime.EU, day("2027-02-26")), day("2027-02-26"), calendar).contested_alternative is None


@pytest.mark.parametrize(
    ("regime", "calendar"),
    [("EU", "GB-ENG"), ("EU", "CH"), ("UK", "DE"), ("CH", "DE"), ("US-CA", "US-VA"), ("BR", "PT"), ("QC", "CA-ON"),
     ("EU", "DE+FR"), ("US-45", "CA")],
)  # fmt: skip
def test_a_calendar_of_another_law_is_refused(regime: str, calendar: str) -> None:
    with pytest.raises(InputError) as refused:
        laws_of(regime, calendar)
    assert refused.value.field == "calendar"


def test_names_of_holidays_do_not_depend_on_the_language_of_the_machine() -> None:
    program = (
        "import datetime as dt; from portal.cases.clock.calendar_codes import calendar_code as c;"
        "from portal.cases.clock.working_days import year_of as y; print(y(c('DE'), 2026).public[dt.date(2026, 5, 1)])"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", program], env={"LANG": lang, "LANGUAGE": lang}, capture_output=True, text=True,
            check=True,
        ).stdout
        for lang in ("en_US.UTF-8", "de_DE.UTF-8", "uk")
    }  # fmt: skip
    assert said == {"Erster Mai\n"}


def test_a_process_that_looks_at_no_calendar_does_not_load_the_lists() -> None:
    program = "import sys, portal.cases, portal.cli; print('holidays' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
