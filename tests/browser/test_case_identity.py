"""Who is asking, in a browser: a code goes to the person's mailbox, they tell it, and the step is done."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable

import pytest

from portal.practice.invented.world import Card, Customer, World
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


def right_answers(world: World, asked: Customer) -> dict[str, str]:
    """What the person would say, by the label of its field."""
    cards = world.cards_of_customer[asked.id]
    history = [one for card in cards for one in card.transactions]
    bought = max(one.created_at for one in history if one.transaction_type in ("PURCHASE", "REDEMPTION"))
    activated = [one.created_at for one in history if one.transaction_type == "ACTIVATION"]
    programs = [world.programs[card.program_id].name for card in cards]
    return {
        "Last four digits of a card": cards[0].number[-4:],
        "Month of the last purchase": f"{bought.month}/{bought.year}",
        "Left on all cards together": f"{sum(one.balance for one in cards if spendable(one)) / 100:.2f}",
        "Month in which a card was activated": f"{activated[0].month}/{activated[0].year}" if activated else "1/2020",
        "Name of a card's program": programs[0],
    }


def spendable(card: Card) -> bool:
    return card.status == "active"


def ask_questions(person: Desk) -> list[str]:
    """Begin the questions of the case that is open; gives the labels of their fields."""
    person.whole()
    method = person.page.locator(".st-key-case_method").get_by_role("combobox")
    method.evaluate("field => field.scrollIntoView({block: 'center', behavior: 'instant'})")
    person.whole()
    person.click(method)
    person.click(person.page.get_by_role("option", name="Questions about what is on file", exact=True))
    person.whole()
    person.press("Ask questions")
    person.sees("3 tries are left.")
    fields = person.page.get_by_test_id("stForm").filter(has=person.button("Check the answers")).locator("input")
    return [fields.nth(at).get_attribute("aria-label") or "" for at in range(fields.count())]


def test_questions_are_answered_and_the_right_answer_is_nowhere_on_the_page(
    desk: Callable[..., Desk], world: World, somebody: Callable[[], Customer]
) -> None:
    person, asked = desk("sam"), somebody()
    open_case(person, asked.email)
    person.press("Collect")
    person.until(lambda: "Questions about what is on file" in offered(person))
    labels, right = ask_questions(person), right_answers(world, asked)
    page = person.page.content()
    assert len(labels) == 3 and set(labels) <= set(right)
    person.sees("Nothing of the person's data is shown until it is settled who asks.")
    assert not any(card.number[-4:] in page for card in world.cards_of_customer[asked.id])
    for label in labels:
        person.fill(label, "1/1999" if "Month" in label else "0000")
    person.press("Check the answers")
    person.sees("This is not enough: the answers do not show that it is them.")
    assert not any(person.page.get_by_label(label).input_value() for label in labels)
    for label in labels:
        person.fill(label, right[label])
    person.press("Check the answers")
    person.heading("Identity").wait_for(state="detached", timeout=WAIT_MS)
    assert person.page.get_by_text("Nothing of the person's data is shown until").count() == 0


def offered(person: Desk) -> str:
    """The ways to recognise the person, as the open list shows them."""
    person.reload()
    person.whole()
    method = person.page.locator(".st-key-case_method").get_by_role("combobox")
    method.evaluate("field => field.scrollIntoView({block: 'center', behavior: 'instant'})")
    person.whole()
    person.click(method)
    listed = person.page.get_by_role("listbox")
    listed.wait_for(timeout=WAIT_MS)
    words = listed.inner_text()
    person.page.keyboard.press("Escape")
    return words
