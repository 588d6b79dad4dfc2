"""An export's row of 57 columns becomes one in each of four tables, and back, with every value, on both databases."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    DateTime,
    Engine,
    LargeBinary,
    MetaData,
    Numeric,
    String,
    inspect,
)
from sqlalchemy.orm import Session

from portal.storage import migrate
from portal.storage.engine import open_engine
from portal.storage.migrate import bring_up_to_date
from portal.storage.tables import Base, Export, ExportAsked, ExportFile, ExportResponse
from tests.storage.test_answers_migration import up_to

PARTS = (ExportAsked, ExportResponse, ExportFile)
DROPPED = "worker"  # a column that nothing ever wrote
ADDED = ("holds_cards", "money_band", "person_changed_on", "other_address")  # by later migrations, to the last part
MOST_COLUMNS = 25
FULL, BARE = "f" * 32, "b" * 32
Rows = list[dict[str, Any]]


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    url = f"sqlite:///{tmp_path / 'old.sqlite3'}"
    if request.param == "postgresql":
        url = request.getfixturevalue("new_postgres")()
    opened = open_engine(url)
    up_to(opened, "0017")
    fill(opened)
    yield opened
    opened.dispose()


def fill(engine: Engine) -> None:
    """One export with every column set, each to a value of its own, and one with all empty that may be."""
    old = MetaData()
    old.reflect(engine, only=["merchants", "accounts", "cases", "exports"])
    with engine.begin() as connection:
        for table in ("merchants", "accounts", "cases"):
            columns = enumerate(old.tables[table].columns)
            values = {column.name: value_for(column, number) for number, column in columns}
            own = {"id": table, "merchant_id": "merchants", "assignee": None}
            connection.execute(old.tables[table].insert(), {**values, **{k: v for k, v in own.items() if k in values}})
        exports = old.tables["exports"]
        ids = {"merchant_id": "merchants", "requested_by": "accounts", "case_id": "cases", DROPPED: ""}
        full = {column.name: value_for(column, number) for number, column in enumerate(exports.columns)}
        connection.execute(exports.insert(), {**full, **ids, "id": FULL})
        bare = {column.name: None if column.nullable else full[column.name] for column in exports.columns}
        connection.execute(exports.insert(), {**bare, **ids, "id": BARE})


def value_for(column: Column[Any], number: int) -> Any:
    kind = column.type
    if isinstance(kind, JSON):
        return [{"key": f"ü{number}", "ok": False}]
    if isinstance(kind, LargeBinary):
        return bytes([0, 255, number])
    if isinstance(kind, DateTime):
        return dt.datetime(2026, 3, 29, 1, 30, number, 123456, tzinfo=dt.UTC)
    if isinstance(kind, Date):
        return dt.date(2028, 2, 29) + dt.timedelta(days=number)
    if isinstance(kind, Boolean):
        return True
    if isinstance(kind, String):
        return f"ü{number}"[: kind.length]
    return number + 0.5 if isinstance(kind, Numeric) else 10 * number + 1


def table_of(engine: Engine, name: str) -> Rows:
    """The rows as the driver gives them, in the order of their first column."""
    with engine.connect() as connection:
        return [dict(row) for row in connection.exec_driver_sql(f"SELECT * FROM {name} ORDER BY 1").mappings()]


def four_tables(engine: Engine) -> dict[str, Rows]:
    return {table.__tablename__: table_of(engine, table.__tablename__) for table in (Export, *PARTS)}


def shape(engine: Engine) -> tuple[dict[str, tuple[str, bool]], dict[str | None, list[str | None]]]:
    looking = inspect(engine)
    columns = {c["name"]: (str(c["type"]), c["nullable"]) for c in looking.get_columns("exports")}
    return columns, {i["name"]: i["column_names"] for i in looking.get_indexes("exports")}


def test_every_value_is_in_one_of_the_four_tables(engine: Engine) -> None:
    before = table_of(engine, "exports")
    assert len(before) == 2 and len(before[0]) == 57
    bring_up_to_date(engine)
    after = four_tables(engine)
    for number, old in enumerate(before):
        core, *parts = (rows[number] for rows in after.values())
        assert {part.pop("export_id") for part in parts} == {old["id"]}
        for added in ADDED:
            assert parts[-1].pop(added) is None, "not judged yet"
        names = [name for row in (core, *parts) for name in row]
        assert sorted([*names, DROPPED]) == sorted(old), "each column in exactly one table"
        together = {name: value for row in (core, *parts) for name, value in row.items()}
        assert together == {name: value for name, value in old.items() if name != DROPPED}


def test_an_export_is_read_with_its_parts(engine: Engine) -> None:
    bring_up_to_date(engine)
    with Session(engine) as session:
        row = session.get_one(Export, FULL)
        bare = session.get_one(Export, BARE)
    assert row.asked.sealed_subject[:2] == b"\x00\xff"
    assert row.response.notes[0]["ok"] is False and row.response.sent_at is not None
    assert row.file.destroy_after is not None and row.file.row_count is not None
    assert (bare.response.sent_at, bare.file.size_bytes, bare.asked.sealed_card_id) == (None, None, None)


def test_down_and_up_again_keeps_every_value_and_the_old_shape(engine: Engine) -> None:
    old_shape, before = shape(engine), table_of(engine, "exports")
    bring_up_to_date(engine)
    split = four_tables(engine)
    migrate.downgrade(engine, "0017")
    assert not {part.__tablename__ for part in PARTS} & set(inspect(engine).get_table_names())
    assert (shape(engine), table_of(engine, "exports")) == (old_shape, before)
    bring_up_to_date(engine)
    assert four_tables(engine) == split


def test_no_table_has_more_columns_than_one_looks_over() -> None:
    widths = {name: len(table.columns) for name, table in Base.metadata.tables.items()}
    assert {name: width for name, width in widths.items() if width > MOST_COLUMNS} == {}
