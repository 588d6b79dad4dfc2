"""The whole job by keyboard alone: Tab, arrows, Space, Enter and typing."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from portal.practice.invented.world import Customer

if TYPE_CHECKING:
    from tests.browser.conftest import Desk, MakeDesk

pytestmark = [pytest.mark.browser, pytest.mark.keeps("LAW-24")]
MOST_TABS = 60
# Links that save a file stand in a shadow root, of which the document only tells the host.
FOCUSED = """() => { let e = document.activeElement;
  while (e.shadowRoot && e.shadowRoot.activeElement) e = e.shadowRoot.activeElement;
  return [(e.labels && e.labels[0] && e.labels[0].innerText) || e.getAttribute('aria-label') || e.innerText || '',
          e.tagName, e.dataset.testid || '']; }"""


def tab_to(person: Desk, wanted: str, tag: str = "") -> None:
    """Press Tab until the focus is on something called so."""
    for _ in range(MOST_TABS):
        person.page.keyboard.press("Tab")
        name, tag_here, _test_id = person.page.evaluate(FOCUSED)
        if wanted in name.splitlines() and tag in ("", tag_here):
            return
    pytest.fail(f"{MOST_TABS} tabs do not lead to {wanted!r}")


def test_whole_job_by_keyboard_alone(desk: MakeDesk, somebody: Callable[[], Customer]) -> None:
    customer = somebody()
    person = desk()
    keys = person.page.keyboard
    person.open()
    tab_to(person, "Email", "INPUT")
    keys.type("sam@brookandbean.example.com")
    tab_to(person, "Password", "INPUT")
    keys.type(person.password)
    keys.press("Enter")
    person.heading("Today").wait_for(timeout=20_000)
    person.settle()
    tab_to(person, "New export", "A")
    keys.press("Enter")
    person.heading("New export").wait_for()
    person.settle()
    tab_to(person, "Customer email", "INPUT")
    keys.type(customer.email)
    tab_to(person, "Request export", "BUTTON")
    keys.press("Enter")
    person.heading("Preview").wait_for(timeout=20_000)
    person.tabs()
    export_id = person.export_id()
    tab_to(person, "Download original", "A")
    with person.page.expect_download() as download:
        keys.press("Enter")
    assert download.value.suggested_filename.endswith(".json")

    tab_to(person, "Past exports", "A")
    keys.press("Enter")
    person.heading("Past exports").wait_for()
    person.settle()
    for _ in range(MOST_TABS):
        keys.press("Tab")
        if person.page.evaluate(FOCUSED)[1] == "CANVAS":
            break
    keys.press("Shift+Space")
    person.heading("Preview").wait_for(timeout=10_000)
    assert person.export_id() == export_id
