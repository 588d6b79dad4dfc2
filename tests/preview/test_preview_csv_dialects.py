"""CSV files as tools really write them: one delimiter or another, odd quotes, text above the names, damage.

Each kind is one that a public bug report names; the files are of our own invention.
"""

import csv
import io
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.preview import AskedPerson, inspect, read
from portal.preview.csv import dialect as csv_dialect
from portal.preview.csv import reader as csv_reader
from portal.preview.csv.dialect import SAMPLE_CHARS, Dialect, dialect_of
from portal.preview.large.reading import Reading
from portal.preview.model import Preview

pytestmark = pytest.mark.keeps("SEC-22")

ME = "mara@example.org"
ROWS = [["007", ME, "1,50"], ["008", ME, "2,50"]]


def told(preview: Preview) -> str:
    return " | ".join(f"{warning.place}: {warning.message}" for warning in preview.warnings)


def both(text: str | bytes) -> Preview:
    """Read whole, after a check that the reader of large files gives the same tables and says the same."""
    data = text.encode() if isinstance(text, str) else text
    here, there = read(data, "csv"), Reading([data], "csv", len(data)).whole()
    assert [(t.name, t.columns, t.notes, t.rows()) for t in here.tables] == [
        (t.name, t.columns, t.notes, t.rows()) for t in there.tables
    ]
    assert sorted(map(str, here.warnings)) == sorted(map(str, there.warnings))
    return here


def grid(text: str | bytes) -> tuple[list[str], list[list[object]]]:
    (table,) = both(text).tables
    return list(table.columns), [list(row) for row in table.rows()]


