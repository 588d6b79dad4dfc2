"""The durable engine: DBOS runs an export's workflow so that it survives a killed process.

A workflow starts at once in the process that was asked, while that runs few; more go to a queue that all web and
worker processes share. A command line process runs only what it was asked for. What a dead process leaves:
`portal.exports.workflow.takeover`.
"""

from __future__ import annotations

import datetime as dt
import os
import secrets
import threading
import time
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from dbos import DBOS, DBOSConfig, DBOSPortableJSONSerializer, SetWorkflowID
from dbos._utils import INTERNAL_QUEUE_NAME

from portal.exports.workflow.durable import WORKFLOW_VERSION, export_workflow, load, use_steps
from portal.exports.workflow.machine import this_machine
from portal.exports.workflow.steps import ExportSteps
from portal.exports.workflow.takeover import forgotten, take_over
from portal.log import log
from portal.storage.engine import Database
from portal.storage.tables import Worker, utc_now

BEAT_SECONDS = 10.0
MAX_RUNS = 20  # workflows of one export, before a person is asked
AT_ONCE = 8  # workflows a process starts at once; the rest are queued
QUEUE = "walks"  # stored in DBOS's tables
QUEUE_AT_ONCE = 8  # queued workflows a process takes up
QUEUE_POLL_SECONDS = 0.25
RUNNING_STATUS = ("PENDING", "ENQUEUED", "DELAYED")


def _workflow_engine(url: str) -> sa.Engine | None:
    """SQLite for the workflow tables: write-ahead log, and no wait for the disk at each commit.

    A killed process loses nothing; a power cut may lose the last records, and the workflow is then restarted from our
    own table, which does wait for the disk. None: DBOS makes its own engine (PostgreSQL).
    """
    if not url.startswith("sqlite"):
        return None
    engine = sa.create_engine(url, connect_args={"check_same_thread": False})

    @sa.event.listens_for(engine, "connect")
    def _pragmas(connection: Any, _record: Any) -> None:
        connection.isolation_level = "IMMEDIATE"  # as DBOS sets it: BEGIN IMMEDIATE, so a writer waits at its beginning
        for pragma in ("busy_timeout=30000", "journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    return engine


class DurableEngine:
    """One process's share of the work."""

    def __init__(
        self,
        db: Database,
        steps: ExportSteps,
        *,
        url: str,
        kind: str,
        housekeeping: Callable[[], None],
        beat_seconds: float = BEAT_SECONDS,
    ) -> None:
        self._db = db
        self._steps = steps
        self._url = url
        self._kind = kind
        self._housekeeping = housekeeping
        self._beat_seconds = beat_seconds
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._engine: sa.Engine | None = None
        self.worker_id = f"{kind}@{this_machine()}@{os.getpid()}@{secrets.token_hex(4)}"

    def start(self) -> None:
        use_steps(self._steps)
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
        self._heartbeat()
        self._thread = threading.Thread(target=self._run, name="portal-housekeeping", daemon=True)
        self._thread.start()
        # Apart from the chores, which may take longer than a living process may be silent.
        threading.Thread(target=self._heartbeat_loop, name="portal-beat", daemon=True).start()

    def begin(self, export_id: str, *, queued: bool = False) -> None:
        """Start or queue the workflow of an export; a second call with the same id changes nothing.

        The export is written down already, so trouble here is no reason to refuse it: housekeeping begins it later.
        """
        try:
            self._start(export_id, export_id, queued=queued)
        except Exception as error:
            log.error("worker.begin_failed", export=export_id, error_type=type(error).__name__)

    def begin_again(self, export_id: str, *, queued: bool = False) -> None:
        """A fresh workflow for an export whose former one has ended; after `MAX_RUNS` a person is asked."""
        for number in range(1, MAX_RUNS + 1):
            workflow_id = f"{export_id}-r{number}"
            status = DBOS.get_workflow_status(workflow_id)
            if status is None:
                self._start(workflow_id, export_id, queued=queued)
                return
            if status.status in RUNNING_STATUS:
                return
        self._steps.give_up(export_id)

    def _start(self, workflow_id: str, export_id: str, *, queued: bool) -> None:
        with SetWorkflowID(workflow_id):
            if self._kind == "cli" or (not queued and load.running < AT_ONCE):
                DBOS.start_workflow(export_workflow, export_id)
            else:
                DBOS.enqueue_workflow(QUEUE, export_workflow, export_id)

    def stop(self, finish_seconds: float = 15.0) -> bool:
        """Let what runs finish for a while; what only sleeps, or takes longer, is handed over.

        False when workflows were left behind: their threads would hold the process up, so leave by `os._exit`.
        """
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(timeout=5)
        end = time.monotonic() + finish_seconds
        while load.running > load.sleeping and time.monotonic() < end:
            time.sleep(0.02)
        left = load.running
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
            for chore in (self._take_over, self._restart_forgotten, self._housekeeping):
                if self._stopping.is_set():
                    return
                try:
                    chore()
                except Exception as error:  # one failed chore must not end the thread; it is tried again
                    log.error("worker.chore_failed", where=chore.__name__, error_type=type(error).__name__)
            if self._stopping.wait(self._beat_seconds):
                return

    def _heartbeat_loop(self) -> None:
        while not self._stopping.wait(self._beat_seconds):
            try:
                self._heartbeat()
            except Exception as error:  # the database is away: others see us as dead, and the rows decide
                log.error("worker.beat_failed", error_type=type(error).__name__)

    def _heartbeat(self) -> None:
        with self._db.write() as session:
            worker = session.get(Worker, self.worker_id)
            if worker is None:
                session.add(Worker(id=self.worker_id, kind=self._kind))
            else:
                worker.seen_at = utc_now()

    def _take_over(self) -> None:
        if self._kind == "cli":  # it ends soon: no place for all that a server left
            take_over(self._db, self.worker_id, queue=INTERNAL_QUEUE_NAME, only_kind="cli")
        else:
            take_over(self._db, self.worker_id, queue=QUEUE, only_kind=None)

    def _restart_forgotten(self) -> None:
        """Exports written down whose workflow never began, or ended by an error of ours."""
        ids = forgotten(self._db)
        if self._kind == "cli":
            ids = ids[: max(0, AT_ONCE - load.running)]
        if not ids:
            return
        known = {w.workflow_id: w.status for w in DBOS.list_workflows(workflow_ids=ids, load_input=False)}
        for export_id in ids:
            if export_id not in known:
                self.begin(export_id, queued=True)
            elif known[export_id] not in RUNNING_STATUS:
                self.begin_again(export_id, queued=True)
