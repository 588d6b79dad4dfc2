"""A file too large to be read at once, and an export compared with an earlier one of the same customer."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from portal.practice.invented.world import Customer
from portal.preview import LARGE_BYTES
from tests.browser.scripted_portal import Script, agent_at, served

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.browser.conftest import Demo, Desk, MakeDesk

pytestmark = pytest.mark.browser
EMAIL = "large@example.com"
ROWS = 120_000
NEEDLE = "violet-anchovy"
NEEDLE_ROW = ROWS - 7
SMALL = b'{"customer": {"id": "5eed00000000000000000abc", "email": "same@example.com"}, "giftCards": []}'
HEADING = "transactionId,customerEmail,type,amount,currency,createdAt,description"
# Every word a progress bar ever showed, from the first paint on: reading may be over before a test can look.
KEEP_PROGRESS = """
    window.progressSaid = []
    new MutationObserver(() => {
        for (const bar of document.querySelectorAll('[data-testid=stProgress]')) {
            const words = bar.textContent
            if (window.progressSaid.at(-1) !== words) window.progressSaid.push(words)
        }
    }).observe(document, {subtree: true, childList: true, characterData: true})
"""


@pytest.fixture(scope="module")
def large() -> bytes:
    def line(row: int) -> str:
        words = NEEDLE if row == NEEDLE_ROW else f"Purchase at the counter, receipt {row}"
        day = f"2026-{row % 12 + 1:02d}-{row % 28 + 1:02d}T10:{row % 60:02d}:00Z"
        return f'tx{row:08d},{EMAIL},purchase,{row % 90}.{row % 100:02d},EUR,{day},"{words}"'

    made = "\n".join([HEADING, *map(line, range(1, ROWS + 1))]).encode()
    assert len(made) > 2.5 * LARGE_BYTES
    return made


@pytest.fixture(scope="module")
def portal(large: bytes, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with served(Script({"csv": large, "json": SMALL}), tmp_path_factory.mktemp("large")) as running:
        yield running


def grid(person: Desk) -> list[list[str]]:
    person.page.wait_for_timeout(300)
    table = person.page.locator("[role=tabpanel] [data-testid=stDataFrame]:visible table").first
    table.wait_for(state="attached")
    rows: list[list[str]] = table.evaluate("t => [...t.rows].map(r => [...r.cells].map(c => c.textContent))")
    return rows


def rows_said(person: Desk) -> list[int]:
    said: list[str] = person.page.evaluate("window.progressSaid")
    return [int(found[1].replace(",", "")) for words in said if (found := re.search(r"on: ([\d,]+) rows", words))]


def test_large_file_is_looked_at_while_it_is_read_and_searched_to_its_end(portal: Demo, chromium: Browser) -> None:
    with agent_at(portal, chromium) as person:
        person.page.add_init_script(KEEP_PROGRESS)
        person.reload()
        person.request(EMAIL, "CSV")
        person.ended("Rows 1 to 50 of ")
        assert grid(person)[1][1] == "tx00000001"
        person.sees(f"Rows 1 to 50 of {ROWS:,}")
        counts = rows_said(person)
        assert counts, "no word of a reading that goes on"
        assert counts == sorted(counts)
        assert 0 < counts[0] < ROWS
        assert person.tabs()[0].endswith(f"({ROWS:,})")
        person.sees("4 checks hold")

        last = ROWS // 50
        person.click(person.page.locator("[data-testid=stPaginationPage]:visible").get_by_text(f"{last}", exact=True))
        person.sees(f"Rows {ROWS - 49:,} to {ROWS:,} of {ROWS:,}")
        person.settle()
        assert grid(person)[1][1] == f"tx{ROWS - 49:08d}"

        person.fill("Search all tables", NEEDLE)
        person.page.keyboard.press("Enter")
        person.sees("1 row matches")
        person.settle()
        rows = grid(person)
        assert len(rows) == 2
        assert rows[1][:2] == [str(NEEDLE_ROW), f"tx{NEEDLE_ROW:08d}"]


def test_search_of_a_large_file_can_be_stopped(portal: Demo, chromium: Browser) -> None:
    with agent_at(portal, chromium) as person:
        person.go("Past exports")
        person.open_row(1)
        person.sees(f"Rows 1 to 50 of {ROWS:,}")
        person.fill("Search all tables", "no such words anywhere")
        person.page.keyboard.press("Enter")
        stop = person.button("Stop searching")
        over = person.page.get_by_text("Nothing in any table matches.")
        stop.or_(over).first.wait_for()
        if stop.count():
            stop.click()
            person.page.get_by_text("The search was stopped; what it had found is shown.").or_(over).first.wait_for()
        person.settle()
        assert stop.count() == 0
        person.fill("Search all tables", "")
        person.page.keyboard.press("Enter")
        person.sees(f"Rows 1 to 50 of {ROWS:,}")


def ask_again(person: Desk, email: str) -> None:
    """The same export once more, although it was just asked for."""
    person.go("New export")
    person.fill("Customer email", email)
    person.press("Request export")
    person.press("Ask again anyway")
    person.heading("Preview").wait_for()
    person.tabs()


def compare(person: Desk) -> None:
    person.unfold("Compare with an earlier export")
    person.settle()
    person.press("Compare")


def test_export_compared_with_one_just_before_shows_what_differs(
    desk: MakeDesk, somebody: Callable[[], Customer]
) -> None:
    customer = somebody()
    person = desk("sam")
    person.request(customer.email)
    person.tabs()
    first = person.export_id()
    person.unfold("Compare with an earlier export")
    person.sees("No earlier export of this customer is kept here.")
    ask_again(person, customer.email)
    assert person.export_id() != first
    compare(person)
    person.sees("0 rows added · 0 rows removed · 1 row changed · 0 rows the same")
    person.settle()
    said = re.findall(r"(\d+) rows? added · (\d+) rows? removed · (\d+) rows? changed", person.text())
    assert said == [("0", "0", "1"), *[("0", "0", "0")] * (len(said) - 1)]  # only the heading of the file itself
    assert len(said) == len(person.tabs()) - 1
    box = person.page.get_by_test_id("stExpander").filter(has_text="Compare with an earlier export")
    table = box.locator("[data-testid=stDataFrame] table")
    table.first.wait_for(state="attached")
    assert table.count() == 1
    rows: list[list[str]] = table.evaluate("t => [...t.rows].map(r => [...r.cells].map(c => c.textContent))")
    assert rows[0][0] == "What"
    assert rows[1][0] == "changed"
    assert any(" → " in cell for cell in rows[1])


def test_export_compared_with_the_very_same_file_shows_that_nothing_differs(portal: Demo, chromium: Browser) -> None:
    with agent_at(portal, chromium) as person:
        person.request("same@example.com")
        person.tabs()
        ask_again(person, "same@example.com")
        compare(person)
        person.sees("Nothing differs: the same rows in every table.")
