"""Files of many cells in few bytes are read in pieces: the same tables, and never too many objects at once."""

from typing import Literal

import pytest

from portal.preview import AskedPerson, inspect, read
from portal.preview.inspection.people import MOST_RECORDS
from portal.preview.large.reading import MOST_MARKS
from portal.preview.reading import read_in_memory

pytestmark = pytest.mark.keeps("SEC-22")

ASKED = AskedPerson(email="kim@example.com")


@pytest.mark.parametrize(
    ("format", "body"),
    [
        ("json", b"[" + b"[]," * MOST_MARKS + b"{}]"),
        ("json", b"[" + b'[1,"\\x"],' * MOST_MARKS + b"[]]"),
        ("json", b"[" + b",".join(b'{"k%d":1}' % (n % 40) for n in range(MOST_MARKS)) + b"]"),
        ("json", b"7\n" * (MOST_MARKS + 1)),
        ("csv", b"a,b\n" + b"1,2\n" * MOST_MARKS),
        ("csv", b"a,b\n" + b"1,2\n\n" * MOST_MARKS),
        ("csv", b"a,b\n1,2\n\n" * 50 + b"x,y\n" * MOST_MARKS),
        ("csv", (b"aa," * 700 + b"\n") * (MOST_MARKS // 700 + 1)),
    ],
)
def test_dense_file_shows_the_tables_it_would_show_in_memory(format: Literal["json", "csv"], body: bytes) -> None:
    shown = read(body, format)
    try:
        expected = read_in_memory(body, format)
    except Exception as refusal:
        assert type(refusal).__name__ == "TooManyValuesError"
        assert (shown.row_count, shown.tables[0].rows(0, 2)) == (MOST_MARKS + 1, [["7"], ["7"]])
        return
    assert [table.name for table in shown.tables] == [table.name for table in expected.tables]
    for table, other in zip(shown.tables, expected.tables, strict=True):
        assert (table.row_count, table.columns) == (other.row_count, other.columns)
        for start in range(0, table.row_count, 9_973):
            assert table.rows(start, start + 3) == other.rows(start, start + 3)


def test_line_of_very_many_fields_is_shown_in_several_rows_without_losing_one() -> None:
    body = b",".join(b"f%d" % number for number in range(200_000))
    preview = read(body, "csv")
    shown = [*preview.tables[0].headers[:499]]
    text = "\n".join("\n".join(map(str, row)) for _, row in preview.tables[0].iterate())
    assert any("too long for one row" in warning.message for warning in preview.warnings)
    missing = {f"f{number}" for number in range(200_000)} - set(shown) - set(text.split("\n"))
    assert len(missing) < 60_000, "only what stands in the header beyond its last column"
    assert "".join(preview.raw_page(page) for page in range(preview.raw_pages)).encode() == body


def test_file_of_more_records_than_are_kept_names_at_least_so_many_people() -> None:
    found = inspect(read(b"email\n" + b"\n".join(b"c%d@a.example" % n for n in range(2 * MOST_RECORDS)), "csv"), ASKED)
    assert (found.verdict, found.people) == ("other_person", MOST_RECORDS)
    assert f"at least {MOST_RECORDS:,} customers" in next(c.sentence for c in found.checks if c.key == "one_person")


def test_file_with_records_that_were_not_looked_at_is_never_called_one_persons() -> None:
    rows = b"\n".join(b"kim@example.com,N%d" % n for n in range(2 * MOST_RECORDS))
    found = inspect(read(b"customerEmail,customerName\n" + rows, "csv"), ASKED)
    assert found.verdict == "unsure"


def test_rows_that_say_the_same_are_one_record_however_many() -> None:
    rows = b"kim@example.com,Kim\n" * 50_000
    found = inspect(read(b"customerEmail,customerName\n" + rows + b"lee@example.net,Lee\n", "csv"), ASKED)
    assert (found.verdict, found.people, found.findings[0].place.row) == ("other_person", 2, 50_000)
