"""The pages through AppTest, over a portal with its own workers and the practice merchant as a process."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from portal.composition import Portal
from portal.identity.lookup import digest
from portal.runtime import set_portal

ROOT = Path(__file__).resolve().parents[2]
PAGES = {
    "Today": "today",
    "New export": "new_export",
    "Past exports": "past_exports",
    "Cases": "cases",
    "Case": "case",
    "Review a file": "case_file",
    "New case": "new_case",
    "Preview": "preview",
    "Settings": "settings",
    "Your account": "your_account",
}
SHOPS = {"one": "brookandbean.example.com", "two": "northwindbooks.example.com"}
MARKDOWN_SINKS = ("markdown", "error", "warning", "info", "success", "caption", "title", "header", "subheader")


@pytest.fixture
def portal(desk: Any) -> Iterator[Portal]:
    """The module's portal, in place for the pages."""
    put: Portal = desk.portal
    set_portal(put)
    yield put
    set_portal(None)


@pytest.fixture
def screen(portal: Portal) -> Callable[..., Screen]:
    """A signed-in person's tab, as the gate hands them over: `screen("sam")`, `screen("maya", "two")`, `screen("")`."""

    def opened(who: str, shop: str = "one") -> Screen:
        app = AppTest.from_file(str(ROOT / "portal" / "app.py"), default_timeout=30)
        app.user = {"browser": "b" * 64, "address": "127.0.0.1"}
        if who:
            user = portal.accounts.user_for_account(f"{who}@{SHOPS[shop]}", origin="cli")
            cookie = portal.sessions.start_session(
                user.account_id, method="password", address="127.0.0.1", second_factor=False
            )
            app.user["session_hash"] = digest(cookie)
        return Screen(app)

    return opened


@dataclass
class Screen:
    """One person's tab: a page of the whole application, drawn anew by `run`."""

    app: AppTest

    def go(self, page: str, export: str = "", *, case: str = "", file: str = "") -> Screen:
        """By address, as a reload does; the first run only tells Streamlit which pages there are."""
        self.app.query_params.clear()
        self.app.run()
        self.app.switch_page(f"../pages/{PAGES[page]}.py")
        if export:
            self.app.query_params["export"] = export
        if case:
            self.app.query_params["case"] = case
        if file:
            self.app.query_params["file"] = file
        return self.run()

    def run(self) -> Screen:
        self.app.run()
        return self

    @property
    def titles(self) -> list[str]:
        return [title.value.replace("\\", "") for title in self.app.title]

    def labels(self, kind: str = "button") -> list[str]:
        return [element.label for element in self.app.get(kind) if getattr(element, "label", "")]

    def press(self, label: str) -> Screen:
        next(button for button in self.app.button if button.label == label).click()
        return self.run()

    def enter(self, label: str, text: str) -> Screen:
        next(field for field in self.app.text_input if field.label == label).set_value(text)
        return self

    def choose(self, label: str, option: str) -> Screen:
        next(field for field in self.app.radio if field.label == label).set_value(option)
        return self.run()

    def said(self, *kinds: str) -> str:
        """All words of the Markdown sinks, or of some of them."""
        return "\n".join(str(e.value) for kind in kinds or MARKDOWN_SINKS for e in getattr(self.app, kind))

    def texts(self) -> str:
        return "\n".join(text.value for text in self.app.text)

    def links(self) -> list[str]:
        """The words of the links that save a file."""
        drawn = [str(element.proto) for element in self.app.get("bidi_component")]
        return [found[1] for one in drawn if (found := re.search(r'words\\*": \\*"([^"\\]+)', one))]

    def tables(self) -> list[Any]:
        return [frame.value for frame in self.app.dataframe]
