"""The whole job, from sign-in to the file in hand and the export found again."""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from portal.practice.invented.world import Card, Customer, World
from tests.browser.conftest import WAIT_MS

if TYPE_CHECKING:
    from tests.browser.conftest import Desk, MakeDesk

pytestmark = [pytest.mark.browser, pytest.mark.keeps("LAW-8")]
MOST_INPUTS, MOST_SECONDS = 8, 30.0
MOST_DECIDING_INPUTS = 10
MANAGER = "maya@brookandbean.example.com"


def cards_of(world: World, email: str) -> list[Card]:
    customer = world.customer_by_email(world.merchant("one").id, email)
    assert customer is not None
    return world.cards_of_customer[customer.id]


def finish(person: Desk, began: float, what: str) -> None:
    """Tabs are there: the file is previewed. Tells what it took and holds it to what was promised."""
    took = time.monotonic() - began
    print(f"\n{what}: {person.inputs} inputs, {took:.1f} s from sign-in to preview")
    assert person.inputs <= MOST_INPUTS
    assert took < MOST_SECONDS


def check_original(person: Desk) -> bytes:
    """The download is the very file whose SHA-256 stands on the page."""
    person.see_cards()
    original = person.download("Download original")
    assert hashlib.sha256(original).hexdigest() == person.sha256()
    return original


def check_past_exports(person: Desk, customer: str, scope: str, form: str, status: str = "● Ready") -> None:
    """The newest of this customer stands in Past exports, with its expiry, and its row opens the preview again."""
    export_id = person.export_id()
    person.go("Past exports")
    rows = person.table()
    mine = next(n for n, row in enumerate(rows) if row[2:4] == [customer, status])
    assert re.fullmatch(r"\d{1,2} [A-Z][a-z]{2}( \d{4})?, \d\d:\d\d", rows[mine][5]), rows[mine]
    assert rows[mine][6:8] == [scope, form]
    person.open_row(mine)
    assert person.export_id() == export_id
    assert person.tabs()[-1] == "Raw"


def test_manager_gets_a_json_file_by_email(desk: MakeDesk, world: World) -> None:
    person = desk()
    began = time.monotonic()
    person.sign_in(MANAGER)
    person.request("ada@example.com")
    cards = cards_of(world, "ada@example.com")
    moves = sum(len(card.transactions) for card in cards)
    tabs = person.tabs()
    finish(person, began, "JSON by email")

    assert tabs == [
        "file (1)", "customer (1)", f"giftCards ({len(cards)})", f"giftCards.transactions ({moves})", "consents (2)",
        "Raw",
    ]  # fmt: skip
    shown = person.tab("giftCards.transactions")
    newest_first = [move.id for card in cards for move in reversed(card.transactions)]
    ids = [row[2] for row in shown[1:]]  # the grid draws only the rows within its window
    assert len(ids) > 5
    assert ids == newest_first[: len(ids)]
    record = json.loads(check_original(person))
    assert record["customer"]["email"] == "ada@example.com"
    assert [card["id"] for card in record["giftCards"]] == [card.id for card in cards]
    check_past_exports(person, "a•••@example.com", "Everything", "JSON")


def test_manager_gets_a_csv_file_by_customer_id(desk: MakeDesk, world: World) -> None:
    stacked = world.customer_by_email(world.merchant("one").id, "stacked@example.com")
    assert stacked is not None
    person = desk()
    began = time.monotonic()
    person.sign_in(MANAGER)
    person.go("New export")
    person.choose("Customer ID")
    person.fill("Customer ID", stacked.id)
    person.choose("CSV")
    person.send()
    tabs = person.tabs()
    finish(person, began, "CSV by customer ID")

    assert [re.sub(r" \(.*", "", tab) for tab in tabs] == ["Customer", "Gift cards", "Transactions", "Consents", "Raw"]
    cards = world.cards_of_customer[stacked.id]
    assert [row[1] for row in person.tab("Gift cards")[1:]] == [card.id for card in cards]
    original = check_original(person)
    assert stacked.email.encode() in original
    sheet = person.download("Download spreadsheet")
    assert sheet != original
    assert stacked.email.encode() in sheet
    check_past_exports(person, f"•••{stacked.id[-4:]}", "Everything", "CSV")


