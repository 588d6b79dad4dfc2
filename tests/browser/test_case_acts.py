"""A case from the message to its end, pressed in a browser: dialogs, letters and what they record."""

from __future__ import annotations

import datetime as dt
import re
import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING

from portal.practice.invented.world import World
from tests.browser.conftest import WAIT_MS, Desk, new_context

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def paste(agent: Desk, person: str) -> None:
    """Open New case and paste a message into it; the person in it is recognised afterwards."""
    agent.open("/new_case")
    agent.page.get_by_label("What did you get?").fill(f"Dear shop,\nplease send my data.\n{person}")
    agent.page.get_by_label("What did you get?").blur()
    agent.settle()
    agent.sees(person)


def open_pasted(agent: Desk) -> str:
    """Gives the case's number."""
    agent.click(agent.button("Open the case"))
    number = agent.page.get_by_role("heading", level=1, name=re.compile(r"^\d{4}-\d{4}$"))
    number.wait_for(timeout=WAIT_MS)
    agent.sees("Collect")
    return number.inner_text()


def open_case(agent: Desk, person: str) -> str:
    paste(agent, person)
    return open_pasted(agent)


def prove_in_person(person: Desk) -> None:
    person.whole()
    method = person.page.locator(".st-key-case_method").get_by_role("combobox")
    method.evaluate("field => field.scrollIntoView({block: 'center', behavior: 'instant'})")  # a list closes on scroll
    person.whole()
    person.click(method)
    person.click(person.page.get_by_role("option", name="In person, document seen", exact=True))
    person.whole()
    person.press("Record identity")


def more(agent: Desk, act: str) -> None:
    """An act behind More; its dialog is there afterwards."""
    agent.whole()
    agent.click(agent.button("More"))
    agent.click(
        agent.page.get_by_role("menuitem", name=act, exact=True)
        .or_(agent.page.get_by_role("option", name=act, exact=True))
        .first
    )
    agent.page.get_by_role("dialog").wait_for(timeout=WAIT_MS)
    agent.settle()


def in_dialog(agent: Desk, button: str) -> None:
    dialog = agent.page.get_by_role("dialog")
    agent.click(dialog.get_by_role("button", name=button, exact=True))
    dialog.wait_for(state="detached", timeout=WAIT_MS)
    agent.settle()


def happened(agent: Desk) -> str:
    return agent.text().partition("What happened")[2]


def test_a_case_is_worked_on_from_the_message_to_its_end(desk: Callable[[str], Desk]) -> None:
    agent = desk("sam")
    name = open_case(agent, f"person.{secrets.token_hex(6)}@example.com")
    more(agent, "Confirm receipt")
    agent.until(lambda: name in agent.page.get_by_role("dialog").inner_text())
    letter = agent.download("Save the letter").decode()
    assert name in letter and " ".join(letter.split()) in " ".join(
        agent.page.get_by_role("dialog").get_by_test_id("stCode").inner_text().split()
    )
    agent.click(agent.page.get_by_role("dialog").get_by_role("button", name="Send by mail to"))
    agent.page.get_by_role("dialog").wait_for(state="detached", timeout=WAIT_MS)
    agent.settle()
    agent.sees("Receipt was confirmed")
    agent.until(lambda: f"Your privacy request {name}" in agent.page.request.get(agent.demo.mailbox).text())
    agent.reload()
    agent.until(lambda: "Mail was sent" in happened(agent))
    more(agent, "Ask the person")
    in_dialog(agent, "They were asked: record it")
    agent.sees("Waiting for the person")
    more(agent, "More time")
    in_dialog(agent, "It was sent another way: record it")
    agent.until(lambda: "More time was announced · It is complex" in happened(agent))
    more(agent, "Hand over")
    in_dialog(agent, "Hand over now")
    agent.until(lambda: "Passed on" in happened(agent))
    more(agent, "Close")
    in_dialog(agent, "Close the case")
    agent.sees("Closed on")
    assert "@" not in agent.text().replace("\u2060", "").replace("•••@example.com", "")  # no address is linked


