"""What a person sees: encodings, frames, raw pages, search, facts, masks, and the list for the command line."""

import json
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

import portal.preview
from portal.preview import AskedPerson, find_others, looks_like, mask, read, rows_as_json_lines, summary
from portal.preview.cells import MISSING, NULL, Bare
from portal.preview.frames import MAX_CELL_CHARS, shown
from portal.preview.model import Table, unique_names
from portal.preview.raw import RawText, displayable

TEXT = "name,town\nJosé Müller,Łódź\n"


@pytest.mark.parametrize(
    ("codec", "mark", "name", "guess"),
    [
        ("utf-8", b"", "UTF-8", False),
        ("utf-8-sig", b"", "UTF-8 with a byte order mark", False),
        ("utf-16", b"", "UTF-16", False),
        ("utf-16-be", b"\xfe\xff", "UTF-16", False),
        ("utf-16-le", b"", "UTF-16", True),
        ("utf-16-be", b"", "UTF-16", True),
        ("utf-32", b"", "UTF-32", False),
    ],
)
@pytest.mark.parametrize("format", ["csv", "json"])
def test_encodings_give_the_same_text(codec: str, mark: bytes, name: str, guess: bool, format: str) -> None:
    text = TEXT if format == "csv" else '[{"name": "José Müller", "town": "Łódź"}]'
    preview = read(mark + text.encode(codec), format)  # type: ignore[arg-type]
    assert preview.tables[0].columns == ("name", "town")
    assert preview.tables[0].rows() == [["José Müller", "Łódź"]]
    assert (preview.encoding, preview.encoding_is_guess, bool(preview.warnings)) == (name, guess, guess)


def test_windows_1252_is_a_guess_and_says_so() -> None:
    preview = read("name,note\nJosé,„quoted“ €\n".encode("cp1252"), "csv")
    assert preview.tables[0].rows() == [["José", "„quoted“ €"]]
    assert (preview.encoding, preview.encoding_is_guess) == ("Windows-1252", True)
    assert "Check names" in preview.warnings[0].message


def test_bytes_that_no_encoding_knows_stay_visible() -> None:
    assert read(b"a,b\n\x81\xe9,2\n", "csv").tables[0].rows()[0][0] == "\\x81é"
    mostly = "a,b\nLódź żółw ścieżka,2\n".encode().replace(b",2", b"\xff,2")
    preview = read(mostly, "csv")
    assert preview.tables[0].rows()[0][0] == "Lódź żółw ścieżka\\xff"
    assert preview.encoding == "UTF-8"


def test_a_file_cut_inside_a_character_is_not_complete() -> None:
    assert not read("a,b\nŁódź,Łódź".encode()[:-1], "csv").complete


@given(st.one_of(st.text(), st.sampled_from(["", "⟨null⟩", "\\⟨null⟩", "⟨empty⟩", "\\\\⟨x"])))
def test_what_is_shown_tells_every_text_from_every_mark(text: str) -> None:
    marks = {shown(NULL), shown(""), shown(Bare("[]")), shown(Bare("{}"))}
    if text:
        assert shown(text) not in marks
        assert shown("⟨" + text) != shown("\\⟨" + text)
    assert shown(MISSING) is None
    (shown(text) or "").encode()


def test_a_frame_is_text_and_counts_rows_from_one() -> None:
    table = read(b'[{"a":1.10,"b":[]},{"a":null},{"a":"x\\u0000\\u202ey"}]', "json").tables[0]
    frame = table.frame(1, 3)
    assert list(frame.index) == [2, 3]
    assert list(frame["a"]) == ["⟨null⟩", "x\\x00\\u202ey"]
    assert list(table.frame()["b"]) == ["⟨empty list⟩", None, None]
    assert set(map(str, frame.dtypes)) == {"object"}


def test_a_very_long_cell_is_cut_on_screen_only_and_says_so() -> None:
    long = "x" * (MAX_CELL_CHARS + 5)
    table = read(json.dumps([{"a": long}]).encode(), "json").tables[0]
    assert "10,005 characters" in table.frame().iloc[0, 0]
    assert table.rows() == [[long]]


@given(st.text(alphabet=st.characters(), max_size=200), st.integers(1, 50))
def test_raw_pages_hold_the_whole_text_in_order(text: str, size: int) -> None:
    raw = RawText(text)
    pages = [raw.page(number, size) for number in range(raw.pages(size))]
    assert "".join(pages) == displayable(text)
    assert raw.page(raw.pages(size), size) == ""
    "".join(pages).encode()


def test_raw_shows_what_a_screen_would_hide() -> None:
    assert read("a,b\n\x1b[2J\u202eevil,1\n".encode(), "csv").raw_page(0) == "a,b\n\\x1b[2J\\u202eevil,1\n"


@pytest.mark.keeps("ASVS-1.2.9")
def test_search_takes_text_literally_in_any_case_over_all_tables() -> None:
    data = b'{"customer":{"name":"ANNA (x)"},"cards":[{"note":"for anna (x)"},{"note":"anna"}],"n":null}'
    preview = read(data, "json")
    hits = [(hit.table, hit.row_index, hit.column) for hit in preview.search("Anna (X)")]
    assert hits == [("customer", 0, "name"), ("cards", 0, "note")]
    assert preview.search("") == []
    assert preview.search("null") == []
    assert len(preview.search("n", limit=1)) == 1


