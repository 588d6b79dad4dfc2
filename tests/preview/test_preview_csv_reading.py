"""CSV files: what is written is what stands there, and every doubt is told."""

import csv
import io

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from portal.preview import MISSING, read
from portal.preview.csv.dialect import dialect_of
from portal.preview.csv.reader import read_carefully, read_records
from portal.preview.decoding import unmarked_utf16
from portal.preview.model import Preview, WarningLog

pytestmark = pytest.mark.keeps("SEC-22")


def rows_of(text: str) -> list[list[object]]:
    return list(read(text.encode(), "csv").tables[0].rows())


def told(preview: Preview) -> str:
    return " | ".join(f"{warning.place}: {warning.message}" for warning in preview.warnings)


def test_zeros_na_and_spaces_stay_as_written() -> None:
    assert rows_of("card,name,amount\n0012345678,NA, 1.10 \n") == [["0012345678", "NA", " 1.10 "]]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_beside_decimal_commas_and_text(delimiter: str) -> None:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows(
        [["id", "amount", "note"], ["1", "12,50", "one; two, three"], ["2", "1.250,00", "a|b\tc"]]
    )
    assert rows_of(out.getvalue()) == [["1", "12,50", "one; two, three"], ["2", "1.250,00", "a|b\tc"]]


def test_excels_own_line_names_the_delimiter() -> None:
    preview = read(b"sep=;\r\na;b\r\n1,5;2\r\n", "csv")
    assert preview.tables[0].rows() == [["1,5", "2"]]
    assert preview.tables[0].paths(0)[0] == "line 3, column 1"


def test_quotes_line_breaks_and_zero_bytes_inside_a_field_stay() -> None:
    preview = read(b'a,b\n"x, ""y""\r\nz",\x00q\n2,3\n', "csv")
    assert preview.tables[0].rows() == [['x, "y"\r\nz', "\x00q"], ["2", "3"]]
    assert preview.tables[0].paths(1)[0] == "line 4, column 1"
    assert "zero bytes" in told(preview)
    assert preview.tables[0].frame().iloc[0, 1] == "\\x00q"


def test_a_stacked_file_becomes_named_tables() -> None:
    text = "Customer\nid,email\nc1,a@example.com\n\nGift cards\nid,balance\n1,2.00\n2,3.00\n\nConsents\nid,purpose\n"
    preview = read(text.encode(), "csv")
    assert [(table.name, table.row_count) for table in preview.tables] == [
        ("Customer", 1),
        ("Gift cards", 2),
        ("Consents", 0),
    ]
    assert preview.table("Gift cards").columns == ("id", "balance")


def test_a_stacked_file_with_padded_titles_becomes_named_tables() -> None:
    preview = read(b"Export,,\n,,\nA,B,C\n1,2,3\n,,\nOther,,\nX,Y,Z\n4,5,6\n", "csv")
    assert [(table.name, table.columns) for table in preview.tables] == [
        ("Export", ("A", "B", "C")),
        ("Other", ("X", "Y", "Z")),
    ]


def test_a_column_of_names_beside_an_empty_one_is_no_heap_of_titles() -> None:
    preview = read(b"name,note\nAnna,\nBob,\n", "csv")
    assert preview.tables[0].rows() == [["Anna", ""], ["Bob", ""]]
    preview = read(b"name,\nAnna,\nBob,\n", "csv")
    assert preview.tables[0].rows()[-2:] == [["Anna", ""], ["Bob", ""]]


def test_tables_beyond_the_limit_keep_their_rows_in_the_last_one() -> None:
    preview = read("".join(f"T{n}\nid,name\n{n},x\n\n" for n in range(300)).encode(), "csv")
    assert len(preview.tables) == 200
    assert ["299", "x"] in preview.tables[-1].rows()
    assert preview.row_count == 199 + 101 * 3
    assert "More than 200 tables" in told(preview)


def test_a_blank_line_inside_a_table_does_not_split_it() -> None:
    preview = read(b"id,name\n1,x\n\n2,y\n", "csv")
    assert preview.tables[0].rows() == [["1", "x"], ["2", "y"]]
    assert "line 3: A blank line" in told(preview)


def test_short_and_long_rows_keep_all_their_fields_and_are_told() -> None:
    preview = read(b"a,b\n1\n1,2,3\n1,2\n", "csv")
    assert preview.tables[0].columns == ("a", "b", "column 3")
    assert preview.tables[0].rows() == [["1", MISSING, MISSING], ["1", "2", "3"], ["1", "2", MISSING]]
    assert "line 2: This row has fewer" in told(preview)
    assert "line 3: This row has more" in told(preview)


def test_a_file_without_a_header_has_numbered_columns_and_loses_no_row() -> None:
    preview = read(b"1,a@example.com\n2,b@example.com\n", "csv")
    assert preview.tables[0].columns == ("column 1", "column 2")
    assert preview.tables[0].row_count == 2
    assert "no header" in told(preview)


def test_a_header_that_may_be_data_is_told() -> None:
    assert "may be data" in told(read(b"Anna,Berlin\nBob,Paris\nCleo,Berlin\n", "csv"))
    assert "may be data" not in told(read(b"name,town\nBob,Paris\nCleo,Berlin\n", "csv"))


