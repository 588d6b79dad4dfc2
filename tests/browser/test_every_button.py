"""Every button of every screen, as each role: it does something, and nothing breaks by it.

Which buttons there are is read from what is drawn, so that one that comes later is pressed too. Who may do least goes
first; the next presses what is new, and the manager, who disables the others, comes last. That a role may do no more
than is drawn for it is `tests/identity/test_role_and_merchant_matrix.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from tests.browser.conftest import SHOPS, WAIT_MS, Demo, Desk, new_context
from tests.browser.pressing import Key, Screen, Walk
from tests.browser.test_every_page import pages_of

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = [pytest.mark.browser, pytest.mark.timeout(700)]

# How an export ended, and what is asked for to get there.
ENDS = {
    "ready": ("ada@example.com", "Ready"),
    "others in it": ("two.people@example.com", "Needs a manager"),
    "refused": ("refused@example.com", "Refused"),
    "cut off": ("cut.off@example.com", "Failed"),
    "unknown": ("bad.gateway@example.com", "Unknown"),
}
END_THE_SIGN_IN = ("Sign out", "Set up a second factor")
GONE_BY_ANOTHER = {("Preview, page", "Show card numbers")}  # Download original asks the same, and is answered first
# What must have been offered, to this person or to one before, so that a walk that finds nothing fails.
AT_LEAST = {
    "iris": {"Verify", "Clear filters", "Change password", "Sign out now"},
    "sam": {"Show the numbers", "Request export", "try", "Ask again", "Record", "Change the request"},
    "maya": {
        "Invite",
        "Save",
        "Test connection",
        "Release",
        "Destroy now",
        "Change role",
        "Reset now",
        "Disable now",
        "Ask now",
        "Retire",
    },
}


@pytest.fixture(scope="module")
def own(start_demo: Callable[..., Demo], chromium: Browser) -> Iterator[tuple[Demo, dict[str, str]]]:
    """A portal of this module's own, with exports that ended in different ways: name -> path of the preview."""
    demo = start_demo(PORTAL_STEP_UP_MINUTES="600", PORTAL_IDLE_MINUTES="600")
    context, trouble = new_context(chromium)
    person = Desk(demo, context.new_page(), trouble)
    person.sign_in(f"maya@{SHOPS['one']}")
    previews = {}
    for name, (email, end) in ENDS.items():
        person.request(email)
        person.ended(end)
        previews[f"Preview, {name}"] = f"/preview?export={person.export_id()}"
    context.close()
    yield demo, previews
    demo.stop()


@pytest.fixture(scope="module")
def pressed() -> set[Key]:
    """What was pressed so far, by whomever."""
    return set()


def type_an_email(person: Desk) -> None:
    person.fill("Customer email", "ben@example.com")


def type_a_likely_typo(person: Desk) -> None:
    person.fill("Customer email", "ada@gmial.com")
    person.press("Request export")


def ask_twice(person: Desk) -> None:
    """The same once more within a minute: the portal offers the first."""
    for _ in range(2):
        person.go("New export")
        person.fill("Customer email", "cleo@example.com")
        person.click(person.button("Request export"))
        ends = person.heading("Preview").or_(person.button("Ask again anyway"))
        ends.first.wait_for(timeout=WAIT_MS)
        if person.button("Ask again anyway").count():
            return


def find_the_customer(person: Desk) -> None:
    """Two customers of whom none is chosen yet."""
    person.choose("One card")
    person.fill("Customer email", "4708")
    person.page.keyboard.press("Tab")
    person.press("Find the customer")


def choose_several(person: Desk) -> None:
    person.tick_row(2)


def search_what_is_not_there(person: Desk) -> None:
    person.fill("Search", "nobody.at.all@example.com")
    person.page.keyboard.press("Enter")
    person.settle()


def pick_sam(person: Desk) -> None:
    person.tick_row(next(row for row, cells in enumerate(person.table()) if f"sam@{SHOPS['one']}" in cells))


def list_a_system(person: Desk) -> None:
    if "Walked-in till" not in person.text():
        person.fill("Another system", "Walked-in till")
        person.press("Add")
        person.sees("Walked-in till")


def screens(person: Desk, previews: dict[str, str]) -> list[Screen]:
    pages = pages_of(person)
    found = [Screen(name, path) for name, path in pages.items() if name not in ("New export", "Accounts")]
    found += [Screen(name, path) for name, path in previews.items()]
    if "New export" in pages:
        form = pages["New export"]
        steps = (type_an_email, type_a_likely_typo, find_the_customer, ask_twice)
        found += [Screen("New export", form, step) for step in steps] + [Screen("New export", form)]
        found.append(Screen("Past exports", pages["Past exports"], choose_several))
    found.append(Screen("Past exports", pages["Past exports"], search_what_is_not_there))
    if "Settings" in pages:
        found.append(Screen("Settings", pages["Settings"], list_a_system))
    if "Accounts" in pages:
        found += [Screen("Accounts", pages["Accounts"], step) for step in (pick_sam, None)]
    return found


@pytest.mark.parametrize("who", list(AT_LEAST))
def test_every_button_does_something_and_breaks_nothing(
    own: tuple[Demo, dict[str, str]], chromium: Browser, pressed: set[Key], who: str
) -> None:
    demo, previews = own
    context, trouble = new_context(chromium)
    other, _trouble = new_context(chromium)
    person, elsewhere = (Desk(demo, each.new_page(), trouble) for each in (context, other))
    for desk in (elsewhere, person):
        desk.sign_in(f"{who}@{SHOPS['one']}")
    walk = Walk(person, frozenset(END_THE_SIGN_IN), pressed)
    offered = screens(person, previews)
    for screen in offered:
        walk.every_button(screen)
    for words in END_THE_SIGN_IN:
        person.open()
        if not person.heading("Today").count():
            person.sign_in(f"{who}@{SHOPS['one']}")
        person.go("Your account")
        person.click(person.button(words))
        person.heading("Sign in").wait_for(timeout=WAIT_MS)
    for each in (context, other):
        each.close()
    assert not walk.faults, "\n".join(walk.faults)
    assert set(walk.left()) <= GONE_BY_ANOTHER
    missing = AT_LEAST[who] - {words for _place, words in walk.offered | pressed}
    assert not missing, (missing, sorted(walk.offered))
