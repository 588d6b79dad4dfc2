"""What is asked for besides a copy comes into the first fact of open cases, and goes again, on both databases."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from portal.storage import migrate
from portal.storage.engine import open_engine
from portal.storage.migrate import bring_up_to_date
from tests.storage.test_answers_migration import up_to
from tests.storage.test_cases_migration import fill

BEFORE = "0016"


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    url = f"sqlite:///{tmp_path / 'old.sqlite3'}"
    if request.param == "postgresql":
        url = request.getfixturevalue("new_postgres")()
    opened = open_engine(url)
    up_to(opened, "0013")
    fill(opened)
    up_to(opened, BEFORE)
    with opened.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO case_demands (case_id, demand, merchant_id, outcome, code)"
                " SELECT id, 'erasure', merchant_id, 'open', '' FROM cases"
            )
        )
    yield opened
    opened.dispose()


def first_facts(engine: Engine) -> dict[str, tuple[bool, dict[str, str]]]:
    """Of each case: has it ended, and the codes of its first fact."""
    wanted = "SELECT c.id, c.closed_at, f.codes FROM cases c JOIN case_facts f ON f.case_id = c.id WHERE f.number = 1"
    with engine.connect() as connection:
        rows = connection.execute(text(wanted)).all()
    return {row[0]: (row[1] is not None, json.loads(row[2]) if isinstance(row[2], str) else row[2]) for row in rows}


def test_up_and_down_with_rows_in_them(engine: Engine) -> None:
    before = first_facts(engine)
    assert {ended for ended, _codes in before.values()} == {True, False}
    bring_up_to_date(engine)
    for case, (ended, codes) in first_facts(engine).items():
        assert codes == before[case][1] | ({} if ended else {"demands": "access,erasure"})
    migrate.downgrade(engine, BEFORE)
    assert first_facts(engine) == before
    bring_up_to_date(engine)
    assert first_facts(engine) != before
