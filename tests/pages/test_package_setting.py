"""The setting that a second person approves packages: a manager's, and of one merchant alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

LABEL = "A package needs a second person"


def test_the_setting_stays_with_the_merchant(desk: Any, screen: Callable[..., Any]) -> None:
    def setting(shop: str) -> bool:
        return bool(desk.portal.connection.merchant_settings(desk.user("maya", shop)).packages_need_two)

    page = screen("maya").go("Settings")
    next(one for one in page.app.checkbox if one.label == LABEL).check()
    page.press("Save")
    try:
        assert setting("one") and not setting("two")
    finally:
        next(one for one in page.app.checkbox if one.label == LABEL).uncheck()
        page.press("Save")
    assert not setting("one")
