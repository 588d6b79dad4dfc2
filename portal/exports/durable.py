"""The durable engine: DBOS runs the walk so that it survives a killed process.

What is stored by the engine is the export's id and bare outcome codes, never anything personal
(architecture, rule 5). A process has its own executor id and says every `BEAT_SECONDS` that it
lives; another takes over the work of one that has not been seen for `DEAD_AFTER_SECONDS`, or at once
when it ran on this machine and its process is gone. DBOS hands a recovered workflow to exactly one
runner; our table decides what is left to do.

A walk starts at once in the process that was asked, while that has few under way; more stand in a
queue that all web and worker processes share. A command line process runs only what it was asked for.
"""

from __future__ import annotations

import datetime as dt
import os
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy import select

from portal import audit
from portal.exports.machine import this_machine
from portal.exports.psycopg_later import psycopg_later
from portal.exports.states import RUNNING
from portal.exports.walk import PACED, Walk, wait_seconds
from portal.log import log
from portal.storage.engine import Database
from portal.storage.tables import Export, Worker, utc_now

with psycopg_later():
    from dbos import DBOS, DBOSConfig, DBOSPortableJSONSerializer, SetWorkflowID
    from dbos._dbos import _get_dbos_instance
    from dbos._utils import INTERNAL_QUEUE_NAME

BEAT_SECONDS = 10.0
DEAD_AFTER_SECONDS = 40.0
FORGOTTEN_AFTER_SECONDS = 3.0
MAX_RUNS = 20  # of one export's walk, before a person is asked
AT_ONCE = 8  # walks a process starts by itself; the rest queue
QUEUE = "walks"
QUEUE_AT_ONCE = 8  # queued walks a process takes up
QUEUE_POLL_SECONDS = 0.25
PICK_UP_BATCH = 1_000
RUNNING_STATUS = ("PENDING", "ENQUEUED", "DELAYED")
WORKFLOW_VERSION = "1"  # raise when the order of steps changes; recovery needs the same version

_walk: Walk | None = None


class _Busy:
    """How many walks this process runs, and how many of them only wait."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.walking = 0
        self.waiting = 0

    @contextmanager
    def counting(self, what: str) -> Iterator[None]:
        with self._lock:
            setattr(self, what, getattr(self, what) + 1)
        try:
            yield
        finally:
            with self._lock:
                setattr(self, what, getattr(self, what) - 1)


_busy = _Busy()


def _the_walk() -> Walk:
    if _walk is None:
        raise RuntimeError("durable engine not started")
    return _walk


class StepInterrupted(RuntimeError):
    """A step could not finish. Carries only a type's name: the engine stores it in clear."""


def _step(run: Callable[[], str], export_id: str, name: str) -> str:
    try:
        return run()
    except Exception as error:
        log.error("export.step_interrupted", export=export_id, where=name, error_type=type(error).__name__)
        raise StepInterrupted(f"{name}: {type(error).__name__}") from None


@DBOS.step(name="ask")
def _ask(export_id: str) -> str:
    return _step(lambda: _the_walk().ask(export_id), export_id, "ask")


@DBOS.step(name="collect")
def _collect(export_id: str, tried: int) -> str:
    return _step(lambda: _the_walk().collect(export_id, tried), export_id, "collect")


@DBOS.step(name="inspect")
def _inspect(export_id: str) -> str:
    return _step(lambda: _the_walk().inspect(export_id), export_id, "inspect")


@DBOS.workflow(name="export_walk")
def _export_walk(export_id: str) -> str:
    with _busy.counting("walking"):
        while (wait := wait_seconds(outcome := _ask(export_id))) is not None:
            _nap(wait)  # how often is bounded by the step itself (MAX_ASK_TRIES)
        if outcome == "accepted":
            tried = 0
            while (wait := wait_seconds(outcome := _collect(export_id, tried))) is not None:
                tried += 0 if outcome.startswith(PACED) else 1
                _nap(wait)
        if outcome == "collected":
            outcome = _inspect(export_id)
        return outcome


def _nap(seconds: float) -> None:
    with _busy.counting("waiting"):
        DBOS.sleep(seconds)


