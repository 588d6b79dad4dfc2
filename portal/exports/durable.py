"""The durable engine: DBOS runs the walk so that it survives a killed process.

What is stored by the engine is the export's id and bare outcome codes, never anything personal
(architecture, rule 5). A process has its own executor id and says every `BEAT_SECONDS` that it
lives; another takes over the work of one that has not been seen for `DEAD_AFTER_SECONDS`, or at once
when it ran on this machine and its process is gone. DBOS hands a recovered workflow to exactly one
runner; our table decides what is left to do.
"""

from __future__ import annotations

import datetime as dt
import os
import secrets
import socket
import threading
from collections.abc import Callable

from dbos import DBOS, DBOSConfig, DBOSPortableJSONSerializer, SetWorkflowID
from sqlalchemy import select

from portal.exports.states import RUNNING
from portal.exports.walk import PACED, Walk, wait_seconds
from portal.log import log
from portal.storage.engine import Database
from portal.storage.tables import Export, Worker, utc_now

BEAT_SECONDS = 10.0
DEAD_AFTER_SECONDS = 40.0
FORGOTTEN_AFTER_SECONDS = 15.0
WORKFLOW_VERSION = "1"  # raise when the order of steps changes; recovery needs the same version

_walk: Walk | None = None


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
    while (wait := wait_seconds(outcome := _ask(export_id))) is not None:
        DBOS.sleep(wait)  # how often is bounded by the step itself (MAX_ASK_TRIES)
    if outcome == "accepted":
        tried = 0
        while (wait := wait_seconds(outcome := _collect(export_id, tried))) is not None:
            tried += 0 if outcome.startswith(PACED) else 1
            DBOS.sleep(wait)
    if outcome == "collected":
        outcome = _inspect(export_id)
    return outcome


class DurableEngine:
    """One process's share of the work."""

    def __init__(self, db: Database, walk: Walk, *, url: str, kind: str, housekeeping: Callable[[], None]) -> None:
        self._db = db
        self._own_walk = walk
        self._url = url
        self._kind = kind
        self._housekeeping = housekeeping
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self.worker_id = f"{kind}@{socket.gethostname()[:20]}@{os.getpid()}@{secrets.token_hex(4)}"

    def start(self) -> None:
        global _walk
        _walk = self._own_walk
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
        DBOS(config=config)
        DBOS.launch()
        self._beat()
        self._thread = threading.Thread(target=self._run, name="portal-housekeeping", daemon=True)
        self._thread.start()

    def begin(self, export_id: str) -> None:
        """Start the walk of an export; a second call with the same id changes nothing."""
        with SetWorkflowID(export_id):
            DBOS.start_workflow(_export_walk, export_id)

    def begin_again(self, export_id: str) -> None:
        """A fresh walk for an export whose former one has ended."""
        number = 1
        while True:
            workflow_id = f"{export_id}-r{number}"
            status = DBOS.get_workflow_status(workflow_id)
            if status is None:
                break
            if status.status in ("PENDING", "ENQUEUED", "DELAYED"):
                return
            number += 1
        with SetWorkflowID(workflow_id):
            DBOS.start_workflow(_export_walk, export_id)

    def stop(self, finish_seconds: int = 25) -> None:
        """Let what runs finish for a while; what does not is handed over."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(timeout=5)
        DBOS.destroy(workflow_completion_timeout_sec=finish_seconds)
        with self._db.write() as session:
            worker = session.get(Worker, self.worker_id)
            if worker is not None:
                worker.seen_at = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)

    # Housekeeping ------------------------------------------------------------------------------

    def _run(self) -> None:
        while True:
            for chore in (self._beat, self._take_over, self._pick_up_forgotten, self._housekeeping):
                if self._stopping.is_set():
                    return
                try:
                    chore()
                except Exception as error:  # one failed chore must not end the thread; it is tried again
                    log.error("worker.chore_failed", where=chore.__name__, error_type=type(error).__name__)
            if self._stopping.wait(BEAT_SECONDS):
                return

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
            # The rows of ended workers are few; recovering twice is harmless (one dequeue wins).
            DBOS._recover_pending_workflows([worker.id])
            with self._db.write() as session:
                gone = session.get(Worker, worker.id)
                if gone is not None and _is_dead(gone):
                    session.delete(gone)
            log.info("worker.taken_over", worker=worker.id)

    def _pick_up_forgotten(self) -> None:
        """Exports written down whose walk never began, or ended by an error of ours."""
        long_ago = utc_now() - dt.timedelta(seconds=FORGOTTEN_AFTER_SECONDS)
        with self._db.read() as session:
            ids = list(
                session.scalars(select(Export.id).where(Export.state.in_(RUNNING), Export.updated_at < long_ago))
            )
        for export_id in ids:
            status = DBOS.get_workflow_status(export_id)
            if status is None:
                self.begin(export_id)
            elif status.status not in ("PENDING", "ENQUEUED", "DELAYED"):
                self.begin_again(export_id)


def _is_dead(worker: Worker) -> bool:
    age = (utc_now() - worker.seen_at).total_seconds()
    if age > DEAD_AFTER_SECONDS:
        return True
    parts = worker.id.split("@")
    if len(parts) != 4 or parts[1] != socket.gethostname()[:20]:
        return False
    try:
        os.kill(int(parts[2]), 0)  # signal 0 only asks whether the process exists
    except ProcessLookupError:
        return True
    except (PermissionError, ValueError):
        return False
    return False
