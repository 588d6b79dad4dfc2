"""The tables of the clock's settings come and go, and every case that was there stays as it was, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, inspect, text

from portal.storage import migrate
from portal.storage.engine import open_engine
from portal.storage.migrate import bring_up_to_date
from tests.storage.test_answers_migration import up_to
from tests.storage.test_cases_migration import fill

BEFORE = "0015"
TABLES = {"clock_rules", "clock_days"}


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    url = f"sqlite:///{tmp_path / 'old.sqlite3'}"
    if request.param == "postgresql":
        url = request.getfixturevalue("new_postgres")()
    opened = open_engine(url)
    up_to(opened, "0013")
    fill(opened)
    up_to(opened, BEFORE)
    yield opened
    opened.dispose()


def cases(engine: Engine) -> list[object]:
    with engine.connect() as connection:
        return list(connection.execute(text("SELECT id, profile, calendar, zone, due_on FROM cases ORDER BY id")))


def test_up_and_down_with_rows_in_them(engine: Engine) -> None:
    before = cases(engine)
    assert len(before) == 14
    bring_up_to_date(engine)
    assert set(inspect(engine).get_table_names()) >= TABLES and cases(engine) == before
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO clock_rules (merchant_id, profile, calendar, updated_at, updated_by)"
                " VALUES ('m', 'EU', 'DE', '2026-11-01 00:00:00+00:00', 'am')"
            )
        )
        connection.execute(
            text(
                "INSERT INTO clock_days (id, merchant_id, day, kind, added_at, added_by)"
                " VALUES ('d', 'm', '2026-12-24', 'added', '2026-11-01 00:00:00+00:00', 'am')"
            )
        )
    migrate.downgrade(engine, BEFORE)
    assert not TABLES & set(inspect(engine).get_table_names()) and cases(engine) == before
    bring_up_to_date(engine)
    assert set(inspect(engine).get_table_names()) >= TABLES
