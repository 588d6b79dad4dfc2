"""Every leaf of a JSON source stands in the tables at its path, exactly once, exactly as written."""

import json
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.preview import MISSING, NULL, PreviewError, read
from portal.preview.cells import Bare
from portal.preview.json.paths import path_text
from portal.preview.json.reader import read_carefully, read_tree
from portal.preview.json.tables import as_written
from portal.preview.model import Preview, WarningLog
from portal.preview.raw import without_lone_surrogates

pytestmark = pytest.mark.keeps("SEC-22")


class Numeral(str):
    """A number as the source writes it."""


NUMERALS = st.one_of(
    st.integers(-(10**30), 10**30).map(str),
    st.from_regex(r"-?(0|[1-9][0-9]{0,3})(\.[0-9]{1,4})?([eE][+-]?[0-9]{1,3})?", fullmatch=True),
    st.sampled_from(["-0", "0.10", "1e400", "1E-9", "9" * 5000, "-0.0", "0012345678"[2:]]),
).map(Numeral)
# "" and dotted, bracketed, numeric and look-alike keys on purpose: they are where paths and column names go wrong.
KEYS = st.one_of(
    st.text(max_size=6),
    st.sampled_from(
        ["id", "value", "key", "a", "b", "a.b", "", "customer", "0", "42", "x@example.com", "a (2)", "[0]"]
    ),
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    NUMERALS,
    st.text(alphabet=st.characters(), max_size=8),  # surrogates included: JSON can escape them
    st.sampled_from(["null", "NA", "", "[]", "{}", "true", "0012345678", "⟨null⟩", "\x00", "=1+1"]),
)
TREES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=25,
)


def write(tree: Any) -> str:
    if isinstance(tree, Numeral):
        return str(tree)
    if isinstance(tree, dict):
        return "{" + ",".join(f"{json.dumps(key)}: {write(value)}" for key, value in tree.items()) + "}"
    if isinstance(tree, list):
        return "[" + " ,".join(map(write, tree)) + "]"
    return json.dumps(tree)


def leaves(tree: Any, steps: tuple[str | int, ...] = ()) -> list[tuple[str, object]]:
    """(path, text) of every leaf; an empty list or object is one, and null is not a text."""
    if isinstance(tree, dict) and tree:
        return [leaf for key, value in tree.items() for leaf in leaves(value, (*steps, without_lone_surrogates(key)))]
    if isinstance(tree, list) and tree:
        return [leaf for number, value in enumerate(tree) for leaf in leaves(value, (*steps, number))]
    path = path_text(list(steps))
    if tree is None:
        return [(path, NULL)]
    if isinstance(tree, str) and not isinstance(tree, Numeral):
        return [(path, without_lone_surrogates(tree))]
    return [(path, write(tree))]


def shown(preview: Preview) -> list[tuple[str, object]]:
    """(path, cell) of every cell that comes from the source."""
    found: list[tuple[str, object]] = []
    for table in preview.tables:
        assert len(set(table.columns)) == len(table.columns)
        for row in range(table.row_count):
            cells = zip(table.columns, table.paths(row), table.rows(row, row + 1)[0], strict=True)
            found += [
                (path, cell)
                for column, path, cell in cells
                if cell is not MISSING and column not in table.link_columns and column != table.key_column
            ]
    return found


@settings(max_examples=250, deadline=None)
@given(TREES)
def test_every_leaf_appears_once_at_its_path_as_written(tree: Any) -> None:
    preview = read(write(tree).encode(), "json")
    expected = leaves(tree)
    if isinstance(tree, list | dict) and not tree:
        expected = []  # an empty document has no table; the inspection calls it an answer: nobody
    assert Counter(shown(preview)) == Counter(expected)
    assert preview.complete


@settings(max_examples=150, deadline=None)
@given(st.lists(st.dictionaries(KEYS, SCALARS, min_size=1, max_size=4), min_size=2, max_size=6))
def test_one_value_a_line_reads_like_a_list(rows: list[dict[str, Any]]) -> None:
    lines = read("\n".join(map(write, rows)).encode(), "json")
    assert lines.record_kind == "lines"
    assert Counter(shown(lines)) == Counter(leaves(rows))


@settings(max_examples=200, deadline=None)
@given(TREES)
def test_the_quick_and_the_careful_reader_agree(tree: Any) -> None:
    text = write(tree)
    quick, careful = read_tree(text, WarningLog()), read_carefully(text, WarningLog())
    assert as_written(quick.values) == as_written(careful.values)
    assert quick.complete and careful.complete


@settings(max_examples=200, deadline=None)
@given(TREES, st.data())
def test_a_cut_file_shows_only_what_stood_before_the_cut_and_says_so(tree: Any, data: st.DataObject) -> None:
    text = write([tree, "end"])
    cut = data.draw(st.integers(1, len(text) - 1))
    preview = read(text[:cut].encode(), "json")
    assert not preview.complete
    assert preview.warnings
    whole = dict(leaves([tree, "end"]))
    for path, cell in shown(preview):
        just_opened = isinstance(cell, Bare) and cell in ("[]", "{}")  # the cut came right after the bracket
        # A cut text is shown as the source writes it, a cut number with the digits that arrived.
        assert just_opened or cell is NULL or cell == whole.get(path) or str(cell) in text[:cut]


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet='{}[]:,"\\ \n0123.eE-+truefalsnNaIiy\ud800é\x00', max_size=60))
def test_json_like_noise_never_raises_anything_but_preview_error(text: str) -> None:
    data = text.encode("utf-8", "surrogatepass")
    try:
        preview = read(data, "json")
    except PreviewError as error:
        assert error.raw.page(0) is not None
        return
    for table in preview.tables:
        table.rows()
        table.column_facts()
    assert preview.raw_pages >= 1


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=80))
def test_any_bytes_are_read_or_refused_with_their_raw_text(data: bytes) -> None:
    for format in ("json", "csv"):
        try:
            preview = read(data, format)  # type: ignore[arg-type]
        except PreviewError as error:
            error.raw.page(0).encode()
        else:
            preview.raw_page(0).encode()
