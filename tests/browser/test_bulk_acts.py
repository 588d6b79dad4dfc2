"""Several exports at once on Past exports: what is about to happen is said and confirmed, and can be left undone."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Locator

    from portal.practice.invented.world import Customer
    from tests.browser.conftest import Desk, MakeDesk

pytestmark = pytest.mark.browser


def choose(person: Desk, rows: list[int]) -> None:
    """Tick the boxes of rows (from 1) of Past exports' table, each once the one before is counted."""
    for number, row in enumerate(rows, start=1):
        person.tick_row(row)
        person.sees(f"{number} chosen")
        person.settle()


def dialog(person: Desk, name: str) -> Locator:
    found = person.page.get_by_role("dialog").filter(has_text=name)
    found.wait_for(timeout=20_000)
    person.settle()
    return found


def ready_exports(person: Desk, somebody: Callable[[], Customer], count: int) -> list[str]:
    """Ask for some and end on Past exports; the newest stand first."""
    ids = []
    for _ in range(count):
        person.request(somebody().email)
        person.ended("Ready")
        person.make_copy()
        ids.append(person.export_id())
    person.go("Past exports")
    person.whole()
    return ids


def statuses(person: Desk, count: int) -> list[str]:
    return [next(c for c in row if c[:1] in set("●◐▲■○")) for row in person.table()[1 : count + 1]]


def test_manager_destroys_the_files_of_several_exports_only_after_confirming(
    desk: MakeDesk, somebody: Callable[[], Customer]
) -> None:
    person = desk("maya")
    ids = ready_exports(person, somebody, 2)
    assert person.button("Destroy files").count() == 0
    choose(person, [1, 2])
    person.press("Destroy files")
    asked = dialog(person, "Destroy files")
    assert "2 files will be destroyed for good." in asked.inner_text()
    assert "LoyaltyDog must be asked again" in asked.inner_text()
    assert asked.inner_text().count("•••@") == 2  # what it acts on, masked
    person.page.keyboard.press("Escape")
    asked.wait_for(state="hidden")
    person.settle()
    assert [person.file_status(export_id) for export_id in ids] == [200, 200]

    person.press("Destroy files")
    person.click(dialog(person, "Destroy files").get_by_role("button", name="Destroy now"))
    person.sees("2 files destroyed.")
    person.page.get_by_role("dialog").wait_for(state="hidden")
    person.settle()
    assert [person.file_status(export_id) for export_id in ids] == [409, 409]
    assert all(re.search("○", status) for status in statuses(person, 2))
    person.sees("Click a row to open it")


def test_several_expiring_exports_are_asked_for_again_only_after_confirming(
    desk: MakeDesk, somebody: Callable[[], Customer]
) -> None:
    person = desk("sam")
    ready_exports(person, somebody, 2)
    choose(person, [1, 2])
    before = person.demo.counts()["export_posts"]
    person.press("Ask again")
    asked = dialog(person, "Ask again")
    assert "2 exports will be asked for again" in asked.inner_text()
    assert "The old ones stay until their time is over." in asked.inner_text()
    person.page.keyboard.press("Escape")
    asked.wait_for(state="hidden")
    person.settle()
    assert person.demo.counts()["export_posts"] == before
    assert person.button("Destroy files").count() == 0  # an agent destroys nothing

    person.press("Ask again")
    person.click(dialog(person, "Ask again").get_by_role("button", name="Ask now"))
    person.sees("2 exports asked for again.")
    person.reload()
    assert person.demo.counts()["export_posts"] == before + 2


def test_asking_again_twice_within_a_minute_asks_loyaltydog_once(
    desk: MakeDesk, somebody: Callable[[], Customer]
) -> None:
    person = desk("maya")
    ready_exports(person, somebody, 2)
    before = person.demo.counts()["export_posts"]
    for rows, said in (([1, 2], ""), ([3, 4], "For 2 of them nothing new was needed")):  # the second time, the old ones
        choose(person, rows)
        person.press("Ask again")
        person.click(dialog(person, "Ask again").get_by_role("button", name="Ask now"))
        person.sees("2 exports asked for again.")
        person.page.get_by_role("dialog").wait_for(state="hidden")
        person.settle()
        assert said in person.text()
        person.reload()
        person.sees("Click a row to open it")
        person.whole()
    assert person.demo.counts()["export_posts"] == before + 2
