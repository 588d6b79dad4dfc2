"""The workflow and its steps as DBOS records them, and the codes it records for their results.

DBOS stores names, arguments and results in clear, and compares names and order when it resumes a workflow after a
crash, maybe by a newer version of the portal. So:

- arguments are an export's id and a number, results are the codes below; nothing personal is ever in one;
- the names in `name=` and the codes are a stored format. They are older than the names in this code, and stay.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from dbos import DBOS

from portal.exports.core.states import State
from portal.exports.workflow.results import Done, StepResult, Stop, Wait
from portal.exports.workflow.steps import ExportSteps, run_steps
from portal.log import log

WORKFLOW_VERSION = "1"  # raise it when the recorded order of steps changes: DBOS resumes only workflows of its version
STOP, WAIT, PACED = "stop", "wait:", "paced:"

_steps: ExportSteps | None = None


def use_steps(steps: ExportSteps) -> None:
    """What the recorded functions run. DBOS registers functions by module, so there is one set of steps a process."""
    global _steps
    _steps = steps


def code_of(result: StepResult) -> str:
    """`stop`, the name of a state, `wait:SECONDS` or `paced:wait:SECONDS`."""
    match result:
        case Stop():
            return STOP
        case Done(state):
            return state.value
        case Wait(seconds, paced):
            return f"{PACED if paced else ''}{WAIT}{seconds:.3f}"


def result_of(code: str) -> StepResult:
    """The inverse of `code_of`. Raises ValueError for a code that no version has recorded."""
    if code == STOP:
        return Stop()
    bare = code.removeprefix(PACED)
    if bare.startswith(WAIT):
        return Wait(float(bare.removeprefix(WAIT)), paced=bare != code)
    return Done(State(code))


class StepInterrupted(RuntimeError):
    """A step could not finish. Carries only a type's name: DBOS stores it in clear."""


def _recorded(run: Callable[[ExportSteps], StepResult], export_id: str, name: str) -> str:
    try:
        if _steps is None:
            raise RuntimeError("durable engine not started")
        return code_of(run(_steps))
    except Exception as error:
        log.error("export.step_interrupted", export=export_id, where=name, error_type=type(error).__name__)
        raise StepInterrupted(f"{name}: {type(error).__name__}") from None


@DBOS.step(name="ask")
def _send(export_id: str) -> str:
    return _recorded(lambda steps: steps.send(export_id), export_id, "send")


@DBOS.step(name="collect")
def _fetch(export_id: str, tried: int) -> str:
    return _recorded(lambda steps: steps.fetch(export_id, tried), export_id, "fetch")


@DBOS.step(name="inspect")
def _inspect(export_id: str) -> str:
    return _recorded(lambda steps: steps.inspect(export_id), export_id, "inspect")


class _RecordedSteps:
    """Each step's result comes from DBOS's record when the step was finished before a crash."""

    def send(self, export_id: str) -> StepResult:
        return result_of(_send(export_id))

    def fetch(self, export_id: str, tried: int) -> StepResult:
        return result_of(_fetch(export_id, tried))

    def inspect(self, export_id: str) -> StepResult:
        return result_of(_inspect(export_id))


@DBOS.workflow(name="export_walk")
def export_workflow(export_id: str) -> str:
    with load.counting("running"):
        return code_of(run_steps(_RecordedSteps(), export_id, _sleep))


def _sleep(seconds: float) -> None:
    with load.counting("sleeping"):
        DBOS.sleep(seconds)


class Load:
    """How many workflows this process runs, and how many of them only sleep."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.running = 0
        self.sleeping = 0

    @contextmanager
    def counting(self, what: str) -> Iterator[None]:
        with self._lock:
            setattr(self, what, getattr(self, what) + 1)
        try:
            yield
        finally:
            with self._lock:
                setattr(self, what, getattr(self, what) - 1)


load = Load()
