"""The database engine and its transactions: SQLite by default, PostgreSQL by URL."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import copy_context
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.orm import Session, sessionmaker

BUSY_TIMEOUT_MS = 15_000  # a writer waits this long for another process's transaction
INSIST_SECONDS = 90.0  # a database away, locked or full for this long is insisted on
INSIST_FIRST_WAIT, INSIST_LONGEST_WAIT = 0.1, 3.0
MOST_TOGETHER = 256  # acts in one commit; more wait for the next
WHOLE = "together"  # a savepoint that is there at the end unless the transaction was lost
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


class _Waiting:
    """One thread's act on its way into a common commit, and what became of it."""

    def __init__(self, act: Callable[[Session], Any]) -> None:
        self.act = act
        self.context = copy_context()  # another thread may run it
        self.result: Any = None
        self.error: BaseException | None = None
        self.leads = self.done = False
        self.called = threading.Event()

    def finish(self, error: BaseException | None) -> None:
        self.error = self.error or error
        self.done = True
        self.called.set()


class GroupCommit:
    """Acts of many threads, each in a savepoint of its own, kept by one commit.

    A synced commit waits for the disk; whoever comes meanwhile is taken along by the next one. The first in line leads:
    it runs all waiting acts and commits, then the next in line leads. Nobody hears of success before the commit.
    """

    def __init__(self, begin: Callable[[], AbstractContextManager[Connection]]) -> None:
        self._begin = begin
        self._door = threading.Lock()
        self._line: deque[_Waiting] = deque()
        self._led = False

    def run(self, act: Callable[[Session], T]) -> T:
        own = _Waiting(act)
        with self._door:
            self._line.append(own)
            if not self._led:
                self._led = own.leads = True
        if not own.leads:
            own.called.wait()
        if own.leads and not own.done:
            self._lead()
        if own.error is not None:
            raise own.error
        result: T = own.result
        return result

    def _lead(self) -> None:
        """Commit what waits, one's own act among it, and let the next in line lead."""
        batch: list[_Waiting] = []
        failed: BaseException | None = RuntimeError("the common commit was broken off")
        try:
            with self._begin() as connection:
                connection.exec_driver_sql(f"SAVEPOINT {WHOLE}")
                while len(batch) < MOST_TOGETHER and (one := self._next()) is not None:
                    batch.append(one)
                    _run_one(connection, one)
                # Fails when SQLite has given the transaction up meanwhile (disk full): then all of them have failed.
                connection.exec_driver_sql(f"RELEASE SAVEPOINT {WHOLE}")
            failed = None
        except Exception as error:
            failed = error
        finally:
            with self._door:
                if failed is not None and not batch:  # no transaction could be begun: that is the leader's to hear
                    batch.append(self._line.popleft())
                if self._line:
                    self._line[0].leads = True
                    self._line[0].called.set()
                else:
                    self._led = False
            for one in batch:
                one.finish(_copy(failed))

    def _next(self) -> _Waiting | None:
        with self._door:
            return self._line.popleft() if self._line else None


def _run_one(connection: Connection, one: _Waiting) -> None:
    """Run an act in a savepoint: its own failure undoes it alone. Raises when SQLite gave up the whole transaction."""
    with Session(connection, expire_on_commit=False, join_transaction_mode="create_savepoint") as session:
        try:
            one.result = one.context.run(one.act, session)
            session.commit()
        except Exception as error:
            session.rollback()
            one.error = error
    if not getattr(connection.connection.driver_connection, "in_transaction", True):
        raise OperationalError("SAVEPOINT", None, one.error or RuntimeError("the transaction was lost"))


def _copy(error: BaseException | None) -> BaseException | None:
    """The failure of a commit for one of those it failed for: each raises an exception of its own."""
    if error is None:
        return None
    if isinstance(error, OperationalError):
        return OperationalError(error.statement, None, error.orig or error, hide_parameters=True)
    own = RuntimeError(f"the common commit failed: {type(error).__name__}")
    own.__cause__ = error
    return own


class Database:
    """Transactions over one engine. `write()` commits at the end or rolls all back; `read()` never writes."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        # SQLite takes one writer at a time. Threads of one process stand in line here, which is fair and costs
        # microseconds; SQLite's own way, sleeping and asking again, is for other processes.
        self._turn: AbstractContextManager[Any] = threading.Lock() if self.is_sqlite else nullcontext()
        self._writers = sessionmaker(engine, expire_on_commit=False)
        self._together = GroupCommit(self._begun)
        self._readers = sessionmaker(engine.execution_options(read_only=True), expire_on_commit=False)

    @property
    def is_sqlite(self) -> bool:
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def write(self) -> Iterator[Session]:
        with self._turn, self._writers.begin() as session:
            yield session

    @contextmanager
    def _begun(self) -> Iterator[Connection]:
        with self._turn, self.engine.begin() as connection:
            yield connection

    def together(self, act: Callable[[Session], T]) -> T:
        """Run `act` in a write transaction of its own or, on SQLite, in a common one with those of other threads.

        Gives its result after the commit; raises its own exception, or OperationalError when the commit fails. `act`
        may run on another thread, and begins no transaction itself. For short acts that many do at once.
        """
        if not self.is_sqlite:
            with self.write() as session:
                return act(session)
        return self._together.run(act)

    def insist(self, act: Callable[[Session], T]) -> T:
        """Run `act` in a write transaction, again for up to `INSIST_SECONDS` while the database is away or full.

        A commit whose answer was lost is run again too: `act` must see in the rows that it was done already.
        """
        end, wait = time.monotonic() + INSIST_SECONDS, INSIST_FIRST_WAIT
        while True:
            try:
                return self.together(act)
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
