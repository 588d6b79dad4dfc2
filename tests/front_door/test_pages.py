"""The pages for requests on a phone's width, by keyboard alone, without a finding of axe, in every language; and a
robot that fills in everything and presses everything there (DLV-1)."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from sqlalchemy import select

from portal.language.choosing import LANGUAGES
from portal.storage.tables import CaseMessage, DoorRequest
from tests.browser.conftest import LAUNCH, load_script
from tests.delivery.serving import served
from tests.delivery.test_recipient_page import FOCUSED, PHONE, WIDER, check, tab_to
from tests.delivery.test_robots import JUNK as ALL_JUNK
from tests.delivery.test_robots import go
from tests.front_door.conftest import Doorway

pytestmark = [pytest.mark.browser]
JUNK = ALL_JUNK[::2]


FILL = """junk => { for (const field of document.querySelectorAll('input, textarea')) {
  field.required = false; field.maxLength = 10000;
  if (field.type === 'radio') field.checked = true;
  else if (field.type !== 'hidden') field.value = junk; } }"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=load_script("find_browser").find(), args=LAUNCH)


@pytest.fixture(scope="module")
def origin(doorway: Doorway) -> Iterator[str]:
    with served(doorway.portal) as where:
        yield where


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport=PHONE)
    yield context.new_page()
    context.close()


def press_everything(page: Page, address: str) -> int:
    """Every field filled in, every button pressed, every form submitted; gives how many were pressed."""
    pressed = 0
    for junk in JUNK:
        go(page, address)
        for number in range(page.locator("button").count()):
            go(page, address)
            page.evaluate("() => document.querySelectorAll('details').forEach(one => one.open = true)")
            page.evaluate(FILL, junk)
            page.locator("button").nth(number).click()
            pressed += 1
    go(page, address)
    page.evaluate("for (const form of document.forms) for (let i = 0; i < 3; i++) form.submit()")
    return pressed


def test_by_keyboard_from_asking_to_a_message_and_back(doorway: Doorway, origin: str, page: Page) -> None:
    email = doorway.email()
    outside: list[str] = []
    page.on("request", lambda sent: None if sent.url.startswith(origin) else outside.append(sent.url))
    page.goto(f"{origin}/ask/nobody-here")
    check(page)
    page.goto(f"{origin}/ask/shop-one")
    check(page)
    time.sleep(3)  # what is sent sooner was filled in by a program
    page.keyboard.press("Space")  # the first choice has the focus
    page.keyboard.press("Tab")
    page.keyboard.type("no address\n")
    page.get_by_role("alert").wait_for()
    check(page)
    assert page.get_by_role("radio", name="A copy of my data").is_checked()
    page.fill("#email", email)
    tab_to(page, "note")
    page.keyboard.type("<b>bold</b> & [link](https://evil.example)")
    tab_to(page, "Ask now")
    page.keyboard.press("Enter")
    page.wait_for_url("**/mine/*")
    check(page)
    assert page.evaluate(FOCUSED) == ["code", True]
    page.keyboard.type("123\n")
    page.get_by_role("alert").wait_for()
    check(page)
    before = page.url
    page.keyboard.type(f"{doorway.code(email)}\n")
    page.get_by_role("heading", name="Your request is in").wait_for()
    assert page.url != before
    assert page.get_by_text("<b>bold</b> & [link](https://evil.example)").count() == 1
    check(page)
    tab_to(page, "message")
    page.keyboard.type("Is it about the card of my sister?")
    tab_to(page, "Send the message")
    page.keyboard.press("Enter")
    page.get_by_role("status").wait_for()
    tab_to(page, "I also used another address or card")
    page.keyboard.press("Enter")
    tab_to(page, "also")
    page.keyboard.type("old.address@example.com\n")
    page.get_by_role("status").wait_for()
    case, mine = doorway.case_of(email), page.url.rpartition("/")[0]
    found = doorway.portal.case_messages.of_case(doorway.user(), case)
    assert [(one.kind, one.text) for one in found.messages[1:]] == [
        ("message", "Is it about the card of my sister?"), ("also_used", "old.address@example.com"),
    ]  # fmt: skip
    doorway.portal.case_messages.write(doorway.user(), case, "It is *yours*.\nNothing more.")
    page.goto(mine)
    assert page.get_by_text("It is *yours*.").count() == 1
    check(page)
    page.context.clear_cookies()  # another browser: how it stands, and no message
    page.goto(mine)
    assert page.get_by_text("It is *yours*.").count() == 0 and page.get_by_text("It has been received.").count() == 1
    check(page)
    for language in LANGUAGES:
        with doorway.portal.db.write() as session:
            session.get_one(DoorRequest, doorway.request(email).id).language = language
        for where in (f"{origin}/ask/shop-one?language={language}", mine):
            page.goto(where)
            assert page.evaluate(WIDER) <= 0, (language, where)
            assert page.evaluate("document.documentElement.lang") == language
    assert outside == []


@pytest.mark.keeps("DLV-1")
def test_a_robot_makes_no_case_and_changes_none(doorway: Doorway, origin: str, page: Page) -> None:
    waiting_email, email = doorway.email(), doorway.email()
    waiting = doorway.ask(waiting_email)
    token, _cookie = doorway.proved(email)

    def standing() -> tuple[int, list[tuple[str, str]], int]:
        with doorway.portal.db.read() as session:
            requests = sorted((one.id, one.state) for one in session.scalars(select(DoorRequest)))
            return len(doorway.cases()), requests, len(session.scalars(select(CaseMessage)).all())

    before = standing()
    assert press_everything(page, f"{origin}/ask/shop-one") >= len(JUNK)  # fills in the field that people do not see
    assert standing() == before
    for one in (waiting, token):
        assert press_everything(page, f"{origin}/mine/{one}") >= len(JUNK)
        for path in ("message", "also"):
            go(page, f"{origin}/mine/{one}")
            page.evaluate("path => fetch(location.pathname + '/' + path, {method: 'POST'}).catch(() => 0)", path)
    assert standing() == before
    assert len(doorway.mails(waiting_email)) <= 3 and len(doorway.mails(email)) <= 4
    page.goto(f"{origin}/mine/{waiting}")
    doorway.later(waiting_email, hours=1)
    doorway.desk.send_code(waiting, address="203.0.113.9")
    assert doorway.enter(waiting, doorway.code(waiting_email)).cookie
