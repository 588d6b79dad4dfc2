"""Card numbers in full: one person asks with a reason, another manager allows it, as both meet it on their screens."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator

import pytest

from tests.browser.conftest import WAIT_MS, Desk

SETTING = "Card numbers in full need a second person"


def save_setting(manager: Desk) -> None:
    manager.go("Settings")
    manager.click(manager.page.locator("label").filter(has_text=SETTING))
    manager.press("Save")
    manager.sees("Saved.")


def original_status(person: Desk, export_id: str) -> int:
    return person.page.context.request.get(f"{person.demo.origin}/exports/{export_id}/file?kind=original").status


@pytest.fixture
def manager(desk: Callable[..., Desk]) -> Iterator[Desk]:
    """Of a merchant that wants a second person."""
    maya = desk("maya")
    save_setting(maya)
    yield maya
    save_setting(maya)


def test_a_manager_allows_card_numbers_that_somebody_asked_for(desk: Callable[..., Desk], manager: Desk) -> None:
    sam = desk("sam")
    sam.request("ada@example.com")
    sam.tabs()
    export_id = sam.export_id()
    sam.press("Show card numbers")
    dialog = sam.page.get_by_role("dialog")
    dialog.get_by_text("A second person must allow it").wait_for(timeout=WAIT_MS)
    sam.press("Ask for it")
    sam.sees("You asked to see the card numbers.")
    assert original_status(sam, export_id) == 409 and sam.button("Allow").count() == 0

    manager.open(f"/preview?export={export_id}")
    manager.sees("asks to see the card numbers")
    assert original_status(sam, export_id) == 409
    manager.press("Allow")
    manager.page.get_by_text("asks to see the card numbers").first.wait_for(state="hidden", timeout=WAIT_MS)

    sam.page.get_by_text("You asked to see the card numbers.").first.wait_for(state="hidden", timeout=WAIT_MS)
    sam.whole()
    assert original_status(sam, export_id) == 200
    numbers = re.findall(r'"cardNumber": ?"([^"]+)"', json.dumps(json.loads(sam.download("Download original"))))
    assert numbers and all(one.isdigit() and len(one) > 8 for one in numbers)
