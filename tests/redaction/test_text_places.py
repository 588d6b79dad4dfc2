"""Leaving words out of a plain text: nothing but the recorded spans changes, and nothing of them survives."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.redaction.leaks import LeakSearch
from portal.redaction.places import Grain, NotSpliceable, Place, PlaceMissing, PlacesOverlap, marker
from portal.redaction.reasons import Reason
from portal.redaction.splice import from_utf8, in_utf8, spliced
from portal.redaction.text_places import text_edits
from portal.redaction.withheld import withheld_values
from tests.redaction.test_leaks import PACKED, TEXTS

pytestmark = pytest.mark.keeps("LAW-11")
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\ufeff"), max_size=60)
ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-32"]


def words(place: Place) -> str:
    return marker(place.number, "another person")


def pieces(data: bytes, size: int) -> Iterator[bytes]:
    return (data[at : at + size] for at in range(0, len(data), size))


def span(number: int, start: int, end: int) -> Place:
    return Place(number, (), Reason.OTHER_IN_TEXT, Grain.SPAN, (start, end))


def redacted(data: bytes, places: Sequence[Place], encoding: str = "utf-8", size: int = 1 << 16) -> bytes:
    opened, exact = in_utf8(lambda: pieces(data, size), encoding)
    edits = text_edits(opened(), places, words)
    return b"".join(from_utf8(spliced(opened(), edits), exact))


# RED-1
@given(
    text=TEXT, cuts=st.sets(st.integers(0, 60), max_size=8), size=st.integers(1, 30),
    encoding=st.sampled_from(ENCODINGS),
)  # fmt: skip
def test_only_the_spans_differ_in_any_encoding(text: str, cuts: set[int], size: int, encoding: str) -> None:
    ends = sorted(cut for cut in cuts if cut <= len(text))
    places = [span(n, *pair) for n, pair in enumerate(zip(ends[::2], ends[1::2], strict=False), 1)]
    expected, done = "", 0
    for place in places:
        start, end = place.span or (0, 0)
        expected += text[done:start] + words(place)
        done = end
    expected += text[done:]
    out = redacted(text.encode(encoding), places, encoding, size)
    assert out == expected.encode(encoding)


@given(text=TEXT.filter(lambda text: len(text) > 1), size=st.integers(1, 9), data=st.data())
def test_what_was_cut_out_is_what_the_span_says(text: str, size: int, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    places = [span(1, start, end)]
    written = text.encode()
    edits = text_edits(pieces(written, size), places, words)
    (value,) = withheld_values(pieces(written, size), edits, places, plain=True)
    assert (value.number, value.text) == (1, text[start:end])


def test_a_span_past_the_end_is_missing() -> None:
    with pytest.raises(PlaceMissing):
        redacted(b"abc", [span(1, 2, 4)])
    assert redacted(b"abc", [span(1, 2, 3)]) == b"ab[withheld 1: another person]"


def test_spans_that_overlap_are_refused() -> None:
    with pytest.raises(PlacesOverlap):
        redacted(b"abcdef", [span(1, 0, 3), span(2, 2, 4)])


@pytest.mark.parametrize("place", [Place(1, (), Reason.STAFF), Place(1, ("a",), Reason.STAFF, Grain.SPAN, (0, 1))])
def test_a_place_that_is_no_span_is_refused(place: Place) -> None:
    with pytest.raises(NotSpliceable):
        redacted(b"abc", [place])


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(NotSpliceable):
        redacted(b"a\xffb", [span(1, 0, 1)])


# RED-4
NAME = "Zoë Ångström"


def search_of(text: str) -> LeakSearch:
    start = text.index(NAME)
    places = [span(1, start, start + len(NAME))]
    edits = text_edits([text.encode()], places, words)
    return LeakSearch(withheld_values([text.encode()], edits, places, plain=True))


@pytest.mark.parametrize("way", TEXTS)
def test_what_was_cut_out_is_found_in_every_writing(way: str) -> None:
    search = search_of(f"Served by {NAME} on Monday.")
    kept = TEXTS[way](NAME)
    data = kept if way.startswith("UTF-16") else b"before " + kept + b" after"
    assert {leak.number for leak in search.find("note.txt", [data])} == {1}


@pytest.mark.parametrize("way", PACKED)
def test_what_was_cut_out_is_found_in_what_is_packed(way: str) -> None:
    search = search_of(f"Served by {NAME}.")
    assert {leak.number for leak in search.find_in_file("answer", PACKED[way](NAME.encode()))} == {1}


def test_a_copy_without_the_words_holds_no_leak() -> None:
    text = f"Served by {NAME} on Monday."
    start = text.index(NAME)
    copy = redacted(text.encode(), [span(1, start, start + len(NAME))])
    assert copy == b"Served by [withheld 1: another person] on Monday."
    assert not search_of(text).find("note.txt", [copy])
