"""What Settings says of a token that was entered."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from portal.config import LOYALTYDOG_TOKENS

if TYPE_CHECKING:
    from tests.pages.conftest import Screen

    MakeScreen = Callable[..., Screen]

pytestmark = pytest.mark.keeps("SEC-46")

LABELS = {
    "api_token": "Token",
    "merchant_token": "X-Eposn-Merchant-Token",
    "customer_token": "X-Eposn-Customer-Token",
}


@pytest.mark.parametrize("name", LOYALTYDOG_TOKENS)
def test_a_manager_who_saves_a_test_key_reads_that_it_touches_real_data(screen: MakeScreen, name: str) -> None:
    maya = screen("maya").go("Settings")
    maya.enter(LABELS[name], "ld_test_0123456789abcdef").press("Save")
    assert "Saved." in maya.said("success")
    assert "they touch real customers' data" in maya.said("warning").replace("\\", "")
    maya.run()
    assert "real customers' data" not in maya.said("warning")


def test_a_manager_who_saves_another_token_is_not_warned(screen: MakeScreen) -> None:
    maya = screen("maya").go("Settings")
    maya.enter("Token", "ld_live_0123456789abcdef").press("Save")
    assert "Saved." in maya.said("success")
    assert "real customers' data" not in maya.said("warning")


def test_a_saved_token_leaves_the_field(screen: MakeScreen) -> None:
    maya = screen("maya").go("Settings")
    for token in (
        "ld_live_0123456789abcdef",
        "ld_live_another",
    ):  # the second time nothing else about the field changes
        maya.enter("Token", token).press("Save")
        assert "Saved." in maya.said("success")
        assert [field.value for field in maya.app.text_input if field.label == "Token"] == [""]


def test_a_token_stays_in_the_field_when_something_else_is_wrong(screen: MakeScreen) -> None:
    maya = screen("maya").go("Settings")
    maya.enter("Token", "ld_live_kept").enter("Base URL", "ftp://x").press("Save")
    assert maya.app.error
    assert [field.value for field in maya.app.text_input if field.label == "Token"] == ["ld_live_kept"]
