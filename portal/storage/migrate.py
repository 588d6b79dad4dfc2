"""Bringing a database to this code's tables, by Alembic (versions in `migrations/`).

Alembic itself is loaded only when there is something to bring: it weighs 12 MiB in a process that serves for weeks.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, inspect, text

from portal.errors import PortalError

if TYPE_CHECKING:
    from alembic.config import Config

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
    from alembic.config import Config

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
        current = _revision(connection)
        if current == newest_revision():
            return
        if current is not None and current not in revisions():
            raise DatabaseTooNew(detail=f"revision {current}")
        if current is not None and not upgrade:
            raise DatabaseTooOld(detail=f"revision {current}")
        from alembic import command

        command.upgrade(_config(connection), "head")


def revision_of(engine: Engine) -> str | None:
    """The revision a database is at; None for an empty one."""
    with engine.connect() as connection:
        return _revision(connection)


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return found


def revisions() -> list[str]:
    """All revisions of this code, oldest first: the numbers that the files of `migrations/versions` begin with."""
    return sorted(path.name.partition("_")[0] for path in (SCRIPTS / "versions").glob("[0-9]*_*.py"))


def newest_revision() -> str:
    """The revision this code wants."""
    return revisions()[-1]


def downgrade(engine: Engine, revision: str) -> None:
    """Take a database back, for tests of the migrations; `base` removes all tables."""
    from alembic import command

    with _migrating(engine) as connection:
        command.downgrade(_config(connection), revision)
