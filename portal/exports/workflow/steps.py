"""The three steps of an export: send, fetch, inspect.

Each step reads the row, does its work and moves the row by a guarded, audited UPDATE. A step may run again after a
crash at any point; the row's state decides what is left to do.

What cannot be requested twice (LoyaltyDog's response, the sealed file) is written with `Database.write_with_retry`, so
that a database outage of half a minute loses nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from portal.exports.core import ledger
from portal.exports.core.ledger import SubjectSeal
from portal.exports.core.rate_limit import EDGE_REQUESTS
from portal.exports.core.states import TRAITS, State
from portal.exports.core.vendor import Vendor
from portal.exports.workflow.fetch_step import FetchStep
from portal.exports.workflow.inspect_step import InspectStep
from portal.exports.workflow.messages import GIVEN_UP_WORDS
from portal.exports.workflow.results import Done, StepResult, Wait
from portal.exports.workflow.send_step import SendStep
from portal.exports.workflow.vendor_turn import VendorTurn
from portal.storage.engine import Database
from portal.vault import SealedFiles


class Steps(Protocol):
    """What `run_steps` calls: the steps themselves, or the same steps recorded by the durable engine."""

    def send(self, export_id: str) -> StepResult: ...

    def fetch(self, export_id: str, tried: int) -> StepResult: ...

    def inspect(self, export_id: str) -> StepResult: ...


def run_steps(steps: Steps, export_id: str, sleep: Callable[[float], None]) -> StepResult:
    """One export from where it stands to where no step follows. The order is recorded by the durable engine."""
    while isinstance(result := steps.send(export_id), Wait):
        sleep(result.seconds)  # how often is bounded by the step itself (MAX_SEND_TRIES)
    if result == Done(State.ACCEPTED):
        tried = 0
        while isinstance(result := steps.fetch(export_id, tried), Wait):
            tried += 0 if result.paced else 1
            sleep(result.seconds)
    if result == Done(State.COLLECTED):
        result = steps.inspect(export_id)
    return result


class ExportSteps:
    """The steps over one database, vault and vendor, and the handling of an export they cannot finish."""

    def __init__(self, db: Database, send: SendStep, fetch: FetchStep, inspect: InspectStep) -> None:
        self._db = db
        self.send = send.run
        self.fetch = fetch.run
        self.inspect = inspect.run

    def give_up(self, export_id: str) -> None:
        """After many workflows that all broke off: put the export where a person decides."""
        with self._db.write() as session:
            row = ledger.load(session, export_id)
            if to := TRAITS[State(row.state)].given_up_as:
                ledger.move(session, row, to, code="given_up", retry_at=None, **GIVEN_UP_WORDS)


def build_steps(
    db: Database,
    files: SealedFiles,
    seal: SubjectSeal,
    vendor: Vendor,
    *,
    retention_days: int,
    edge_requests: int = EDGE_REQUESTS,
    checkpoint: Callable[[str], None] = lambda label: None,
) -> ExportSteps:
    """The steps with their needs. `checkpoint` is called with a label at each point where a process may die."""
    turn = VendorTurn(db, vendor, edge_requests)
    return ExportSteps(
        db,
        SendStep(db, seal, vendor, turn, checkpoint),
        FetchStep(db, files, seal, vendor, turn, checkpoint, retention_days=retention_days),
        InspectStep(db, files, seal, checkpoint),
    )