def _workflow_engine(url: str) -> sa.Engine | None:
    """SQLite for the workflow tables: write-ahead log, and no wait for the disk at each commit.

    A killed process loses nothing by that; a power cut may lose the last records, and then the walk is begun
    anew from our own table, which does wait for the disk. None: DBOS makes its own engine (PostgreSQL).
    """
    if not url.startswith("sqlite"):
        return None
    engine = sa.create_engine(url, connect_args={"check_same_thread": False})

    @sa.event.listens_for(engine, "connect")
    def _pragmas(connection: Any, _record: Any) -> None:
        connection.isolation_level = "IMMEDIATE"  # as DBOS sets it: writers stand in line from the start
        for pragma in ("busy_timeout=30000", "journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    return engine


class DurableEngine:
    """One process's share of the work."""

    def __init__(
        self,
        db: Database,
        walk: Walk,
        *,
        url: str,
        kind: str,
        housekeeping: Callable[[], None],
        beat_seconds: float = BEAT_SECONDS,
    ) -> None:
        self._db = db
        self._own_walk = walk
        self._url = url
        self._kind = kind
        self._housekeeping = housekeeping
        self._beat_seconds = beat_seconds
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._engine: sa.Engine | None = None
        self.worker_id = f"{kind}@{this_machine()}@{os.getpid()}@{secrets.token_hex(4)}"

    def start(self) -> None:
        global _walk
        _walk = self._own_walk
        self._engine = _workflow_engine(self._url)
        config = DBOSConfig(
            name="portal",
            system_database_url=self._url,
            executor_id=self.worker_id,
            application_version=WORKFLOW_VERSION,
            serializer=DBOSPortableJSONSerializer(),
            enable_otlp=False,
            log_level="WARNING",
            use_listen_notify=self._url.startswith("postgresql"),
        )
        if self._engine is not None:
            config["system_database_engine"] = self._engine
        DBOS(config=config)
        if self._kind == "cli":
            DBOS.listen_queues([])
        DBOS.launch()
        DBOS.register_queue(
            QUEUE,
            worker_concurrency=QUEUE_AT_ONCE,
            polling_interval_sec=QUEUE_POLL_SECONDS,
            on_conflict="always_update",
        )
        self._beat()
        self._thread = threading.Thread(target=self._run, name="portal-housekeeping", daemon=True)
        self._thread.start()
        # Apart from the chores, which may take longer than a living process may be silent.
        threading.Thread(target=self._beat_on, name="portal-beat", daemon=True).start()

    def begin(self, export_id: str, *, queued: bool = False) -> None:
        """Start or queue the walk of an export; a second call with the same id changes nothing.

        The export is written down already, so trouble here is no reason to refuse it: housekeeping begins it later.
        """
        try:
            self._start(export_id, export_id, queued=queued)
        except Exception as error:
            log.error("worker.begin_failed", export=export_id, error_type=type(error).__name__)

    def begin_again(self, export_id: str, *, queued: bool = False) -> None:
        """A fresh walk for an export whose former one has ended; after `MAX_RUNS` a person is asked."""
        for number in range(1, MAX_RUNS + 1):
            workflow_id = f"{export_id}-r{number}"
            status = DBOS.get_workflow_status(workflow_id)
            if status is None:
                self._start(workflow_id, export_id, queued=queued)
                return
            if status.status in RUNNING_STATUS:
                return
        self._own_walk.give_up(export_id)

    def _start(self, workflow_id: str, export_id: str, *, queued: bool) -> None:
        with SetWorkflowID(workflow_id):
            if self._kind == "cli" or (not queued and _busy.walking < AT_ONCE):
                DBOS.start_workflow(_export_walk, export_id)
            else:
                DBOS.enqueue_workflow(QUEUE, _export_walk, export_id)

    def stop(self, finish_seconds: float = 15.0) -> bool:
        """Let what runs finish for a while; what only waits, or takes longer, is handed over.

        False when walks were left behind: their threads would hold the process up, so it should leave by `os._exit`.
        """
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(timeout=5)
        end = time.monotonic() + finish_seconds
        while _busy.walking > _busy.waiting and time.monotonic() < end:
            time.sleep(0.02)
        left = _busy.walking
        DBOS.destroy()
        if self._engine is not None and not left:
            self._engine.dispose()
        with self._db.write() as session:
            worker = session.get(Worker, self.worker_id)
            if worker is not None:
                worker.seen_at = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
        if left:
            log.info("worker.handed_over", count=left)
        return left == 0

    def alive(self) -> bool:
        """Does this process's housekeeping still run?"""
        return self._thread is not None and self._thread.is_alive()

    # Housekeeping ------------------------------------------------------------------------------

    def _run(self) -> None:
        while True:
            for chore in (self._take_over, self._pick_up_forgotten, self._housekeeping):
                if self._stopping.is_set():
                    return
                try:
                    chore()
                except Exception as error:  # one failed chore must not end the thread; it is tried again
                    log.error("worker.chore_failed", where=chore.__name__, error_type=type(error).__name__)
            if self._stopping.wait(self._beat_seconds):
                return

    def _beat_on(self) -> None:
        while not self._stopping.wait(self._beat_seconds):
            try:
                self._beat()
            except Exception as error:  # the database is away: others see us as dead, and the rows decide
                log.error("worker.beat_failed", error_type=type(error).__name__)

    def _beat(self) -> None:
        with self._db.write() as session:
            worker = session.get(Worker, self.worker_id)
            if worker is None:
                session.add(Worker(id=self.worker_id, kind=self._kind))
            else:
                worker.seen_at = utc_now()

    def _take_over(self) -> None:
        with self._db.read() as session:
            others = list(session.scalars(select(Worker).where(Worker.id != self.worker_id)))
        for worker in others:
            if not _is_dead(worker):
                continue
            if self._kind == "cli" and worker.kind != "cli":
                continue  # a command line that ends soon is no place for all that a server left
            self._recover(worker.id)
            with self._db.write() as session:
                gone = session.get(Worker, worker.id)
                if gone is not None and _is_dead(gone):
                    session.delete(gone)
                    audit.record(
                        session, audit.PORTAL_CHAIN, "system", "worker:takeover",
                        object_id=self.worker_id, origin="worker", **{"from": worker.id},
                    )  # fmt: skip
            log.info("worker.taken_over", worker=worker.id)

    def _recover(self, worker_id: str) -> None:
        """Hand the walks of a dead process to the queue; doing it twice is harmless, since one dequeue wins.

        As DBOS's own recovery does, but into our queue: its internal one starts everything at once (a backlog of
        1,700 walks meant 1,700 threads that kept each other from coming to an end, measured).
        """
        dbos = _get_dbos_instance()
        queue = INTERNAL_QUEUE_NAME if self._kind == "cli" else QUEUE
        for pending in dbos._sys_db.get_pending_workflows(worker_id, WORKFLOW_VERSION):
            dbos._sys_db.reenqueue_for_recovery(pending.workflow_id, [worker_id], queue)

    def _pick_up_forgotten(self) -> None:
        """Exports written down whose walk never began, or ended by an error of ours."""
        long_ago = utc_now() - dt.timedelta(seconds=FORGOTTEN_AFTER_SECONDS)
        with self._db.read() as session:
            ids = list(
                session.scalars(
                    select(Export.id)
                    .where(Export.state.in_(RUNNING), Export.updated_at < long_ago)
                    .order_by(Export.updated_at)
                    .limit(PICK_UP_BATCH)
                )
            )
        if self._kind == "cli":
            ids = ids[: max(0, AT_ONCE - _busy.walking)]
        if not ids:
            return
        known = {w.workflow_id: w.status for w in DBOS.list_workflows(workflow_ids=ids, load_input=False)}
        for export_id in ids:
            if export_id not in known:
                self.begin(export_id, queued=True)
            elif known[export_id] not in RUNNING_STATUS:
                self.begin_again(export_id, queued=True)


def _is_dead(worker: Worker) -> bool:
    age = (utc_now() - worker.seen_at).total_seconds()
    if age > DEAD_AFTER_SECONDS:
        return True
    parts = worker.id.split("@")
    if len(parts) != 4 or parts[1] != this_machine():
        return False
    try:
        os.kill(int(parts[2]), 0)  # signal 0 only asks whether the process exists
    except ProcessLookupError:
        return True
    except (PermissionError, ValueError):
        return False
    return False
