"""What takes something away from somebody asks first, in red, with the name of whom it takes it from, and confirms."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pyotp
import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Locator

    from tests.browser.conftest import Desk, MakeDesk

pytestmark = pytest.mark.browser
LEAVER = "leaver@brookandbean.example.com"
FIRST, SECOND = "violet-tractor-pond-92", "violet-tractor-pond-93"
RED = "rgb(179, 38, 30)"


def question(person: Desk, button: str) -> Locator:
    """The dialog with this red button."""
    asked = person.page.get_by_role("dialog").filter(has=person.button(button))
    asked.wait_for(timeout=20_000)
    person.settle()
    assert person.button(button).evaluate("b => getComputedStyle(b).backgroundColor") == RED
    return asked


def invite(manager: Desk, email: str = LEAVER) -> None:
    manager.go("Accounts")
    manager.unfold("Invite someone")
    manager.fill("Email", email)
    manager.fill("Name", "Lea Ver")
    manager.fill("First password", FIRST)
    manager.press("Invite")
    manager.sees("may sign in.")


def pick(manager: Desk, email: str) -> None:
    manager.reload()
    row = next(place for place, cells in enumerate(manager.table()) if email in cells)
    manager.tick_row(row)
    manager.page.get_by_role("heading", name="Lea Ver").wait_for()


def account(manager: Desk, email: str) -> list[str]:
    """The row of the table of accounts."""
    return next(cells for cells in manager.table() if email in cells)


def test_acts_on_an_account_ask_first_name_the_person_and_confirm(desk: MakeDesk) -> None:
    manager = desk("maya")
    invite(manager)
    here, there = desk(), desk()
    for person in (here, there):
        person.trouble.expected.append(r"console: .*")  # cut off below
        person.sign_in(LEAVER, FIRST)

    here.go("Your account")
    here.press("Sign out everywhere else")
    assert "127.0.0.1" in question(here, "Sign out now").inner_text()
    assert there.page.get_by_test_id("stSidebarNav").count() == 1
    here.press("Sign out now")
    here.sees("1 other sign-in ended.")

    pick(manager, LEAVER)
    manager.fill("New password", SECOND)
    manager.press("Reset password")
    asked = question(manager, "Reset now")
    assert "Lea Ver" in asked.inner_text() and LEAVER in asked.inner_text()
    manager.press("Reset now")
    manager.sees("has a new password")

    pick(manager, LEAVER)
    manager.press("Disable")
    assert "Lea Ver" in question(manager, "Disable now").inner_text()
    manager.press("Cancel")
    manager.page.get_by_role("dialog").wait_for(state="hidden")
    desk().sign_in(LEAVER, SECOND)  # still may
    manager.press("Disable")
    question(manager, "Disable now")
    manager.press("Disable now")
    manager.sees("was signed out everywhere and cannot sign in.")


def set_up_second_factor(person: Desk, email: str) -> None:
    person.go("Your account")
    person.press("Set up a second factor")
    person.heading("Sign in").wait_for(timeout=20_000)
    person.fill("Email", email)
    person.fill("Password", FIRST)
    person.press("Sign in")
    secret = person.page.get_by_test_id("stCode").first.inner_text().strip()
    person.fill("6-digit code", pyotp.TOTP(secret).now())
    person.press("Verify")
    person.press("I have kept them")
    person.heading("Your account").wait_for(timeout=20_000)


def test_a_second_factor_is_reset_after_a_question_that_names_the_person(desk: MakeDesk) -> None:
    manager, person = desk("maya"), desk()
    email = "lost.phone@brookandbean.example.com"
    person.trouble.expected.append(r"console: .*")  # cut off below
    invite(manager, email)
    pick(manager, email)
    assert manager.button("Reset second factor").count() == 0  # there is none
    person.sign_in(email, FIRST)
    set_up_second_factor(person, email)

    pick(manager, email)
    manager.press("Reset second factor")
    asked = question(manager, "Reset now")
    assert "Lea Ver" in asked.inner_text() and email in asked.inner_text()
    manager.press("Cancel")
    asked.wait_for(state="hidden")
    assert "set up" in account(manager, email)
    manager.press("Reset second factor")
    question(manager, "Reset now")
    manager.press("Reset now")
    manager.sees("sets up a new second factor at the next sign-in.")
    manager.until(lambda: "set up" not in account(manager, email))


def test_a_file_is_destroyed_after_a_question_that_names_the_customer(desk: MakeDesk) -> None:
    manager = desk("maya")
    manager.request("ada@example.com", "CSV")
    manager.tabs()
    manager.more("Destroy file")
    assert re.search(r"a•+@example\.com", question(manager, "Destroy now").inner_text())
    manager.press("Destroy now")
    manager.page.get_by_test_id("stToast").get_by_text("The file was destroyed.").wait_for()
    manager.sees("The file has been destroyed")


def test_a_record_of_the_answer_confirms_itself_and_is_made_once_however_often_it_is_pressed(desk: MakeDesk) -> None:
    person = desk("sam")
    person.request("ada@example.com", "CSV")
    person.tabs()
    person.unfold("How was this answered?")
    record = person.button("Record")
    record.wait_for()
    record.dblclick()
    person.page.get_by_test_id("stToast").get_by_text("Recorded: The answer was sent.").wait_for()
    assert person.button("Record").count() == 0  # what else happened is chosen first
    person.page.wait_for_timeout(500)
    person.settle()
    rows = [
        cells
        for cells in person.table("How was this answered?")
        if any("The answer was sent" in cell for cell in cells)
    ]
    assert len(rows) == 1, rows
    assert re.fullmatch(r"\d+ \w{3} \d{4}, \d\d:\d\d · (just now|\d.* ago)", rows[0][0]), rows
