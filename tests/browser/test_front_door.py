"""The practice merchant's page for requests, from asking to a message and its answer, on the screens of both sides."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable

from tests.browser.conftest import WAIT_MS, Desk
from tests.browser.test_case_identity import mailed_code
from tests.browser.test_case_send import last_mail

TRICKY = "**Bold** [link](https://evil.example) :material/home:"


def test_a_person_asks_for_themselves_and_a_colleague_answers(desk: Callable[..., Desk]) -> None:
    person, email = desk("maya"), f"asker.{secrets.token_hex(6)}@example.com"
    person.open("/settings")
    person.sees("/ask/brook-and-bean")
    browser = person.page.context.browser
    assert browser is not None
    asker = browser.new_page()
    asker.goto(f"{person.demo.origin}/ask/brook-and-bean")
    asker.get_by_role("radio").first.check()
    asker.fill("#email", email)
    asker.fill("#note", TRICKY)
    asker.wait_for_timeout(3_000)  # what is sent sooner was filled in by a program
    asker.get_by_role("button").click()
    asker.wait_for_url("**/mine/*")
    asker.fill("#code", mailed_code(person, email))
    asker.keyboard.press("Enter")
    asker.locator("#message").wait_for(timeout=WAIT_MS)
    person.until(lambda: "/mine/" in last_mail(person)["text"])
    found = re.search(r"http\S+/mine/\S+", last_mail(person)["text"])
    assert found is not None and found[0] == asker.url
    person.open("/")
    person.sees("Messages not read yet")
    person.click(person.page.locator("[class*=st-key-message-] button").last)
    person.sees("Message to the person")
    person.sees(TRICKY)  # as typed: no sink of Markdown draws it
    person.page.get_by_label("Message to the person").last.fill("Which shop was it?")
    person.press("Send the message")
    person.sees("Which shop was it?")
    person.until(lambda: "There is a message for you" in last_mail(person)["text"])
    assert "Which shop" not in last_mail(person)["text"]
    asker.reload()
    asker.get_by_text("Which shop was it?").wait_for(timeout=WAIT_MS)
    asker.close()