def test_a_manager_refuses_with_a_letter_and_takes_it_back(desk: Callable[[str], Desk]) -> None:
    manager = desk("maya")
    open_case(manager, f"person.{secrets.token_hex(6)}@example.com")
    more(manager, "Refuse")
    in_dialog(manager, "It was sent another way: record it")
    manager.sees("Refused on")
    manager.click(manager.button("Take back").first)
    in_dialog(manager, "Take it back")
    manager.sees("The answer is due on")
    manager.until(lambda: "The request was refused · Manifestly unfounded · taken back" in happened(manager))


def test_a_case_is_saved_as_one_page_of_facts_without_notes(desk: Callable[[str], Desk], chromium: Browser) -> None:
    agent = desk("sam")
    person = f"person.{secrets.token_hex(6)}@example.com"
    name = open_case(agent, person)
    agent.page.get_by_label("New note").fill("She called twice.")
    agent.press("Add note")
    agent.until(lambda: "called twice" in agent.text())
    saved = agent.download("Save as one page to print")
    context, trouble = new_context(chromium, java_script_enabled=False)
    page = context.new_page()
    page.set_content(saved.decode())
    words = page.locator("body").inner_text()
    assert name in words and "Why this day?" in words and "What happened" in words
    assert "called twice" not in words and person not in words and "•••@example.com" in words
    assert not page.locator("script, [src], a[href], link").count()
    assert page.pdf(format="A4").count(b"/Type /Page\n") == 1
    assert not trouble.unexpected()
    context.close()


def test_from_the_case_to_the_answer_and_back(desk: Callable[[str], Desk]) -> None:
    agent = desk("sam")
    name = open_case(agent, "stacked@example.com")
    agent.click(agent.button("Collect"))
    agent.until(lambda: "collecting goes on" not in agent.text() and "refused (403)" in agent.text())
    agent.whole()
    listed = agent.text()
    assert "✓ Gift cards by email" in listed and "! Membership · Tea Club" in listed
    assert re.search(r"✓ Loyalty data · Coffee Club\n+[\d.,]+ (B|KB), \d+ row", listed)
    assert re.search(r"Collect \d+/\d+", listed) and not agent.button("Collect").count()
    assert "stacked@example.com" not in listed
    agent.click(agent.button("Try again").first)
    agent.until(lambda: "collecting goes on" not in agent.text() and "refused (403)" in agent.text())
    agent.whole()
    agent.click(agent.button("Look").first)
    agent.heading("Preview").wait_for(timeout=WAIT_MS)
    agent.whole()
    agent.click(agent.page.get_by_role("link", name="The case"))
    agent.sees("Collect")
    assert name in agent.text()
    agent.go("Cases")
    agent.sees("One person's request each")


def due_soon_in_menu(agent: Desk) -> int:
    words = agent.page.get_by_test_id("stSidebarNav").get_by_role("link", name=re.compile("^Cases")).inner_text()
    found = re.search(r"· (\d+)$", words.strip())
    return int(found[1]) if found else 0


def test_the_menu_counts_the_cases_that_are_due_within_a_week(desk: Callable[[str], Desk]) -> None:
    agent = desk("sam")
    before = due_soon_in_menu(agent)
    open_case(agent, f"person.{secrets.token_hex(6)}@example.com")
    agent.go("Today")
    assert due_soon_in_menu(agent) == before, "a month is left for it"
    paste(agent, f"person.{secrets.token_hex(6)}@example.com")
    agent.whole()  # a date typed while the page is drawn anew is lost
    received = dt.datetime.now(dt.UTC).date() - dt.timedelta(days=27)
    agent.page.get_by_test_id("stDateInput").get_by_role("spinbutton").first.click()
    agent.page.keyboard.type(f"{received:%Y%m%d}")
    agent.click(agent.heading("New case"))  # a date is taken when its field is left
    agent.click(agent.page.get_by_label("Why is it entered only now?"))
    agent.click(agent.page.get_by_role("option").first)
    agent.settle()
    open_pasted(agent)
    agent.until(lambda: due_soon_in_menu(agent) == before + 1)


