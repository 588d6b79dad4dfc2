"""Who is asking, in a browser: a code goes to the person's mailbox, they tell it, and the step is done."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable

import pytest

from tests.browser.conftest import WAIT_MS, Desk
from tests.browser.test_case_acts import open_case
from tests.browser.test_case_send import last_mail

pytestmark = pytest.mark.keeps("LAW-5")


def mailed_code(person: Desk, to: str) -> str:
    person.until(lambda: bool(last_mail(person).get("to") == to))
    found = re.search(r"^(\d{6})\s*$", last_mail(person)["text"], flags=re.M)
    assert found is not None
    return found[1]


def test_the_person_tells_the_mailed_code_and_identity_is_settled(desk: Callable[..., Desk]) -> None:
    person, address = desk("sam"), f"person.{secrets.token_hex(6)}@example.com"
    open_case(person, address)
    person.press("Mail a code")
    person.sees("works for ten minutes")
    code = mailed_code(person, address)
    assert code not in person.page.content()
    wrong = f"{(int(code) + 1) % 10**6:06}"
    person.fill("Code that the person tells you", wrong)
    person.press("Check the code")
    person.sees("This is not the code that was mailed.")
    person.fill("Code that the person tells you", code)
    person.press("Check the code")
    person.heading("Identity").wait_for(state="detached", timeout=WAIT_MS)
    person.sees("A code sent to the address on file")
