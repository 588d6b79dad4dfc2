"""JSON files as vendors really send them, and as they should never have."""

import json
import sys

import pytest

from portal.preview import MISSING, NULL, PreviewError, read
from portal.preview.json.tables import MAX_COLUMNS, MAX_TABLES

pytestmark = pytest.mark.keeps("SEC-22")


def messages(preview) -> str:
    return " | ".join(f"{warning.place}: {warning.message}" for warning in preview.warnings)


def test_nested_lists_become_tables_named_by_path_that_carry_their_parents_id() -> None:
    cards = [{"id": "A", "transactions": [{"amount": "1"}]}, {"id": "B", "transactions": [{"amount": "2"}]}]
    data = json.dumps({"exportId": "e", "giftCards": cards}).encode()
    preview = read(data, "json")
    assert [table.name for table in preview.tables] == ["file", "giftCards", "giftCards.transactions"]
    history = preview.table("giftCards.transactions")
    assert history.columns == ("(giftCards id)", "amount")
    assert history.link_columns == {"(giftCards id)"}
    assert history.rows() == [["A", "1"], ["B", "2"]]
    assert history.paths(1) == ["$.giftCards[1].transactions", "$.giftCards[1].transactions[0].amount"]


def test_parents_without_a_unique_id_are_linked_by_row_number() -> None:
    preview = read(b'[{"id":"A","x":[1]},{"id":"A","x":[2]}]', "json")
    assert preview.table("x").rows() == [["1", "1"], ["2", "2"]]
    assert preview.table("x").columns[0] == "(rows row)"


def test_an_object_outside_lists_is_a_table_of_its_own_and_flattens_what_lies_below() -> None:
    preview = read(b'{"customer":{"id":"c","address":{"city":"Ulm"},"tags":["a","b"]}}', "json")
    assert preview.table("customer").columns == ("id", "address.city")
    assert preview.table("customer.tags").rows() == [["a"], ["b"]]


def test_missing_null_empty_and_the_text_null_are_four_things() -> None:
    preview = read(b'[{"a":null},{"a":""},{"a":"null"},{"b":1}]', "json")
    assert [row[0] for row in preview.tables[0].rows()] == [NULL, "", "null", MISSING]
    shown = list(preview.tables[0].frame()["a"])
    assert shown == ["⟨null⟩", "⟨empty⟩", "null", None]


def test_leading_zeros_names_that_look_empty_and_long_digits_stay() -> None:
    number = "9" * 5000
    preview = read(f'{{"card":"0012345678","surname":"NA","price":1.10,"big":{number}}}'.encode(), "json")
    assert preview.tables[0].rows() == [["0012345678", "NA", "1.10", number]]
    assert "too large" in messages(preview)


@pytest.mark.parametrize(
    ("text", "cells", "told"),
    [
        ('{"a":1,"a":2}', ["1", "2"], "more than once"),
        ('{"a":NaN,"b":-Infinity}', ["NaN", "-Infinity"], "NaN or Infinity"),
        ('{"a":"\\ud800x"}', ["\\ud800x"], "lone surrogate"),
        ('{"a":"\\ud83d\\ude00"}', ["\U0001f600"], ""),
        ('{"a":01,"b":.5,"c":1.,"d":+1}', ["01", ".5", "1.", "+1"], "without quotes"),
        ('{"a":"x\\q"}', ["x\\q"], "escape"),
        ('{"a":"l\nm"}', ["l\nm"], "control character"),
        ('{"a":1,}', ["1"], "comma"),
        ('{"a":1e400}', ["1e400"], "hold this number exactly"),
        ('{"a":12345678901234567}', ["12345678901234567"], "too large"),
        ('{"a":9007199254740992}', ["9007199254740992"], ""),
    ],
)
def test_odd_values_are_shown_as_written_and_told(text: str, cells: list[str], told: str) -> None:
    preview = read(text.encode(), "json")
    assert preview.tables[0].rows() == [cells]
    assert (told in messages(preview)) and bool(told) == bool(preview.warnings)
    assert preview.complete


def test_a_warning_says_where() -> None:
    preview = read(b'{"giftCards":[{},{"email":"a","email":"b"}]}', "json")
    assert preview.warnings[0].place == "$.giftCards[1].email"


def test_many_warnings_of_a_kind_are_counted_not_listed() -> None:
    preview = read(("[" + ",".join(["NaN"] * 500) + "]").encode(), "json")
    assert len(preview.warnings) == 21
    assert "480 more" in preview.warnings[-1].message


