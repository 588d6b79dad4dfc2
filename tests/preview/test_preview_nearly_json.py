"""JSON that is nearly JSON is read where nothing has to be guessed, and told; both readers give the same tables."""

import json

import pytest

from portal.preview import NULL, AskedPerson, Preview, inspect, read
from portal.preview.large.reading import Reading

pytestmark = pytest.mark.keeps("SEC-22")


def both(text: str) -> Preview:
    """The preview of `text`, after both readers gave the same."""
    data = text.encode()
    small, large = read(data, "json"), Reading([data], "json", len(data)).whole()
    told = [[(w.place, w.message) for w in preview.warnings] for preview in (small, large)]
    tables = [[(table.name, table.columns, table.rows()) for table in preview.tables] for preview in (small, large)]
    assert tables[0] == tables[1]
    assert told[0] == told[1]
    assert small.complete == large.complete
    return small


@pytest.mark.parametrize(
    ("text", "columns", "row", "told"),
    [
        ("{'a': 'it\\'s \"x\"', 'b': 1}", ("a", "b"), ['it\'s "x"', "1"], "Single quotes"),
        ("{a: 1, b : 2}", ("a", "b"), ["1", "2"], "key without quotes"),
        ('{"a": 1, /* x */ "b": 2 // y\n}', ("a", "b"), ["1", "2"], "comment"),
        ('{"a": 1,, "b": 2,}', ("a", "b"), ["1", "2"], "Two commas"),
        ('{"a": None, "b": True}', ("a", "b"), ["None", "True"], "word without quotes"),
        (
            '{"a": ObjectId("6b"), "b": NumberLong(5)}',
            ("a", "b"),
            ['ObjectId("6b")', "NumberLong(5)"],
            "own writing",
        ),
        ('callback({"a": 1});', ("a",), ["1"], "program"),
        (')]}\',\n{"a": 1}', ("a",), ["1"], "program"),
        ('while(1);{"a": 1}', ("a",), ["1"], "program"),
        ('window.YTD.account.part0 = [{"a": 1}]', ("a",), ["1"], "program"),
        ('var data = {"a": 1};\n', ("a",), ["1"], "program"),
    ],
)
def test_what_can_be_read_without_guessing_is_read_and_told(
    text: str, columns: tuple[str, ...], row: list[str], told: str
) -> None:
    preview = both(text)
    assert preview.complete
    assert (preview.tables[0].columns, preview.tables[0].rows()) == (columns, [row])
    assert any(told in warning.message for warning in preview.warnings)


def test_documents_of_the_mongo_shell_are_rows_whose_owner_is_compared() -> None:
    line = '{{ "_id" : ObjectId("{}"), "customerId" : ObjectId("{}"), "issued" : ISODate("2026-01-02T00:00:00Z") }}'
    mine, other = "64b7aa5a86d9755df3a6c501", "64b7aa5a86d9755df3a6c599"
    asked = AskedPerson(customer_id=mine)
    assert (
        inspect(both(line.format("a" * 24, mine) + "\n" + line.format("b" * 24, mine)), asked).verdict == "one_person"
    )
    mixed = both(line.format("a" * 24, mine) + "\n" + line.format("b" * 24, other))
    assert inspect(mixed, asked).verdict == "other_person"


def test_typed_values_of_mongodb_are_one_column_each_and_the_type_is_told() -> None:
    cards = [
        {"_id": {"$oid": "a" * 24}, "issued": {"$date": 1767312000000}, "balance": {"$numberDecimal": "1.50"}},
        {"_id": {"$oid": "b" * 24}, "issued": {"$date": "2026-01-02T00:00:00Z"}, "balance": {"$numberDecimal": "2.50"}},
        {"_id": {"$oid": "c" * 24}, "issued": {"$date": {"$numberLong": "1767312000000"}}, "balance": 3},
    ]
    preview = both(json.dumps({"giftCards": cards}))
    (table,) = preview.tables
    assert table.columns == ("_id", "issued", "balance")
    assert [row[1] for row in table.rows()] == ["1767312000000", "2026-01-02T00:00:00Z", "1767312000000"]
    assert table.looks()[1:] == ("date-time", "money")
    assert [warning.place for warning in preview.warnings] == [f"giftCards.{name}" for name in table.columns]
    for warning, name in zip(preview.warnings, ("$oid", "$date", "$numberDecimal"), strict=True):
        assert f"type {name} stands" in warning.message


def test_a_type_of_mongodb_is_told_for_each_column_that_has_it() -> None:
    dates = {"made": {"$date": "2026-01-02"}, "used": {"$date": "2026-01-03"}, "old": [{"$date": "2026-01-01"}]}
    cards = {f"card_{number}": dates for number in range(12)}
    for tree in ({"cards": cards}, {"cards": list(cards.values())}, {"cards": [dates] * 3000}):
        places = [warning.place for warning in both(json.dumps(tree)).warnings]
        assert places == ["cards.made", "cards.used", "cards.old"]


