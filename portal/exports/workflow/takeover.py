"""Recovers abandoned workflows: of dead processes, and of exports that were never started.

Each process writes a heartbeat every few seconds. Another takes over when the last one is older than
`DEAD_AFTER_SECONDS`, or at once when the process ran on this machine and is gone. DBOS hands a recovered workflow to
exactly one runner; the export's row decides what is left to do.
"""

from __future__ import annotations

import datetime as dt
import os

from dbos._dbos import _get_dbos_instance
from sqlalchemy import select

from portal import audit
from portal.exports.core.states import RUNNING
from portal.exports.workflow.durable import WORKFLOW_VERSION
from portal.exports.workflow.machine import this_machine
from portal.log import log
from portal.storage.engine import Database
from portal.storage.tables import Export, Worker, utc_now

DEAD_AFTER_SECONDS = 40.0
FORGOTTEN_AFTER_SECONDS = 3.0
PICK_UP_BATCH = 1_000


def take_over(db: Database, worker_id: str, *, queue: str, only_kind: str | None) -> None:
    """Hand the workflows of dead processes to `queue`, and strike those processes off.

    `only_kind`: of that kind of process alone; None takes over from all.
    """
    with db.read() as session:
        others = list(session.scalars(select(Worker).where(Worker.id != worker_id)))
    for worker in others:
        if not is_dead(worker) or (only_kind is not None and worker.kind != only_kind):
            continue
        _recover(worker.id, queue)
        with db.write() as session:
            gone = session.get(Worker, worker.id)
            if gone is not None and is_dead(gone):
                session.delete(gone)
                audit.record(
                    session, audit.PORTAL_CHAIN, "system", "worker:takeover",
                    object_id=worker_id, origin="worker", **{"from": worker.id},
                )  # fmt: skip
        log.info("worker.taken_over", worker=worker.id)


def _recover(worker_id: str, queue: str) -> None:
    """Enqueue the workflows of a dead process; doing it twice is harmless, since one dequeue wins.

    As DBOS's own recovery does, but into our queue: its internal one starts everything at once (a backlog of
    1,700 workflows meant 1,700 threads that kept each other from coming to an end, measured).
    """
    dbos = _get_dbos_instance()
    for pending in dbos._sys_db.get_pending_workflows(worker_id, WORKFLOW_VERSION):
        dbos._sys_db.reenqueue_for_recovery(pending.workflow_id, [worker_id], queue)


def forgotten(db: Database) -> list[str]:
    """Ids of running exports whose row has not changed for a while, the oldest first."""
    long_ago = utc_now() - dt.timedelta(seconds=FORGOTTEN_AFTER_SECONDS)
    with db.read() as session:
        return list(
            session.scalars(
                select(Export.id)
                .where(Export.state.in_(RUNNING), Export.updated_at < long_ago)
                .order_by(Export.updated_at)
                .limit(PICK_UP_BATCH)
            )
        )


def is_dead(worker: Worker) -> bool:
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