def test_agent_limits_an_export_to_one_program(desk: MakeDesk, world: World) -> None:
    email = "many.cards@example.com"
    program = world.merchant("one").programs[0]
    person = desk("sam")
    person.go("New export")
    person.fill("Customer email", email)
    person.choose("One program")
    person.page.get_by_role("combobox", name="Program").click()
    person.page.keyboard.type(program.name[:5])
    person.click(person.page.get_by_role("option", name=program.name, exact=True))
    person.settle()
    person.send()

    inside = [card for card in cards_of(world, email) if card.program_id == program.id]
    assert 0 < len(inside) < len(cards_of(world, email))
    assert f"giftCards ({len(inside)})" in person.tabs()
    record = json.loads(check_original(person))
    assert {card["programId"] for card in record["giftCards"]} == {program.id}
    check_past_exports(person, "m•••@example.com", program.name, "JSON")


def test_agent_limits_an_export_to_one_card_found_by_its_last_digits(desk: MakeDesk, world: World) -> None:
    email = "queued@example.com"
    card = cards_of(world, email)[0]
    person = desk("sam")
    person.go("New export")
    person.fill("Customer email", email)
    person.choose("One card")
    person.press("Find the customer")
    person.sees(f"•••• {card.number[-4:]}")
    assert card.number not in person.text()
    person.click(person.page.get_by_role("button", name="Use •••"))
    person.press(f"Use •••• {card.number[-4:]}")
    expect(person.page.get_by_label("Card ID", exact=True)).to_have_value(card.id, timeout=WAIT_MS)
    person.send()
    assert "giftCards (1)" in person.tabs()
    assert [c["id"] for c in json.loads(check_original(person))["giftCards"]] == [card.id]


def test_agent_limits_an_export_to_one_card_by_typing_its_id(
    desk: MakeDesk, world: World, somebody: Callable[[], Customer]
) -> None:
    customer = somebody()
    card = world.cards_of_customer[customer.id][1]
    person = desk("sam")
    person.go("New export")
    person.fill("Customer email", customer.email)
    person.choose("One card")
    person.fill("Card ID", card.id)
    person.send()
    assert "giftCards (1)" in person.tabs()
    assert [c["id"] for c in json.loads(check_original(person))["giftCards"]] == [card.id]


def test_every_page_survives_a_reload(desk: MakeDesk) -> None:
    person = desk("sam")
    person.request("flat.csv@example.com", "CSV")
    tabs, sha256 = person.tabs(), person.sha256()
    person.reload()
    assert (person.tabs(), person.sha256()) == (tabs, sha256)
    for page in ("Today", "New export", "Past exports"):
        person.go(page)
        person.reload()
        person.heading(page).wait_for()
    assert any(row[2] == "f•••@example.com" for row in person.table())


def test_same_export_asked_twice_within_a_minute_is_offered_and_not_repeated(
    desk: MakeDesk, somebody: Callable[[], Customer]
) -> None:
    email = somebody().email
    person = desk("sam")
    person.request(email)
    person.tabs()
    first, sent = person.export_id(), person.demo.counts()["export_posts"]
    person.go("New export")
    person.fill("Customer email", email)
    person.press("Request export")
    person.sees("This export was asked for less than a minute ago.")
    assert person.demo.counts()["export_posts"] == sent
    person.press("Back to the form")
    expect(person.page.get_by_label("Customer email", exact=True)).to_have_value(email, timeout=WAIT_MS)
    person.press("Request export")
    person.press("Open that one")
    person.heading("Preview").wait_for()
    assert person.export_id() == first


def test_export_may_be_left_while_it_runs_and_is_found_in_past_exports(desk: MakeDesk) -> None:
    person = desk("maya")
    person.request("slow@example.com")
    person.sees("Asking LoyaltyDog")
    person.go("Past exports")
    row = next(n for n, row in enumerate(person.table()) if row[2] == "s•••@example.com")
    assert person.table()[row][3] in ("◐ Asking", "◐ Fetching")
    person.open_row(row)
    person.sees("Fetching the file")
    person.ended("4 checks hold")
    assert person.tabs()[-1] == "Raw"


def test_from_sign_in_to_nothing_else_to_decide_takes_ten_inputs_and_one_decision_for_many_cards_too(
    desk: MakeDesk,
) -> None:
    person = desk()
    person.sign_in(MANAGER)
    decisions = {}
    for email in ("ada@example.com", "many.cards@example.com"):
        person.request(email)
        person.tabs()
        before = person.inputs
        person.press("Make the copy to send")
        person.page.get_by_role("link", name="Download to send", exact=True).wait_for(timeout=WAIT_MS)
        assert person.button("Make the copy to send").count() == 0
        decisions[email] = person.inputs - before
        print(f"\n{email}: {person.inputs} inputs from sign-in to nothing else to decide")
        assert person.inputs <= MOST_DECIDING_INPUTS or email != "ada@example.com"
    assert set(decisions.values()) == {1}, decisions
