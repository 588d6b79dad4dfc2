"""The migration that lets only whole numbers and texts into the trail keeps every row, up and down."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, inspect, text
from sqlalchemy.exc import IntegrityError

from portal import audit
from portal.storage.engine import Database, open_engine
from portal.storage.migrate import TamperedRows, bring_up_to_date, downgrade, revision_of, revisions

CHAIN = "a" * 32


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    if request.param == "postgresql":
        opened = open_engine(request.getfixturevalue("new_postgres")())
    else:
        opened = open_engine(f"sqlite:///{tmp_path / 'new.sqlite3'}")
    bring_up_to_date(opened)
    yield opened
    opened.dispose()


def before() -> str:
    """The revision before the one that is tested."""
    found = revisions()
    (own,) = [path for path in Path(audit.__file__).parents[1].glob("storage/migrations/versions/*audit_kinds*.py")]
    return found[found.index(own.name.partition("_")[0]) - 1]


def rows(engine: Engine) -> str:
    with engine.connect() as connection:
        found = connection.execute(text("SELECT * FROM audit_entries ORDER BY merchant_id, seq")).all()
    return hashlib.sha256(repr([tuple(sorted(row._mapping.items())) for row in found]).encode()).hexdigest()


def write(engine: Engine) -> None:
    with Database(engine).write() as session:
        for number in range(30):
            audit.record(session, CHAIN, "somebody", "export:state", object_id="c" * 32, attempt=number, code='"\n é')
            audit.record(session, "portal", "system", "key:create", key=f"{number:08x}")


def test_every_row_and_index_is_kept_up_and_down(engine: Engine) -> None:
    write(engine)
    kept = rows(engine)
    names = {index["name"] for index in inspect(engine).get_indexes("audit_entries")}
    downgrade(engine, before())
    assert rows(engine) == kept
    assert {index["name"] for index in inspect(engine).get_indexes("audit_entries")} == names
    bring_up_to_date(engine)
    assert rows(engine) == kept
    assert {index["name"] for index in inspect(engine).get_indexes("audit_entries")} == names
    with Database(engine).read() as session:
        assert audit.verify_chain(session, CHAIN) == (30, None)


def test_a_number_below_one_is_refused_on_both_databases(engine: Engine) -> None:
    write(engine)
    with pytest.raises(IntegrityError), engine.begin() as connection:
        connection.execute(text("UPDATE audit_entries SET seq = -1 WHERE seq = 3"))


def test_a_database_that_already_holds_such_a_row_is_not_changed_and_says_so(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'old.sqlite3'}")
    bring_up_to_date(engine)
    write(engine)
    downgrade(engine, before())
    with engine.begin() as connection:
        connection.execute(text("UPDATE audit_entries SET seq = 29.5 WHERE seq = 30"))
    kept = rows(engine)
    with pytest.raises(TamperedRows) as refused:
        bring_up_to_date(engine)
    assert "audit_entries" in refused.value.detail and refused.value.next_step
    assert rows(engine) == kept and revision_of(engine) == before()
    engine.dispose()
