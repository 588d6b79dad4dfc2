"""Wrong input is answered beside its field, in a sentence, before anything is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import WAIT_MS

if TYPE_CHECKING:
    from tests.browser.conftest import Desk, MakeDesk

pytestmark = pytest.mark.browser
GOOD = "5eed00000000000000000001"
CLOSE_BY = 40  # pixels between a field and its sentence


def problem_at(person: Desk, label: str, sentence: str) -> None:
    """The sentence is the only problem on the page and stands right below the field."""
    as_shown = sentence.replace("@", "@\u2060")  # keeps Streamlit from making a link of it
    person.page.get_by_test_id("stAlert").filter(has_text=as_shown).wait_for(timeout=10_000)
    assert person.page.get_by_test_id("stAlert").get_by_role("link").count() == 0
    alerts = person.page.get_by_test_id("stAlert")
    assert alerts.count() == 1, [alert.inner_text() for alert in alerts.all()]
    field = person.field(label).first.bounding_box()
    alert = alerts.first.bounding_box()
    assert field is not None
    assert alert is not None
    assert 0 <= alert["y"] - (field["y"] + field["height"]) < CLOSE_BY


EMAILS = {
    "nothing at all": ("", "Enter the customer's email or customer ID."),
    "no at sign": ("ada", "Enter the customer's email in full, like name@example.com."),
    "two at signs": ("ada@@example.com", "Enter the customer's email like name@example.com."),
    "two addresses": ("ada@example.com, bob@example.com", "Enter the customer's email like name@example.com."),
    "no name": ("@example.com", "Enter the customer's email like name@example.com."),
    "domain with a gap": ("ada@exam ple.com", "Enter the customer's email like name@example.com."),
}
CARD_IDS = {
    "nothing": ("", "Enter the card ID, or find the card."),
    "too short": (GOOD[:-1], "Card ID must be 24 characters of 0-9 and a-f; this has 23."),
    "too long": (GOOD + "0", "Card ID must be 24 characters of 0-9 and a-f; this has 25."),
    "upper case": (GOOD.upper(), "character 2 is “E”. Use lower-case letters."),
    "a letter": (GOOD.replace("d", "g"), "character 4 is “g”."),
    "a blank inside": (GOOD[:5] + " " + GOOD[6:], "character 6 is “U+0020”."),
    "markdown": ("**" + GOOD[2:], "character 1 is “*”."),
}


def test_wrong_input_gets_its_own_sentence_and_reaches_no_one(desk: MakeDesk) -> None:
    person = desk("sam")
    before = person.demo.counts()
    person.go("New export")
    for typed, sentence in EMAILS.values():
        person.fill("Customer email", typed)
        person.press("Request export")
        problem_at(person, "Customer email", sentence)
    person.fill("Customer email", "ada@example.com")
    person.choose("One card")
    for typed, sentence in CARD_IDS.values():
        person.fill("Card ID", typed)
        person.press("Request export")
        problem_at(person, "Card ID", sentence)
    person.choose("One program")
    person.press("Request export")
    problem_at(person, "Program", "Select a program, or choose Everything.")
    person.choose("Everything")
    person.choose("Customer ID")
    person.press("Request export")
    problem_at(person, "Customer ID", "Enter the customer's email or customer ID.")
    person.fill("Customer ID", "x" * 201)
    person.press("Request export")
    problem_at(person, "Customer ID", "Customer ID must be 200 characters or less.")
    assert person.demo.counts() == before


def test_slip_in_a_known_domain_is_offered_put_right(desk: MakeDesk) -> None:
    person = desk("sam")
    person.go("New export")
    person.fill("Customer email", "someone@gmial.com")
    person.page.keyboard.press("Tab")
    person.sees("Did you mean gmail.com?")
    person.press("Use it")
    expect(person.page.get_by_label("Customer email", exact=True)).to_have_value("someone@gmail.com", timeout=WAIT_MS)


def test_an_address_that_looks_mistyped_is_answered_before_anything_is_sent(desk: MakeDesk) -> None:
    """Also when the button is the first thing pressed after typing; by keyboard alone as by mouse."""
    person = desk("sam")
    before = person.demo.counts()
    person.go("New export")
    person.fill("Customer email", "ada@gmial.com")
    person.press("Request export")
    person.sees("Send to gmial.com all the same?")
    person.press("Request export")
    person.sees("Send to gmial.com all the same?")
    assert person.demo.counts() == before
    person.press("Use gmail.com")
    expect(person.field("Customer email")).to_have_value("ada@gmail.com", timeout=WAIT_MS)
    assert "all the same?" not in person.text()
    person.fill("Customer email", "ada@gmial.com")
    person.page.keyboard.press("Enter")
    person.sees("Did you mean gmail.com?")
    person.button("Request export").focus()
    person.page.keyboard.press("Enter")
    person.sees("Send to gmial.com all the same?")
    assert person.demo.counts() == before
    person.button("Send to gmial.com").focus()
    person.page.keyboard.press("Enter")
    person.heading("Preview").wait_for()
    assert person.demo.counts() != before


def test_sentence_goes_when_the_field_is_changed_or_the_page_is_left(desk: MakeDesk) -> None:
    person = desk("sam")
    person.go("New export")
    person.fill("Customer email", "ada")
    person.press("Request export")
    problem_at(person, "Customer email", "Enter the customer's email in full")
    person.fill("Customer email", "ada@example.com")
    person.page.keyboard.press("Tab")
    person.page.get_by_test_id("stAlert").wait_for(state="hidden", timeout=10_000)
    person.fill("Customer email", "")
    person.press("Request export")
    problem_at(person, "Customer email", "Enter the customer's email or customer ID.")
    person.go("Today")
    person.go("New export")
    assert person.page.get_by_test_id("stAlert").count() == 0


def test_newcomer_fills_the_form_from_the_list_of_practice_customers(desk: MakeDesk) -> None:
    person = desk("sam")
    person.go("New export")
    person.page.get_by_text("More to try", exact=True).click()
    person.press("Stacked CSV")
    person.settle()
    expect(person.page.get_by_label("Customer email", exact=True)).to_have_value("stacked@example.com", timeout=WAIT_MS)
    assert person.page.get_by_role("radio", name="CSV", exact=True).is_checked()
