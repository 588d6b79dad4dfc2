"""Bringing a database to this code's tables, by Alembic (versions in `migrations/`).

Alembic itself is loaded only when there is something to bring: it weighs 12 MiB in a process that serves for weeks.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

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


class TamperedRows(PortalError):
    """Rows that the portal cannot have written stand where a migration is to forbid them."""

    code = "tampered_rows"
    message = "The audit trail in the database holds rows that the portal did not write, so nothing was changed."
    next_step = (
        "The portal's operator: keep a copy of the database as evidence, see with the former version what "
        "`audit verify` says, and take out the rows whose number is no whole number from 1 or whose texts are none."
    )


class EmailsShared(PortalError):
    """Going back to a version that knows an email once is not possible with one that several merchants have."""

    code = "emails_shared"
    message = "Several merchants have an account with the same email, which the older version cannot hold."
    next_step = "The portal's operator: remove one merchant, or keep this version."


def _run(connection: Connection, direction: Literal["upgrade", "downgrade"], revision: str) -> None:
    from alembic import command  # 7 MiB, which a start that upgrades nothing need not hold (measured)

    move = command.upgrade if direction == "upgrade" else command.downgrade
    move(config_of(connection), revision)


def config_of(connection: Connection) -> Config:
    """Alembic's configuration for this connection; scripts/new_migration.py writes a new revision with it."""
    from alembic.config import Config  # late, as above

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.attributes["connection"] = connection
    return config


@contextlib.contextmanager
def _migrating(engine: Engine) -> Iterator[Connection]:
    """One transaction for all migrations. On SQLite, foreign keys are checked at its end only.

    SQLite changes a column by recreating the table, and refuses to drop a table that other rows reference
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
        _run(connection, "upgrade", "head")


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


def take_tables_away(engine: Engine) -> None:
    """Leave an empty database, as it was before the first migration."""
    if revision_of(engine) is not None:
        downgrade(engine, "base")
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE IF EXISTS alembic_version"))


def downgrade(engine: Engine, revision: str) -> None:
    """Take a database back, for tests of the migrations; `base` removes all tables."""
    with _migrating(engine) as connection:
        _run(connection, "downgrade", revision)