def verdict(text: str) -> str:
    return inspect(both(text), AskedPerson(email=ME)).verdict


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("word", ["sep", "Sep", "SEP"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", "^", "~", "\x1f", "#", ":"])
def test_first_line_names_any_delimiter(mark: str, word: str, delimiter: str) -> None:
    rows = [["007", ME, "150"]]
    text = f"{mark}{word}={delimiter}\r\n" + "".join(
        delimiter.join(row) + "\r\n" for row in (["id", "email", "balance"], *rows)
    )
    assert grid(text) == (["id", "email", "balance"], rows)
    assert "says what stands between the fields" in told(read(text.encode(), "csv"))


def test_named_delimiter_that_stands_nowhere_does_not_spoil_the_table() -> None:
    assert grid("sep=;\nid,email\n1,a@example.org\n")[0] == ["id", "email"]


@pytest.mark.parametrize("delimiter", ["^", "~", "\x1f", "\x01", "¦"])
def test_unusual_delimiter_is_guessed_and_told(delimiter: str) -> None:
    text = "".join(delimiter.join(row) + "\n" for row in (["id", "email", "balance"], *ROWS))
    assert grid(text) == (["id", "email", "balance"], ROWS)
    assert "is unusual and was guessed" in told(read(text.encode(), "csv"))


def test_delimiter_that_the_first_record_lacks_does_not_win() -> None:
    text = "id,email,tags\n" + "".join(f"{n},{ME},vip;gold;news;x\n" for n in range(40))
    assert grid(text)[0] == ["id", "email", "tags"]
    text = "email;stamps\n" + f"{ME};a,b,c,d\n" * 40
    assert grid(text)[0] == ["email", "stamps"]
    text = "code,label\n" + "".join(f"A{n},Points; Earned; Store {n % 3}\n" for n in range(29)) + "B,x\n"
    assert grid(text)[0] == ["code", "label"]


@pytest.mark.parametrize("inside", [";", "|", "\t"])
def test_delimiter_inside_quotes_only_does_not_win(inside: str) -> None:
    text = "id,email,note\n" + "".join(f'{n},{ME},"one{inside} two{inside} three{inside} four"\n' for n in range(40))
    assert grid(text)[0] == ["id", "email", "note"]
    text = '"id","email","note"\n' + f'"1","{ME}","a{inside}b\nc{inside}d"\n' * (SAMPLE_CHARS // 20)
    assert grid(text)[0] == ["id", "email", "note"]


def test_decimal_commas_do_not_divide_rows_of_semicolons() -> None:
    assert grid("1,5;2,5\n3,5;4,5\n")[1] == [["1,5", "2,5"], ["3,5", "4,5"]]
    assert grid("08/01/2026;A;-21.419,06\n09/01/2026;B;1.419,06\n")[1][0] == ["08/01/2026", "A", "-21.419,06"]
    assert grid("nome;telefone\nMara;5,58199E+12\n")[0] == ["nome", "telefone"]


@pytest.mark.parametrize(
    "lines",
    [
        ["note", "likes apples, bananas", "x, y, z", "plain"],
        ["note", "hi, you", "bye, all"],
        ["full name", "Quist, Mara", "Berg, Otto"],
        ["amount", "1,50", "2,75"],
    ],
)
def test_one_column_whose_texts_hold_commas_is_one_column(lines: list[str]) -> None:
    assert grid("\n".join(lines) + "\n") == ([lines[0]], [[line] for line in lines[1:]])
    assert "one column" in told(read("\n".join(lines).encode(), "csv"))


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_blank_before_a_quote_is_not_text_outside_quotes(delimiter: str) -> None:
    d = delimiter
    text = f'id{d} "email"{d} "note"\n1{d} "{ME}"{d} "Hi{d} you"\n2{d} "{ME}"{d} "a ""b"" c"\n'
    assert grid(text) == (["id", "email", "note"], [["1", ME, f"Hi{d} you"], ["2", ME, 'a "b" c']])


def test_blanks_stay_where_nothing_is_quoted_after_them() -> None:
    assert grid("card, holder\n001 , Ann \n")[1] == [["001 ", " Ann "]]


def test_single_quotes_are_quotes_where_every_field_has_them() -> None:
    text = f"'id','email','note'\n'1','{ME}','Hi, you'\n'2','{ME}','it''s'\n"
    assert grid(text) == (["id", "email", "note"], [["1", ME, "Hi, you"], ["2", ME, "it's"]])
    assert "single quotes" in told(read(text.encode(), "csv"))


def test_apostrophes_are_no_quotes() -> None:
    text = "id,town,note\n1,'s-Gravenhage,it's\n2,'t Veld,O'Neil\n"
    assert grid(text)[1] == [["1", "'s-Gravenhage", "it's"], ["2", "'t Veld", "O'Neil"]]


def test_backslash_before_a_quote_is_an_escape_when_the_file_uses_it() -> None:
    text = f'"id","email","note"\n"1","{ME}","say \\"hi, you\\" now"\n"2","{ME}","C:\\temp"\n'
    assert grid(text)[1] == [["1", ME, 'say "hi, you" now'], ["2", ME, "C:\\temp"]]
    assert "another character before them" in told(read(text.encode(), "csv"))


def test_backslashes_of_a_valid_file_stay() -> None:
    assert grid('"id","path"\n"1","C:\\temp\\"\n"2","a\\b"\n')[1] == [["1", "C:\\temp\\"], ["2", "a\\b"]]


@pytest.mark.parametrize("delimiter", [",", ";"])
def test_whole_lines_in_quotes_are_divided(delimiter: str) -> None:
    d = delimiter
    text = f'"Name{d}Customer Email{d}Balance"\n"Mara{d}{ME}{d}1.50"\n"""Q{d} M""{d}{ME}{d}2"\n'
    assert grid(text)[1] == [["Mara", ME, "1.50"], [f"Q{d} M", ME, "2"]]
    assert "Whole lines stand in quotes" in told(read(text.encode(), "csv"))


def test_quoted_column_of_texts_with_commas_is_not_divided() -> None:
    assert grid('"full name"\n"Quist, Mara"\n"Berg, Otto"\n')[1] == [["Quist, Mara"], ["Berg, Otto"]]


def test_quote_too_many_spoils_one_field_only() -> None:
    text = f'id,email,note\n1,{ME},""Hi, you"\n2,"{ME},x\n3,{ME},"y, z"\n'
    assert grid(text)[1] == [["1", ME, '"Hi, you'], ["2", f'"{ME}', "x"], ["3", ME, "y, z"]]


def test_quotes_that_are_not_doubled_stay_inside_their_field() -> None:
    text = f'id,email,note\n1,{ME},"say "hi, you" now"\n'
    (table,) = read(text.encode(), "csv").tables
    assert table.row_count == 1
    assert "".join(map(str, table.rows()[0])).count("hi") == 1


# Blank lines, repeated names, text above --------------------------------------------------------------------


@pytest.mark.parametrize("end", ["\r\r\n", "\n\n", "\r\n\r\n"])
def test_lines_with_an_empty_line_between_are_one_table(end: str) -> None:
    text = end.join(["id,email,balance", f"007,{ME},1.50", f"008,{ME},2.50", ""])
    assert grid(text) == (["id", "email", "balance"], [["007", ME, "1.50"], ["008", ME, "2.50"]])


@pytest.mark.parametrize("names", ["Card,Customer Email,Balance", "Foo,Bar Baz,Qux"])
def test_blank_line_under_the_names_does_not_part_them_from_the_rows(names: str) -> None:
    assert grid(f"{names}\n\n0060,{ME},1.50\n0061,{ME},2.50\n")[0] == names.split(",")


def test_names_that_stand_again_are_no_row_and_told() -> None:
    preview = both(f"id,email\n1,{ME}\nid,email\n2,{ME}\n\nid,email\n3,{ME}\n")
    assert preview.tables[0].rows() == [["1", ME], ["2", ME], ["3", ME]]
    assert "line 3: The column names stand here again" in told(preview)
    assert preview.tables[0].notes == ("id | email", "id | email")


def test_names_of_another_table_begin_another_table() -> None:
    preview = both(f"id,email\n1,{ME}\nid,email,balance\n2,{ME},5\n")
    assert [table.columns for table in preview.tables] == [("id", "email"), ("id", "email", "balance")]


def test_text_row_that_equals_the_first_one_stays_a_row() -> None:
    assert grid("Anna,Berlin\nBob,Paris\nAnna,Berlin\n")[1][-1] == ["Anna", "Berlin"]


@pytest.mark.parametrize("lines", [1, 8, 12, 34])
def test_text_above_the_names_is_kept_as_notes_however_long(lines: int) -> None:
    text = "".join(f"Note line {n}\n" for n in range(lines)) + f"id,email,balance\n1,{ME},1\n2,{ME},2\n"
    (table,) = both(text).tables
    assert table.columns == ("id", "email", "balance")
    assert table.notes == tuple(f"Note line {n}" for n in range(lines))


def test_report_with_padded_lines_above_the_names() -> None:
    text = (
        "Per Transaction Report,,,\nReporting Period:,2026-01-01 to 2026-01-31,,\nCurrency:,GBP,,\n"
        f"Country,Transaction,Date,Email\nUK,24,01/01/26,{ME}\nUK,25,02/01/26,{ME}\n"
    )
    (table,) = both(text).tables
    assert (table.columns, table.row_count) == (("Country", "Transaction", "Date", "Email"), 2)
    assert "GBP" in " ".join(table.notes)
    assert "line 1: Text stands beside the column names" in told(read(text.encode(), "csv"))


def test_comment_lines_are_notes_above_and_between_rows() -> None:
    text = f"# exported 2026-01-02, by tool, v2\n# rows, 2\nid,email,balance\n1,{ME},1.50\n# half way\n2,{ME},2.50\n"
    (table,) = both(text).tables
    assert (table.columns, table.row_count, table.name) == (("id", "email", "balance"), 2, "rows")
    assert "half way" in " ".join(table.notes)
    assert grid(f"#id,email\n1,{ME}\n2,{ME}\n")[0] == ["#id", "email"]


def test_text_above_that_names_an_email_stays_where_the_checks_look() -> None:
    preview = both(f"Export for:,other@example.net\n\nid,email,balance\n1,{ME},2\n")
    cells = [cell for table in preview.tables for row in table.rows() for cell in row]
    assert "other@example.net" in cells
    preview = both(f"Export for other@example.net\nid,email,balance\n1,{ME},2\n")
    assert ["Export for other@example.net"] in preview.tables[0].rows()


def test_second_of_two_rows_of_names_names_the_columns() -> None:
    text = f",,Balance,Balance\nid,email,opening,closing\n1,{ME},1.50,2.00\n2,{ME},2.50,3.00\n"
    (table,) = both(text).tables
    assert (table.columns, table.row_count) == (("id", "email", "opening", "closing"), 2)
    assert "Balance" in " ".join(table.notes)


def test_dashes_under_the_names_are_no_row_and_a_row_of_units_is() -> None:
    assert grid(f"Card,Customer Email,Balance\n----,------,-----\n0060,{ME},1.50\n")[1] == [["0060", ME, "1.50"]]
    assert grid(f"Card;Customer Email;Balance\n;;[EUR]\n0060;{ME};1,50\n")[1][0] == ["", "", "[EUR]"]


@pytest.mark.parametrize("names", [["2023", "2024", "2025"], ["2025", "2024", "2023"], ["1", "2", "3"]])
def test_years_and_counted_numbers_name_columns(names: list[str]) -> None:
    assert grid(f"name,{','.join(names)}\nspent,1.50,2.50,3.50\nearned,7,9,4\n")[0] == ["name", *names]


@pytest.mark.parametrize("first", ["2023,2024", "1,2023,2024", "Mara,2023,1.50"])
def test_years_in_a_row_of_data_are_no_names(first: str) -> None:
    assert grid(f"{first}\n{first}\n")[0][0] == "column 1"


# One line ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "Export failed, please try again later",
        "Your export is being prepared, you will receive an email",
        "Internal server error",
        "error,not_found",
        "Forbidden",
        "Kein Kunde gefunden, bitte erneut versuchen",
        "Error\nPlease try again later\n",
    ],
)
def test_one_line_of_text_is_never_an_answer(text: str) -> None:
    assert verdict(text) == "unsure"
    assert verdict(text + "\r\n") == "unsure"


@pytest.mark.parametrize(
    "text", ["Mara,Quist,Leeds", "Mara;Quist;Leeds\n", "2026-01-02,5.00,PURCHASE\n", "0060123,1.50"]
)
def test_one_line_of_data_is_a_row_without_names(text: str) -> None:
    preview = both(text)
    assert (preview.row_count, verdict(text)) == (1, "unnamed")


@pytest.mark.parametrize(
    "text",
    ["id,email,balance\n", "Card,Customer Email,Balance", "stampCount;lastVisit\n", "Kartennummer;Guthaben;Datum"],
)
def test_one_line_of_names_holds_nothing(text: str) -> None:
    assert (both(text).row_count, verdict(text)) == (0, "nobody")


def test_one_line_of_plain_words_is_not_taken_for_an_empty_answer() -> None:
    assert verdict("mara,quist,leeds\n") == "unsure"


# Rows set right ---------------------------------------------------------------------------------------------


def shop(*odd: str) -> str:
    rows = [f"2{n}/02/2026,1{n}:30,Cap no {n},https://shop.example/{n}\n" for n in range(8)]
    return "date,time,item,link\n" + "".join([*rows[:5], *(row + "\n" for row in odd), *rows[5:]])


def test_row_with_an_empty_field_too_many_is_set_right_and_told() -> None:
    preview = both(shop("09/03/2026,,18:00,Cap,https://shop.example/9"))
    assert preview.tables[0].rows()[5] == ["09/03/2026", "18:00", "Cap", "https://shop.example/9"]
    assert "line 7: This row has an empty field too many" in told(preview)


def test_row_that_does_not_fit_either_way_stays_as_it_is() -> None:
    row = both(shop("x,,y,z,w")).tables[0].rows()[5]
    assert row == ["x", "", "y", "z", "w"]


def test_row_with_another_delimiter_is_divided_by_it_and_told() -> None:
    preview = both(shop('09/03/2026;18:00;"Cap, red";https://shop.example/9'))
    assert preview.tables[0].rows()[5] == ["09/03/2026", "18:00", "Cap, red", "https://shop.example/9"]
    assert "line 7: In this row another character" in told(preview)


# Digits lost ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", ["6.01235E+15", "6,01235E+15", "6E+15", "6.01235e15"])
def test_card_numbers_in_scientific_notation_are_shown_as_written_and_told(number: str) -> None:
    preview = both(f"Card Number;Customer Email\n{number};{ME}\n")
    assert preview.tables[0].rows() == [[number, ME]]
    assert "last digits are lost" in told(preview)


def test_card_numbers_that_all_end_in_zeros_are_told() -> None:
    assert "may have been lost" in told(both(f"card,email\n6012350000000010,{ME}\n6012350000000020,{ME}\n"))
    assert "may have been lost" in told(both(f"card,email\n6012350000000010000,{ME}\n"))
    assert "may have been lost" not in told(both(f"card,email\n6012350000000010,{ME}\n6012350000000021,{ME}\n"))
    assert "lost" not in told(both(f"factor,email\n1.5E+3,{ME}\n100,{ME}\n"))


# Encodings --------------------------------------------------------------------------------------------------


def test_one_foreign_byte_leaves_the_file_utf_8_and_is_shown() -> None:
    preview = both("id,name\n1,Zoë\n2,M".encode() + b"\xfc" + b"ller\n")
    assert preview.encoding == "UTF-8"
    assert preview.tables[0].rows() == [["1", "Zoë"], ["2", "M\\xfcller"]]
    preview = both(b"id,name\n2,M\xfcller\n" + "1,Zoë\n".encode())
    assert (preview.encoding, preview.tables[0].rows()[0]) == ("UTF-8", ["2", "M\\xfcller"])


def test_file_of_foreign_bytes_only_stays_windows_1252() -> None:
    preview = both("id,name\n1,Zoë\n2,Müller\n".encode("cp1252"))
    assert (preview.encoding, preview.tables[0].rows()) == ("Windows-1252", [["1", "Zoë"], ["2", "Müller"]])


@pytest.mark.parametrize("pieces", [1, 2, 5, 4096])
def test_cesu_8_is_put_together_and_told(pieces: int) -> None:
    data = b"id,note\n1,\xed\xa0\xbd\xed\xb8\x80!\n2,Zo\xc3\xab\n"
    for preview in (both(data), Reading([data[n : n + pieces] for n in range(0, len(data), pieces)], "csv").whole()):
        assert preview.tables[0].rows() == [["1", "😀!"], ["2", "Zoë"]]
        assert preview.encoding == "CESU-8"
        assert "CESU-8" in told(preview)


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize(
    "text",
    [
        "имя,город\nМария,Казань\nИван,Тверь\n",
        "名前,都市\n田中,東京\n鈴木,大阪\n",
        "όνομα;πόλη\nΆννα;Αθήνα\n",
        "اسم,مدينة\nليلى,دبي\n",
        "שם,עיר\nדנה,חיפה\n",
        "ชื่อ,เมือง\nแดง,กรุงเทพ\n",
        "이름,도시\n김,서울\n",
        "name,town\nZoë,Århus\n",
    ],
)
def test_utf_16_without_a_mark_is_read_in_any_script(codec: str, text: str) -> None:
    columns, rows = grid(text.encode(codec))
    lines = [line.replace(";", ",").split(",") for line in text.splitlines()]
    assert [columns, *rows] == lines
    assert read(text.encode(codec), "csv").encoding == "UTF-16"


def test_utf_8_with_zero_bytes_is_no_utf_16() -> None:
    """Its characters of several bytes make few pairs of ASCII."""
    table = read("namea,nameb\r\n\x8000\x80\U00010000\U00010000,\x00\r\n".encode(), "csv").tables[0]
    assert table.columns == ("namea", "nameb") and table.rows()[0][1] == "\x00"


def test_zero_bytes_in_plain_text_are_no_utf_16() -> None:
    for data in (b"namea,nameb\n\x00,x\n\x00,\x00\n1,\x00\n", b"id,note\n" + b"1,some plain text\x00\n" * 20):
        assert read(data, "csv").encoding == "UTF-8"


# RFC 4180 comes first ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_valid_file_of_any_usual_delimiter_is_read_without_a_word(delimiter: str) -> None:
    rows = [["id", "he said", "amount"], ["1", 'a "b"; c, d | e\tf', "1,5"], ["2", "l\nm", "-2.5"], ["3", " x ", ""]]
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows(rows)
    assert grid(out.getvalue()) == (rows[0], rows[1:])
    assert told(read(out.getvalue().encode(), "csv")) == ""
    assert dialect_of(out.getvalue()) == Dialect(delimiter)


def test_a_delimiter_that_the_first_line_lacks_is_not_tried_when_another_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[str] = []
    reader = csv_dialect._reader

    def watched(sample: str, dialect: Dialect, *, strict: bool) -> Iterable[list[str]]:
        tried.append(dialect.delimiter)
        return reader(sample, dialect, strict=strict)

    monkeypatch.setattr(csv_dialect, "_reader", watched)
    text = "id,email,note\n" + 'c1,anna@example.org,"one; two | three\t"\n' * 40
    assert csv_dialect.dialect_of(text) == Dialect(",")
    assert tried == [","]


def test_an_apostrophe_inside_a_word_needs_no_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_dialect, "_parsed", lambda *_: pytest.fail("the sample was read"))
    assert csv_dialect.dialect_of("id,name,town\n1,O'Brien,Leeds\n2,Ann,L'Aquila\n") == Dialect(",")


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet='a1",; \n\r\x0b\x1c\x85\u2028\x00', max_size=40))
def test_lines_split_here_give_the_records_that_the_standard_library_splits(text: str) -> None:
    def records(lines: Iterable[str]) -> list[list[str]] | None:
        try:
            return list(csv.reader(lines, strict=True))
        except csv.Error:
            return None

    try:
        found = csv_reader.strictly(text, Dialect(), 1).rows
    except csv.Error:
        found = None
    assert found == records(io.StringIO(text, newline=""))
