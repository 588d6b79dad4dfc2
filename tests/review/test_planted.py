"""A value that was left out and stands elsewhere in a file is caught in every copy that would carry it along."""

from __future__ import annotations

import base64
import html
import json
import urllib.parse
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from portal.config import Settings
from portal.exports.files.derived import csv_of, xlsx_of
from portal.preview import read
from portal.redaction.leaks import LeakSearch
from portal.redaction.places import Place
from portal.redaction.reasons import Reason
from portal.redaction.withheld import withheld_values
from portal.review.copying.copies import edits_of
from portal.review.copying.spliced import Spliced, StillThere

NAME = "Rosa Martinez"
PLANTED: dict[str, Callable[[], dict[str, Any]]] = {
    "another cell": lambda: {"note": NAME},
    "inside a text": lambda: {"note": f"for {NAME}, with love"},
    "capitals": lambda: {"note": NAME.upper()},
    "a key, so a column's name": lambda: {NAME: "1"},
    "a key with a list, so a table's and a sheet's name": lambda: {NAME: [{"a": 1}, {"a": 2}]},
    "a key deep down": lambda: {"a": {"b": {"c": {NAME: 1}}}},
    "a key that is data": lambda: {"byName": {f"{n}@example.com": {"x": 1} for n in "ab"} | {f"{NAME}@x.y": {"x": 2}}},
    "a list of texts": lambda: {"tags": ["x", NAME]},
    "JSON in a text": lambda: {"raw": json.dumps({"name": NAME})},
    "HTML in a text": lambda: {"raw": f"<b>{html.escape(NAME[:4])}</b>{NAME[4:]}"},
    "HTML entities": lambda: {"raw": "".join(f"&#{ord(one)};" for one in NAME)},
    "an address": lambda: {"url": f"https://example.com/?q={urllib.parse.quote(NAME)}"},
    "an address with plus signs written out": lambda: {"url": urllib.parse.quote(NAME, safe="")},
    "base64": lambda: {"raw": base64.b64encode(f"to:{NAME}".encode()).decode()},
    "base64 of UTF-16": lambda: {"raw": base64.b64encode(NAME.encode("utf-16-le")).decode()},
    "escapes of JSON twice": lambda: {"raw": "".join(f"\\u{ord(one):04x}" for one in NAME)},
    "a zero width space": lambda: {"note": NAME.replace("s", "s\u200b")},
    "a no-break blank": lambda: {"note": NAME.replace(" ", "\u00a0")},
    "full width letters": lambda: {"note": "".join(chr(ord(c) + 0xFEE0) if c.isalpha() else c for c in NAME)},
    "a line break for the blank": lambda: {"note": NAME.replace(" ", "\n")},
}


def spliced_of(tree: dict[str, Any], root: Path) -> Spliced:
    """The file with `sender` left out."""
    data = json.dumps({"sender": NAME, **tree}).encode()

    def opened() -> list[bytes]:
        return [data]

    places = [Place(1, ("sender",), Reason.OTHER_PERSON)]
    edits, _ = edits_of(opened, places, {1: "another person"}, "json", lines=False)
    search = LeakSearch(withheld_values([data], edits, places))
    return Spliced(opened, "utf-8", tuple(edits), (), "json", len(data), "", Settings(data_dir=root), search)


def made(spliced: Spliced, kind: str) -> Iterator[bytes]:
    match kind:
        case "redacted":
            return spliced.chunks()
        case "csv":
            return csv_of(spliced.preview())
        case _:
            return xlsx_of(spliced.preview())


@pytest.mark.parametrize("kind", ["redacted", "csv", "xlsx"])
@pytest.mark.parametrize("way", PLANTED)
def test_a_planted_value_stops_each_copy(way: str, kind: str, tmp_path: Path) -> None:
    spliced = spliced_of(PLANTED[way](), tmp_path)
    with pytest.raises(StillThere) as caught:
        spliced.search(kind, made(spliced, kind), archive=kind == "xlsx")
    assert {number for each in caught.value.found.values() for number in each} == {1}


@pytest.mark.parametrize("kind", ["redacted", "csv", "xlsx"])
def test_a_file_without_it_elsewhere_is_clean_in_each_copy(kind: str, tmp_path: Path) -> None:
    spliced = spliced_of({"note": "Rosa sent it", "tags": ["x", "y"], "more": [{"a": 1}, {"a": 2}]}, tmp_path)
    spliced.search(kind, made(spliced, kind), archive=kind == "xlsx")
    assert read(b"".join(spliced.chunks()), "json").table("file").rows()[0][0] == "[withheld 1: another person]"


def test_a_short_name_within_a_longer_word_is_no_leak_and_as_a_word_is_one() -> None:
    data = b'{"cashier": "Paolo", "note": "Paolona", "id": "x1001y"}'
    places = [Place(1, ("cashier",), Reason.STAFF)]
    edits, _ = edits_of(lambda: [data], places, {1: "staff 1"}, "json", lines=False)
    search = LeakSearch(withheld_values([data], edits, places))
    assert search.find("x", [b'{"note": "Paolona"}']) == set()
    assert search.find("x", [b'{"note": "by PAOLO."}']) != set()


def test_what_is_left_out_with_everything_below_it_is_searched_for_leaf_by_leaf() -> None:
    data = json.dumps({"sender": {"name": NAME, "rosa@example.org": ["+49 30 123456"], "age": 44}}).encode()
    places = [Place(1, ("sender",), Reason.OTHER_PERSON)]
    edits, _ = edits_of(lambda: [data], places, {1: "another person"}, "json", lines=False)
    texts = {one.text for one in withheld_values([data], edits, places)}
    assert texts >= {NAME, "rosa@example.org", "+49 30 123456"} and "44" not in texts