def test_of_two_customers_a_second_fact_leaves_one_and_the_export_asks_by_her_id(
    desk: Callable[[str], Desk], world: World
) -> None:
    her = next(one for one in world.customers.values() if one.email == "prof.edit.081@example.com")
    agent = desk("sam")
    agent.open("/new_case")
    box = agent.page.get_by_label("What did you get?")
    box.fill("4708")
    box.blur()
    agent.sees("The last four digits are many people's.")
    agent.press("Find the customer")
    agent.sees("2 customers fit, none is chosen yet.")
    assert agent.page.get_by_role("button", name="Use •••").count() == 0
    box.fill(f"4708 {her.phone}")
    box.blur()
    agent.until(lambda: "none is chosen yet" not in agent.text())
    agent.click(agent.page.get_by_role("button", name="Use •••"))
    agent.sees("Customer found")
    open_pasted(agent)
    agent.press("Collect")
    agent.sees("Gift cards by ID")
    agent.go("Past exports")
    agent.until(lambda: any("•••" + her.id[-4:] in cells for cells in agent.table()))


def test_each_list_of_due_days_says_why(desk: Callable[[str], Desk]) -> None:
    agent = desk("sam")
    name = open_case(agent, f"person.{secrets.token_hex(6)}@example.com")
    agent.press("Collect")
    agent.sees("List of programs")
    for page in ("Cases", "Past exports", "Today"):
        agent.go(page)
        agent.whole()
        agent.click(agent.button("Why this day?"))
        steps = agent.page.get_by_test_id("stPopoverBody")
        steps.get_by_text("The target is").wait_for(timeout=WAIT_MS)
        if page == "Cases":
            agent.click(steps.get_by_role("combobox"))
            agent.click(agent.page.get_by_role("option", name=re.compile(name)))
            steps.get_by_text(f"Received on {dt.date.today():%-d %b %Y}").wait_for(timeout=WAIT_MS)
        agent.page.keyboard.press("Escape")
        steps.wait_for(state="detached", timeout=WAIT_MS)


def test_a_correction_beside_a_copy_has_an_end_of_its_own(desk: Callable[[str], Desk]) -> None:
    manager = desk("maya")
    paste(manager, f"person.{secrets.token_hex(6)}@example.com")
    manager.click(manager.page.locator(".st-key-case_rights").get_by_role("combobox"))
    manager.click(manager.page.get_by_role("option", name="Correction", exact=True))
    manager.page.keyboard.press("Escape")
    manager.settle()
    open_pasted(manager)
    manager.sees("The case ends when each of these has ended.")
    more(manager, "Refuse")
    dialog = manager.page.get_by_role("dialog")
    manager.click(dialog.get_by_role("combobox").first)
    manager.click(manager.page.get_by_role("option", name="Copy of their data"))
    dialog.get_by_text("This is about the copy of your data.").wait_for(timeout=WAIT_MS)
    in_dialog(manager, "It was sent another way: record it")
    manager.until(lambda: "Refused\n\nCopy of their data · " in re.sub("\n+", "\n\n", manager.text()))
    assert "The answer is due on" in manager.text()
    manager.click(manager.button("It was done"))
    manager.page.get_by_role("dialog").wait_for(timeout=WAIT_MS)
    in_dialog(manager, "It was done")
    manager.sees("Answered on")


def test_a_manager_answers_for_a_refusal_and_then_that_nothing_is_held(desk: Callable[..., Desk]) -> None:
    manager = desk("maya", "two")
    open_case(manager, f"person.{secrets.token_hex(6)}@example.com")
    manager.click(manager.button("Collect"))
    manager.button("Answer for it").wait_for(timeout=3 * WAIT_MS)
    manager.click(manager.button("Answer for it"))  # at once: what is still collected must not take the question away
    asked = manager.page.get_by_role("dialog").get_by_text("I looked there by hand: nothing is held")
    asked.wait_for(timeout=WAIT_MS)
    manager.page.wait_for_timeout(3_000)
    assert asked.is_visible()
    in_dialog(manager, "Record")
    manager.sees("Nothing goes out before the person is recognised.")
    prove_in_person(manager)
    manager.button("Answer: nothing is held").wait_for(timeout=WAIT_MS)
    manager.whole()
    manager.click(manager.button("Answer: nothing is held"))
    manager.page.get_by_role("dialog").wait_for(timeout=WAIT_MS)
    in_dialog(manager, "It was sent: record it")
    manager.until(lambda: "The answer was sent" in happened(manager))
