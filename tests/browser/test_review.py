"""Values left out by hand: chosen in the grid, left out, taken back; the copy carries it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from tests.browser.conftest import WAIT_MS, Desk


def choose_first(person: Desk) -> None:
    """A cell of the first row, behind the row's number. The grid needs the pointer over it before it hears a click."""
    grid = person.page.locator("[data-testid=stDataFrame] canvas:visible").first
    box = grid.bounding_box()
    assert box is not None
    person.page.mouse.move(box["x"] + 290, box["y"] + 50)
    person.page.wait_for_timeout(200)
    for _ in range(2):  # a first click may only give the grid the focus
        if not person.button("Leave out").count():
            person.page.mouse.click(box["x"] + 300, box["y"] + 55)
            person.page.wait_for_timeout(600)
            person.settle()
    person.button("Leave out").wait_for(timeout=WAIT_MS)


def test_a_value_and_a_column_are_left_out_by_hand_and_taken_back(desk: Callable[..., Desk]) -> None:
    person = desk("sam", viewport={"width": 1280, "height": 1300})
    person.request("ada@example.com")
    person.tabs()
    person.click(person.button("Go to").first)
    person.whole()
    person.make_copy()
    before = person.download("Download to send").count(b"[withheld")
    for button in ("Leave out", "Leave out the whole column"):
        choose_first(person)
        person.press(button)
        person.button("It may stay there").wait_for(timeout=WAIT_MS)  # the name stands in another field too
        person.whole()
        person.press("It may stay there")
        person.page.get_by_role("link", name="Download to send", exact=True).wait_for(timeout=WAIT_MS)
        person.whole()
        assert person.download("Download to send").count(b"[withheld") > before, button
        for _ in range(2):  # that it may stay, then what was left out
            person.press("Undo")
            person.whole()
        assert person.download("Download to send").count(b"[withheld") == before


def test_some_words_of_a_text_are_left_out_and_told_to_the_customer(desk: Callable[..., Desk]) -> None:
    person = desk("sam", viewport={"width": 1280, "height": 1300})
    person.request("ada@example.com")
    person.tabs()
    person.click(person.button("Go to").first)
    person.whole()
    person.make_copy()
    choose_first(person)
    person.fill("Only these words of it", "words that stand nowhere")
    person.press("Leave out")
    person.sees("These words do not stand there in this way.")
    person.fill("Only these words of it", "Dawid")
    person.press("Leave out")
    person.button("It may stay there").wait_for(timeout=WAIT_MS)
    person.whole()
    person.press("It may stay there")
    person.page.get_by_role("link", name="Download to send", exact=True).wait_for(timeout=WAIT_MS)
    person.whole()
    copy, page = person.download("Download to send"), person.download("What was left out")
    assert re.search(rb'"pan \[withheld [0-9]+: another person] [^"]+"', copy), "the rest of the name stays"
    assert b"a part of a text" in page and b"Dawid" not in page
    assert (
        len(re.findall(rb"\[withheld [0-9]+: ", copy)) == json.loads(person.download("List for programs"))["left_out"]
    )
