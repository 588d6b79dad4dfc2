"""A line for each marker, whatever the file is: the list and the file are made from the same places."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.language import LANGUAGES
from portal.redaction.json_places import json_edits
from portal.redaction.left_out_list import KIND_WORDS, REASON_SENTENCES, LeftOutList, Places, left_out_json
from portal.redaction.left_out_page import left_out_page
from portal.redaction.places import Grain, Place, Steps
from portal.redaction.reasons import Reason
from portal.redaction.splice import spliced

KEYS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=8)
DOCUMENTS = st.dictionaries(
    KEYS, st.lists(st.dictionaries(KEYS, st.integers(0, 9), max_size=4), max_size=4), max_size=4
)
HOSTILE = "</td><script>alert(1)</script>\u202e"


def cells_of(document: Any) -> list[Steps]:
    return [(name, at, key) for name, rows in document.items() for at, row in enumerate(rows) for key in row]


def listed(places: list[Place], language: str = "en") -> LeftOutList:
    told = Places(places, {one.number: "another person" for one in places})
    return LeftOutList("copy.json", language, told.lines(language), ("You may complain.",))


@given(DOCUMENTS, st.data())
def test_markers_in_the_file_and_lines_of_the_list_are_the_same(document: Any, data: st.DataObject) -> None:
    cells = cells_of(document)
    chosen = [one for one in cells if data.draw(st.booleans())]
    places: list[Place] = []
    for steps in chosen:
        for grain in data.draw(st.sampled_from([[Grain.VALUE], [Grain.KEY], [Grain.KEY, Grain.VALUE]])):
            places.append(Place(len(places) + 1, steps, Reason.OTHER_PERSON, grain))
    source = Places(places, {one.number: "another person" for one in places})
    raw = json.dumps(document).encode()
    copy = json.loads(b"".join(spliced([raw], json_edits([raw], places, source.marker))))
    told = json.loads(left_out_json(listed(places)))
    assert told["left_out"] == len(places) == len(told["places"])
    for line in told["places"]:
        value: Any = copy
        for step in line["pointer"].split("/")[1:]:
            step = step.replace("~1", "/").replace("~0", "~")
            found = value[int(step)] if isinstance(value, list) else value[step]
            value, last = found, step
        assert line["marker"] == (last if line["kind"] == "key" else value)
    assert left_out_page(listed(places)).count(b'<td class="n">') == len(places) + bool(places)


def test_a_key_that_is_left_out_is_named_by_its_marker() -> None:
    places = [Place(1, ("byEmail", "rosa@example.com"), Reason.OTHER_PERSON, Grain.KEY),
              Place(2, ("byEmail", "rosa@example.com", "name"), Reason.OTHER_PERSON)]  # fmt: skip
    told = listed(places)
    assert "rosa" not in left_out_json(told).decode() + left_out_page(told).decode()
    assert told.lines[1].pointer == "/byEmail/[withheld 1: another person]/name"
    assert Places(places, {1: "a", 2: "a"}).names() == {"byEmail", "name"}


class Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href", "srcset", "action")]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_stands_alone_and_runs_nothing(language: str) -> None:
    page = left_out_page(listed([Place(1, (HOSTILE, 0), Reason.STAFF)], language)).decode()
    seen = Page()
    seen.feed(page)
    assert "script" not in seen.tags and not seen.addresses and "\u202e" not in page
    assert "default-src 'none'" in page and f'<html lang="{language}">' in page and seen.tags.count("h1") == 1


@pytest.mark.parametrize("language", [one for one in LANGUAGES if one != "en"])
def test_the_list_says_all_of_it_in_the_language(language: str) -> None:
    every = [Place(n, ("a", n), reason, grain, (0, 1) if grain is Grain.SPAN else None)
             for n, (reason, grain) in enumerate(((r, g) for r in Reason for g in Grain), 1)]  # fmt: skip
    english, other = listed(every), listed(every, language)
    texts = [*REASON_SENTENCES.values(), *KIND_WORDS.values(), "A national law exempts it: {section}."]
    assert not [text for text in texts if other.text(text) == text]
    same = set(re.findall(r"<th[^>]*>([^<]+)", left_out_page(english).decode())) & set(
        re.findall(r"<th[^>]*>([^<]+)", left_out_page(other).decode())
    )
    assert not same
    assert set(REASON_SENTENCES) == set(Reason) and set(KIND_WORDS) == set(Grain)


def test_a_place_of_a_csv_file_is_told_by_line_column_and_name() -> None:
    source = Places([Place(1, (5, 2), Reason.STAFF)], {1: "staff"}, csv=True, columns={1: "cashierName"})
    (line,) = source.lines("en")
    assert (line.pointer, line.place_words) == ("line 5, column 3", "line 5, column 3 (cashierName)")
    assert source.names() == {"cashierName"}
