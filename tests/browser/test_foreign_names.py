"""A merchant, a person, a program and a reference with a name full of marks read as they are written, on every page."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from html import escape
from typing import TYPE_CHECKING

import pytest

from portal.ui.common.words import WORD_JOINER
from tests.browser.conftest import Demo, Desk, new_context
from tests.browser.test_every_page import PAGES, open_whole

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = [pytest.mark.browser, pytest.mark.keeps("SEC-21")]
MARKS = "*x* _u_ :red[y] $z$ <b>&amp; :smile: -> :material/delete: [l](http://a.example) www.b.example `c` ~~d~~"
NAME = f"Brook & Bean {MARKS}"
FIRST = "Brook"
EVERYTHING_SAID = """() => {
    const said = [document.title, document.body.innerText];
    for (const cell of document.querySelectorAll('table td, table th')) said.push(cell.textContent);
    for (const one of document.querySelectorAll('[aria-label], [title], [alt]'))
        said.push(...['aria-label', 'title', 'alt'].map(name => one.getAttribute(name) || ''));
    return said;
}"""


IN_THE_LETTERS = "Brook & Bean Coffee Ltd"
"""What the practice merchant's letters call it, whatever its name is changed to."""


def rename(demo: Demo, word: str, values: tuple[str, ...]) -> None:
    with closing(sqlite3.connect(demo.folder / "data" / "portal.sqlite3", timeout=20)) as connection:
        connection.execute(word, values)
        connection.commit()


def misread(person: Desk, where: str) -> tuple[int, list[str]]:
    """How often the name is there, and each time it reads otherwise."""
    seen, wrong = 0, []
    for text in person.page.evaluate(EVERYTHING_SAID):
        plain = text.replace(WORD_JOINER, "").replace(IN_THE_LETTERS, "")
        at = plain.find(FIRST)
        while at >= 0:
            seen += 1
            cut = plain[at:].partition("…")[0]  # an axis of a chart has room for the beginning only
            if not plain.startswith(NAME, at) and not (len(cut) < len(NAME) and NAME.startswith(cut.rstrip())):
                wrong.append(f"{where}: {plain[at : at + len(NAME) + 10]!r}")
            at = plain.find(FIRST, at + 1)
    return seen, wrong


def test_names_full_of_marks_read_as_they_are_written_on_every_page(
    start_demo: Callable[..., Demo], chromium: Browser
) -> None:
    demo = start_demo()
    rename(demo, "UPDATE merchants SET name = ? WHERE name LIKE 'Brook%'", (NAME,))
    rename(demo, "UPDATE accounts SET name = ? WHERE email LIKE 'maya@brookandbean%'", (NAME,))
    context, trouble = new_context(chromium)
    person = Desk(demo, context.new_page(), trouble)
    person.sign_in("maya@brookandbean.example.com")
    person.go("New export")
    person.fill("Customer email", "ada@example.com")
    person.fill("Reference", NAME[:100])
    person.send()
    person.tabs()
    export = person.export_id()
    rename_program = "UPDATE exports SET program_name = ?, program_id = '5eed00000000000000000001', reference = ?"
    rename(demo, rename_program, (NAME, NAME))
    person.reload()
    person.tabs()
    counts = {}
    counts["a preview"], wrong = misread(person, "a preview")
    person.more("Destroy file")
    person.page.get_by_role("dialog").wait_for()
    counts["a question"], found = misread(person, "a question")
    wrong += found
    person.press("Cancel")
    for name in sorted(PAGES["maya"]):
        open_whole(person, name)
        if name == "Accounts":
            person.tick_row(1)
        counts[name], found = misread(person, name)
        wrong += found
    register = context.request.get(f"{demo.origin}/exports/list.csv").text()
    about = context.request.get(f"{demo.origin}/audit/about-person?export={export}").text()
    context.close()
    assert NAME in register
    assert escape(NAME) in about
    assert not wrong, "\n".join(wrong)
    assert all(counts.values()), counts  # the sidebar says it on each
    assert counts["a preview"] >= 3 and counts["Accounts"] >= 3 and counts["Past exports"] >= 3, counts
    assert not trouble.unexpected()
