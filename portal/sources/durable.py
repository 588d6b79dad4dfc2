"""The workflow of collecting as DBOS records it, and what starts it.

DBOS stores names, arguments and results in clear and compares them when it resumes a workflow: arguments are a case's
id, results the codes below, and the names in `name=` stay.
"""

from __future__ import annotations

import datetime as dt

from dbos import DBOS, SetWorkflowID
from sqlalchemy import func, select

from portal.exports.workflow.durable import StepInterrupted, load
from portal.exports.workflow.engine import QUEUE, RUNNING_STATUS
from portal.log import log
from portal.sources.collect_step import CollectStep, Next
from portal.sources.kinds import RUNNING
from portal.storage.answering.source_tables import CaseSource
from portal.storage.engine import Database
from portal.storage.tables import utc_now

STOP, WAIT = "stop", "wait:"
FORGOTTEN_AFTER_SECONDS = 3.0
MAX_RUNS = 50  # workflows of one case
PICK_UP_BATCH = 100

_step: CollectStep | None = None


def use_step(step: CollectStep) -> None:
    """What the recorded functions run: one a process, since DBOS registers functions by module."""
    global _step
    _step = step


def code_of(result: Next) -> str:
    return STOP if result.seconds is None else f"{WAIT}{result.seconds:.3f}"


def result_of(code: str) -> Next:
    """The inverse of `code_of`. Raises ValueError for a code that no version has recorded."""
    return Next(None) if code == STOP else Next(float(code.removeprefix(WAIT)))


@DBOS.step(name="collect_source")
def _run(case_id: str) -> str:
    try:
        if _step is None:
            raise RuntimeError("durable engine not started")
        return code_of(_step.run(case_id))
    except Exception as error:
        log.error("source.step_interrupted", case=case_id, error_type=type(error).__name__)
        raise StepInterrupted(f"collect_source: {type(error).__name__}") from None


@DBOS.workflow(name="case_collect")
def collect_workflow(case_id: str) -> str:
    with load.counting("running"):
        while (result := result_of(_run(case_id))).seconds is not None:
            if result.seconds:
                with load.counting("sleeping"):
                    DBOS.sleep(result.seconds)
        return STOP


class SourceStarter:
    """Starts the workflow of a case's sources in this process, once its engine runs. Without one the rows wait: the
    housekeeping of another process, or of this one's next start, picks them up."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._kind = ""

    def use(self, step: CollectStep) -> None:
        use_step(step)

    def started(self, kind: str) -> None:
        """The engine of this process was launched, as a worker of that kind."""
        self._kind = kind

    def stopped(self) -> None:
        self._kind = ""

    def begin(self, case_id: str, *, queued: bool = False) -> None:
        """Start or queue the workflow, unless one runs. The sources are written down already, so trouble here is no
        reason to refuse them."""
        if not self._kind:
            return
        try:
            self._begin(case_id, queued=queued)
        except Exception as error:
            log.error("source.begin_failed", case=case_id, error_type=type(error).__name__)

    def _begin(self, case_id: str, *, queued: bool) -> None:
        for number in range(1, MAX_RUNS + 1):
            workflow_id = f"{case_id}-c{number}"
            status = DBOS.get_workflow_status(workflow_id)
            if status is None:
                with SetWorkflowID(workflow_id):
                    if queued:
                        DBOS.enqueue_workflow(QUEUE, collect_workflow, case_id)
                    else:
                        DBOS.start_workflow(collect_workflow, case_id)
                return
            if status.status in RUNNING_STATUS:
                return
        if _step is not None:
            _step.give_up(case_id)

    def restart_forgotten(self) -> None:
        """Begin again for cases with sources under way that no workflow has touched for a while.

        A command ends soon and listens to no queue: it leaves that to the servers and workers.
        """
        if self._kind in ("", "cli"):
            return
        long_ago = utc_now() - dt.timedelta(seconds=FORGOTTEN_AFTER_SECONDS)
        with self._db.read() as session:
            cases = session.scalars(
                select(CaseSource.case_id)
                .where(CaseSource.state.in_(RUNNING))
                .group_by(CaseSource.case_id)
                .having(func.max(CaseSource.updated_at) < long_ago)
                .limit(PICK_UP_BATCH)
            ).all()
        for case_id in cases:
            self.begin(case_id, queued=True)
