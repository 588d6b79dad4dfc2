"""The tables: no cell that a program would run, and the manifest says which got an apostrophe (PKG-6, SEC-20)."""

from __future__ import annotations

import csv
import io

import openpyxl
import pytest

from portal.package.parts import FileKind
from portal.package.spreadsheets import ESCAPED_LISTED, EscapedCells, Records
from tests.package.conftest import Built, built, json_file

pytestmark = pytest.mark.keeps("SEC-20")

CELLS = ["=HYPERLINK(1)", " =1", "+1 202", "-1.5", "@SUM", "\t=1", "＝1", "Ada", '"=1', "\u200b=1", "", "a\r\n=1"]


@pytest.fixture(scope="module")
def made() -> Built:
    return built(
        json_file(FileKind.GIFT_CARDS, "gift-cards", {"giftCards": [{"id": "7", "note": one} for one in CELLS]})
    )


def rows_of(made: Built) -> list[list[str]]:
    return list(csv.reader(io.StringIO(made.read("tables/gift-cards.csv").decode("utf-8-sig"), newline="")))


def test_cells_with_an_apostrophe_are_listed_with_row_and_column(made: Built) -> None:
    rows = rows_of(made)
    said = made.json("manifest.json")["escaped_cells"]
    listed = {(one["row"], one["column"]) for one in said["cells"]}
    found = {
        (row, column)
        for row, cells in enumerate(rows, 1)
        for column, cell in enumerate(cells, 1)
        if cell.startswith("'")
    }
    assert listed == found
    assert said["count"] == len(found) == 7
    assert {one["file"] for one in said["cells"]} == {"tables/gift-cards.csv"}


def test_an_escaped_cell_is_the_text_less_its_apostrophe(made: Built) -> None:
    assert [row[1].removeprefix("'") for row in rows_of(made)[1:]] == CELLS
    assert "In 7 cells of the tables" in made.text("manifest.html")


def test_the_workbook_holds_text_and_no_formula(made: Built) -> None:
    (sheet,) = openpyxl.load_workbook(io.BytesIO(made.read("tables/all.xlsx"))).worksheets
    assert {cell.data_type for row in sheet.iter_rows() for cell in row if cell.value is not None} == {"s"} or all(
        cell.data_type in ("s", "inlineStr", "n") and cell.number_format == "@"
        for row in sheet.iter_rows(min_row=2)
        for cell in row
    )
    assert sheet.cell(2, 2).value == "=HYPERLINK(1)" and sheet.cell(2, 2).data_type != "f"


def test_the_list_of_escaped_cells_is_bounded() -> None:
    escaped = EscapedCells()
    for row in range(ESCAPED_LISTED + 5):
        escaped.add("tables/a.csv", row, 1)
    assert (len(escaped.listed), escaped.count) == (ESCAPED_LISTED, ESCAPED_LISTED + 5)


def test_records_are_counted_outside_quotes_only() -> None:
    records = Records()
    for text in ('"a","b\r\n', 'c"\r\n"d', '"\r\n'):
        records.feed(text)
    assert records.count == 2
