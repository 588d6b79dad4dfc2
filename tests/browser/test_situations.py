"""What can happen to an export, and what the person reads then: what happened, whose turn, what next."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import WAIT_MS

if TYPE_CHECKING:
    from tests.browser.conftest import Desk, MakeDesk

pytestmark = pytest.mark.browser

# customer -> what happened, what next, the word in Past exports, the button that goes on
ENDINGS = {
    "refused": ("", "ask a manager", "■ Refused", "Change the request"),
    "nobody": ("", "Check the spelling", "■ Refused", "Change the request"),
    "not.accepted": ("", "Check what you entered and ask again.", "■ Refused", "Change the request"),
    "cut.off": ("The file arrived incomplete, so it was not kept.", "Try again.", "■ Failed", "Ask again"),
    "unlisted": ("not on the list of allowed download hosts.", "Ask a manager to look at the host", "■ Failed",
                 "Ask again"),
    "wrong.file": ("A web page came back instead of the file", "Ask for a new export.", "■ Failed",
                   "Ask again"),
    "expired": ("expired", "Ask again for a new link.", "○ Expired", "Ask again"),
    "bad.gateway": ("LoyaltyDog", "Nothing was repeated by itself.", "▲ Unknown", "Ask again"),
    "html.answer": ("LoyaltyDog answered in a form that this portal does not understand.",
                    "Nothing was repeated by itself.", "▲ Unknown", "Ask again"),
}  # fmt: skip


@dataclass(frozen=True)
class Ending:
    """What an agent has on the screen when an export has ended."""

    panel: str
    buttons: list[str]
    downloads: int


@pytest.fixture(scope="module")
def endings(browsers: Callable[[str], Any], at: Callable[..., Desk]) -> Iterator[tuple[dict[str, Ending], Desk]]:
    """All of them asked for by one agent, one after the other."""
    context, trouble = browsers("sam@brookandbean.example.com")
    person = at(context.new_page(), trouble)
    person.open()
    seen = {}
    for who, (_happened, following, _status, _button) in ENDINGS.items():
        person.request(f"{who}@example.com")
        person.ended(following)
        seen[who] = Ending(
            person.page.get_by_test_id("stAlert").filter(has_text=following).inner_text(),
            person.page.get_by_test_id("stMain").get_by_role("button").all_inner_texts(),
            person.page.get_by_role("link", name="Download").count(),
        )
    yield seen, person
    person.page.close()


@pytest.mark.parametrize("who", ENDINGS)
def test_agent_reads_what_happened_and_what_next(endings: tuple[dict[str, Ending], Desk], who: str) -> None:
    happened, following, _status, button = ENDINGS[who]
    ending = endings[0][who]
    assert happened in ending.panel
    assert following in ending.panel
    assert re.search(r"(Your turn|A manager's turn|LoyaltyDog's turn|Nothing more to do)\.", ending.panel)
    assert any(button in label.splitlines() for label in ending.buttons)
    assert ending.downloads == 0
    for unwanted in ("Traceback", "Exception", "None", "http", "@example.com"):
        assert unwanted not in ending.panel


def test_past_exports_names_each_ending(endings: tuple[dict[str, Ending], Desk]) -> None:
    person = endings[1]
    person.go("Past exports")
    shown = {(row[2], row[3]) for row in person.table()}
    for who, (_happened, _following, status, _button) in ENDINGS.items():
        assert (f"{who[0]}•••@example.com", status) in shown


def test_refused_request_is_changed_in_the_form_with_its_fields_kept(desk: MakeDesk) -> None:
    person = desk("maya")
    person.request("nobody@example.com", "CSV")
    person.ended("Check the spelling")
    person.press("Change the request")
    person.heading("New export").wait_for()
    person.settle()
    expect(person.page.get_by_label("Customer email", exact=True)).to_have_value("nobody@example.com", timeout=WAIT_MS)
    assert person.page.get_by_role("radio", name="CSV", exact=True).is_checked()


def test_rate_limited_export_counts_down_and_goes_on_by_itself(desk: MakeDesk) -> None:
    person = desk("sam")
    person.request("busy@example.com")
    waiting = person.page.get_by_test_id("stMain").get_by_text(
        re.compile(r"LoyaltyDog asked us to wait; asking again in \d+ seconds?")
    )
    waiting.wait_for(timeout=10_000)
    assert person.button("Stop trying").is_visible()
    person.ended("4 checks hold")
    assert waiting.count() == 0
    assert person.tabs()[-1] == "Raw"


def test_waiting_export_is_stopped_by_hand(desk: MakeDesk) -> None:
    person = desk("sam")
    person.demo.forget()  # so that this customer's first try is turned away once more
    person.request("busy@example.com", "CSV")
    person.button("Stop trying").wait_for(timeout=10_000)
    person.press("Stop trying")
    person.ended("Stopped before it was sent.")
    assert person.demo.counts()["exports_accepted"] == 0


def test_empty_result_says_that_nothing_is_held_and_is_no_error(desk: MakeDesk) -> None:
    person = desk("sam")
    person.request("empty@example.com")
    person.ended("LoyaltyDog holds nothing for this customer here. That is an answer, not an error.")
    assert "Nothing held" in person.text()
    assert person.download("Download original").startswith(b"{")


def test_file_with_two_people_stays_closed_until_a_manager_releases_it(desk: MakeDesk) -> None:
    agent = desk("sam")
    agent.request("two.people@example.com")
    agent.ended("The file holds a record of another customer, so it is not opened or sent.")
    export_id = agent.export_id()
    assert "Needs a manager" in agent.text()
    assert agent.page.get_by_role("tab").count() == 0
    assert agent.button("Release").count() == 0
    assert agent.file_status(export_id) == 403

    manager = desk("maya")
    manager.sees("Waiting for a decision")
    row = manager.page.get_by_test_id("stMain").locator("[class*=st-key-decide-]").filter(has_text="t•••@example.com")
    if not row.is_visible():  # folded, where much else waits
        manager.click(manager.page.locator("summary").filter(has_text="The file holds a record of another customer"))
    manager.click(row.get_by_role("button", name="Look", exact=True))
    manager.heading("Preview").wait_for()
    assert manager.export_id() == export_id
    assert manager.tabs()[-1] == "Raw"
    assert manager.file_status(export_id) == 409
    release_with(manager, "no")
    manager.sees("Reason")
    assert manager.file_status(export_id) == 409
    release_with(manager, "Both customers share one household account; checked by phone.")
    manager.button("Make the copy to send").wait_for(timeout=10_000)

    agent.reload()
    assert agent.tabs()[-1] == "Raw"
    agent.make_copy()
    assert agent.file_status(export_id) == 200


def release_with(manager: Desk, reason: str) -> None:
    manager.fill("Reason", reason)
    manager.press("Release")


def test_naughty_text_is_shown_as_text(desk: MakeDesk) -> None:
    person = desk("sam", viewport={"width": 5200, "height": 1300})
    person.request("tricky.text@example.com")
    assert person.tabs()[-1] == "Raw"
    cells = {cell for row in person.tab("giftCards") for cell in row}
    for text in ("=SUM(1+1)", "@team thank you", "<b>Not bold</b> & <script>alert(1)</script>", "NA", "null"):
        assert text in cells, text
    person.fill("Search all tables", "<script>")
    person.page.keyboard.press("Enter")
    person.sees("1 row matches")
    assert "<script>alert(1)</script>" in " ".join(person.table()[1])
