"""Leaving places out of a JSON file: they and nothing else change, wherever the chunks of the file are cut."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.redaction.json_places import character_offsets, json_edits
from portal.redaction.places import Grain, NotSpliceable, Place, PlaceMissing, PlacesOverlap, Steps, marker
from portal.redaction.reasons import Reason
from portal.redaction.splice import from_utf8, in_utf8, spliced

WORDS = "another person"


def words(place: Place) -> str:
    return marker(place.number, WORDS)


def pieces(data: bytes, size: int) -> Iterator[bytes]:
    return (data[at : at + size] for at in range(0, len(data), size))


def redacted(data: bytes, places: Sequence[Place], *, size: int = 1 << 16, lines: bool = False) -> bytes:
    edits = json_edits(pieces(data, size), places, words, lines=lines)
    return b"".join(spliced(pieces(data, size), edits))


def place(number: int, *steps: str | int, **more: Any) -> Place:
    return Place(number, steps, Reason.OTHER_PERSON, **more)


DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=6), inner, max_size=5),
    max_leaves=40,
)


def leaves(value: Any, steps: Steps = ()) -> Iterator[tuple[Steps, Any]]:
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from leaves(inner, (*steps, key))
    elif isinstance(value, list) and value:
        for position, inner in enumerate(value):
            yield from leaves(inner, (*steps, position))
    else:
        yield steps, value


@given(
    document=DOCUMENTS, picked=st.sets(st.integers(0, 60)), size=st.integers(1, 40), indent=st.sampled_from([None, 1]),
    ascii_only=st.booleans(),
)  # fmt: skip
def test_the_places_are_withheld_and_every_other_leaf_stays(
    document: Any, picked: set[int], size: int, indent: int | None, ascii_only: bool
) -> None:
    data = json.dumps(document, indent=indent, ensure_ascii=ascii_only).encode()
    before = list(leaves(document))
    chosen = [steps for at, (steps, _value) in enumerate(before) if at in picked]
    places = [place(number, *steps) for number, steps in enumerate(chosen, 1)]
    after = dict(leaves(json.loads(redacted(data, places, size=size))))
    assert list(after) == [steps for steps, _value in before]
    assert [steps for steps, value in before if after[steps] != value] == [
        steps for steps, value in before if steps in chosen
    ]
    assert all(after[one.steps] == words(one) for one in places)


@given(document=DOCUMENTS, size=st.integers(1, 40))
def test_without_places_not_a_byte_differs(document: Any, size: int) -> None:
    data = json.dumps(document, indent=2).encode()
    assert redacted(data, [], size=size) == data


@given(
    text=st.text(min_size=1), bounds=st.tuples(st.integers(0, 30), st.integers(1, 30)), ascii_only=st.booleans(),
    size=st.integers(1, 20),
)  # fmt: skip
def test_a_part_of_a_text_is_withheld(text: str, bounds: tuple[int, int], ascii_only: bool, size: int) -> None:
    start = min(bounds[0], len(text) - 1)
    end = min(start + bounds[1], len(text))
    data = json.dumps({"a": [1, text], "b": text}, ensure_ascii=ascii_only).encode()
    after = json.loads(redacted(data, [place(7, "a", 1, grain=Grain.SPAN, span=(start, end))], size=size))
    assert after == {"a": [1, text[:start] + marker(7, WORDS) + text[end:]], "b": text}


def test_what_stands_around_a_place_keeps_its_writing() -> None:
    data = b'\xef\xbb\xbf{ "a" : [1.50, 1E2,\t"x\\u00e9\\/" ],\r\n "a": {"b":-0.0}, "a":"third" }\n'
    out = redacted(data, [place(1, "a", 0), place(2, "a (2)", "b"), place(3, "a (3)")], size=5)
    assert out == (
        b'\xef\xbb\xbf{ "a" : ["[withheld 1: another person]", 1E2,\t"x\\u00e9\\/" ],\r\n '
        b'"a": {"b":"[withheld 2: another person]"}, "a":"[withheld 3: another person]" }\n'
    )


def test_a_key_gives_way_and_its_value_stays_or_goes_as_decided() -> None:
    data = b'{"people": {"a@example.com": {"n": 1}, "b@example.com": {"n": 2}}}'
    keys = [place(1, "people", "b@example.com", grain=Grain.KEY), place(2, "people", "b@example.com", "n")]
    assert json.loads(redacted(data, keys)) == {
        "people": {"a@example.com": {"n": 1}, words(keys[0]): {"n": words(keys[1])}}
    }


def test_a_whole_container_gives_way_to_one_marker() -> None:
    data = b'{"cards": [{"sender": {"name": "A", "mail": ["x"]}, "no": 1}]}'
    assert json.loads(redacted(data, [place(1, "cards", 0, "sender")], size=3)) == {
        "cards": [{"sender": "[withheld 1: another person]", "no": 1}]
    }


def test_one_value_a_line_is_counted_by_its_values() -> None:
    data = b'{"a": 1}\n{"a": 2}\n\n{"a": 3}\n'
    assert redacted(data, [place(1, 2, "a")], lines=True, size=4) == (
        b'{"a": 1}\n{"a": 2}\n\n{"a": "[withheld 1: another person]"}\n'
    )


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252", "utf-8-sig"])
def test_another_encoding_comes_back_as_it_was(encoding: str) -> None:
    source = '{"a": "é", "b": "ü"}'
    data = source.encode(encoding)
    opened, exact = in_utf8(lambda: [data], encoding)
    edits = json_edits(opened(), [place(1, "b")], words)
    out = b"".join(from_utf8(spliced(opened(), edits), exact))
    assert out.decode(encoding) == source.replace('"ü"', '"[withheld 1: another person]"')
    assert out[:6] == data[:6]


def test_bytes_that_do_not_come_back_are_refused() -> None:
    with pytest.raises(NotSpliceable):
        in_utf8(lambda: [b'{"a": "\x81"}'], "cp1252")


@pytest.mark.parametrize(
    "steps", [("b",), ("a", 3), ("a", "0"), ("a", 0, "x"), (0,), ("a (2)",)]
)  # fmt: skip
def test_a_place_that_is_not_there_stops_everything(steps: Steps) -> None:
    with pytest.raises(PlaceMissing, match=r"1 of 2: \[2\]"):
        redacted(b'{"a": [1, "two", 3], "c": 5}', [place(1, "c"), place(2, *steps)])


def test_a_part_beyond_the_end_of_a_text_is_missing() -> None:
    with pytest.raises(PlaceMissing):
        redacted(b'{"a": "four"}', [place(1, "a", grain=Grain.SPAN, span=(2, 5))])


@pytest.mark.parametrize(
    "places",
    [
        [place(1, "a"), place(2, "a")],
        [place(1, "a"), place(2, "a", 0)],
        [place(1, "a"), place(2, "a", grain=Grain.SPAN, span=(0, 1))],
        [place(1, "a", grain=Grain.SPAN, span=(0, 3)), place(2, "a", grain=Grain.SPAN, span=(2, 4))],
        [place(1, "a", grain=Grain.KEY), place(2, "a", grain=Grain.KEY)],
        [place(1, "a", 0, grain=Grain.KEY)],
    ],
)
def test_places_inside_one_another_are_refused(places: list[Place]) -> None:
    with pytest.raises(PlacesOverlap):
        redacted(b'{"a": ["text"]}', places)


@pytest.mark.parametrize(
    "data",
    [
        b'{"a": [1, 2',
        b'{"a": "cut',
        b'{"a": {"b": [1]',
        b'{"b": 1 "a": 2}',
        b'{"a" 1}',
        b"{'a': 1}",
        b'{"a": 1} {"a": 2}',
        b'{"b": "x\\u12", "\\uZZ": 1, "a": 1}',
        b'{"b": [[[{"x": "',
    ],
)
def test_what_is_not_whole_json_is_refused(data: bytes) -> None:
    with pytest.raises((NotSpliceable, PlaceMissing)):
        redacted(data, [place(1, "a")], size=3)


def test_a_hundred_thousand_levels_are_passed_over() -> None:
    deep = b"[" * 100_000 + b"]" * 100_000
    out = redacted(b'{"deep": ' + deep + b', "a": 1}', [place(1, "a")], size=777)
    assert out == b'{"deep": ' + deep + b', "a": "[withheld 1: another person]"}'


@given(text=st.text())
def test_offsets_end_where_the_text_ends(text: str) -> None:
    for raw in (json.dumps(text).encode()[1:-1], json.dumps(text, ensure_ascii=False).encode()[1:-1]):
        offsets = character_offsets(raw)
        assert offsets[-1] == len(raw)
        assert len(offsets) == len(text) + 1