def test_repeated_and_empty_headers_get_names_of_their_own() -> None:
    preview = read(b"email,,email\nx,y,z\n", "csv")
    assert preview.tables[0].columns == ("email", "column 2", "email (2)")
    assert preview.tables[0].headers == ("email", "", "email")
    assert "same name" in told(preview)


def test_a_header_alone_is_a_table_without_rows() -> None:
    preview = read(b"id,email\n", "csv")
    assert (preview.tables[0].columns, preview.row_count, preview.complete) == (("id", "email"), 0, True)


def test_a_quote_that_never_closes_does_not_swallow_the_rest() -> None:
    preview = read(b'a,b\n1,"x\n2,y\n3,z\n', "csv")
    assert preview.tables[0].rows() == [["1", '"x'], ["2", "y"], ["3", "z"]]
    assert not preview.complete
    assert "line 2, column 2: A quote opens" in told(preview)


def test_text_after_a_closing_quote_stays_as_written() -> None:
    preview = read(b'a,b\n"x"y,2\n', "csv")
    assert preview.tables[0].rows() == [['"x"y', "2"]]
    assert "outside the quotes" in told(preview)
    assert preview.complete


def test_a_field_beyond_the_standard_readers_limit_is_read() -> None:
    long = "y" * 300_000
    assert rows_of(f"a,b\n1,{long}\n") == [["1", long]]


def test_a_very_wide_file_keeps_every_field() -> None:
    header = ",".join(f"h{n}x" for n in range(2000))
    preview = read(f"{header}\n{','.join(f'v{n}' for n in range(2000))}\n".encode(), "csv")
    row = preview.tables[0].rows()[0]
    assert len(row) == 500
    assert row[-1] == "\n".join(f"v{n}" for n in range(499, 2000))
    assert preview.tables[0].columns[-1] == "columns 500 to 2000"


@pytest.mark.parametrize(
    "data", [b"<!doctype html><html>", b'{"a":1}', b"%PDF-1.7\n", b"PK\x03\x04\x00\x01\x02\x05\x06"]
)
def test_something_else_under_the_name_of_csv_is_told(data: bytes) -> None:
    preview = read(data, "csv")
    assert not preview.format_fits
    assert "does not look like CSV" in told(preview)


def test_an_empty_file_has_no_tables() -> None:
    assert read(b"", "csv").tables == ()


CELLS = st.one_of(
    st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=8),
    st.sampled_from(["", "NA", "null", "007", "a,b", 'q"q', "l\nm", "l\r\nm", ";", "\x00", "=1+1", "⟨null⟩", "\ufeff"]),
)


@st.composite
def grids(draw: st.DrawFn) -> list[list[str]]:
    width = draw(st.integers(2, 5))
    return draw(st.lists(st.lists(CELLS, min_size=width, max_size=width), min_size=0, max_size=8))


def write(grid: list[list[str]], quote_all: bool, end: str) -> str:
    """RFC 4180. (The standard library's writer leaves a lone carriage return unquoted.)"""

    def one(cell: str) -> str:
        needed = quote_all or any(character in cell for character in ',"\r\n')
        return '"' + cell.replace('"', '""') + '"' if needed else cell

    return "".join(",".join(map(one, row)) + end for row in grid)


@settings(max_examples=250, deadline=None)
@given(grids(), st.booleans(), st.sampled_from(["\n", "\r\n"]))
def test_every_field_appears_once_at_its_place_as_written(grid: list[list[str]], quote_all: bool, end: str) -> None:
    width = len(grid[0]) if grid else 2
    header = [f"name{chr(97 + n)}" for n in range(width)]
    preview = read(write([header, *grid], quote_all, end).encode(), "csv")
    (table,) = preview.tables
    assert table.columns == tuple(header)
    assert table.rows() == grid
    assert preview.complete


@settings(max_examples=250, deadline=None)
@given(grids(), st.booleans(), st.sampled_from(["\n", "\r\n"]))
def test_the_quick_and_the_careful_reader_agree(grid: list[list[str]], quote_all: bool, end: str) -> None:
    text = write(grid, quote_all, end)
    delimiter = dialect_of(text).delimiter
    if delimiter != ",":
        return  # noise may look as if something else divided it
    quick, careful = read_records(text, WarningLog()), read_carefully(text, delimiter, WarningLog())
    assert (quick.rows, quick.lines, quick.complete) == (careful.rows, careful.lines, careful.complete)


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet='a1",;\n\r\t|\x00é =', max_size=60))
def test_csv_like_noise_is_read_without_an_error_and_loses_no_letter(text: str) -> None:
    assume(unmarked_utf16(text.encode()) is None)  # zero bytes look like UTF-16, and the preview says it guessed
    preview = read(text.encode(), "csv")
    seen = "".join(
        "".join(table.headers)
        + "".join(table.notes)
        + "".join(cell for row in table.rows() for cell in row if isinstance(cell, str))
        for table in preview.tables
    )
    for letter in "a1é":
        assert seen.count(letter) == text.count(letter)
