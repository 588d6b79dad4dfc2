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
MOST_TABS_TO_TABLE = 12
BEGINS_IN = {
    "/past_exports": "Search", "/cases": "Search", "/audit_trail": "Export ID", "/your_account": "New password",
    "/new_case": "What did you get?", "/settings": "Base URL",
}  # fmt: skip
HAVE_A_TABLE = ("/past_exports", "/cases", "/audit_trail", "/your_account", "/accounts")
# Links that save a file stand in a shadow root, of which the document only tells the host.
FOCUSED = """() => { let e = document.activeElement;
  while (e.shadowRoot && e.shadowRoot.activeElement) e = e.shadowRoot.activeElement;
  return [(e.labels && e.labels[0] && e.labels[0].innerText) || e.getAttribute('aria-label') || e.innerText || '',
          e.tagName, e.dataset.testid || '']; }"""


# Presses a key as soon as the page's address is another one, and so before its first run has ended.
PRESS_AT_ONCE = """path => { const watch = new MutationObserver(() => {
    if (location.pathname !== path) return
    watch.disconnect()
    document.dispatchEvent(new KeyboardEvent('keydown', {key: 'Shift', bubbles: true})) })
  watch.observe(document, {attributes: true, childList: true, subtree: true}) }"""


def tab_to(person: Desk, wanted: str, tag: str = "", *, key: str = "Tab") -> None:
    """Press Tab until the focus is on something called so."""
    for _ in range(MOST_TABS):
        person.page.keyboard.press(key)
        name, tag_here, _test_id = person.page.evaluate(FOCUSED)
        if wanted in name.splitlines() and tag in ("", tag_here):
            return
    pytest.fail(f"{MOST_TABS} tabs do not lead to {wanted!r}")


def focus_of(person: Desk) -> str:
    """What has the focus, by its words, once the page is whole."""
    person.whole()
    return str(person.page.evaluate(FOCUSED)[0])


def tabs_to_table(person: Desk) -> int:
    """From where a page begins to the first table."""
    person.whole()
    for count in range(1, MOST_TABS):
        person.page.keyboard.press("Tab")
        if person.page.evaluate(FOCUSED)[1] == "CANVAS":
            return count
    pytest.fail(f"{MOST_TABS} tabs do not lead to the table of {person.page.url}")


def test_whole_job_by_keyboard_alone(desk: MakeDesk, somebody: Callable[[], Customer]) -> None:
    customer = somebody()
    person = desk()
    keys = person.page.keyboard
    person.open()
    assert focus_of(person) == "Email"
    keys.type("sam@brookandbean.example.com")
    tab_to(person, "Password", "INPUT")
    keys.type(person.password)
    keys.press("Enter")
    person.heading("Today").wait_for(timeout=20_000)
    person.settle()
    tab_to(person, "New export", "A")
    keys.press("Enter")
    person.heading("New export").wait_for()
    assert focus_of(person) == "Customer email"
    keys.type(customer.email)
    keys.press("Enter")
    person.heading("Preview").wait_for(timeout=20_000)
    person.tabs()
    export_id = person.export_id()
    tab_to(person, "Make the copy to send", "BUTTON")
    keys.press("Enter")
    person.page.get_by_role("link", name="Download to send", exact=True).wait_for(timeout=20_000)
    person.settle()
    tab_to(person, "Download to send", "A")
    with person.page.expect_download() as download:
        keys.press("Enter")
    assert download.value.suggested_filename.endswith(".json")

    tab_to(person, "Past exports", "A")
    keys.press("Enter")
    person.heading("Past exports").wait_for()
    person.settle()
    tabs_to_table(person)
    keys.press("Shift+Space")
    person.sees("1 chosen")
    person.settle()
    tab_to(person, "Open preview", key="Shift+Tab")
    keys.press("Enter")
    person.heading("Preview").wait_for(timeout=10_000)
    assert person.export_id() == export_id


def test_each_page_begins_in_its_first_field_near_its_table(desk: MakeDesk, somebody: Callable[[], Customer]) -> None:
    person = desk("maya")
    person.request(somebody().email)
    titles = {}
    for path in dict.fromkeys((*BEGINS_IN, *HAVE_A_TABLE, "/", "/new_export", "/preview", "/help")):
        person.open(path)
        if path in BEGINS_IN:
            person.until(lambda path=path: focus_of(person) == BEGINS_IN[path])
        titles[path] = person.page.title()
        if path in HAVE_A_TABLE:
            assert tabs_to_table(person) <= MOST_TABS_TO_TABLE, path
    assert len(set(titles.values())) == len(titles), titles
    person.open("/new_case")
    person.whole()
    tab_to(person, "Reference", "INPUT")  # a rerun must not move the focus
    person.page.keyboard.type("T-1")
    person.page.keyboard.press("Tab")
    assert focus_of(person) != "What did you get?"
    tab_to(person, "Reference", "INPUT")
    person.page.keyboard.press("Enter")
    person.sees("Say by what the person is known.")


def test_a_page_that_comes_late_moves_nobodys_focus(desk: MakeDesk) -> None:
    person = desk("sam")
    person.open()
    person.page.evaluate(PRESS_AT_ONCE, "/past_exports")
    person.go("Past exports")
    assert "Past exports" in focus_of(person)
    person.open()
    person.go("Past exports")
    assert focus_of(person) == "Search"
