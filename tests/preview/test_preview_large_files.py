"""Files read piece by piece give the tables that files read whole give, in little memory and with nothing in clear."""

import json
import os
import random
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from portal.preview import MISSING, NULL, AskedPerson, Preview, PreviewError, Search, inspect, read, rows_as_json_lines
from portal.preview.cells import Bare
from portal.preview.json.paths import path_text
from portal.preview.large import json_pages, json_stream, json_text
from portal.preview.large import reading as large
from portal.preview.large.reading import Reading
from portal.preview.large.side_file import SideFile
from portal.preview.model import Format
from portal.preview.raw import without_lone_surrogates
from portal.preview.reading import read_in_memory

pytestmark = pytest.mark.keeps("SEC-22")

SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture]


@pytest.fixture(params=[1, 7, 64])
def small(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """Pieces, windows, batches and pages so small that every test file is a large one."""
    size: int = request.param
    monkeypatch.setattr(large, "FIRST_BYTES", size)
    monkeypatch.setattr(large, "PIECE_BYTES", size)
    monkeypatch.setattr(large, "_SNAPSHOT_EVERY_BYTES", 5)
    monkeypatch.setattr(json_text, "WINDOW", max(4, size))
    monkeypatch.setattr(json_stream, "BATCH", 2)
    monkeypatch.setattr(json_pages, "PAGE_ROWS", 3)
    return size


def pieces(data: bytes, size: int) -> Iterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


def read_large(data: bytes, format: Format, size: int = 5) -> Preview:
    return Reading(pieces(data, size), format, len(data)).whole()


def read_large_pieces(data: bytes, format: Format) -> Preview:
    return read_large(data, format, 500)


def told(preview: Preview) -> dict[str, Any]:
    return {
        "tables": [
            (t.name, t.columns, t.headers, t.notes, t.rows(), [t.paths(row) for row in range(t.row_count)])
            for t in preview.tables
        ],
        "warnings": sorted((w.place, w.message) for w in preview.warnings),
        "facts": (
            preview.encoding,
            preview.encoding_is_guess,
            preview.size_bytes,
            preview.complete,
            preview.record_kind,
        ),
        "raw": [preview.raw_page(number, 50) for number in range(preview.raw.pages(50))],
    }


CELLS = st.sampled_from(["", "1", "x", "NA", "0012", "a b", "é", "l\nm", 'q"q', "a,b", "é\r\nü", "  ", "2026-01-02"])


@st.composite
def csv_files(draw: st.DrawFn) -> bytes:
    """Stacked tables with and without titles and headers."""
    lines: list[str] = []
    end = draw(st.sampled_from(["\n", "\r\n"]))
    for number in range(draw(st.integers(1, 3))):
        width = draw(st.integers(2, 4))
        if draw(st.booleans()):
            lines.append(f"Title {number}")
        if draw(st.booleans()):
            lines.append(",".join(f"name{chr(97 + n)}" for n in range(width)))
        for _ in range(draw(st.integers(1, 6))):
            row = draw(st.lists(CELLS, min_size=max(2, width - 1), max_size=width))
            lines.append(",".join('"' + c.replace('"', '""') + '"' if set(c) & set('",\r\n') else c for c in row))
        lines.append("")
    return end.join(lines[: -1 if draw(st.booleans()) else None]).encode()


@settings(max_examples=50, deadline=None, suppress_health_check=SLOW)
@given(csv_files())
@example(b",\n1,\n")  # a file that begins with empty fields: what follows says whether they separate
@example(b",\n,,\n1,\n")
@example(b",,\n\nTitle,,\na,b,c\n1,2,3\n")
@example(b"\n,\n,\n")
def test_a_csv_read_in_pieces_is_the_csv_read_whole(small: int, data: bytes) -> None:
    assert told(read_large(data, "csv")) == told(read(data, "csv"))


@settings(max_examples=50, deadline=None, suppress_health_check=SLOW)
@given(st.text(alphabet='a1",;\n\r\té =', max_size=60))
def test_noise_in_pieces_loses_no_letter(small: int, text: str) -> None:
    preview = read_large(text.encode(), "csv")
    seen = "".join(
        "".join(table.headers)
        + "".join(table.notes)
        + "".join(c for row in table.rows() for c in row if isinstance(c, str))
        for table in preview.tables
    )
    for letter in "a1é":
        assert seen.count(letter) == text.count(letter)


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**20), 10**20),
    st.text(max_size=8),
    st.sampled_from(["null", "NA", "", "[]", "{}", "0012345678", "\ud800", '"', "\\"]),
)
KEYS = st.one_of(st.text(max_size=4), st.sampled_from(["id", "a", "b", "a.b", "", "customer", "0", "x@example.com"]))
TREES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=5) | st.dictionaries(KEYS, inner, max_size=5), max_leaves=25
)


