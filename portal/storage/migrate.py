"""Bringing a database to this code's tables, by Alembic (versions in `migrations/`)."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

from portal.errors import PortalError

SCRIPTS = Path(__file__).parent / "migrations"


class DatabaseTooNew(PortalError):
    code = "database_too_new"
    message = "The database was made by a newer version of the portal."
    next_step = "Install that version again: this one cannot take it back (python -m portal database check)."


class DatabaseTooOld(PortalError):
    code = "database_too_old"
    message = "The database was made by an older version of the portal."
    next_step = "Make a backup, then run: python -m portal database upgrade"


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.attributes["connection"] = connection
    return config


@contextlib.contextmanager
def _migrating(engine: Engine) -> Iterator[Connection]:
    """One transaction for all migrations. On SQLite, foreign keys are checked at its end instead of all along.

    A changed column means a table made anew there, and SQLite will not drop a table that rows of others point to
    (sqlite.org/lang_altertable.html, "Making Other Kinds Of Table Schema Changes").
    """
    if engine.dialect.name != "sqlite":
        with engine.begin() as connection:
            yield connection
        return
    with engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        driver.execute("PRAGMA foreign_keys=OFF")  # has no effect within a transaction, so before it
        try:
            with connection.begin():
                yield connection
                broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
                if broken:
                    raise RuntimeError(f"a migration left {len(broken)} rows that point to nothing")
        finally:
            driver.execute("PRAGMA foreign_keys=ON")


def bring_up_to_date(engine: Engine, *, upgrade: bool = True) -> None:
    """Make the tables of an empty database; run missing migrations when `upgrade`.

    Several processes starting at once stand in line. Raises DatabaseTooNew, and DatabaseTooOld without `upgrade`.
    """
    with _migrating(engine) as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(884411)"))
        config = _config(connection)
        script = ScriptDirectory.from_config(config)
        current = MigrationContext.configure(connection).get_current_revision()
        if current == script.get_current_head():
            return
        if current is not None and current not in {r.revision for r in script.walk_revisions()}:
            raise DatabaseTooNew(detail=f"revision {current}")
        if current is not None and not upgrade:
            raise DatabaseTooOld(detail=f"revision {current}")
        command.upgrade(config, "head")


def revision_of(engine: Engine) -> str | None:
    """The revision a database is at; None for an empty one."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def newest_revision() -> str:
    """The revision this code wants."""
    return str(ScriptDirectory(str(SCRIPTS)).get_current_head())


def downgrade(engine: Engine, revision: str) -> None:
    """Take a database back, for tests of the migrations; `base` removes all tables."""
    with _migrating(engine) as connection:
        command.downgrade(_config(connection), revision)