def test_facts_count_every_row_once() -> None:
    table = read(b'[{"a":"x"},{"a":""},{"a":null},{"b":"1"},{"a":"x"}]', "json").tables[0]
    first = table.column_facts()[0]
    assert (first.filled, first.empty, first.null, first.missing, first.distinct) == (2, 1, 1, 1, 1)


@pytest.mark.parametrize(
    ("name", "texts", "kind"),
    [
        ("customerEmail", ["a@example.com", "b@mail.example.org"], "email"),
        ("phone", ["0207 946 0011", "+44 20 7946 0011"], "phone"),
        ("x", ["+1 202-555-0101"], "phone"),
        ("cardNumber", ["6035000000000001"], "card number"),
        ("Kartennummer", ["6035 0000 0000 0001"], "card number"),
        ("createdAt", ["2026-01-02T03:04:05.000Z", "2026-01-02"], "date-time"),
        ("datum", ["02.01.2026", "3.1.2026"], "date-time"),
        ("amount", ["12.50", "-3.00"], "money"),
        ("Betrag", ["1.234,50 €", "12,00 €"], "money"),
        ("amount", ["12", "7"], "money"),
        ("count", ["12", "0007"], "whole number"),
        ("granted", ["true", "false"], "yes/no"),
        ("id", ["5eed00000000000000000001"], "identifier"),
        ("referenceId", ["R-1", "R-2"], "identifier"),
        ("note", ["hello", "12"], "text"),
        ("empty", ["", " "], "text"),
    ],
)
def test_a_column_looks_like_what_it_holds(name: str, texts: list[str], kind: str) -> None:
    assert looks_like(name, texts) == kind


@pytest.mark.parametrize(
    ("text", "kind", "masked"),
    [
        ("anna@example.com", "email", "a…@e…"),
        ("6035 0000 0000 1234", "card number", "…1234"),
        ("1234", "card number", "…"),
        ("+1 202-555-0147", "phone", "…47"),
        ("no at sign", "email", "…"),
        ("Anna", "text", "Anna"),
        ("", "email", ""),
    ],
)
def test_masks_leave_as_little_as_tells_two_apart(text: str, kind: str, masked: str) -> None:
    assert mask(text, kind) == masked


def test_every_row_is_listed_as_json_with_missing_absent_and_null_null() -> None:
    preview = read(b'{"n":{"a":1.10},"rows2":[{"x":null,"y":""},{"x":"null","z":[]}]}', "json")
    lines = [json.loads(line) for line in rows_as_json_lines(preview)]
    assert lines == [
        {"table": "n", "row": {"a": "1.10"}},
        {"table": "rows2", "row": {"x": None, "y": ""}},
        {"table": "rows2", "row": {"x": "null", "z": []}},
    ]


def test_the_summary_is_plain_data() -> None:
    data = b'[{"customerEmail":"anna@example.com","senderName":"Bob","n":NaN}]'
    preview = read(data, "json")
    told = summary(preview, find_others(preview, AskedPerson(email="anna@example.com")))
    assert json.loads(json.dumps(told)) == told
    assert told["tables"] == [
        {
            "name": "rows",
            "columns": ["customerEmail", "senderName", "n"],
            "rows": 1,
            "first": [["anna@example.com", "Bob", "NaN"]],
        }
    ]
    assert [warning["place"] for warning in told["warnings"]] == ["$[0].n"]
    assert told["others"] == [{"place": "rows, row 1, senderName", "kind": "sender", "confidence": 0.95}]


@given(st.lists(st.text(alphabet="ab (2)", max_size=6), max_size=12))
def test_unique_names_are_unique_and_keep_what_was_unique(wanted: list[str]) -> None:
    names = unique_names(wanted)
    assert len(set(names)) == len(wanted)
    assert all(name.startswith(want) for name, want in zip(names, wanted, strict=True))
    assert [names[n] for n, want in enumerate(wanted) if want not in wanted[:n]] == list(dict.fromkeys(wanted))


def test_no_repr_holds_a_value_of_the_file() -> None:
    preview = read(b'[{"a":"secret-value","secret-key":1}]', "json")
    assert "secret-value" not in repr(preview) + repr(preview.tables[0])


def test_reading_and_inspecting_leave_pandas_and_streamlit_alone() -> None:
    script = (
        "import sys\n"
        "from portal.preview import AskedPerson, find_others, inspect, read\n"
        "seen = read(b'[{\"email\":\"anna@example.com\"}]', 'json')\n"
        "asked = AskedPerson(email='anna@example.com')\n"
        "inspect(seen, asked); find_others(seen, asked)\n"
        "seen.tables[0].column_facts()\n"
        "print(sorted({'pandas', 'numpy', 'streamlit', 'httpx'} & set(sys.modules)))\n"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_the_public_names_are_sorted_and_exist() -> None:
    names = portal.preview.__all__
    assert sorted(names, key=lambda name: (not name.isupper(), name.islower(), name)) == names
    assert all(hasattr(portal.preview, name) for name in names)


def test_columns_are_judged_once_and_anew_when_more_rows_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    import portal.preview.facts as facts

    rows: list[list[str]] = [["6035", "Kim"]]
    table = Table("cards", ("card_number", "name"), _rows=rows)
    judged: list[str] = []
    honest = facts.looks_like
    monkeypatch.setattr(facts, "looks_like", lambda name, texts: judged.append(name) or honest(name, texts))
    assert table.looks() == table.looks()
    assert judged == ["card_number", "name"]
    rows += [["6035 0012 3456 7890", "Lee"]] * 30
    assert table.looks() == ("card number", "text")
    assert judged == ["card_number", "name"] * 2
