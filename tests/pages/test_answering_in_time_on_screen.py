"""Settings: how the time for an answer is counted, as a manager sets it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from portal.cases.clock.calendar_codes import REGIONS, fitting_codes
from portal.cases.clock.regimes import Regime
from portal.language import current_language
from portal.storage.tables import utc_now
from portal.ui.settings.answering_in_time import calendar_words
from portal.ui.settings.region_names import REGION_NAMES

if TYPE_CHECKING:
    from tests.pages.conftest import Screen

    MakeScreen = Callable[..., Screen]


@pytest.fixture(autouse=True)
def as_it_was(desk: Any) -> Iterator[None]:
    yield
    settings, maya = desk.portal.clock_settings, desk.user()
    for own in settings.show(maya).days:
        settings.withdraw_day(maya, own.day)
    settings.save(maya, profile="EU", calendar="", house_limit_days=None, post_days=None)


def field(screen: Screen, kind: str, label: str) -> Any:
    return next(one for one in screen.app.get(kind) if one.label == label)


def next_weekday() -> dt.date:
    day = utc_now().date() + dt.timedelta(days=7)
    return day + dt.timedelta(days=(2 - day.weekday()) % 7)


def test_a_manager_sets_law_calendar_and_limit(screen: MakeScreen, desk: Any) -> None:
    maya = screen("maya").go("Settings")
    field(maya, "selectbox", "Law").set_value(Regime.UK)
    maya.run()
    calendars = field(maya, "selectbox", "Public holidays")
    assert "United Kingdom · Scotland" in calendars.options and not any("Germany" in one for one in calendars.options)
    calendars.set_value("GB-SCT")
    field(maya, "number_input", "Limit of your own in days").set_value(28)
    maya.press("Save the rules")
    assert "Saved." in maya.said("success")
    shown = desk.portal.clock_settings.show(desk.user())
    assert (shown.profile, shown.calendar, shown.house_limit_days, shown.post_days) == ("UK", "GB-SCT", 28, 3)
    again = screen("maya").go("Settings")
    assert field(again, "selectbox", "Law").value == Regime.UK
    assert field(again, "selectbox", "Public holidays").value == "GB-SCT"
    assert "Saved." not in again.said("success")


def test_a_day_off_is_added_listed_and_withdrawn(screen: MakeScreen, desk: Any) -> None:
    maya, day = screen("maya").go("Settings"), next_weekday()
    maya.press("Add as a day off")
    assert "Choose the day on which nobody works." in maya.said("error")
    field(maya, "date_input", "Day").set_value(day)
    maya.press("Add as a day off")
    assert "Saved." in maya.said("success") and f"{day.day} {day:%b %Y}: added by" in maya.texts()
    maya.press("As in the calendar again")
    assert "Saved." in maya.said("success") and "added by" not in maya.texts()
    assert desk.portal.clock_settings.show(desk.user()).days == ()


def test_a_day_that_is_no_holiday_is_not_struck(screen: MakeScreen, desk: Any) -> None:
    maya = screen("maya").go("Settings")
    field(maya, "date_input", "Day").set_value(next_weekday())
    maya.press("Strike the holiday")
    assert "There is no holiday on that day" in maya.said("error")
    assert desk.portal.clock_settings.show(desk.user()).days == ()


def test_another_merchants_page_shows_nothing_of_it(screen: MakeScreen, desk: Any) -> None:
    desk.portal.clock_settings.save(desk.user(), profile="CH", calendar="CH-ZH", house_limit_days=9, post_days=None)
    desk.portal.clock_settings.add_day(desk.user(), next_weekday())
    theirs = screen("maya", "two").go("Settings")
    assert field(theirs, "selectbox", "Law").value == Regime.EU
    assert field(theirs, "number_input", "Limit of your own in days").value == 0
    assert "added by" not in theirs.texts()


def test_every_calendar_of_every_law_has_a_name_in_the_readers_language() -> None:
    assert {country: set(names) for country, names in REGION_NAMES.items()} == {c: set(r) for c, r in REGIONS.items()}
    for language, germany in (("en", "Germany"), ("de", "Deutschland"), ("fr", "Allemagne"), ("nl", "Duitsland")):
        token = current_language.set(language)
        try:
            assert calendar_words("DE-BY") == f"{germany} · Bayern"
            for law in Regime:
                words = [calendar_words(code) for code in fitting_codes(law)]
                assert len(set(words)) == len(words) and all(len(one) > 3 for one in words)
        finally:
            current_language.reset(token)


def test_how_long_closed_cases_are_kept_needs_a_reason(screen: MakeScreen, desk: Any) -> None:
    maya = screen("maya").go("Settings")
    field(maya, "number_input", "Months").set_value(30)
    maya.press("Save the period")
    assert "why cases are kept so long" in maya.said("error")
    assert desk.portal.case_retention.show(desk.user()).months == 24
    field(maya, "text_area", "Why so long?").set_value("Claims can be raised so long.")
    maya.press("Save the period")
    shown = desk.portal.case_retention.show(desk.user())
    assert (shown.months, shown.reason) == (30, "Claims can be raised so long.")
    other = screen("maya", "two").go("Settings")
    assert field(other, "text_area", "Why so long?").value == "" and field(other, "number_input", "Months").value == 24