def leaves(tree: Any, steps: tuple[str | int, ...] = ()) -> list[tuple[str, object]]:
    if isinstance(tree, dict) and tree:
        return [leaf for key, value in tree.items() for leaf in leaves(value, (*steps, without_lone_surrogates(key)))]
    if isinstance(tree, list) and tree:
        return [leaf for number, value in enumerate(tree) for leaf in leaves(value, (*steps, number))]
    path = path_text(list(steps))
    if tree is None:
        return [(path, NULL)]
    return [(path, without_lone_surrogates(tree) if isinstance(tree, str) else Bare(json.dumps(tree)))]


def shown(preview: Preview) -> list[tuple[str, object]]:
    found: list[tuple[str, object]] = []
    for table in preview.tables:
        assert len(set(table.columns)) == len(table.columns)
        for row in range(table.row_count):
            cells = zip(table.columns, table.paths(row), table.rows(row, row + 1)[0], strict=True)
            found += [
                (path, cell)
                for column, path, cell in cells
                if cell is not MISSING and column not in table.link_columns and column != table.key_column
            ]
    return found


@settings(max_examples=50, deadline=None, suppress_health_check=SLOW)
@given(TREES)
def test_every_leaf_of_a_json_read_in_pieces_is_at_its_path_once(small: int, tree: Any) -> None:
    preview = read_large(json.dumps(tree).encode(), "json")
    wanted = [] if tree in ([], {}) else leaves(tree)
    assert Counter(shown(preview)) == Counter(wanted)
    assert preview.complete


@settings(max_examples=40, deadline=None, suppress_health_check=SLOW)
@given(st.lists(st.dictionaries(KEYS, SCALARS, max_size=4), min_size=2, max_size=8))
def test_one_json_value_a_line_in_pieces(small: int, values: list[dict[str, Any]]) -> None:
    data = "\n".join(json.dumps(value) for value in values).encode()
    json_text.WINDOW = 1000  # the first value must end within the window for the file to be one of lines
    preview = read_large(data, "json")
    assert preview.record_kind == "lines"
    assert preview.complete
    wanted = [leaf for number, value in enumerate(values) for leaf in leaves(value, (number,))]
    assert Counter(shown(preview)) == Counter(wanted)


@settings(max_examples=40, deadline=None, suppress_health_check=SLOW)
@given(TREES, st.data())
def test_a_json_cut_off_shows_what_came_before_and_is_not_complete(small: int, tree: Any, data: st.DataObject) -> None:
    whole = json.dumps([{"first": "leaf"}, tree, "end"])
    cut = data.draw(st.integers(20, len(whole) - 1))
    preview = read_large(whole[:cut].encode(), "json")
    assert not preview.complete
    assert ("$[0].first", "leaf") in shown(preview)
    assert preview.warnings


def test_the_vendors_likely_json_gives_the_same_tables_in_pieces(small: int) -> None:
    data = json.dumps(
        {
            "customer": {"id": "c1", "email": "anna@example.com", "address": {"city": "Leeds"}},
            "giftCards": [
                {"id": f"g{n}", "number": f"00{n}", "transactions": [{"amount": 1.5}, {"amount": None}]}
                for n in range(5)
            ],
            "consents": [],
            "exportedAt": "2026-01-02T03:04:05Z",
        }
    ).encode()
    here, there = read_large(data, "json"), read(data, "json")
    assert {t.name: t.row_count for t in here.tables} == {t.name: t.row_count for t in there.tables}
    assert Counter(shown(here)) == Counter(shown(there))


NAMED = st.fixed_dictionaries(
    {
        "before": SCALARS,
        "columns": st.lists(st.sampled_from(["id", "email", "b"]), min_size=2, max_size=3),
        "between": st.lists(st.text(max_size=4), max_size=2),
        "data": st.lists(
            st.lists(SCALARS | st.dictionaries(KEYS, SCALARS, max_size=2), max_size=4), min_size=1, max_size=30
        ),
        "after": SCALARS,
    }
)


