"""What is proposed to be left out, changed in Settings: one merchant's, and of no other."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from portal.review.kinds import Attribute, Choice, GroupKind

if TYPE_CHECKING:
    from tests.pages.conftest import Screen

NAME = "The name of who gave a card"
SECOND = "A second person approves every copy with something left out"


def tick(page: Screen, label: str, value: bool) -> None:
    next(box for box in page.app.checkbox if box.label == label).set_value(value)


def test_a_manager_changes_what_is_proposed_for_this_merchant_only(desk: Any, screen: Callable[..., Screen]) -> None:
    def shown(shop: str) -> Any:
        return desk.portal.review_settings.show(desk.user("maya", shop))

    page = screen("maya").go("Settings")
    tick(page, NAME, True)
    tick(page, SECOND, True)
    page.press("Save what is proposed")
    assert not page.app.exception
    try:
        assert shown("one").second_person
        assert shown("one").changed[GroupKind.GIVER, Attribute.NAME] is Choice.LEAVE_OUT
        assert not shown("two").second_person and not shown("two").changed
    finally:
        tick(page, NAME, False)
        tick(page, SECOND, False)
        page.press("Save what is proposed")
    assert not shown("one").second_person and not shown("one").changed
