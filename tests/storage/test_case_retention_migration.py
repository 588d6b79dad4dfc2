"""Cases that had ended get their day, and everything else of a case stays as it was, on both databases."""

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

BEFORE = "0030"


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


def cases(engine: Engine, columns: str = "id, state, closed_at, due_on") -> list[object]:
    with engine.connect() as connection:
        return list(connection.execute(text(f"SELECT {columns} FROM cases ORDER BY id")))


def test_ended_cases_get_their_day_up_and_down(engine: Engine) -> None:
    before = cases(engine)
    bring_up_to_date(engine)
    assert cases(engine) == before
    days = cases(engine, "closed_at, destroy_facts_after, facts_destroyed_at")
    ended = [row for row in days if row[0] is not None]
    assert ended and len(ended) < len(days)
    for closed_at, until, destroyed in days:
        assert destroyed is None and (until is None) is (closed_at is None)
        if closed_at is not None:
            assert int(str(until)[:4]) == int(str(closed_at)[:4]) + 2 and str(until)[4:16] == str(closed_at)[4:16]
    migrate.downgrade(engine, BEFORE)
    assert "case_retention" not in inspect(engine).get_table_names() and cases(engine) == before
    bring_up_to_date(engine)
    assert cases(engine, "closed_at, destroy_facts_after, facts_destroyed_at") == days
