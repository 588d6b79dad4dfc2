"""The walk to an answer that can be shown later: download, send, say how, find it again."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.browser.conftest import MakeDesk

pytestmark = [pytest.mark.browser, pytest.mark.keeps("LAW-16")]


def test_an_agent_records_how_the_file_reached_the_customer(desk: MakeDesk) -> None:
    person = desk()
    person.sign_in("sam@brookandbean.example.com")
    person.request("ada@example.com")
    person.tabs()
    person.sees("Answer due")
    person.see_cards()
    original = person.download("Download original")
    person.unfold("How was this answered?")
    person.sees("Say here how it reached the customer.")
    person.click(person.page.get_by_role("combobox", name=re.compile("How")))
    person.click(person.page.get_by_role("option", name="By post"))
    person.press("Record")
    person.sees("Answered on")
    person.page.locator("td", has_text="The answer was sent").first.wait_for(state="attached")
    record = next(row for row in person.table("How was this answered?") if row[1].startswith("The answer was sent"))
    assert record[1] == "The answer was sent · By post · The original file"
    assert record[2:] == ["Sam Counter", hashlib.sha256(original).hexdigest()]

    person.unfold("Details")
    person.page.locator("td", has_text="Answer sent · By post · The original file").wait_for(state="attached")
    person.go("Past exports")
    assert any(re.fullmatch(r"● Sent \d+ \w+", row[4]) for row in person.table()[1:])
    person.reload()
    person.open_row(1)
    person.sees("Answered on")
