"""The pages of a package in a real Chromium, opened from a disk without a network (PKG-4)."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from portal.package.parts import FileKind, LeftOutLine
from portal.redaction.reasons import Reason
from tests.package.conftest import FOLDER, built, everything, json_file

pytestmark = [pytest.mark.browser, pytest.mark.keeps("LAW-9", "LAW-10", "LAW-24")]
NAMES = ("1-READ-ME-FIRST.html", "2-your-data.html", "what-we-left-out.html", "explain/fields.html", "manifest.html")
SIZES = {"phone": (390, 844), "desktop": (1280, 900)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package as somebody unpacked it."""
    line = LeftOutLine(1, "note, row 1", "", Reason.OTHER_PERSON)
    items = [{"id": "7", "note": "[withheld 1: another person]", "zodiacSign": "Leo"}] * 4
    redacted = json_file(
        FileKind.LOYALTY, "loyalty-2", {"activities": items}, redacted=True, source_sha256="0" * 64, left_out=(line,)
    )
    place = tmp_path_factory.mktemp("package")
    with zipfile.ZipFile(io.BytesIO(built(*everything("tricky_text"), redacted, language="de").data)) as package:
        package.extractall(place)
    return place / FOLDER


@contextmanager
def opened(chromium: Browser, path: Path, size: str, scheme: str) -> Iterator[Page]:
    """The page, and a failure for any request but its own, any message and any dialog."""
    width, height = SIZES[size]
    context = chromium.new_context(
        viewport={"width": width, "height": height},
        color_scheme=scheme,  # type: ignore[arg-type]
        offline=True,
    )
    seen: list[str] = []
    context.on("request", lambda request: seen.append(request.url))
    context.on("console", lambda message: seen.append(message.text))
    context.on("dialog", lambda dialog: seen.append(dialog.message))
    page = context.new_page()
    page.goto(path.as_uri())
    yield page
    assert seen == [path.as_uri()]
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", list(SIZES))
@pytest.mark.parametrize("name", NAMES)
def test_a_page_has_no_finding_and_asks_for_nothing(
    chromium: Browser, folder: Path, name: str, size: str, scheme: str
) -> None:
    with opened(chromium, folder / name, size, scheme) as page:
        found = Axe().run(page).response["violations"]
        assert [(one["id"], one["nodes"][0]["html"][:200]) for one in found] == []
        assert page.evaluate("document.documentElement.scrollWidth") <= SIZES[size][0]


def test_names_and_values_of_the_system_are_hidden_by_a_key_press(chromium: Browser, folder: Path) -> None:
    with opened(chromium, folder / "2-your-data.html", "desktop", "light") as page:
        stored = page.locator(".raw").first
        assert stored.is_visible()
        page.get_by_label("Auch die Namen und Werte zeigen").focus()
        page.keyboard.press("Space")
        assert not stored.is_visible()
        assert page.get_by_text("zodiacSign").first.is_visible()


def test_the_first_tab_stop_leads_past_everything_to_the_content(chromium: Browser, folder: Path) -> None:
    with opened(chromium, folder / "2-your-data.html", "phone", "light") as page:
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Zum Inhalt springen"
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "main"


def test_on_paper_it_is_dark_on_white_and_nothing_is_cut(chromium: Browser, folder: Path) -> None:
    with opened(chromium, folder / "2-your-data.html", "phone", "dark") as page:
        page.set_viewport_size({"width": 690, "height": 1000})  # A4 between its margins
        page.emulate_media(media="print")
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        assert page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
        assert page.evaluate("document.documentElement.scrollWidth") <= 690
        assert not page.locator(".switch").is_visible()
        assert page.locator(".more").first.is_visible()
