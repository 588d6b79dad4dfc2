"""The database engine and its transactions: SQLite by default, PostgreSQL by URL."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.orm import Session, sessionmaker

BUSY_TIMEOUT_MS = 15_000  # a writer waits this long for another process's transaction
INSIST_SECONDS = 90.0  # a database away, locked or full for this long is insisted on
INSIST_FIRST_WAIT, INSIST_LONGEST_WAIT = 0.1, 3.0
T = TypeVar("T")


def open_engine(url: str) -> Engine:
    """An engine for `url`; SQLite gets write-ahead logging and full synchronisation.

    `BEGIN IMMEDIATE` for writers: a deferred transaction that reads first and writes later fails at
    once with "database is locked" instead of waiting (sqlite.org/lang_transaction.html).
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "postgresql":
        return create_engine(parsed.set(drivername="postgresql+psycopg"), pool_pre_ping=True, pool_size=10)
    if parsed.database and parsed.database != ":memory:":
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    engine = create_engine(parsed, connect_args={"check_same_thread": False, "timeout": BUSY_TIMEOUT_MS / 1000})

    @event.listens_for(engine, "connect")
    def _pragmas(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # SQLAlchemy, not sqlite3, says BEGIN
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        reading = connection.get_execution_options().get("read_only", False)
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

    return engine


class Database:
    """Transactions over one engine. `write()` commits at the end or rolls all back; `read()` never writes."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        # SQLite takes one writer at a time. Threads of one process stand in line here, which is fair and costs
        # microseconds; SQLite's own way, sleeping and asking again, is for other processes.
        self._turn: AbstractContextManager[Any] = threading.Lock() if self.is_sqlite else nullcontext()
        self._writers = sessionmaker(engine, expire_on_commit=False)
        self._readers = sessionmaker(engine.execution_options(read_only=True), expire_on_commit=False)

    @property
    def is_sqlite(self) -> bool:
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def write(self) -> Iterator[Session]:
        with self._turn, self._writers.begin() as session:
            yield session

    def insist(self, act: Callable[[Session], T]) -> T:
        """Run `act` in a write transaction, again for up to `INSIST_SECONDS` while the database is away or full.

        A commit whose answer was lost is run again too: `act` must see in the rows that it was done already.
        """
        end, wait = time.monotonic() + INSIST_SECONDS, INSIST_FIRST_WAIT
        while True:
            try:
                with self.write() as session:
                    return act(session)
            except (OperationalError, InterfaceError):
                if time.monotonic() + wait > end:
                    raise
            time.sleep(wait)
            wait = min(wait * 2, INSIST_LONGEST_WAIT)

    @contextmanager
    def read(self) -> Iterator[Session]:
        with self._readers() as session:
            yield session

    def close(self) -> None:
        self.engine.dispose()
