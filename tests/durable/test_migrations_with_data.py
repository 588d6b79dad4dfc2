"""Tables up and down with rows in them, on both databases; a portal that does not fit its tables refuses."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from house import House
from shop import CountingShop
from sqlalchemy import inspect, text

from portal.config import Settings
from portal.errors import PortalError
from portal.exports import State
from portal.runtime import build_portal
from portal.storage import migrate
from portal.storage.migrate import DatabaseTooNew, DatabaseTooOld
from portal.storage.tables import Base


@pytest.fixture(params=["sqlite", "postgresql"])
def used(request: pytest.FixtureRequest, tmp_path: Path, counting_shop: CountingShop) -> Any:
    """A house with one finished export, on each database."""
    url = request.getfixturevalue("postgres")() if request.param == "postgresql" else ""
    house = House(tmp_path / "house", database=url)
    house.furnish(counting_shop.port)
    assert house.run(submit=["c@example.com"]) == 0
    yield house
    house.close()


def test_tables_go_down_and_up_again_with_rows_in_them(used: House) -> None:
    engine = used.portal.db.engine
    assert used.outcomes() == {State.READY: 1}
    ours = set(Base.metadata.tables)
    assert ours <= set(inspect(engine).get_table_names())
    migrate.downgrade(engine, "base")
    assert not ours & set(inspect(engine).get_table_names())
    migrate.bring_up_to_date(engine)
    assert ours <= set(inspect(engine).get_table_names())
    assert used.outcomes() == {}
    assert migrate.revision_of(engine) == migrate.newest_revision()


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
    used: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The newest version's older one is played by asking for a head that does not exist yet."""
    from alembic.script import ScriptDirectory

    monkeypatch.setattr(ScriptDirectory, "get_current_head", lambda *_: "9998")
    with pytest.raises(DatabaseTooOld) as refused:
        build_portal(production(used))
    assert "python -m portal database upgrade" in refused.value.next_step
    assert isinstance(refused.value, PortalError)
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
