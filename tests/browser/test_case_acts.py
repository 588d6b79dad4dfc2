"""A case from the message to its end, pressed in a browser: dialogs, letters and what they record."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable

from tests.browser.conftest import WAIT_MS, Desk


def open_case(agent: Desk, person: str) -> str:
    """Paste a message into New case and open it. Gives the case's number."""
    agent.open("/new_case")
    agent.page.get_by_label("What did you get?").fill(f"Dear shop,\nplease send my data.\n{person}")
    agent.page.get_by_label("What did you get?").blur()
    agent.settle()
    agent.sees(person)
    agent.click(agent.button("Open the case"))
    agent.sees("Collect")
    found = re.search(r"\b\d{4}-\d{4}\b", agent.text())
    assert found
    return found[0]


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
    in_dialog(agent, "It was sent: record it")
    agent.sees("Receipt was confirmed")
    more(agent, "Ask the person")
    in_dialog(agent, "They were asked: record it")
    agent.sees("Waiting for the person")
    more(agent, "More time")
    in_dialog(agent, "It was sent: record it")
    agent.until(lambda: "More time was announced · It is complex" in happened(agent))
    more(agent, "Hand over")
    in_dialog(agent, "Hand over now")
    agent.until(lambda: "Passed on" in happened(agent))
    more(agent, "Close")
    in_dialog(agent, "Close the case")
    agent.sees("Closed on")
    assert "@" not in agent.text().replace("•••@example.com", "")


def test_a_manager_refuses_with_a_letter_and_takes_it_back(desk: Callable[[str], Desk]) -> None:
    manager = desk("maya")
    open_case(manager, f"person.{secrets.token_hex(6)}@example.com")
    more(manager, "Refuse")
    in_dialog(manager, "It was sent: record it")
    manager.sees("Refused on")
    manager.click(manager.button("Take back").first)
    in_dialog(manager, "Take it back")
    manager.sees("The answer is due on")
    manager.until(lambda: "The request was refused · Manifestly unfounded · taken back" in happened(manager))


def test_from_the_case_to_the_answer_and_back(desk: Callable[[str], Desk]) -> None:
    agent = desk("sam")
    name = open_case(agent, "edna.moss@example.com")
    agent.click(agent.button("Ask LoyaltyDog by Email"))
    agent.heading("Preview").wait_for(timeout=WAIT_MS)
    agent.whole()
    agent.click(agent.page.get_by_role("link", name="The case"))
    agent.sees("Collect")
    assert name in agent.text()
    agent.go("Cases")
    agent.sees("One person's request each")
