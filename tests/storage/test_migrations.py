"""Migrations from nothing give exactly the tables of the code, once, on both databases; a newer one is left alone."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, inspect, text

from portal.storage.engine import open_engine
from portal.storage.migrate import DatabaseTooNew, bring_up_to_date
from portal.storage.tables import Base

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "postgresql":
        fresh: str = request.getfixturevalue("new_postgres")()
        return fresh
    return f"sqlite:///{tmp_path / 'new.sqlite3'}"


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    opened = open_engine(url)
    yield opened
    opened.dispose()


def differences(engine: Engine) -> list[object]:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        return list(compare_metadata(context, Base.metadata))


def test_migrating_from_nothing_gives_exactly_the_tables_of_the_code(engine: Engine) -> None:
    assert differences(engine) != []  # the comparison sees what is missing
    bring_up_to_date(engine)
    assert differences(engine) == []
    found = set(inspect(engine).get_table_names()) - {"alembic_version"}
    assert found == set(Base.metadata.tables)


def test_every_index_and_foreign_key_of_the_code_is_there(engine: Engine) -> None:
    bring_up_to_date(engine)
    looking = inspect(engine)
    for table in Base.metadata.tables.values():
        assert {i["name"] for i in looking.get_indexes(table.name)} >= {i.name for i in table.indexes}
        keys = {(k["constrained_columns"][0], k["referred_table"]) for k in looking.get_foreign_keys(table.name)}
        assert keys == {(k.parent.name, k.column.table.name) for k in table.foreign_keys}
        assert looking.get_pk_constraint(table.name)["constrained_columns"] == [c.name for c in table.primary_key]


def test_migrating_again_changes_nothing(engine: Engine) -> None:
    bring_up_to_date(engine)
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO throttle (key, failures, last_at, open_at) VALUES ('k', 1, :t, :t)"),
                           {"t": "2026-01-01 00:00:00+00:00"})  # fmt: skip
    for _ in range(2):
        bring_up_to_date(engine)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM throttle")) == 1
    assert differences(engine) == []


def test_a_database_of_a_newer_portal_is_refused_and_left_alone(engine: Engine) -> None:
    bring_up_to_date(engine)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(DatabaseTooNew) as caught:
        bring_up_to_date(engine)
    assert "9999" in caught.value.detail and caught.value.message.endswith(".")
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) == "9999"


def test_processes_that_start_at_once_migrate_once(url: str, engine: Engine) -> None:
    script = (
        "import sys; from portal.storage.engine import open_engine;"
        "from portal.storage.migrate import bring_up_to_date;"
        "bring_up_to_date(open_engine(sys.argv[1]))"
    )
    command = [sys.executable, "-c", script, url]
    processes = [subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    ends = [(process.communicate(timeout=90)[1], process.returncode) for process in processes]
    assert [status for _, status in ends] == [0, 0, 0], ends
    assert differences(engine) == []
