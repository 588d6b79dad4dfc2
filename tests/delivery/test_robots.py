"""A mail scanner's browser: it runs scripts, clicks everything, submits every form empty and with junk (DLV-1)."""

from __future__ import annotations

import pytest
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page, sync_playwright

from portal.delivery.kinds import DeliveryState
from tests.browser.conftest import LAUNCH, load_script
from tests.delivery.conftest import Given
from tests.delivery.serving import served

pytestmark = [pytest.mark.browser, pytest.mark.keeps("DLV-1")]
JUNK = (
    "",
    "test",
    "0000000000",
    "aaaaaaaaaa",
    "<script>alert(1)</script>",
    "a@example.com",
    "x" * 39,
    "\u202e",
    "12345",
)


def go(page: Page, address: str) -> None:
    """Also while a form's answer still comes, which ends the first try."""
    try:
        page.goto(address)
    except PlaywrightError:
        page.wait_for_load_state()
        page.goto(address)


def press_everything(page: Page, address: str) -> int:
    """Gives how many buttons were pressed and forms submitted."""
    pressed = 0
    for junk in JUNK:
        go(page, address)
        for field in page.locator("input").all():
            field.evaluate("field => { field.required = false; field.maxLength = 10000 }")
            field.fill(junk)
        for number in range(page.locator("button").count()):
            go(page, address)
            for field in page.locator("input").all():
                field.evaluate("field => { field.required = false; field.maxLength = 10000 }")
                field.fill(junk)
            page.locator("button").nth(number).click()
            pressed += 1
    go(page, address)
    page.evaluate("for (const form of document.forms) for (let i = 0; i < 3; i++) form.submit()")
    for path in ("files", "file", "not-mine", "send-code"):
        go(page, address)
        page.evaluate("path => fetch(location.pathname + '/' + path, {method: 'POST'}).catch(() => 0)", path)
    return pressed


def test_a_scanners_browser_changes_nothing(given: Given) -> None:
    delivery, token, code = given.sent()
    before = given.view(delivery), given.facts(), len(given.post.mails)
    with served(given.desk.portal) as origin, sync_playwright() as playwright:
        program = load_script("find_browser").find()
        robot = playwright.chromium.launch(executable_path=program, args=LAUNCH).new_page()
        assert press_everything(robot, f"{origin}/r/{token}") >= len(JUNK)
        assert (given.view(delivery), given.facts(), len(given.post.mails)) == before
        robot.goto(f"{origin}/r/{token}")
        robot.fill("#code", code)
        robot.keyboard.press("Enter")
        robot.wait_for_url("**/files")
    assert given.view(delivery).state is DeliveryState.OPENED
