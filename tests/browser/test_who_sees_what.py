"""Who sees what: roles, the other merchant, nobody at all; masking; and the end of a session."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from portal.practice.invented.world import Customer, World

if TYPE_CHECKING:
    from tests.browser.conftest import MakeDesk

pytestmark = [pytest.mark.browser, pytest.mark.keeps("SEC-34", "SEC-41")]
NO_SUCH_PAGE = r"console: The page that you have requested does not seem to exist\."
GONE = r"console: Cannot send rerun backMessage when disconnected from server\."


def test_auditor_sees_the_facts_and_no_contents(desk: MakeDesk, world: World, somebody: Callable[[], Customer]) -> None:
    customer = somebody()
    agent = desk("sam")
    agent.request(customer.email)
    agent.tabs()
    export_id = agent.export_id()

    auditor = desk("iris")
    auditor.trouble.expected.append(NO_SUCH_PAGE)
    menu = auditor.page.get_by_test_id("stSidebarNav").inner_text()
    assert "Past exports" in menu
    assert "New export" not in menu
    assert auditor.button("New export").count() == 0
    auditor.open(f"/preview?export={export_id}")
    auditor.sees("Your role sees the facts of an export, not its contents.")
    assert auditor.page.get_by_role("tab").count() == 0
    for name in ("Show", "Ask again", "Destroy file", "Release"):
        assert auditor.button(name).count() == 0
    assert auditor.page.get_by_role("link", name="Download original").count() == 0
    text = auditor.text()
    assert f"{customer.email[0]}•••@" in text
    for secret in (customer.email, customer.name, *(c.number for c in world.cards_of_customer[customer.id])):
        assert secret not in text
    assert auditor.file_status(export_id) == 403
    auditor.open("/new_export")
    auditor.heading("Today").wait_for()
    assert auditor.page.get_by_label("Customer email").count() == 0


def test_other_merchant_and_nobody_reach_an_export_by_no_address(
    desk: MakeDesk, somebody: Callable[[], Customer]
) -> None:
    agent, customer = desk("sam"), somebody()
    agent.request(customer.email)
    agent.tabs()
    export_id = agent.export_id()
    assert agent.file_status(export_id) == 409  # nobody decided yet who is left out
    agent.make_copy()
    assert agent.file_status(export_id) == 200

    stranger = desk("maya", "two")
    stranger.open(f"/preview?export={export_id}")
    stranger.sees("There is nothing here by that address.")
    assert "•••@" not in stranger.text()
    assert stranger.file_status(export_id) == 404
    stranger.go("Past exports")
    stranger.fill("Search", customer.email)
    stranger.page.keyboard.press("Enter")
    stranger.sees("Nothing matches.")

    nobody = desk()
    nobody.trouble.expected.append(NO_SUCH_PAGE)
    assert nobody.file_status(export_id) == 401
    nobody.open(f"/preview?export={export_id}")
    nobody.heading("Sign in").wait_for()
    assert nobody.heading("Preview").count() == 0


def test_same_address_at_two_merchants_gives_each_its_own_customer(desk: MakeDesk, world: World) -> None:
    for shop in ("one", "two"):
        customer = world.customer_by_email(world.merchant(shop).id, "sam@example.com")
        assert customer is not None
        person = desk("maya", shop)
        person.request("sam@example.com")
        person.tabs()
        person.see_cards()
        original = person.download("Download original").decode()
        assert customer.id in original
        other = world.customer_by_email(world.merchant("two" if shop == "one" else "one").id, "sam@example.com")
        assert other is not None
        assert other.id not in original


def test_customer_and_card_numbers_are_masked_until_asked_for(
    desk: MakeDesk, world: World, somebody: Callable[[], Customer]
) -> None:
    customer = somebody()
    card = world.cards_of_customer[customer.id][0]
    person = desk("sam")
    person.request(customer.email)
    person.tabs()
    assert customer.email not in person.page.get_by_test_id("stMain").get_by_text("•••@").first.inner_text()
    number_column = person.tab("giftCards")[0].index("cardNumber")
    shown = person.table()[1][number_column]
    assert shown != card.number
    assert shown.endswith(card.number[-4:])
    assert card.number not in person.page.content()
    person.click(person.page.get_by_role("tab", name="Raw"))
    person.sees("The original text, page 1 of")
    assert card.number not in person.page.content()

    address = f"{person.demo.origin}/exports/{person.export_id()}/file"
    assert "Say why on the preview." in person.page.context.request.get(address).text()
    person.see_cards()
    person.page.get_by_test_id("stCode").filter(has_text=card.number).wait_for(timeout=10_000)
    assert person.tab("giftCards")[1][number_column] == card.number
    person.press("Show")
    person.sees(customer.email)
    person.unfold("Details")
    person.settle()
    timeline = person.page.locator("[data-testid=stDataFrame] table").filter(has_text="asked for")
    timeline.wait_for(state="attached", timeout=10_000)
    assert (timeline.text_content() or "").count("masked values shown") == 2


def test_sign_out_ends_the_session_in_every_tab_and_for_good(desk: MakeDesk) -> None:
    person = desk()
    person.trouble.expected += [NO_SUCH_PAGE, GONE]
    person.sign_in("iris@northwindbooks.example.com")
    cookies = person.page.context.cookies()
    second = person.page.context.new_page()
    second.goto(person.demo.origin + "/past_exports")
    second.get_by_role("heading", name="Past exports").wait_for()
    person.go("Past exports")
    person.click(person.button("Sign out"))
    person.heading("Sign in").wait_for(timeout=10_000)
    person.sees("You are signed out.")
    second.get_by_role("heading", name="Sign in").wait_for(timeout=10_000)
    assert second.get_by_role("heading", name="Past exports").count() == 0

    person.page.go_back()
    person.heading("Sign in").wait_for(timeout=10_000)
    person.reload()
    person.heading("Sign in").wait_for(timeout=10_000)
    person.page.context.add_cookies(cookies)
    person.open("/past_exports")
    person.heading("Sign in").wait_for(timeout=10_000)
    assert person.heading("Past exports").count() == 0


def test_wrong_password_and_unknown_email_read_the_same(desk: MakeDesk) -> None:
    person = desk()
    said = []
    for email in ("nobody.at.all@brookandbean.example.com", "iris@brookandbean.example.com"):
        person.open()
        person.fill("Email", email)
        person.fill("Password", "not-the-password")
        person.press("Sign in")
        alert = person.page.get_by_test_id("stAlert").last
        alert.wait_for(timeout=10_000)
        said.append(alert.inner_text())
    assert said[0] == said[1]
    assert person.heading("Today").count() == 0
