"""Help from each screen, at its own question; its pictures; the first look round."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from portal.ui.help.help_places import QUESTION_OF_PAGE, QUESTIONS
from tests.browser.test_accessibility import grave_findings

if TYPE_CHECKING:
    from tests.browser.conftest import Desk, MakeDesk

pytestmark = pytest.mark.browser


def unfolded(person: Desk) -> list[str]:
    return [
        summary.inner_text().strip().splitlines()[-1]
        for summary in person.page.get_by_test_id("stMain").locator("details[open] > summary").all()
    ]


def test_each_screen_opens_help_at_its_own_question(desk: MakeDesk) -> None:
    person = desk("maya")
    for page, question in QUESTION_OF_PAGE.items():
        person.open(f"/{page}")
        person.click(person.page.get_by_test_id("stMain").get_by_role("link", name="Help"))
        person.heading("Help").wait_for()
        person.settle()
        assert unfolded(person) == [QUESTIONS[question]], page
        assert person.page.url.endswith(f"/help?about={question}")


def test_whoever_is_signed_out_finds_the_way_in_where_help_would_be(desk: MakeDesk) -> None:
    nobody = desk()
    nobody.open("/help?about=trail")
    nobody.heading("Sign in").wait_for()
    nobody.click(nobody.page.get_by_test_id("stMain").locator("summary").filter(has_text="Help"))
    nobody.sees("A manager of your merchant invites you")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pictures_of_help_are_drawn_and_have_words(desk: MakeDesk, scheme: str) -> None:
    person = desk("sam", color_scheme=scheme)
    person.open("/help?about=states")
    for question in ("which", "expiry"):
        person.click(person.page.get_by_test_id("stMain").locator("summary").filter(has_text=QUESTIONS[question]))
        person.settle()
    pictures = person.page.get_by_test_id("stMain").locator("img")
    pictures.nth(2).wait_for()
    for picture in pictures.all():
        assert picture.evaluate("i => i.complete && i.naturalWidth > 300")
        assert len((picture.get_attribute("alt") or "").split()) > 8
    person.page.wait_for_timeout(500)
    assert not grave_findings(person, f"help, {scheme}")


def test_newcomer_goes_once_round_and_closes_the_tour(desk: MakeDesk) -> None:
    person = desk("maya")
    person.open("/")
    person.press("Fill the form for Ada")
    person.heading("New export").wait_for()
    person.send()
    person.tabs()
    person.go("Past exports")
    person.go("Audit trail")
    person.go("Today")
    tour = person.page.locator(".st-key-tour")
    tour.wait_for()
    assert tour.inner_text().count("done") == 4
    person.press("Close the tour")
    tour.wait_for(state="detached")
    person.go("Past exports")
    person.go("Today")
    assert person.page.locator(".st-key-tour").count() == 0
