"""Several exports at once on Past exports: what is about to happen is said and confirmed, and can be left undone."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Locator

    from portal.practice.world import Customer
    from tests.browser.conftest import Desk, MakeDesk

pytestmark = pytest.mark.browser


def choose(person: Desk, rows: list[int]) -> None:
    """Tick the boxes of rows (from 1) of Past exports' table."""
    for row in rows:
        box = person.page.locator("[data-testid=stDataFrame] canvas").first.bounding_box()
        assert box is not None
        person.page.mouse.click(box["x"] + 15, box["y"] + 36 + 36 * (row - 0.5))
        person.page.wait_for_timeout(80)
        person.settle()
    person.sees(f"{len(rows)} chosen")


def dialog(person: Desk, name: str) -> Locator:
    found = person.page.get_by_role("dialog").filter(has_text=name)
    found.wait_for(timeout=20_000)
    person.settle()
    return found


def ready_exports(person: Desk, somebody: Callable[[], Customer], count: int) -> list[str]:
    """Ask for some and end on Past exports, with boxes to tick; the newest stand first."""
    ids = []
    for _ in range(count):
        person.request(somebody().email)
        person.ended("Ready")
        ids.append(person.export_id())
    person.go("Past exports")
    person.click(person.page.get_by_text("Choose several", exact=True))
    person.page.wait_for_timeout(80)
    person.settle()
    return ids


def two_hours_later(person: Desk) -> None:
    """Every export was asked for two hours earlier: the same within a minute is taken for a second click."""
    with closing(sqlite3.connect(person.demo.folder / "data" / "portal.sqlite3", timeout=20)) as connection:
        connection.execute("UPDATE exports SET requested_at = datetime(requested_at, '-2 hours') || '.000000'")
        connection.commit()


def statuses(person: Desk, count: int) -> list[str]:
    return [next(c for c in row if c[:1] in set("●◐▲■○")) for row in person.table()[1 : count + 1]]


def test_manager_destroys_the_files_of_several_exports_only_after_confirming(
    desk: MakeDesk, somebody: Callable[[], Customer]
) -> None:
    person = desk("maya")
    ids = ready_exports(person, somebody, 2)
    assert person.button("Destroy files").is_disabled()
    choose(person, [1, 2])
    person.press("Destroy files")
    asked = dialog(person, "Destroy files")
    assert "2 files will be destroyed for good." in asked.inner_text()
    assert "LoyaltyDog must be asked again" in asked.inner_text()
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
    person.sees("0 chosen")


def test_several_expiring_exports_are_asked_for_again_only_after_confirming(
    desk: MakeDesk, somebody: Callable[[], Customer]
) -> None:
    person = desk("sam")
    ready_exports(person, somebody, 2)
    two_hours_later(person)
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


def test_asking_again_within_a_minute_says_for_which_exports_it_was_not_done(
    desk: MakeDesk, somebody: Callable[[], Customer]
) -> None:
    person = desk("maya")
    ids = ready_exports(person, somebody, 2)
    choose(person, [1, 2])
    before = person.demo.counts()["export_posts"]
    person.press("Ask again")
    person.click(dialog(person, "Ask again").get_by_role("button", name="Ask now"))
    person.sees("0 exports asked for again.")
    for export_id in ids:
        person.sees(export_id[:8])
    assert person.demo.counts()["export_posts"] == before
