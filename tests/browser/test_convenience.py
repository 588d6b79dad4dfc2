"""Less typing for who does this all day: keys, pasted messages, recent customers, a title that says how it stands."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from portal.practice.invented.world import Customer
from tests.browser.conftest import WAIT_MS

if TYPE_CHECKING:
    from tests.browser.conftest import MakeDesk

pytestmark = pytest.mark.browser
KEYS = "Alt+n"
NAME = """e => (e.getAttribute('aria-label') || (e.labels && e.labels[0] && e.labels[0].innerText) || e.innerText || '')
  .trim()"""
LOOKS = """e => [e, e.parentElement, e.parentElement.parentElement, ...(e.closest('label') || e).querySelectorAll('*')]
  .map(n => getComputedStyle(n))
  .map(s => [s.outline, s.boxShadow, s.borderColor, s.backgroundColor].join()).join(';')"""
IN_READING_ORDER = ["Help", "Email", "Customer email", "Everything", "JSON", "Reference", "Request export",
                    "Ordinary customer"]  # fmt: skip


@pytest.mark.parametrize("path", ["/", "/past_exports", "/preview", "/settings", "/your_account", "/help"])
def test_keys_lead_to_a_new_export_from_every_page(desk: MakeDesk, path: str) -> None:
    person = desk("maya")
    person.open(path)
    if path == "/preview":  # without an export it offers the same as its own next step
        person.press("New export")
    else:
        person.page.wait_for_timeout(
            500
        )  # keys are heard once the front end has drawn the button, not when the run ends
        person.page.keyboard.press(KEYS)
    person.heading("New export").wait_for()


def test_a_letter_typed_into_a_field_stays_a_letter(desk: MakeDesk) -> None:
    person = desk("maya")
    person.open("/past_exports")
    person.field("Search").focus()
    person.page.keyboard.type("nina n.")
    expect(person.field("Search")).to_have_value("nina n.", timeout=WAIT_MS)
    assert person.heading("Past exports").count() == 1


def test_auditor_has_no_keys_to_ask_for_exports(desk: MakeDesk) -> None:
    person = desk("iris")
    person.open("/past_exports")
    person.page.keyboard.press(KEYS)
    person.page.wait_for_timeout(300)
    assert person.heading("Past exports").count() == 1


def test_pasted_message_becomes_its_address_and_stands_in_no_address_bar(
    desk: MakeDesk, somebody: Callable[[], Customer]
) -> None:
    customer = somebody()
    person = desk("sam")
    person.go("New export")
    field = person.field("Customer email")
    field.focus()
    # A browser makes blanks of the line breaks of what is pasted into a field of one line.
    person.page.keyboard.insert_text(f"Hello,\nI am\n{customer.email}\nPlease send me my data.")
    person.page.keyboard.press("Tab")
    person.sees("Found in what you pasted.")
    expect(field).to_have_value(customer.email, timeout=WAIT_MS)
    assert customer.email.partition("@")[0] not in person.page.url
    person.send()
    person.tabs()


def test_message_pasted_and_sent_at_once_asks_for_the_address_in_it(
    desk: MakeDesk, somebody: Callable[[], Customer]
) -> None:
    customer = somebody()
    person = desk("sam")
    person.go("New export")
    person.fill("Customer email", f"{customer.name} <{customer.email}> wrote: my data please")
    person.send()
    person.tabs()
    person.press("Show")
    person.sees(customer.email)


def test_several_addresses_are_offered_and_nothing_is_sent_before_one_is_chosen(
    desk: MakeDesk, somebody: Callable[[], Customer]
) -> None:
    customer = somebody()
    person = desk("sam")
    before = person.demo.counts()
    person.go("New export")
    person.fill("Customer email", f"From: {customer.email} To: privacy@example.org")
    person.press("Request export")
    person.sees("2 addresses are in what you pasted.")
    assert person.heading("New export").count() == 1
    assert person.demo.counts() == before
    person.click(person.page.get_by_label("2 addresses are in what you pasted.").first)
    person.click(person.page.get_by_role("option", name=customer.email, exact=True))
    expect(person.field("Customer email")).to_have_value(customer.email, timeout=WAIT_MS)


def test_recent_customer_is_masked_and_fills_the_form_by_one_click(
    desk: MakeDesk, somebody: Callable[[], Customer]
) -> None:
    customer = somebody()
    person = desk("sam")
    person.request(customer.email)
    person.tabs()
    person.go("New export")
    recent = person.page.locator(".st-key-recent")
    recent.wait_for()
    assert customer.email not in person.page.content()
    person.click(recent.get_by_role("button").first)
    expect(person.field("Customer email")).to_have_value(customer.email, timeout=WAIT_MS)


def test_title_of_the_tab_says_how_an_export_stands(desk: MakeDesk) -> None:
    person = desk("sam")
    person.request("slow@example.com")
    expect(person.page).to_have_title(re.compile("^… "), timeout=20_000)
    person.tabs()
    expect(person.page).to_have_title(re.compile("^✓ Ready"), timeout=20_000)
    person.go("Past exports")
    expect(person.page).to_have_title("Past exports – Privacy portal", timeout=20_000)


def test_focus_goes_through_new_export_in_reading_order_and_is_seen(desk: MakeDesk) -> None:
    person = desk("sam")
    person.open("/new_export")
    met: list[str] = []
    waiting = list(IN_READING_ORDER)
    for _ in range(90):  # it begins in the first field, so once around first
        person.page.keyboard.press("Tab")
        here = person.page.evaluate_handle("document.activeElement").as_element()
        assert here is not None
        met.append(str(here.evaluate(NAME)).splitlines()[-1] if here.evaluate(NAME) else "")
        if waiting[0] not in met[-1] or not here.evaluate("e => !!e.closest('[data-testid=stMain]')"):
            continue
        waiting.pop(0)
        person.page.wait_for_timeout(300)  # borders change their colour slowly
        focused = here.evaluate(LOOKS)
        here.evaluate("e => e.blur()")
        person.page.wait_for_timeout(300)
        assert here.evaluate(LOOKS) != focused, f"the focus on {met[-1]} is not seen"
        if not waiting:
            return
    pytest.fail(f"{waiting[0]} does not come in its turn: {met}")


def test_help_is_reached_and_read_by_keys_alone(desk: MakeDesk) -> None:
    person = desk("sam")
    person.open("/new_export")
    main = person.page.get_by_test_id("stMain")
    main.get_by_role("link", name="Help").focus()
    person.page.keyboard.press("Enter")
    person.heading("Help").wait_for()
    person.settle()
    first = main.locator("summary").first
    first.focus()
    before = main.locator("details[open]").count()
    person.page.keyboard.press("Enter")
    main.locator("details[open]").nth(before).wait_for()
    person.page.keyboard.press(KEYS)
    person.heading("New export").wait_for()
