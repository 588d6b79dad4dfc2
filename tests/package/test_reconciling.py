"""Each value of a file is shown once, whatever its form; otherwise there is no package (PKG-3, LAW-9)."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.package.build import build
from portal.package.failures import DoesNotReconcile, NotReadable, NotTheSameBytes
from portal.package.leaves import LeafCount
from portal.package.parts import FileKind, Media, PackageParts, file_of_bytes
from portal.package.readable.tables import TableMaker
from tests.package.conftest import CASE, LETTER, Built, built, everything, gift_cards
from tests.package.reading_pages import page

pytestmark = pytest.mark.keeps("LAW-9")

TEXTS = st.text(max_size=12) | st.sampled_from(
    [
        "=1+1",
        '<td class="v">',
        ' class="v"',
        ' class="r"',
        "&quot;",
        "\\",
        '\\"',
        ",",
        "[withheld 1: another person]",
        "[]",
    ]
)
KEYS = st.sampled_from(["id", "name", "giftCards", "transactions", "amount", "createdAt", "customer", "value", "rows",
                        "columns", "data", "sender", "a@example.com", "5f00"]) | st.text(max_size=6)  # fmt: skip
LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS
VALUES = st.recursive(
    LEAVES, lambda below: st.lists(below, max_size=4) | st.dictionaries(KEYS, below, max_size=5), max_leaves=30
)


def leaves(value: Any) -> int:
    if isinstance(value, dict) and value:
        return sum(leaves(one) for one in value.values())
    if isinstance(value, list) and value:
        return sum(leaves(one) for one in value)
    return 1


def of_json(value: object, *, ascii_only: bool = False) -> Built:
    data = json.dumps(value, ensure_ascii=ascii_only, indent=1).encode("utf-8", "surrogatepass")
    return built(file_of_bytes(FileKind.GIFT_CARDS, "gift-cards", "Gift cards", Media.JSON, data))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(VALUES, st.booleans())
def test_a_page_shows_as_many_values_as_the_json_has(value: object, ascii_only: bool) -> None:
    made = of_json(value, ascii_only=ascii_only)
    assert made.manifest.values == leaves(value)
    assert page(made.text("2-your-data.html")).values() == leaves(value)


@settings(max_examples=200, deadline=None)
@given(VALUES, st.integers(1, 7))
def test_values_are_counted_alike_in_pieces_of_any_length(value: object, length: int) -> None:
    data = json.dumps(value).encode()
    count = LeafCount()
    for start in range(0, len(data), length):
        count.feed(data[start : start + length])
    assert count.of() == leaves(value)


def test_every_text_of_a_persons_files_stands_on_the_page() -> None:
    made = built(*everything("tricky_text"))
    text = "".join(tag.text for tag in page(made.text("2-your-data.html")).all("main"))
    for card in made.json("data/gift-cards.json")["giftCards"]:
        for value in (card["id"], card["cardNumber"], *(one["referenceId"] or "" for one in card["transactions"])):
            assert value in text


def test_rows_are_equal_in_page_csv_and_workbook(ordinary: Built) -> None:
    tables = ordinary.json("manifest.json")["tables"]
    for table in tables:
        rows = list(csv.reader(io.StringIO(ordinary.read(table["csv"]).decode("utf-8-sig"))))
        assert len(rows) == table["rows"] + 1
    shown = page(ordinary.text("2-your-data.html"))
    alike = sum(int(tag.attrs.get("data-alike", 0)) for tag in shown.marked("w"))
    assert len(shown.marked("r")) + alike == sum(table["rows"] for table in tables)
    book = openpyxl.load_workbook(io.BytesIO(ordinary.read("tables/all.xlsx")), read_only=True)
    assert [len(list(sheet.rows)) for sheet in book.worksheets] == [table["rows"] + 1 for table in tables]


def test_columns_named_by_a_list_beside_them_are_listed_value_by_value() -> None:
    made = of_json({"columns": ["id", "points"], "rows": [["7", 12], ["8", 3]]})
    shown = page(made.text("2-your-data.html"))
    assert shown.values() == 6
    assert any("$.rows[1][0]" in tag.text for tag in shown.all("th"))


def failing(*files: Any, **changed: Any) -> bytes:
    """What is left in the stream after a build that raised."""
    out = io.BytesIO(b"before")
    out.seek(0, io.SEEK_END)
    try:
        build(PackageParts(CASE, LETTER, files), out)
    finally:
        assert out.getvalue() == b"before"
    return out.getvalue()


@pytest.mark.parametrize("what", ["a value", "a row"])
def test_nothing_is_written_when_a_page_would_lack(what: str) -> None:
    rows = TableMaker.rows

    def lacking(self: TableMaker, plan: Any, given: Any, *more: Any) -> str:
        return rows(self, plan, given, *more).replace(' class="v"' if what == "a value" else ' class="r"', "", 1)

    with patch.object(TableMaker, "rows", lacking), pytest.raises(DoesNotReconcile):
        failing(gift_cards())


def test_nothing_is_written_when_a_file_is_not_the_one_that_was_checked() -> None:
    with pytest.raises(NotTheSameBytes):
        failing(replace(gift_cards(), data=lambda: (b"{}",)))
    with pytest.raises(NotTheSameBytes):
        failing(replace(gift_cards(), source_sha256="0" * 64))


@pytest.mark.parametrize("text", ['{"id": "7", "giftCards": [{"id"', "", "not JSON at all"])
def test_nothing_is_written_when_json_is_cut_off_or_none(text: str) -> None:
    with pytest.raises(NotReadable):
        failing(file_of_bytes(FileKind.GIFT_CARDS, "gift-cards", "Gift cards", Media.JSON, text.encode()))