@pytest.mark.parametrize("depth", [900, 100_000])
def test_depth_is_shown_and_never_crashes(depth: int) -> None:
    preview = read(b"[" * depth + b"7" + b"]" * depth, "json")
    assert preview.complete
    last = preview.tables[-1].rows()[-1][-1]
    assert isinstance(last, str) and "7" in last
    assert "deeper" in messages(preview)
    assert not read(b'{"a":' * depth, "json").complete


def test_depth_is_read_under_a_short_stack_too() -> None:
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(200)
    try:
        assert read(b"[" * 500 + b"]" * 500, "json").complete
    finally:
        sys.setrecursionlimit(before)


def test_an_object_whose_keys_are_data_becomes_rows() -> None:
    data = {"cards": {f"{n:024x}": {"balance": f"{n}.00"} for n in range(3000)}, "seen": {"a@example.com": 1}}
    preview = read(json.dumps(data).encode(), "json")
    cards = preview.table("cards")
    assert (cards.columns, cards.row_count, cards.key_column) == (("key", "balance"), 3000, "key")
    assert preview.table("seen").rows() == [["a@example.com", "1"]]


def test_columns_beyond_the_limit_stand_in_a_table_of_their_own() -> None:
    rows = [{f"f{n}_{m}x": m for m in range(40)} for n in range(20)]
    preview = read(json.dumps(rows).encode(), "json")
    wide, more = preview.tables
    assert len(wide.columns) == MAX_COLUMNS
    assert more.row_count == 800 - MAX_COLUMNS
    assert "columns" in messages(preview)


def test_tables_beyond_the_limit_stand_in_cells() -> None:
    data = {f"list{n}x": [{"n": n}] for n in range(190)} | {"deep": [{f"l{n}x": [n] for n in range(150)}]}
    preview = read(json.dumps(data).encode(), "json")
    assert len(preview.tables) <= MAX_TABLES + 1
    assert "[149]" in [str(cell) for cell in preview.table("deep").rows()[0]]


def test_tables_from_objects_are_limited_too() -> None:
    data = {f"group{n}x": {f"part{m}x": {"n": n} for m in range(30)} for n in range(30)}
    preview = read(json.dumps(data).encode(), "json")
    assert len(preview.tables) <= MAX_TABLES + 30
    assert sum(cell is not MISSING for table in preview.tables for row in table.rows() for cell in row) >= 900


def test_many_lines_of_junk_are_counted_in_time() -> None:
    preview = read(b'{"a":1}\n' + b"junk here\n" * 100_000, "json")
    assert not preview.complete
    assert "99980 more" in preview.warnings[-1].message


def test_one_broken_line_does_not_hide_the_others() -> None:
    preview = read(b'{"a":1}\n{"a":2\n{"a":3}\nnot json\n{"a":4}\n', "json")
    assert [row[0] for row in preview.tables[0].rows()] == ["1", "2", "3", "4"]
    assert not preview.complete
    assert "line 4" in messages(preview)


def test_text_after_the_end_is_told() -> None:
    preview = read(b'{"a":1} and then?', "json")
    assert not preview.complete
    assert preview.tables[0].rows() == [["1"]]
    assert preview.warnings


@pytest.mark.parametrize("data", [b"", b"  ", b"<html>hello</html>", b"id,name\n1,2\n", b"\x00\x01"])
def test_what_is_no_json_is_refused_with_its_raw_text(data: bytes) -> None:
    with pytest.raises(PreviewError) as caught:
        read(data, "json")
    assert "not JSON" in caught.value.message
    assert "hello" not in caught.value.detail + repr(caught.value)
    assert caught.value.raw.pages() == 1
    if b"hello" in data:
        assert "hello" in caught.value.raw.page(0)


def test_a_file_damaged_on_every_line_is_given_up_in_time() -> None:
    """Starting again on each line, to the end of the file, would take hours."""
    assert not read(b"1\n" + b"[1,\n" * 60_000, "json").complete


def test_display_names_are_unique_and_safe_whatever_the_keys() -> None:
    data = {"a.b": 1, "a": {"b": 2}, "x" * 500: 3, "": 4, "\ud800": 5}
    preview = read(json.dumps([data]).encode(), "json")
    columns = preview.tables[0].columns
    assert len(set(columns)) == 5
    assert max(map(len, columns)) <= 120
    "".join(columns).encode()
    assert "a.b (2)" in columns
