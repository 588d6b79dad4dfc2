"""Leaving places out of a CSV file: one field stays one field, and nothing else changes."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.preview import read
from portal.redaction.csv_places import Form, csv_edits
from portal.redaction.places import Grain, NotSpliceable, Place, PlaceMissing, marker
from portal.redaction.reasons import Reason
from portal.redaction.splice import spliced

FIELD = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)
TABLE = st.lists(st.lists(FIELD, min_size=2, max_size=4), min_size=1, max_size=6)


def words(place: Place) -> str:
    return marker(place.number, 'said "no", and more')


def pieces(data: bytes, size: int) -> Iterator[bytes]:
    return (data[at : at + size] for at in range(0, len(data), size))


def redacted(
    data: bytes, places: Sequence[Place], form: Form | None = None, *, size: int = 1 << 16, first: int = 1
) -> bytes:
    edits = csv_edits(pieces(data, size), places, words, form or Form(), first_line=first)
    return b"".join(spliced(pieces(data, size), edits))


def place(number: int, line: int, column: int, **more: Any) -> Place:
    return Place(number, (line, column), Reason.STAFF, **more)


def written(table: list[list[str]], form: Form, ending: str, quoting: Any) -> str:
    out = io.StringIO()
    csv.writer(
        out, delimiter=form.delimiter, quotechar=form.quote, lineterminator=ending, quoting=quoting
    ).writerows(table)  # fmt: skip
    return out.getvalue()


def rows_of(text: str, form: Form) -> list[tuple[int, list[str]]]:
    """Each record with the line it begins on."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=form.delimiter, quotechar=form.quote, strict=True)
    rows, line = [], 1
    for row in reader:
        rows.append((line, row))
        line = reader.line_num + 1
    return rows


@given(
    table=TABLE, form=st.sampled_from([Form(), Form(";"), Form("\t"), Form("|", "'")]),
    ending=st.sampled_from(["\n", "\r\n"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]), picked=st.sets(st.integers(0, 20)),
    size=st.integers(1, 30), bom=st.booleans(), final=st.booleans(),
)  # fmt: skip
def test_the_fields_are_withheld_and_all_others_stay(
    table: list[list[str]], form: Form, ending: str, quoting: Any, picked: set[int], size: int, bom: bool, final: bool
) -> None:
    text = written(table, form, ending, quoting)
    text = text if final else text.removesuffix(ending)
    before = rows_of(text, form)
    fields = [(line, column) for line, row in before for column in range(len(row))]
    places = [place(n, *fields[at]) for n, at in enumerate(sorted(picked), 1) if at < len(fields)]
    data = text.encode("utf-8-sig" if bom else "utf-8")
    out = redacted(data, places, form, size=size)
    gone = {one.steps: words(one) for one in places}
    expected = [[gone.get((line, at), value) for at, value in enumerate(row)] for line, row in before]
    assert [row for _line, row in rows_of(out.decode("utf-8-sig" if bom else "utf-8"), form)] == expected
    if not places:
        assert out == data


@given(text=FIELD.filter(bool), bounds=st.tuples(st.integers(0, 8), st.integers(1, 8)), size=st.integers(1, 9))
def test_a_part_of_a_field_is_withheld(text: str, bounds: tuple[int, int], size: int) -> None:
    start = min(bounds[0], len(text) - 1)
    end = min(start + bounds[1], len(text))
    source = written([["id", "note"], ["1", text]], Form(), "\r\n", csv.QUOTE_MINIMAL)
    out = redacted(source.encode(), [place(1, 2, 1, grain=Grain.SPAN, span=(start, end))], size=size).decode()
    left = text[:start] + words(place(1, 2, 1)) + text[end:]
    assert [row for _line, row in rows_of(out, Form())] == [["id", "note"], ["1", left]]


def test_what_stands_around_a_field_keeps_its_writing() -> None:
    data = b'a;b\r\n"1";  2 \r\n\r\n"x\r\ny";"z"\n3;4'
    out = redacted(data, [place(1, 4, 1), place(2, 6, 0)], Form(";"), size=3)
    quoted = rb'"[withheld %d: said ""no"", and more]"'
    assert out == b'a;b\r\n"1";  2 \r\n\r\n"x\r\ny";' + quoted % 1 + b"\n" + quoted % 2 + b";4"


def test_lines_are_those_that_the_preview_names() -> None:
    data = b'id,note\n1,"two\nlines"\n\n2,plain\n'
    table = read(data, "csv").tables[0]
    assert table.paths(1)[1] == "line 5, column 2"
    out = redacted(data, [place(1, 5, 1)])
    assert read(out, "csv").tables[0].rows()[1][1] == words(place(1, 5, 1))


def test_a_line_that_names_the_delimiter_is_left_alone() -> None:
    data = b"sep=;\r\na;b\r\n1;2\r\n"
    out = redacted(data, [place(1, 3, 0)], Form(";"), first=2, size=4)
    assert out.startswith(b'sep=;\r\na;b\r\n"[withheld 1')


def test_blanks_after_the_delimiter_stay() -> None:
    out = redacted(b'a, "b"\n1, "2"\n', [place(1, 2, 1)], Form(skip_space=True))
    assert out == b'a, "b"\n1, "[withheld 1: said ""no"", and more]"\n'


@pytest.mark.parametrize(("line", "column"), [(3, 0), (2, 2), (9, 0)])
def test_a_field_that_is_not_there_stops_everything(line: int, column: int) -> None:
    with pytest.raises(PlaceMissing):
        redacted(b'a,b\n1,"x\ny"\n', [place(1, line, column)])


@pytest.mark.parametrize("data", [b'a,b\n1,"open\n', b'a,b\n1,"x"y\n', b'"x" "y",1\n'])
def test_quotes_that_do_not_fit_are_refused(data: bytes) -> None:
    with pytest.raises(NotSpliceable):
        redacted(data, [place(1, 1, 0)], size=4)


def test_a_place_of_a_csv_file_is_a_record_and_a_field() -> None:
    with pytest.raises(NotSpliceable):
        redacted(b"a\n1\n", [Place(1, ("a",), Reason.STAFF)])
