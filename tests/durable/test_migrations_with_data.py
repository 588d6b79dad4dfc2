"""Tables up and down with rows in them, on both databases; a portal that does not fit its tables refuses."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from alembic.script import ScriptDirectory
from house import House
from shop import CountingShop
from sqlalchemy import JSON, Column, Connection, Engine, Table, func, insert, inspect, select, text

from portal.composition import build_portal
from portal.config import Settings
from portal.errors import PortalError
from portal.exports import State
from portal.storage import migrate
from portal.storage.migrate import DatabaseTooNew, DatabaseTooOld
from portal.storage.tables import Account, Base, CanonicalJSON, Merchant, UTCDateTime
from tests.storage.test_accounts_of_a_merchant_migration import add


@pytest.fixture(params=["sqlite", "postgresql"])
def used(request: pytest.FixtureRequest, tmp_path: Path, counting_shop: CountingShop) -> Any:
    """A house with one finished export, on each database."""
    url = request.getfixturevalue("postgres")() if request.param == "postgresql" else ""
    house = House(tmp_path / "house", database=url)
    house.furnish(counting_shop.port)
    assert house.run(submit=["c@example.com"]) == 0
    yield house
    house.close()


def revisions() -> list[str]:
    """All of them, oldest first."""
    return [script.revision for script in ScriptDirectory(str(migrate.SCRIPTS)).walk_revisions()][::-1]


def fill_every_table(house: House) -> None:
    """A row where the finished export left none: in every table, with every column set."""
    with house.portal.db.engine.begin() as connection:
        for table in Base.metadata.sorted_tables:
            if not connection.scalar(select(func.count()).select_from(table)):
                connection.execute(insert(table).values(a_row_of(connection, table)))


def a_row_of(connection: Connection, table: Table) -> dict[str, Any]:
    return {column.name: a_value_of(connection, column) for column in table.columns}


def a_value_of(connection: Connection, column: Column[Any]) -> Any:
    for key in column.foreign_keys:
        return connection.scalar(select(key.column).limit(1))
    if isinstance(column.type, UTCDateTime):
        return dt.datetime(2026, 3, 29, 1, 30, 0, 123456, tzinfo=dt.UTC)
    if isinstance(column.type, JSON | CanonicalJSON):
        return {"a": 1}
    values: dict[type, Any] = {
        str: "ü-x", int: 7, float: 0.5, bool: True, bytes: b"\x00\xff", dt.date: dt.date(2028, 2, 29)
    }  # fmt: skip
    return values[column.type.python_type]


def rows_of(engine: Engine) -> dict[str, list[dict[str, Any]]]:
    """Everything in the database as the driver gives it, table by table in the order of their keys."""
    found = {}
    with engine.connect() as connection:
        for name in sorted(set(inspect(connection).get_table_names()) - {"alembic_version"}):
            key = ", ".join(inspect(connection).get_pk_constraint(name)["constrained_columns"])
            rows = connection.exec_driver_sql(f"SELECT * FROM {name} ORDER BY {key}").mappings()
            found[name] = [dict(row) for row in rows]
    return found


def lost(before: dict[str, list[dict[str, Any]]], after: dict[str, list[dict[str, Any]]]) -> list[str]:
    """Rows, and values of columns both have, that are not the same."""
    wrong = []
    for table in before.keys() & after.keys():
        if len(before[table]) != len(after[table]):
            wrong.append(f"{table}: {len(before[table])} rows, then {len(after[table])}")
        for old, new in zip(before[table], after[table], strict=False):
            wrong += [f"{table}.{c}" for c in old.keys() & new.keys() if old[c] != new[c]]
    return wrong


def test_every_migration_goes_down_and_up_again_and_keeps_the_rows_of_every_table(used: House) -> None:
    engine = used.portal.db.engine
    fill_every_table(used)
    whole = rows_of(engine)
    assert set(whole) == set(Base.metadata.tables) and all(whole.values())
    for revision in revisions()[-2::-1]:
        migrate.downgrade(engine, revision)
        assert lost(whole, rows_of(engine)) == [], f"down to {revision}"
        before = rows_of(engine)
        migrate.bring_up_to_date(engine)
        assert lost(before, rows_of(engine)) == [], f"up from {revision}"
        migrate.downgrade(engine, revision)
    migrate.bring_up_to_date(engine)
    assert migrate.revision_of(engine) == migrate.newest_revision()
    assert used.outcomes() == {State.READY: 1}
    assert used.unsound_files() == []
    assert used.broken_chains() == []
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []


def test_the_first_migration_taken_back_leaves_no_table_of_ours(used: House) -> None:
    engine = used.portal.db.engine
    ours = set(Base.metadata.tables)
    migrate.downgrade(engine, "base")
    assert not ours & set(inspect(engine).get_table_names())
    migrate.bring_up_to_date(engine)
    assert ours <= set(inspect(engine).get_table_names())
    assert used.outcomes() == {}


def test_a_table_that_a_migration_would_empty_is_noticed(used: House) -> None:
    """The comparison itself can fail: it sees a row that went and a value that changed."""
    engine = used.portal.db.engine
    fill_every_table(used)
    whole = rows_of(engine)
    with engine.begin() as connection:
        connection.execute(text("UPDATE throttle SET failures = 8"))
        connection.execute(text("DELETE FROM pace"))
    assert {line.split(":")[0] for line in lost(whole, rows_of(engine))} == {"throttle.failures", "pace"}


IDENTITY = "1d" * 32


def sign_on_accounts(house: House) -> dict[str, str]:
    """Two invited accounts of one merchant, their ids by email."""
    with house.portal.db.write() as db:
        merchant = db.scalars(select(Merchant.id)).first()
        assert merchant is not None
        people = [
            Account(merchant_id=merchant, email=f"{who}@shop.example", role="agent", method="oidc")
            for who in ("sue", "susan")
        ]
        db.add_all(people)
        db.flush()
        return {account.email: account.id for account in people}


def identities(house: House, people: dict[str, str]) -> list[str | None]:
    with house.portal.db.read() as db:
        return [db.get_one(Account, account).sign_on_identity for account in people.values()]


def test_accounts_that_share_an_identity_begin_anew_when_the_tables_forbid_it(used: House) -> None:
    engine = used.portal.db.engine
    with used.portal.db.read() as db:
        merchant = db.scalars(select(Merchant.id)).first()
    assert merchant is not None
    migrate.downgrade(engine, "0007")
    people = {f"{who}@shop.example": who for who in ("sue", "susan")}
    for email, account in people.items():  # in words of that version's tables
        add(engine, account, merchant, email, IDENTITY)
    migrate.bring_up_to_date(engine)
    assert identities(used, people) == [None, None]


@pytest.mark.keeps("ASVS-10.5.2")
def test_two_first_sign_ons_of_one_identity_at_one_moment_end_at_one_account(used: House) -> None:
    people = sign_on_accounts(used)
    sue = people["sue@shop.example"]
    claims = {"email": "susan@shop.example", "email_verified": True}
    came: list[str] = []
    other = threading.Thread(
        target=lambda: came.append(used.portal.single_sign_on._invited(claims, IDENTITY, "192.0.2.7"))
    )
    with used.portal.db.write() as db:
        db.get_one(Account, sue).sign_on_identity = IDENTITY
        db.flush()
        other.start()
        other.join(0.5)
        assert other.is_alive()
    other.join(30)
    assert came == [sue]
    assert identities(used, people) == [IDENTITY, None]


def set_revision(house: House, revision: str) -> None:
    with house.portal.db.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :v"), {"v": revision})


def production(house: House) -> Settings:
    return Settings(mode="production", data_dir=house.data, database_url=house.database)


def test_a_portal_refuses_tables_of_a_newer_version_and_leaves_them_alone(used: House) -> None:
    set_revision(used, "9999")
    with pytest.raises(DatabaseTooNew, match="9999"):
        build_portal(production(used))
    assert used.outcomes() == {State.READY: 1}


def test_a_portal_refuses_tables_of_an_older_version_and_names_the_command(
    used: House, command: Callable[..., Any]
) -> None:
    before = revisions()[-2]
    migrate.downgrade(used.portal.db.engine, before)
    with pytest.raises(DatabaseTooOld) as refused:
        build_portal(production(used))
    assert "python -m portal database upgrade" in refused.value.next_step
    assert isinstance(refused.value, PortalError)
    assert migrate.revision_of(used.portal.db.engine) == before

    done = command(used.data, "database", "upgrade", PORTAL_DATABASE_URL=used.database)
    assert done.returncode == 0, done.stderr
    assert f"(before: {before})" in done.stdout
    build_portal(production(used)).stop()
    assert used.outcomes() == {State.READY: 1}


def test_the_command_says_where_the_tables_are(used: House, command: Callable[..., Any]) -> None:
    good = command(used.data, "database", "check", PORTAL_DATABASE_URL=used.database)
    assert good.returncode == 0
    set_revision(used, "9999")
    bad = command(used.data, "database", "check", PORTAL_DATABASE_URL=used.database)
    assert bad.returncode == 1
    assert "9999" in bad.stdout
    refused = command(used.data, "database", "upgrade", PORTAL_DATABASE_URL=used.database)
    assert refused.returncode == 1
    assert "newer version" in refused.stderr