@pytest.mark.parametrize("wrapped", ["", "result", "list"])
@settings(max_examples=40, deadline=None, suppress_health_check=SLOW)
@given(NAMED)
def test_rows_as_lists_beside_their_names_give_the_same_table_in_pieces(
    wrapped: str, monkeypatch: pytest.MonkeyPatch, named: dict[str, Any]
) -> None:
    monkeypatch.setattr(json_text, "WINDOW", 64)
    monkeypatch.setattr(json_stream, "BATCH", 2)
    monkeypatch.setattr(json_pages, "PAGE_ROWS", 3)
    tree = [named, {"x": 1}] if wrapped == "list" else {"x": 1, wrapped: named} if wrapped else named
    data = json.dumps(tree).encode()
    large, small = told(read_large(data, "json", 16)), told(read(data, "json"))
    kept: list[dict[str, Any]] = []
    for each in (large, small):
        kept.append({name: (columns, rows, paths) for name, columns, _, _, rows, paths in each["tables"]})
    assert kept[0] == kept[1]
    is_named = len(named["data"][0]) == len(named["columns"])
    assert not any(name.endswith("columns") for name in kept[0]) or not is_named


@pytest.mark.parametrize("row", ["{id: 1, 'b' : 'x' /* c */, \"c\": None, d: ObjectId(\"6b\"),},", "['x', None, 1],"])
@pytest.mark.parametrize("outer", ["{a: [%s], b: 'y', 'c': %s \"d\": 5,}", "// c\n[%s /* c */ {k: [%s]}, // c\n 'z']"])
def test_nearly_json_is_read_whole_or_in_pieces_alike(outer: str, row: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_text, "WINDOW", 2048)
    data = (outer % (row * (9000 // len(row)), row)).encode()
    assert len(data) > json_text.WINDOW
    small, large = (reading(data, "json") for reading in (read_in_memory, read_large_pieces))
    assert small.complete and large.complete
    assert Counter(shown(small)) == Counter(shown(large))
    messages = [{warning.message.rpartition(": ")[2] for warning in each.warnings} for each in (small, large)]
    assert messages[0] == messages[1] and messages[0]


@pytest.mark.parametrize("damage", ["a-b: 1", "[1]: 2", "1: 2", "'a: 1"])
def test_a_key_that_cannot_be_read_is_refused_alike_whole_or_in_pieces(
    damage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_text, "WINDOW", 2048)
    data = ("{" + "x: 'y', " * 600 + damage + "}").encode()
    for preview in (read_in_memory(data, "json"), read_large_pieces(data, "json")):
        assert not preview.complete
        assert any("cannot be read as JSON" in warning.message for warning in preview.warnings)


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_encodings_in_pieces_give_the_same_text(small: int, codec: str) -> None:
    text = "id,name,town\n1,José,Zürich\n" + "2,Ana,Roma\n" * 20
    data = text.encode(codec)
    if codec == "utf-16" and small < 4:
        return  # a mark has to come in one piece
    preview = read_large(data, "csv")
    assert preview.tables[0].rows(0, 1) == [["1", "José", "Zürich"]]
    assert preview.encoding_is_guess == (codec == "cp1252")


def test_a_file_that_is_no_json_is_refused(small: int) -> None:
    with pytest.raises(PreviewError):
        read_large(b"hello there, " * 50, "json")


@pytest.mark.parametrize("format", ["csv", "json"])
def test_an_empty_file_in_pieces(format: Format) -> None:
    if format == "json":
        with pytest.raises(PreviewError):
            read_large(b"", format)
    else:
        preview = read_large(b"", format)
        assert (preview.tables, preview.complete) == ((), True)
        assert [warning.message for warning in preview.warnings] == ["The file is empty."]


def long_csv(rows: int) -> bytes:
    r = random.Random(1)
    return b"id,card,note\n" + b"".join(
        b'%d,00%012d,"note ""%d"", more"\n' % (n, r.randrange(10**12), n) for n in range(rows)
    )


def test_the_first_page_is_there_before_the_rest_is_read() -> None:
    taken = []

    def counted() -> Iterator[bytes]:
        for piece in pieces(long_csv(100_000), 64 * 1024):
            taken.append(len(piece))
            yield piece

    reading = Reading(counted(), "csv", 5_000_000)
    first = reading.first()
    assert sum(taken) <= 1024 * 1024
    assert first.still_reading
    assert first.tables[0].frame(0, 50).shape == (50, 3)
    whole = reading.whole()
    assert not whole.still_reading
    assert whole.tables[0].row_count == 100_000
    assert first.tables[0].row_count < 100_000  # what was handed out does not change


def test_every_page_of_a_long_file_is_reachable_and_search_finds_all() -> None:
    data = long_csv(60_000)
    preview, small = read_large(data, "csv", 100_000), read(data, "csv")
    table = preview.tables[0]
    assert list(rows_as_json_lines(preview)) == list(rows_as_json_lines(small))
    assert table.rows(59_999) == small.tables[0].rows(59_999)
    for text in ('note "59999"', "59998", "NOTE", "nothing like it"):
        assert preview.search(text, limit=70_000) == small.search(text, limit=70_000)


def test_every_row_of_a_long_json_is_reachable_and_search_finds_all() -> None:
    rows = [{"id": n, "card": f"00{n:012d}", "note": None if n % 2 else f'say "{n}"'} for n in range(30_000)]
    data = json.dumps({"transactions": rows}).encode()
    preview, small = read_large(data, "json", 100_000), read(data, "json")
    assert list(rows_as_json_lines(preview)) == list(rows_as_json_lines(small))
    for text in ('say "29998"', "29998", "SAY"):
        assert preview.search(text, limit=70_000) == small.search(text, limit=70_000)


def test_reading_goes_on_in_a_thread_and_stops_when_told() -> None:
    gate, ended = threading.Event(), threading.Event()

    def slow() -> Iterator[bytes]:
        data = long_csv(40_000)
        yield data[: large.FIRST_BYTES]
        gate.wait(30)
        yield from pieces(data[large.FIRST_BYTES :], large.PIECE_BYTES)

    reading = Reading(slow(), "csv", None)
    assert reading.first().still_reading
    reading.go_on(done=ended.set)
    assert not reading.finished
    gate.set()
    assert ended.wait(30)
    assert (reading.finished, reading.snapshot().tables[0].row_count) == (True, 40_000)

    stopped = Reading(pieces(long_csv(200_000), 64 * 1024), "csv", None)
    stopped.first()
    stopped.cancel()
    assert stopped.whole().tables[0].row_count < 200_000
    assert not stopped.finished


def test_what_breaks_the_source_is_told_and_the_tables_are_withdrawn() -> None:
    class BrokenError(Exception):
        pass

    def broken() -> Iterator[bytes]:
        yield long_csv(5_000)
        raise BrokenError

    reading = Reading(broken(), "csv", None)
    assert reading.first().tables
    ended = threading.Event()
    reading.go_on(done=ended.set)
    assert ended.wait(30)
    with pytest.raises(BrokenError):
        reading.snapshot()


def test_nothing_of_a_large_file_is_on_disk_in_clear(tmp_path: Path) -> None:
    reading = Reading(pieces(b"id,name\n" + b"1,canary-surname\n" * 50_000, 64 * 1024), "csv", None, folder=tmp_path)
    preview = reading.whole()
    assert preview.tables[0].row_count == 50_000
    assert list(tmp_path.iterdir()) == []  # nameless: gone with the process
    side = reading._side._file.fileno()
    on_disk = os.pread(side, 10_000_000, 0)
    assert len(on_disk) > 500_000
    assert b"canary" not in on_disk


def test_a_page_that_was_changed_or_moved_on_disk_does_not_open(tmp_path: Path) -> None:
    side = SideFile(tmp_path)
    numbers = [side.put(b"one page"), side.put(b"two page")]
    assert [side.get(number) for number in numbers] == [b"one page", b"two page"]
    side._places.reverse()
    with pytest.raises(Exception, match=r"(?i)decrypt"):
        side.get(numbers[0])


def test_one_stranger_at_the_end_of_a_long_file_is_found_in_little_memory() -> None:
    own = b"anna@example.com,6035,x\n" * 60_000
    data = b"customerEmail,cardNumber,note\n" + own + b"bob@example.com,6035,x\n" + own
    found = inspect(read_large(data, "csv", 100_000), AskedPerson(email="anna@example.com"))
    assert (found.verdict, found.people, found.rows) == ("other_person", 2, 120_001)
    assert [finding.place.row for finding in found.findings] == [60_000]
    alone = inspect(read_large(data.replace(b"bob@", b"anna@"), "csv", 100_000), AskedPerson(email="anna@example.com"))
    assert (alone.verdict, alone.people) == ("one_person", 1)


def test_a_search_in_the_background_tells_how_far_it_is_and_ends_when_told() -> None:
    preview = read_large(long_csv(60_000), "csv", 100_000)
    whole = Search(preview, "note", limit=1_000_000).start()
    assert whole.wait(60)
    assert (len(whole.hits), whole.progress, whole.cancelled) == (60_000, 1.0, False)
    few = Search(preview, "note", limit=10).start()
    assert few.wait(60)
    assert len(few.hits) == 10
    stopped = Search(preview, "note", limit=1_000_000)
    stopped.cancel()
    assert stopped.start().wait(60)
    assert len(stopped.hits) < 60_000
