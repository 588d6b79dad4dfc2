"""The merchant's other systems from Settings to a case: files chosen, looked at, saved and removed in a browser."""

from __future__ import annotations

import io
import secrets
from collections.abc import Callable

import pytest
from PIL import Image

from tests.browser.conftest import WAIT_MS, Desk
from tests.browser.test_case_acts import open_case

CSV = b"date,amount\n2026-01-02,4.50\n2026-01-03,7.10\n"


CARDS = b"name,card_number\nAda,6006491234567890\n"


def scan() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (300, 200), "teal").save(out, "PDF", save_all=True, append_images=[Image.new("RGB", (300, 400))])
    return out.getvalue()


def picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (300, 120), "teal").save(out, "PNG")
    return out.getvalue()


def add_system(manager: Desk, name: str) -> None:
    manager.go("Settings")
    manager.fill("Another system", name)
    manager.press("Add")
    manager.sees(name)


def attach(person: Desk, *files: tuple[str, bytes]) -> None:
    """Through the one line's popover, which is shut afterwards."""
    person.whole()
    person.click(person.button("Attach").last)
    chooser = person.page.locator("input[type=file]").last
    chooser.wait_for(state="attached", timeout=WAIT_MS)
    chooser.set_input_files([{"name": name, "mimeType": "text/html", "buffer": data} for name, data in files])


def look(person: Desk, name: str) -> None:
    person.whole()
    row = person.page.locator("[class*=st-key-case_file_]").filter(has_text=name).first
    person.click(row.get_by_role("button", name="Look", exact=True))
    person.page.get_by_role("dialog").get_by_text("SHA-256").wait_for(timeout=WAIT_MS)
    person.settle()


def shut(person: Desk) -> None:
    person.page.keyboard.press("Escape")
    person.page.get_by_role("dialog").wait_for(state="detached", timeout=WAIT_MS)


@pytest.mark.keeps("SEC-21", "SEC-23")
def test_files_of_another_system_are_attached_looked_at_saved_and_removed(desk: Callable[[str], Desk]) -> None:
    system = f"Till {secrets.token_hex(3)}"
    person = desk("maya")
    add_system(person, system)
    open_case(person, f"person.{secrets.token_hex(6)}@example.com")
    person.sees(f"□ {system} (yours)")
    page = b"<html><img src=x onerror=alert(1)><script>alert(2)</script></html>"
    attach(
        person,
        ("till.csv", CSV),
        ("page.html", page),
        ("photo.png", picture()),
        ("scan.pdf", scan()),
        ("cards.csv", CARDS),
        ("empty.txt", b""),
    )
    person.sees("5 files")
    person.page.reload()
    person.settle()
    look(person, "till.csv")
    assert person.page.get_by_role("dialog").get_by_test_id("stDataFrame").count()
    assert person.download("Download") == CSV
    shut(person)
    look(person, "cards.csv")
    dialog = person.page.get_by_role("dialog")
    assert "6006491234567890" not in dialog.inner_text() and not dialog.get_by_role("link", name="Download").count()
    person.click(dialog.get_by_role("combobox").last)
    person.click(person.page.get_by_role("option", name="A card is lost or stolen"))
    person.settle()
    assert person.download("Download") == CARDS
    shut(person)
    look(person, "page.html")
    person.until(lambda: "onerror=alert(1)" in person.page.get_by_role("dialog").inner_text())
    assert person.page.locator("img[src=x]").count() == 0
    shut(person)
    look(person, "photo.png")
    drawn = person.page.get_by_role("dialog").locator("img")
    person.until(lambda: drawn.evaluate("image => image.naturalWidth") == 300)
    shut(person)
    look(person, "scan.pdf")
    person.until(lambda: "Page 2 of 2" in person.page.get_by_role("dialog").inner_text())
    person.until(lambda: drawn.last.evaluate("image => image.naturalWidth") > 500)
    shut(person)
    person.whole()
    for left in ("4 files", "3 files", "2 files", "1 file", f"□ {system} (yours)"):
        person.click(person.page.get_by_role("button", name="Remove", exact=True).first)
        person.click(person.page.get_by_role("dialog").get_by_role("button", name="Remove it", exact=True))
        person.sees(left)
        person.whole()


def test_what_a_person_says_of_a_system_is_undone(desk: Callable[[str], Desk]) -> None:
    system = f"Newsletter {secrets.token_hex(3)}"
    person = desk("maya")
    add_system(person, system)
    open_case(person, f"person.{secrets.token_hex(6)}@example.com")
    for said in ("Nothing held", "Answered apart"):
        person.whole()
        person.click(person.page.get_by_role("button", name=said, exact=True).last)
        person.sees("Said by Maya Brook")
        person.whole()
        person.click(person.button("Undo").last)
        person.until(lambda: "Said by" not in person.text())
