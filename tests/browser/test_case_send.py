"""An answer goes out in a browser: the code, the link, the recipient's page, the file, the proof on the case."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.conftest import WAIT_MS, Desk, new_context
from tests.browser.test_case_acts import open_case
from tests.browser.test_case_package import choose, recognise, settle_all

pytestmark = pytest.mark.keeps("LAW-15", "LAW-16")


@pytest.fixture
def visitor(chromium: Browser) -> Iterator[Page]:
    """A browser that has no session of the portal."""
    context, trouble = new_context(chromium)
    trouble.expected.append("status of 4(00|03|10)")  # of a wrong code, of a link that ended
    yield context.new_page()
    found = trouble.unexpected()
    context.close()
    assert not found, found


def approved_case(person: Desk) -> None:
    open_case(person, f"person.{secrets.token_hex(6)}@example.com")
    person.click(person.button("Collect"))
    person.button("Answer for it").first.wait_for(timeout=3 * WAIT_MS)
    settle_all(person)
    person.press("Build the package")
    person.sees("Draft")
    recognise(person)
    person.press("Approve")
    person.heading("Send").wait_for(timeout=WAIT_MS)
    person.whole()


def made_on_screen(person: Desk) -> tuple[str, str]:
    """The link and the code, each as its dialog shows it."""
    choose(person, "send_way", "On their phone, here")
    person.press("Make the code")
    dialog = person.page.get_by_role("dialog")
    dialog.wait_for(timeout=WAIT_MS)
    code = dialog.locator("code").inner_text().strip()
    person.click(dialog.get_by_role("button", name="It was told, make the link"))
    dialog.get_by_role("img").first.wait_for(timeout=WAIT_MS)
    link = dialog.locator("code").inner_text().strip()
    person.click(dialog.get_by_role("button", name="Done", exact=True))
    dialog.wait_for(state="detached", timeout=WAIT_MS)
    person.whole()
    return link, code


def test_the_person_fetches_the_file_and_the_case_says_so(desk: Callable[..., Desk], visitor: Page) -> None:
    person = desk("maya")
    approved_case(person)
    link, code = made_on_screen(person)
    assert code not in person.text() and link not in person.text()
    person.sees("The link holds until")

    visitor.goto(link)
    field = visitor.get_by_role("textbox")
    field.fill("ABCDE-FGHJK")
    field.press("Enter")
    visitor.get_by_role("alert").wait_for(timeout=WAIT_MS)
    visitor.get_by_role("textbox").fill(code.lower().replace("-", " "))
    visitor.get_by_role("textbox").press("Enter")
    get = visitor.get_by_role("button", name="Get the file")
    get.wait_for(timeout=WAIT_MS)
    with visitor.expect_download(timeout=WAIT_MS) as fetched:
        get.click()
    content = Path(fetched.value.path()).read_bytes()
    shown = visitor.locator("main").text_content() or ""
    assert hashlib.sha256(content).hexdigest() in "".join(shown.split())

    person.reload()
    person.sees("Fetched")
    person.sees("fetched whole")
    assert "Answered" in person.text()


def test_an_answer_taken_back_opens_for_nobody(desk: Callable[..., Desk], visitor: Page) -> None:
    person = desk("maya")
    approved_case(person)
    link, code = made_on_screen(person)
    person.press("New code")
    dialog = person.page.get_by_role("dialog")
    newer = dialog.locator("code").inner_text().strip()
    assert newer != code
    person.click(dialog.get_by_role("button", name="I tell it later"))
    dialog.wait_for(state="detached", timeout=WAIT_MS)
    person.whole()
    person.press("Take it back")
    person.click(person.page.get_by_role("dialog").get_by_role("button", name="Take it back"))
    person.sees("Taken back")
    visitor.goto(link)
    assert visitor.get_by_role("textbox").count() == 0
    assert "Brook & Bean" in visitor.locator("main").inner_text()


def mails(person: Desk) -> list[dict[str, Any]]:
    """All that lie in the practice mailbox, the newest last."""
    address = f"http://127.0.0.1:{person.demo.practice_port}/_practice/mails.json"
    with urllib.request.urlopen(address, timeout=5) as answer:
        found: list[dict[str, Any]] = json.load(answer)
    return found


def last_mail(person: Desk) -> dict[str, Any]:
    found = mails(person)
    return found[-1] if found else {}


def prepared_for_another_address(person: Desk, address: str) -> str:
    """The code, as its dialog shows it; the address waits for a colleague."""
    choose(person, "send_to", "Another address")
    person.fill("Email of the person", address)
    person.fill("The same email again", address)
    person.press("Make the code")
    dialog = person.page.get_by_role("dialog")
    code = dialog.locator("code").inner_text().strip()
    person.click(dialog.get_by_role("button", name="I tell it later"))
    dialog.wait_for(state="detached", timeout=WAIT_MS)
    person.sees("a colleague compares it on this page first")
    return code


def confirmed(colleague: Desk, address: str) -> None:
    colleague.press("Compare the address")
    dialog = colleague.page.get_by_role("dialog")
    dialog.get_by_text(address).first.wait_for(timeout=WAIT_MS)
    colleague.click(dialog.get_by_role("button", name="It is theirs"))
    dialog.wait_for(state="detached", timeout=WAIT_MS)
    colleague.sees("The code was told")


def link_of(mail: dict[str, Any]) -> str:
    link = re.search(r"https?://\S+/r/[\w-]+", mail["text"])
    assert link is not None
    return link[0]


def nth_mail_to(person: Desk, address: str, count: int) -> dict[str, Any]:
    def found() -> list[dict[str, Any]]:
        return [mail for mail in mails(person) if mail["to"] == address]

    person.until(lambda: len(found()) == count)
    return found()[-1]


def test_the_link_comes_by_mail_to_a_compared_address_and_the_code_does_not(
    desk: Callable[..., Desk], visitor: Page
) -> None:
    person, colleague = desk("maya"), desk("sam")
    approved_case(person)
    address = f"person.{secrets.token_hex(6)}@example.net"
    code = prepared_for_another_address(person, address)
    colleague.open(person.page.url.removeprefix(person.demo.origin))
    confirmed(colleague, address)
    person.reload()
    person.press("The code was told")
    person.press("It was told, make the link")
    first = nth_mail_to(person, address, 1)
    assert code not in first["text"]
    person.until(lambda: any("goes to another address" in mail["text"] for mail in mails(person)[-2:]))
    person.reload()
    person.press("New link")
    second = nth_mail_to(person, address, 2)
    assert link_of(second) != link_of(first)

    visitor.goto(link_of(first))
    assert visitor.get_by_role("textbox").count() == 0
    visitor.goto(link_of(second))
    visitor.get_by_role("textbox").fill(code)
    visitor.get_by_role("textbox").press("Enter")
    visitor.get_by_role("button", name="Get the file").wait_for(timeout=WAIT_MS)
    visitor.get_by_text("This is not mine", exact=True).click()
    visitor.get_by_role("button", name="It is not mine: end the link").click()
    visitor.get_by_text("Thank you").first.wait_for(timeout=WAIT_MS)

    person.reload()
    person.sees("this answer is not theirs")
    person.go("Today")
    person.sees("An answer reached somebody else")
    person.page.go_back()
    person.whole()
    person.press("It need not be reported")
    person.until(lambda: "this answer is not theirs" not in person.text())


def test_paper_is_recorded_as_the_answer(desk: Callable[..., Desk]) -> None:
    person = desk("maya")
    approved_case(person)
    choose(person, "send_way", "On paper")
    person.press("It was handed over")
    person.sees("Handed over")
    assert "Answered" in person.text()
