"""Fingerprints of rows: two versions of a table are told apart without either, and nothing else is told."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.comparison.differences import TableDifference, difference, differences, merged
from portal.comparison.fingerprints import (
    UNREADABLE,
    WHOLE_FILE,
    FilePrints,
    Origin,
    TablePrints,
    packed,
    prints_of,
    unpacked,
)
from portal.preview import Preview, Reading, read

SECRET, OTHER = b"s" * 32, b"o" * 32
CARDS = Origin("cards", "json", part="p")


def json_of(value: Any) -> Preview:
    return read(json.dumps(value).encode(), "json")


def table_of(rows: list[dict[str, Any]], secret: bytes = SECRET) -> TablePrints:
    """The fingerprints of a list that is a whole document; an empty one has no table."""
    if not rows:
        return TablePrints("rows", 0)
    (found,) = prints_of(json_of(rows), secret)
    return found


def told(earlier: list[dict[str, Any]], later: list[dict[str, Any]]) -> tuple[int, int | None, int]:
    found = difference(CARDS, table_of(earlier), table_of(later))
    return found.added, found.changed, found.gone


def file_of(value: Any, *, origin: Origin = CARDS, secret: bytes = SECRET) -> FilePrints:
    return FilePrints(secret, origin, prints_of(json_of(value), secret))


def of_table(found: tuple[TableDifference, ...] | None, name: str) -> TableDifference:
    assert found is not None
    return next(table for table in found if table.name == name)


CELLS = st.one_of(st.none(), st.text(max_size=3), st.integers(-3, 12), st.booleans())
WITH_ID = st.dictionaries(st.text("abc", min_size=1, max_size=2), st.tuples(CELLS, CELLS), min_size=2, max_size=8)
WITHOUT_ID = st.lists(st.fixed_dictionaries({"x": CELLS, "y": CELLS}), min_size=2, max_size=8)


def marked(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


@given(WITH_ID, WITH_ID, st.randoms())
def test_rows_with_an_id_are_told_as_a_comparison_of_sets_tells_them(
    earlier: dict[str, Any], later: dict[str, Any], random: Any
) -> None:
    def rows(version: dict[str, Any]) -> list[dict[str, Any]]:
        made = [{"id": one, "x": x, "y": y} for one, (x, y) in version.items()]
        random.shuffle(made)
        return made

    both = earlier.keys() & later.keys()
    changed = sum(marked(earlier[one]) != marked(later[one]) for one in both)
    assert told(rows(earlier), rows(later)) == (len(later) - len(both), changed, len(earlier) - len(both))


@given(WITHOUT_ID, WITHOUT_ID)
def test_rows_without_an_id_are_told_as_new_and_gone_only(earlier: list[Any], later: list[Any]) -> None:
    before, after = Counter(map(marked, earlier)), Counter(map(marked, later))
    assert told(earlier, later) == ((after - before).total(), None, (before - after).total())


@given(st.one_of(WITHOUT_ID, st.just([{"id": "1", "x": "a"}, {"id": "2", "x": None}])), st.randoms())
def test_the_order_of_rows_and_of_columns_does_not_matter(rows: list[dict[str, Any]], random: Any) -> None:
    columns = list(rows[0])
    random.shuffle(columns)
    other = [{name: row[name] for name in columns} for row in rows]
    random.shuffle(other)
    assert table_of(other) == table_of(rows)


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ('{"id": "a", "v": 10}', '{"id": "a", "v": 10.0}'),
        ('{"id": "a", "v": 10}', '{"id": "a", "v": "10"}'),
        ('{"id": "a", "v": null}', '{"id": "a", "v": "null"}'),
        ('{"id": "a", "v": ""}', '{"id": "a"}'),
        ('{"id": "a", "v": "1"}', '{"id": "a", "w": "1"}'),
        ('{"id": "a", "v": "1", "w": "23"}', '{"id": "a", "v": "12", "w": "3"}'),
    ],
)
def test_another_form_of_the_same_is_a_change(earlier: str, later: str) -> None:
    before, after = (read(f'[{one}, {{"id": "b"}}]'.encode(), "json") for one in (earlier, later))
    found = difference(CARDS, prints_of(before, SECRET)[0], prints_of(after, SECRET)[0])
    assert (found.added, found.changed, found.gone) == (0, 1, 0)


def test_equal_rows_of_two_people_or_tables_have_nothing_in_common() -> None:
    rows = [{"id": str(number), "v": "same"} for number in range(20)]
    ours, theirs = table_of(rows), table_of(rows, OTHER)
    first, second = prints_of(json_of({"a": rows, "b": rows}), SECRET)
    for one, other in ((ours, theirs), (first, second)):
        assert not set(one.by_row()) & set(other.by_row())
        assert not one.by_id().keys() & other.by_id().keys()
    assert differences([file_of(rows)], [file_of(rows, secret=OTHER)]) is None


def test_no_content_of_the_file_is_in_what_is_kept() -> None:
    kept = file_of({"t": [{"id": "canary-1", "v": "canary-2"}, {"id": "x", "v": "canary-3"}]})
    assert b"canary" not in packed(kept) and "canary" not in repr(kept)
    assert SECRET.hex() not in repr(kept) and repr(SECRET) not in repr(kept)


@given(st.lists(st.tuples(st.text(max_size=5), st.booleans(), st.integers(0, 3)), max_size=4))
def test_what_is_packed_comes_out_again(tables: list[tuple[str, bool, int]]) -> None:
    made = tuple(
        TablePrints(name, rows, "id" if by_id else "", bytes(16 * rows * (2 if by_id else 1)) if rows else None)
        for name, by_id, rows in tables
    )
    kept = FilePrints(SECRET, Origin("loyalty_data", "json", "p1", "Club", "c", "p1/m1"), made)
    assert unpacked(packed(kept)) == kept


def test_too_many_rows_are_counted_only_and_it_is_said() -> None:
    small, large = [{"id": "1"}, {"id": "2"}], [{"id": str(n)} for n in range(30)]
    prints = {t.name: t for t in prints_of(json_of({"large": large, "small": small}), SECRET, most_rows=20)}
    assert prints["large"].prints is None and prints["small"].prints
    later = {t.name: t for t in prints_of(json_of({"large": large[:25], "small": small}), SECRET, most_rows=20)}
    found = difference(CARDS, prints["large"], later["large"])
    assert (found.counted, found.added, found.changed, found.gone) == (True, 0, None, 5)


def test_a_file_that_was_only_counted_is_compared_by_its_rows_alone() -> None:
    whole = FilePrints(SECRET, CARDS, (TablePrints(WHOLE_FILE, 10, prints=None),))
    (found,) = differences([whole], [file_of({"a": [{"x": 1}] * 7, "b": [{"x": 1}] * 5})]) or ()
    assert (found.counted, found.added, found.gone) == (True, 2, 0)


def test_a_file_without_tables_is_compared_with_nothing() -> None:
    broken = FilePrints(SECRET, Origin(UNREADABLE, "json", part="p"), ())
    assert differences([broken], [broken]) is None
    assert differences([broken], [file_of([{"a": "1"}])]) is None


def test_what_an_export_says_of_itself_is_no_change_of_the_person() -> None:
    first = file_of({"exportId": "exp_1", "generatedAt": "2026-01-01", "customer": {"id": "c", "name": "A"}})
    again = file_of({"exportId": "exp_2", "generatedAt": "2026-02-01", "customer": {"id": "c", "name": "B"}})
    found = differences([first], [again])
    assert not of_table(found, "file").differs
    assert of_table(found, "customer").changed == 1


def test_what_was_not_asked_in_both_cases_is_left_out() -> None:
    cards, csv = file_of([{"id": "1"}]), file_of([{"id": "1"}], origin=Origin("cards", "csv", part="p"))
    loyalty = file_of([{"id": "1"}], origin=Origin("loyalty_data", "json", "p1", part="p1/m1"))
    assert differences([cards], [csv]) is None
    assert differences([cards], [loyalty]) is None
    assert [table.origin.family for table in differences([cards, loyalty], [cards]) or ()] == ["cards"]


def test_a_row_found_by_email_and_by_id_counts_once() -> None:
    by_email = file_of({"t": [{"id": "1", "v": "a"}, {"id": "2", "v": "b"}]})
    by_id = file_of({"t": [{"id": "2", "v": "b"}, {"id": "3", "v": "c"}]}, origin=Origin("cards", "json", part="q"))
    found = of_table(differences([file_of({"t": [{"id": "1", "v": "a"}]})], [by_email, by_id]), "t")
    assert (found.added, found.changed, found.gone) == (2, 0, 0)
    plain = [table_of([{"x": 1}, {"x": 1}, {"x": 2}]), table_of([{"x": 1}, {"x": 3}])]
    assert merged(plain).rows == 4


def test_of_one_source_that_was_asked_twice_the_newest_counts() -> None:
    old, new = file_of([{"id": "1"}, {"id": "2"}]), file_of([{"id": "1"}, {"id": "3"}])
    found = differences([old], [new, old])
    assert [(table.added, table.gone) for table in found or ()] == [(1, 1)]


def test_a_large_file_read_in_pieces_has_the_same_fingerprints() -> None:
    data = json.dumps({"t": [{"id": f"t{n}", "v": n, "items": [{"k": n}]} for n in range(2_000)]}).encode()
    pieces = [data[start : start + 7_000] for start in range(0, len(data), 7_000)]
    assert prints_of(Reading(pieces, "json", len(data)).whole(), SECRET) == prints_of(read(data, "json"), SECRET)
