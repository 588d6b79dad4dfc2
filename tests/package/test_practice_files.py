"""Every file the practice merchant serves becomes a package that holds all of it, whatever its shape."""

from __future__ import annotations

import pytest

from portal.package.failures import TooLarge
from portal.package.parts import FileKind, Media, file_of_bytes
from portal.practice.invented import shapes
from portal.practice.invented.columns import ROW_COLUMNS
from portal.practice.invented.situations import SITUATIONS
from tests.package.conftest import Built, built, gift_cards, the_world
from tests.package.reading_pages import page

HELD = [one.key for one in SITUATIONS if any(c.situation == one.key for c in the_world().customers.values())]
LINES = b'{"id":"1","points":2}\n{"id":"2","points":3}\n'


def shown(made: Built) -> int:
    return page(made.text("2-your-data.html")).values()


def of_bytes(data: bytes, media: Media = Media.JSON) -> Built:
    return built(file_of_bytes(FileKind.GIFT_CARDS, "gift-cards", "Gift cards", media, data))


@pytest.mark.parametrize("situation", HELD)
def test_the_nested_json_of_each_situation(situation: str) -> None:
    made = built(gift_cards(situation))
    assert shown(made) == made.manifest.values > 0


@pytest.mark.parametrize("delimiter", [",", ";"])
@pytest.mark.parametrize("situation", ["ordinary", "tricky_text"])
def test_rows_as_json_and_as_csv(situation: str, delimiter: str) -> None:
    world = the_world()
    customer = next(one for one in world.customers.values() if one.situation == situation)
    rows = shapes.transaction_rows(world, world.cards_of_customer[customer.id])
    made = of_bytes(shapes.json_bytes(rows))
    assert shown(made) == made.manifest.values == len(rows) * len(rows[0])
    made = of_bytes(shapes.csv_text(ROW_COLUMNS, rows, delimiter=delimiter).encode(), Media.CSV)
    assert shown(made) == made.manifest.values == len(rows) * len(ROW_COLUMNS)


def test_tables_stacked_in_one_csv() -> None:
    world = the_world()
    customer = next(one for one in world.customers.values() if one.situation == "ordinary")
    tables = shapes.stacked_tables(world, [customer], world.cards_of_customer[customer.id], [])
    made = of_bytes(shapes.stacked_csv(tables).encode(), Media.CSV)
    assert shown(made) == made.manifest.values > 100
    assert [one["rows"] for one in made.json("manifest.json")["tables"]][:2] == [1, 3]


@pytest.mark.parametrize(("data", "values"), [
    (LINES, 4),
    (b"\xef\xbb\xbf" + b'{"id":"1"}', 1),
    ('{"id":"1","name":"Zoë, \\"Z\\""}'.encode("utf-16"), 2),
    (b'{"id":"1","id":"2"}', 2),
    (b'{"_id":{"$oid":"5f"},"at":{"$date":{"$numberLong":"1"}}}', 2),
    (b"[[[1,2],[3]],[[4]]]", 4),
    (b'{"a@example.com":{"points":1},"b@example.com":{"points":2}}', 2),
    (b"[" * 40 + b"1,2" + b"]" * 40, 2),
    (b'{"columns":["id","n"],"data":[["7",1]]}', 4),
])  # fmt: skip
def test_json_in_every_dress(data: bytes, values: int) -> None:
    made = of_bytes(data)
    assert shown(made) == made.manifest.values == values


def test_a_member_too_large_for_one_file_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zipfile.ZIP64_LIMIT", 20_000)
    with pytest.raises(TooLarge):
        built(gift_cards("many_cards"))
