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
RETRY_SECONDS = 90.0  # `write_with_retry` gives up on a database that is away, locked or full for longer
RETRY_FIRST_WAIT, RETRY_LONGEST_WAIT = 0.1, 3.0
MAX_GROUP = 256  # acts in one commit; more wait for the next
GROUP_SAVEPOINT = "group_commit"  # gone before the end when SQLite has rolled the transaction back
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


class _PendingAct:
    """One thread's act that waits for a group commit, and what became of it."""

    def __init__(self, act: Callable[[Session], Any]) -> None:
        self.act = act
        self.context = copy_context()  # another thread may run it
        self.result: Any = None
        self.error: BaseException | None = None
        self.leads = self.done = False
        self.woken = threading.Event()

    def finish(self, error: BaseException | None) -> None:
        self.error = self.error or error
        self.done = True
        self.woken.set()


class GroupCommit:
    """One commit for the acts of many threads, each act in a savepoint of its own.

    A synced commit waits for the disk; acts that arrive during one share the next. The first thread in the queue is the
    leader: it runs all queued acts and commits, then the next one in the queue leads. No thread learns of success
    before the commit.
    """

    def __init__(self, begin: Callable[[], AbstractContextManager[Connection]]) -> None:
        self._begin = begin
        self._lock = threading.Lock()
        self._queue: deque[_PendingAct] = deque()
        self._has_leader = False

    def run(self, act: Callable[[Session], T]) -> T:
        own = _PendingAct(act)
        with self._lock:
            self._queue.append(own)
            if not self._has_leader:
                self._has_leader = own.leads = True
        if not own.leads:
            own.woken.wait()
        if own.leads and not own.done:
            self._lead()
        if own.error is not None:
            raise own.error
        result: T = own.result
        return result

    def _lead(self) -> None:
        """Commit the queued acts, this thread's among them, and make the next one in the queue the leader."""
        batch: list[_PendingAct] = []
        failed: BaseException | None = RuntimeError("the group commit was broken off")
        try:
            with self._begin() as connection:
                connection.exec_driver_sql(f"SAVEPOINT {GROUP_SAVEPOINT}")
                while len(batch) < MAX_GROUP and (one := self._next()) is not None:
                    batch.append(one)
                    _run_one(connection, one)
                # Fails when SQLite has rolled the transaction back (disk full): then all acts have failed.
                connection.exec_driver_sql(f"RELEASE SAVEPOINT {GROUP_SAVEPOINT}")
            failed = None
        except Exception as error:
            failed = error
        finally:
            with self._lock:
                if failed is not None and not batch:  # no transaction could be begun: the leader gets that error
                    batch.append(self._queue.popleft())
                if self._queue:
                    self._queue[0].leads = True
                    self._queue[0].woken.set()
                else:
                    self._has_leader = False
            for one in batch:
                one.finish(_copy(failed))

    def _next(self) -> _PendingAct | None:
        with self._lock:
            return self._queue.popleft() if self._queue else None


def _run_one(connection: Connection, one: _PendingAct) -> None:
    """Run an act in a savepoint: its own failure undoes it alone. Raises when SQLite rolled the transaction back."""
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
    """A copy of a failed commit's error: each thread raises an exception of its own."""
    if error is None:
        return None
    if isinstance(error, OperationalError):
        return OperationalError(error.statement, None, error.orig or error, hide_parameters=True)
    own = RuntimeError(f"the group commit failed: {type(error).__name__}")
    own.__cause__ = error
    return own


class Database:
    """Transactions over one engine. `write()` commits at the end or rolls all back; `read()` never writes."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        # SQLite takes one writer at a time. Threads of this process wait for this lock, which is fair and costs
        # microseconds; SQLite's own way, sleeping and trying again, is left for other processes.
        self._writer_lock: AbstractContextManager[Any] = threading.Lock() if self.is_sqlite else nullcontext()
        self._writers = sessionmaker(engine, expire_on_commit=False)
        self._group = GroupCommit(self._begun)
        self._readers = sessionmaker(engine.execution_options(read_only=True), expire_on_commit=False)

    @property
    def is_sqlite(self) -> bool:
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def write(self) -> Iterator[Session]:
        with self._writer_lock, self._writers.begin() as session:
            yield session

    @contextmanager
    def _begun(self) -> Iterator[Connection]:
        with self._writer_lock, self.engine.begin() as connection:
            yield connection

    def group_commit(self, act: Callable[[Session], T]) -> T:
        """Run `act` in a write transaction: its own on PostgreSQL, one shared with other threads on SQLite.

        Returns its result after the commit; raises its own exception, or OperationalError when the commit fails. `act`
        may run on another thread, and must begin no transaction itself. For short acts that many threads do at once.
        """
        if not self.is_sqlite:
            with self.write() as session:
                return act(session)
        return self._group.run(act)

    def write_with_retry(self, act: Callable[[Session], T]) -> T:
        """Run `act` in a write transaction; repeat for `RETRY_SECONDS` while the database is away, locked or full.

        A commit whose answer was lost is repeated too: `act` must see in the rows that it was done already.
        """
        end, wait = time.monotonic() + RETRY_SECONDS, RETRY_FIRST_WAIT
        while True:
            try:
                return self.group_commit(act)
            except (OperationalError, InterfaceError):
                if time.monotonic() + wait > end:
                    raise
            time.sleep(wait)
            wait = min(wait * 2, RETRY_LONGEST_WAIT)

    @contextmanager
    def read(self) -> Iterator[Session]:
        with self._readers() as session:
            yield session

    def close(self) -> None:
        self.engine.dispose()
