"""Two files of the same person: which rows came, went and changed."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.preview import Preview, read
from portal.preview.comparing import Change, TableComparison, compare


def json_of(value: Any) -> Preview:
    return read(json.dumps(value).encode(), "json")


def one(earlier: Any, later: Any) -> TableComparison:
    (found,) = compare(json_of(earlier), json_of(later))
    return found


def test_rows_are_matched_by_their_id_whatever_their_order() -> None:
    earlier = [{"id": "a", "n": "1"}, {"id": "b", "n": "2"}, {"id": "c", "n": "3"}]
    later = [{"id": "c", "n": "3"}, {"id": "a", "n": "9"}, {"id": "d", "n": "4"}]
    found = one(earlier, later)
    assert (found.key, found.same) == ("id", 1)
    assert (found.added, found.removed) == ((2,), (1,))
    assert found.changed == (Change(0, 1, ("n",)),)


def test_rows_without_an_id_are_counted_and_never_guessed_to_be_changed() -> None:
    found = one([{"n": "1"}, {"n": "1"}, {"n": "2"}], [{"n": "1"}, {"n": "3"}])
    assert (found.key, found.same, found.changed) == ("", 1, ())
    assert (len(found.added), len(found.removed)) == (1, 2)


def test_a_single_row_is_changed_not_replaced() -> None:
    found = compare(json_of({"customer": {"name": "A"}}), json_of({"customer": {"name": "B"}}))[0]
    assert found.changed == (Change(0, 0, ("name",)),)


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ({"v": "12"}, {"v": 12}),
        ({"v": None}, {"v": "null"}),
        ({"v": ""}, {}),
        ({"v": None}, {}),
        ({"v": "1"}, {"w": "1"}),
    ],
)
def test_what_looks_alike_and_is_not_is_a_change(earlier: dict[str, Any], later: dict[str, Any]) -> None:
    found = one([{"id": "a", **earlier}, {"id": "b"}], [{"id": "a", **later}, {"id": "b"}])
    assert len(found.changed) == 1


def test_a_table_in_one_file_only_has_all_its_rows_added_or_removed() -> None:
    found = compare(json_of({"a": [{"x": "1"}] * 2}), json_of({"b": [{"x": "1"}] * 3}))
    assert [(t.name, len(t.added), len(t.removed)) for t in found] == [("b", 3, 0), ("a", 0, 2)]


def test_links_to_parents_do_not_make_rows_differ() -> None:
    def cards(*ids: str) -> Any:
        return {"cards": [{"n": i, "tx": [{"id": f"t{i}", "a": "1"}]} for i in ids]}

    found = {t.name: t for t in compare(json_of(cards("x", "y")), json_of(cards("z", "x", "y")))}
    assert found["cards.tx"].changed == ()
    assert len(found["cards.tx"].added) == 1


def test_no_repr_of_a_comparison_holds_a_value() -> None:
    assert "canary" not in repr(compare(json_of([{"a": "canary"}]), json_of([{"a": "other"}])))


ROWS = st.lists(st.dictionaries(st.sampled_from(["id", "a", "b"]), st.sampled_from(["1", "2", "", None])), max_size=6)


@settings(max_examples=150, deadline=None)
@given(ROWS, ROWS)
def test_every_row_of_both_files_is_accounted_for_once(
    earlier: list[dict[str, Any]], later: list[dict[str, Any]]
) -> None:
    before, after = json_of({"t": [{"x": "0"}, *earlier]}), json_of({"t": [{"x": "0"}, *later]})
    (found,) = compare(before, after)
    assert len(found.added) + len(found.changed) + found.same == after.tables[0].row_count
    assert len(found.removed) + len(found.changed) + found.same == before.tables[0].row_count
    assert not compare(after, after)[0].differs
