"""The workflow of one mail as DBOS records it, and what starts it.

DBOS stores names, arguments and results in clear and compares them when it resumes a workflow: the argument is a mail's
id, the result one code, and the names in `name=` stay. A workflow is one try. The next one is another workflow, which
housekeeping starts when its time has come: nothing sleeps for hours.
"""

from __future__ import annotations

import datetime as dt
from typing import Protocol

from dbos import DBOS, SetWorkflowID
from sqlalchemy import select

from portal.delivery.mail.kinds import TO_SEND
from portal.exports.workflow.durable import StepInterrupted, load
from portal.exports.workflow.engine import AT_ONCE, QUEUE, RUNNING_STATUS
from portal.log import log
from portal.storage.answering.mail_tables import Mail
from portal.storage.engine import Database
from portal.storage.tables import utc_now

DONE = "done"
FORGOTTEN_AFTER_SECONDS = 3.0
MAX_RUNS = 40  # workflows of one mail
PICK_UP_BATCH = 100


class Step(Protocol):
    """What sends a mail (`sending.SendStep`)."""

    def run(self, mail_id: str) -> None: ...
    def give_up(self, mail_id: str) -> None: ...


_step: Step | None = None


def use_step(step: Step) -> None:
    """What the recorded function runs: one a process, since DBOS registers functions by module."""
    global _step
    _step = step


@DBOS.step(name="send_mail")
def _run(mail_id: str) -> str:
    try:
        if _step is None:
            raise RuntimeError("durable engine not started")
        _step.run(mail_id)
        return DONE
    except Exception as error:
        log.error("mail.step_interrupted", mail=mail_id, error_type=type(error).__name__)
        raise StepInterrupted(f"send_mail: {type(error).__name__}") from None


@DBOS.workflow(name="mail_send")
def mail_workflow(mail_id: str) -> str:
    with load.counting("running"):
        return _run(mail_id)


class MailStarter:
    """Starts the workflow of a mail in this process, once its engine runs. Without one the row waits: the housekeeping
    of another process, or of this one's next start, picks it up."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._kind = ""

    def started(self, kind: str) -> None:
        """The engine of this process was launched, as a worker of that kind."""
        self._kind = kind

    def stopped(self) -> None:
        self._kind = ""

    def begin(self, mail_id: str, *, queued: bool = False) -> None:
        """Start or queue the workflow, unless one runs. The mail is written down already, so trouble here is no reason
        to refuse it."""
        if not self._kind:
            return
        try:
            self._begin(mail_id, queued=queued)
        except Exception as error:
            log.error("mail.begin_failed", mail=mail_id, error_type=type(error).__name__)

    def _begin(self, mail_id: str, *, queued: bool) -> None:
        for number in range(1, MAX_RUNS + 1):
            workflow_id = f"{mail_id}-m{number}"
            status = DBOS.get_workflow_status(workflow_id)
            if status is None:
                with SetWorkflowID(workflow_id):
                    if self._kind == "cli" or (not queued and load.running < AT_ONCE):
                        DBOS.start_workflow(mail_workflow, mail_id)
                    else:
                        DBOS.enqueue_workflow(QUEUE, mail_workflow, mail_id)
                return
            if status.status in RUNNING_STATUS:
                return
        if _step is not None:
            _step.give_up(mail_id)

    def restart_forgotten(self) -> None:
        """Begin with mails whose time has come and that no workflow has touched for a while.

        A command ends soon and listens to no queue: it leaves that to the servers and workers.
        """
        if self._kind in ("", "cli"):
            return
        now = utc_now()
        with self._db.read() as session:
            due = session.scalars(
                select(Mail.id)
                .where(
                    Mail.state.in_(TO_SEND),
                    Mail.next_try_at <= now,
                    Mail.updated_at < now - dt.timedelta(seconds=FORGOTTEN_AFTER_SECONDS),
                )
                .order_by(Mail.next_try_at)
                .limit(PICK_UP_BATCH)
            ).all()
        for mail_id in due:
            self.begin(mail_id, queued=True)
