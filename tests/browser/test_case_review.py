"""Files of a case reviewed in a browser: words of a text left out, the copy looked at, a PDF left out and replaced."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable

import pytest
from playwright.sync_api import FilePayload

from tests.browser.conftest import WAIT_MS, Desk
from tests.browser.test_attached_files import add_system, attach
from tests.browser.test_case_acts import open_case

NOTE = b"Bought a mug on Monday.\nServed by Paolo Conti.\nThen Paolo called back on Tuesday.\n"
PDF = b"%PDF-1.7\n% invented\n"


def review(person: Desk, name: str) -> None:
    """Open one file of the case's list."""
    person.whole()
    row = person.page.locator("[class*=st-key-case_review_]").filter(has_text=name).last
    person.click(row.get_by_role("button", name="Look", exact=True))
    person.heading("Review a file").wait_for(timeout=WAIT_MS)
    person.whole()


def back(person: Desk) -> None:
    person.click(person.page.get_by_test_id("stMain").get_by_role("link", name="The case"))
    person.heading("Review").wait_for(timeout=WAIT_MS)
    person.whole()


def pick(person: Desk, key: str, words: str) -> None:
    """Choose from a list in the part of the page with this key."""
    part = person.page.locator(f".st-key-{key}")
    person.click(part.get_by_role("combobox").last)
    person.click(person.page.get_by_role("option", name=words, exact=True))
    person.whole()


def give(person: Desk, name: str, data: bytes) -> None:
    chooser = person.page.locator("input[type=file]").last
    chooser.wait_for(state="attached", timeout=WAIT_MS)
    assert not chooser.evaluate("field => field.multiple")
    payload: FilePayload = {"name": name, "mimeType": "application/pdf", "buffer": data}
    chooser.set_input_files([payload])


@pytest.mark.keeps("LAW-11", "SEC-23")
def test_a_text_loses_a_name_and_a_pdf_is_left_out_and_then_replaced(desk: Callable[[str], Desk]) -> None:
    system = f"Till {secrets.token_hex(3)}"
    person = desk("maya")
    add_system(person, system)
    open_case(person, f"person.{secrets.token_hex(6)}@example.com")
    person.sees("No files yet.")
    attach(person, ("note.txt", NOTE), ("scan.pdf", PDF))
    person.sees("2 files wait for a decision.")

    review(person, "note.txt")
    person.press("Decide as proposed")
    person.sees("Decided: it goes out with the answer.")
    person.whole()
    words = person.page.get_by_role("textbox", name="Only these words of it")
    words.fill("Paolo")
    words.press("Control+Enter")
    person.whole()
    person.click(person.page.locator(".st-key-words-out").get_by_role("button"))
    person.until(lambda: "2 places left out" in person.text())
    person.whole()
    person.unfold("Look at the copy")
    copy = person.page.locator("[class*=st-key-copy-]")
    copy.get_by_text("called back on Tuesday").wait_for(timeout=WAIT_MS)
    assert "Paolo" not in copy.inner_text() and copy.inner_text().count("[withheld") == 2
    back(person)
    person.until(lambda: "✓ note.txt" in person.text())

    review(person, "scan.pdf")
    pick(person, "whole_out", "Not this customer's record")
    person.press("Leave it out")
    person.until(lambda: "left out: Not this customer's record" in person.text())
    person.sees("A colleague who did not decide here approves it on this page.")
    give(person, "redacted.pdf", PDF + b"redacted")
    person.sees("⤷ redacted.pdf")
    person.whole()
    pick(person, "whole_replaced", "Another person's data")
    person.press("Send this one instead")
    person.sees("Nobody has looked at the file that is to go out.")
    assert person.download("Look at it") == PDF + b"redacted"
    person.press("Send this one instead")
    person.until(lambda: "a redacted file goes out instead" in person.text())
    person.reload()
    person.until(lambda: "a redacted file goes out instead" in person.text())
    assert re.search(r"case_file\?file=[0-9a-f]{32}", person.page.url)
    back(person)
    person.sees("Every file is decided. What stays out is counted in the letter.")
