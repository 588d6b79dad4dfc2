"""Every link that is drawn answers, and every file behind one is saved and opened, as each role.

Found by what the pages draw, not by a list.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import openpyxl
import pytest

from tests.browser.conftest import SHOPS, WAIT_MS, Demo, Desk, new_context
from tests.browser.test_every_page import pages_of

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, Response

pytestmark = [pytest.mark.browser, pytest.mark.keeps("SEC-23"), pytest.mark.timeout(1_500)]


@pytest.fixture(scope="module")
def own(start_demo: Callable[..., Demo], chromium: Browser) -> Iterator[tuple[Demo, list[str]]]:
    """A portal of this module's own, with a file that is ready and one that waits for a manager: their previews."""
    demo = start_demo()
    context, trouble = new_context(chromium)
    person = Desk(demo, context.new_page(), trouble)
    person.sign_in(f"maya@{SHOPS['one']}")
    previews = []
    for email, end in (("ada@example.com", "Ready"), ("two.people@example.com", "Needs a manager")):
        person.request(email)
        person.ended(end)
        previews.append(f"/preview?export={person.export_id()}")
    context.close()
    yield demo, previews
    demo.stop()


def opens(path: Path) -> int:
    """How much is in a saved file, read as what its name says it is. Fails when it is not that."""
    content = path.read_bytes()
    match path.suffix:
        case ".json":
            return len(json.loads(content))
        case ".jsonl":
            return len([json.loads(line) for line in content.splitlines()])
        case ".csv":
            return len(list(csv.reader(io.StringIO(content.decode("utf-8-sig")), strict=True)))
        case ".xlsx":
            return len(openpyxl.load_workbook(path, read_only=True).sheetnames)
        case ".ics":
            assert content.startswith(b"BEGIN:VCALENDAR") and content.rstrip().endswith(b"END:VCALENDAR")
        case ".html":
            assert b"</html>" in content
        case ".pdf":
            assert content.startswith(b"%PDF-") and b"%%EOF" in content[-1024:]
        case _:
            pytest.fail(f"A kind of file that this test cannot open: {path.name}")
    return len(content)


HIDDEN = ("/case",)  # reached by links, in no menu


def unfold(person: Desk) -> None:
    folded = person.page.get_by_test_id("stMain").locator("details:not([open]) > summary")
    for _ in range(folded.count()):
        person.click(folded.first)
        person.page.wait_for_timeout(80)
        person.settle()


def show(person: Desk, place: str) -> None:
    person.open(place)
    person.page.get_by_role("heading", level=1).first.wait_for(timeout=WAIT_MS)
    person.whole()
    if person.button("Show card numbers").count():
        person.see_cards()  # else the original does not leave
    person.make_copy()
    unfold(person)
    person.whole()


def is_file(href: str) -> bool:
    return "." in urlsplit(href).path or urlsplit(href).path.endswith(
        ("/file", "/evidence", "/about-person", "/left-out")
    )


def save_each_file(person: Desk, folder: Path, pages: set[str], where: str = "stMain") -> list[str]:
    """Follow the links drawn there; the files that were saved."""
    saved = []
    for link in person.page.get_by_test_id(where).locator("a[href]:visible").all():
        href = str(link.evaluate("a => a.href"))
        assert href.startswith(person.demo.origin), href
        if not is_file(href):
            assert urlsplit(href).path.rstrip("/") in {*pages, *HIDDEN}, f"a link to no page: {href}"
            continue
        assert not link.get_attribute("target"), f"a file in a new tab, where WebKit refuses it: {href}"
        print(f"saving {href}")  # what pytest shows of a test that fails
        with person.page.expect_download(timeout=3 * WAIT_MS) as waiting:
            link.click()
        path = folder / f"{len(list(folder.iterdir()))}-{waiting.value.suggested_filename}"
        waiting.value.save_as(path)
        assert opens(path), href
        saved.append(urlsplit(href).path.rpartition("/")[2] + "?" + urlsplit(href).query)
    return saved


@pytest.mark.parametrize("who", ["iris", "sam", "maya"])
def test_every_link_answers_and_every_file_can_be_saved_and_opened(
    own: tuple[Demo, list[str]], chromium: Browser, tmp_path: Path, who: str
) -> None:
    demo, previews = own
    context, trouble = new_context(chromium)
    person = Desk(demo, context.new_page(), trouble)
    refused: list[str] = []

    def note(answer: Response) -> None:
        if answer.status >= 400:
            refused.append(f"{answer.status} {answer.url}")

    context.on("response", note)
    person.sign_in(f"{who}@{SHOPS['one']}")
    places = pages_of(person)
    pages = {path.rstrip("/") for path in places.values()}
    saved: list[str] = []
    for place in [*places.values(), *previews]:
        show(person, place)
        saved += save_each_file(person, tmp_path, pages)
        if person.button("Other copies").count():
            person.press("Other copies")
            saved += save_each_file(person, tmp_path, pages, "stPopoverBody")
    assert not refused, refused
    assert not trouble.unexpected(), trouble.unexpected()
    wanted = {"list.csv", "list.xlsx", "expiries.ics"} | ({"trail.jsonl", "evidence"} if who != "sam" else set())
    assert wanted <= {name.partition("?")[0] for name in saved}
    if who != "iris":
        assert {"file?", "file?kind=redacted", "file?kind=csv", "file?kind=xlsx"} <= set(saved)
    context.close()
