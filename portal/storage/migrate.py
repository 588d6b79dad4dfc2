"""Bringing a database to this code's tables, by Alembic (versions in `migrations/`)."""

from __future__ import annotations

from pathlib import Path

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


def bring_up_to_date(engine: Engine, *, upgrade: bool = True) -> None:
    """Make the tables of an empty database; run missing migrations when `upgrade`.

    Several processes starting at once stand in line. Raises DatabaseTooNew, and DatabaseTooOld without `upgrade`.
    """
    with engine.begin() as connection:
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
    with engine.begin() as connection:
        command.downgrade(_config(connection), revision)
