"""The database's rows as one SQLite file, and back: a backup that fits SQLite and PostgreSQL alike."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from sqlalchemy import Connection, Engine, Table, create_engine, delete, func, insert, select, text

from portal.storage.answering.delivery_tables import DeliveryVisit
from portal.storage.answering.front_door_tables import DoorVisit
from portal.storage.answering.package_tables import PackageKey
from portal.storage.answering.recognition_tables import IdentityCode
from portal.storage.answering.source_tables import CaseComparison, SourceKey
from portal.storage.answering.system_tables import SystemKey
from portal.storage.tables import Base, FileKey, LoginSession, Pace, SignInTicket, Throttle, Worker

_LEFT_OUT = (
    FileKey, SourceKey, SystemKey, PackageKey, CaseComparison, DeliveryVisit, DoorVisit, IdentityCode, LoginSession,
    SignInTicket, Throttle, Pace, Worker,
)  # fmt: skip
LEFT_OUT = {table.__tablename__ for table in _LEFT_OUT}
"""Not in a backup: the files' keys and what was copied out of files, so that it cannot bring a destroyed file back
(SEC-55), and what only the moment needs."""
BATCH = 500


def tables() -> list[Table]:
    """Every table that is in a backup, those that are referred to first."""
    return [table for table in Base.metadata.sorted_tables if table.name not in LEFT_OUT]


def copy_out(engine: Engine, target: Path) -> dict[str, int]:
    """Write all rows, as of one moment, into a new SQLite file. Gives the number of rows by table."""
    out = create_engine(f"sqlite:///{target}")
    try:
        with engine.connect() as source, out.begin() as copy:
            if engine.dialect.name == "postgresql":
                source.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"))
            Base.metadata.create_all(copy, tables=tables())
            copy.exec_driver_sql("PRAGMA ignore_check_constraints = ON")  # what is there is kept as evidence, as it is
            return {table.name: _copy(source, copy, table) for table in tables()}
    finally:
        out.dispose()


def copy_in(source_file: Path, engine: Engine) -> dict[str, int]:
    """Write the rows of such a file into an empty, migrated database, in one transaction."""
    source_engine = create_engine(f"sqlite:///file:{source_file}?mode=ro&uri=true")
    try:
        with source_engine.connect() as source, engine.begin() as target:
            return {table.name: _copy(source, target, table) for table in tables()}
    finally:
        source_engine.dispose()


def empty(engine: Engine) -> None:
    """Take out the rows of every table, those that refer to others first."""
    with engine.begin() as target:
        for table in reversed(Base.metadata.sorted_tables):
            target.execute(delete(table))


def _copy(source: Connection, target: Connection, table: Table) -> int:
    count = 0
    for part in source.execute(select(table)).mappings().partitions(BATCH):
        target.execute(insert(table), [dict(row) for row in part])
        count += len(part)
    return count


def count_rows(connection: Connection, names: Iterable[str]) -> dict[str, int]:
    known = Base.metadata.tables
    return {name: connection.scalar(select(func.count()).select_from(known[name])) or 0 for name in names}
