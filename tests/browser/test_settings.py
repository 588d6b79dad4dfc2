"""Settings in a browser: tokens are entered, kept sealed, never shown, and removed again."""

from __future__ import annotations

import os
from typing import Any

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.keeps("SEC-46")]

MERCHANT_TOKEN = "X-Eposn-Merchant-Token"


def test_a_merchants_other_tokens_are_saved_and_removed(desk: Any) -> None:
    maya = desk("maya")
    maya.go("Settings")
    maya.unfold("Other tokens")
    maya.fill(MERCHANT_TOKEN, "m-token-of-ours")
    maya.press("Save")
    maya.sees("Saved.")
    field = maya.field(MERCHANT_TOKEN)
    assert field.get_attribute("placeholder") == "Saved; enter a new one to replace it"
    assert field.input_value() == "" and "m-token-of-ours" not in maya.page.content()
    if folder := os.environ.get("PICTURES_TO"):
        maya.page.screenshot(path=f"{folder}/settings.png", full_page=True)
    maya.press("Test connection")
    maya.sees("LoyaltyDog answers.")
    maya.click(maya.page.locator("label").filter(has_text="Remove the saved one"))
    maya.press("Save")
    maya.sees("Saved.")
    maya.unfold("Other tokens")
    assert maya.field(MERCHANT_TOKEN).get_attribute("placeholder") == "Not saved yet"


def test_a_person_who_tests_the_connection_again_and_again_is_told_to_wait(desk: Any) -> None:
    maya = desk("maya", "two")
    maya.go("Settings")
    for _ in range(8):
        maya.press("Test connection")
        if maya.page.get_by_text("This was done many times within a minute.").count():
            break
    maya.sees("This was done many times within a minute.")
    assert maya.page.get_by_text("Wait").count()