def test_objects_counted_on_are_one_table() -> None:
    cards = {f"card_{number}": {"balance": f"{number}.50"} for number in range(12)}
    table = both(json.dumps({"customer": {"email": "anna@example.com"}, "giftCards": cards})).tables[1]
    assert (table.name, table.row_count, table.columns) == ("giftCards", 12, ("key", "balance"))
    many = {f"card_{number}": {"balance": f"{number}.50"} for number in range(9000)}
    assert both(json.dumps([{"cards": many}, {"x": 1}])).table("cards").row_count == 9000


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"cardNumber": 6012350000000000.0}', "decimal point"),
        ('{"cardNumber": 6.01235E+15}', "power of ten"),
        ('{"cardNumber": "6.01235E+15"}', "power of ten"),
        ('{"name": "Zo\\u00c3\\u00ab"}', "encoded twice"),
        ('{"name": "Zo\u00c3\u00ab"}', "encoded twice"),
    ],
)
def test_what_was_lost_before_is_told(text: str, told: str) -> None:
    assert any(told in warning.message for warning in both(text).warnings)


@pytest.mark.parametrize(
    "text", ['{"balance": 12.0, "points": 1200}', '{"name": "Zo\u00eb \u00c3o"}', '{"rate": 1.5e3}']
)
def test_what_is_whole_is_not_told_as_lost(text: str) -> None:
    assert both(text).warnings == ()


@pytest.mark.parametrize("text", ["hello(1)", "it's not JSON", "ObjectId('64b7')", "// only a comment"])
def test_the_rest_is_refused(text: str) -> None:
    from portal.preview import PreviewError

    with pytest.raises(PreviewError):
        read(text.encode(), "json")


@pytest.mark.parametrize("format", ["json", "csv"])
@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("mara.quist@example.org\u200b", "cannot be seen"),
        ("mara\u00ad.quist@example.org", "cannot be seen"),
        ("caf\u00c3\u00a9", "encoded twice"),
        ("family \U0001f468\u200d\U0001f469\u200d\U0001f467", ""),
        ("m\u00fcller@example.org", ""),
        ("plain", ""),
    ],
)
def test_what_cannot_be_seen_in_an_address_or_came_twice_encoded_is_told(format: str, value: str, told: str) -> None:
    text = json.dumps({"email": value}, ensure_ascii=False) if format == "json" else f"email,n\n{value},1\n"
    data = text.encode()
    pieces = [data[at : at + 9] for at in range(0, len(data), 9)]
    for preview in (read(data, format), Reading(pieces, format, len(data)).whole()):
        messages = [warning.message for warning in preview.warnings]
        assert any(told in message for message in messages) if told else messages == []


NAMED_ROWS = [["7", "mara@example.org", {"city": "Leeds"}], ["8", "otto@example.net"], ["9", None, {}, "more", ["x"]]]


@pytest.mark.parametrize("names", ["columns", "fields", "headers", "header", "cols", "Columns"])
@pytest.mark.parametrize("rows", ["data", "rows", "values", "records", "items"])
def test_rows_as_lists_beside_their_names_are_one_table(names: str, rows: str) -> None:
    for order in ([names, rows], [rows, names]):
        text = {names: ["id", "email", "town"], rows: NAMED_ROWS}
        preview = both(json.dumps({"count": 3} | {key: text[key] for key in order}))
        assert [table.name for table in preview.tables] == ["file", rows, f"{rows}.column 5"]
        table = preview.table(rows)
        assert table.columns == ("id", "email", "town", "town.city", "column 4")
        assert [row[1] for row in table.rows()] == ["mara@example.org", "otto@example.net", NULL]
        assert table.paths(1)[:2] == [f"$.{rows}[1][0]", f"$.{rows}[1][1]"]


def test_rows_as_lists_name_their_owners_by_the_names_beside_them() -> None:
    text = {"columns": ["id", "email"], "data": [[1, "mara@example.org"], [2, "otto@example.net"]]}
    (table,) = both(json.dumps(text)).tables
    assert (table.columns, table.row_count) == (("id", "email"), 2)
    assert inspect(both(json.dumps(text)), AskedPerson(email="mara@example.org")).verdict == "other_person"


@pytest.mark.parametrize(
    "found",
    [
        {"fields": ["a", "b"], "data": [["only one"]]},
        {"fields": ["a", 1], "data": [["x", "y"]]},
        {"fields": ["a", "b"], "data": [{"a": "x"}]},
        {"fields": ["a", "b"], "data": []},
        {"fields": ["a", "b"], "measured": [["x", "y"]]},
    ],
)
def test_a_list_that_names_no_rows_beside_it_stays_a_table(found: dict[str, object]) -> None:
    assert both(json.dumps(found)).table("fields").rows()[0] == ["a"]
