"""The recipient's page on a phone's width, by keyboard alone, without a finding of axe, in every language."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, sync_playwright

from portal.delivery.kinds import DeliveryState
from portal.language.choosing import LANGUAGES
from portal.storage.answering.delivery_tables import Delivery
from tests.browser.conftest import LAUNCH, load_script
from tests.delivery.shown_answer import ShownAnswer, shown_answer

pytestmark = [pytest.mark.browser, pytest.mark.keeps("LAW-24", "DLV-2", "DLV-11")]
PHONE = {"width": 390, "height": 844}
FOCUSED = """() => { const e = document.activeElement, style = getComputedStyle(e);
  const outlined = style.outlineStyle !== 'none' && style.outlineWidth !== '0px';
  return [e.innerText || e.id, e !== document.body && outlined]; }"""
WIDER = "() => document.documentElement.scrollWidth - innerWidth"
MOST_TABS = 12


@pytest.fixture
def answer(new_desk: Callable[..., Any]) -> Iterator[ShownAnswer]:
    with new_desk() as desk, shown_answer(desk) as shown:
        yield shown


@pytest.fixture
def page() -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=load_script("find_browser").find(), args=LAUNCH)
        yield browser.new_context(viewport=PHONE, accept_downloads=True).new_page()
        browser.close()


def check(page: Page) -> None:
    """Nothing for axe to find, light and dark, and nothing wider than the phone."""
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        found = Axe().run(page).response["violations"]
        assert not found, (page.url, scheme, [(one["id"], [node["html"] for node in one["nodes"]]) for one in found])
    assert page.evaluate(WIDER) <= 0


def tab_to(page: Page, words: str) -> None:
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        name, seen = page.evaluate(FOCUSED)
        assert seen, f"the focus on {name!r} cannot be seen"
        if name == words:
            return
    pytest.fail(f"{MOST_TABS} tabs do not lead to {words!r}")


def test_by_keyboard_on_a_phone_from_the_link_to_the_file_to_not_mine(answer: ShownAnswer, page: Page) -> None:
    delivery, address, code = answer.given()
    page.goto(f"{address[:-4]}aaaa")
    check(page)
    page.goto(address)
    check(page)
    assert page.evaluate(FOCUSED) == ["code", True]
    page.keyboard.type("ABCDE-FGHJK\n")
    page.get_by_role("alert").wait_for()
    check(page)
    page.keyboard.type(f"{code}\n")
    page.wait_for_url("**/files")
    for summary in page.locator("summary").all():
        assert summary.evaluate("one => one.parentElement.open = true")
    check(page)
    for language in LANGUAGES:
        with answer.desk.portal.db.write() as session:
            session.get_one(Delivery, delivery).language = language
        for where in (f"{address}/files", address):
            page.goto(where)
            page.evaluate("() => document.querySelectorAll('details').forEach(one => one.open = true)")
            assert page.evaluate(WIDER) <= 0, (language, where)
            assert page.evaluate("document.documentElement.lang") == language
    with answer.desk.portal.db.write() as session:
        session.get_one(Delivery, delivery).language = "en"
    page.goto(f"{address}/files")
    tab_to(page, "Get the file")
    with page.expect_download() as fetched:
        page.keyboard.press("Enter")
    content = Path(fetched.value.path()).read_bytes()
    assert hashlib.sha256(content).hexdigest() == answer.view(delivery).sha256
    tab_to(page, "This is not mine")
    page.keyboard.press("Enter")
    tab_to(page, "It is not mine: end the link")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Thank you").wait_for()
    check(page)
    assert answer.view(delivery).state is DeliveryState.REVOKED
