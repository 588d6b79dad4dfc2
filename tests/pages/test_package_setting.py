"""A second person approves packages by a setting of one merchant alone; what a package lacks is told to each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.sources.conftest import open_on, settle_on

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


def test_an_agent_is_told_that_the_letter_lacks_words_without_a_link_that_only_managers_may_follow(
    desk: Any, screen: Callable[..., Any]
) -> None:
    """A link to a page that somebody has not would end the drawing of the case."""
    case = open_on(desk, "two", email="no.words@example.com")
    desk.portal.case_sources.collect(desk.user("sam", "two"), case)
    settle_on(desk, case, "two")
    for who, links in (("sam", 0), ("maya", 1)):
        seen = screen(who, "two").go("Case", case=case)
        assert "The letter needs what your letters say about your shop: Who is responsible," in seen.texts()
        assert "What happened" in [header.value for header in seen.app.header]
        assert sum("settings" in str(link.proto) for link in seen.app.main.get("page_link")) == links
