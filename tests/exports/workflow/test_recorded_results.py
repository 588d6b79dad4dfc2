"""What DBOS keeps of a workflow is a stored format: a newer version resumes what an older one has begun."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from portal.exports import State
from portal.exports.workflow.durable import code_of, result_of
from portal.exports.workflow.results import Done, StepResult, Stop, Wait

pytestmark = pytest.mark.keeps("SEC-13")


@pytest.mark.parametrize(
    ("result", "code"),
    [
        (Stop(), "stop"),
        (Done(State.ACCEPTED), "accepted"),
        (Done(State.COLLECTED), "collected"),
        (Done(State.READY), "ready"),
        (Done(State.ATTENTION), "attention"),
        (Wait(0.5), "wait:0.500"),
        (Wait(30.0, paced=True), "paced:wait:30.000"),
    ],
)
def test_results_are_recorded_by_the_codes_they_always_had(result: StepResult, code: str) -> None:
    assert code_of(result) == code
    assert result_of(code) == result


@pytest.mark.parametrize("code", ["", "done", "wait:", "wait:soon", "paced:", "Accepted"])
def test_a_code_that_was_never_recorded_is_refused(code: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        result_of(code)


def test_a_workflows_records_are_those_of_earlier_versions(new_desk: Any, shop: Any, tmp_path: Path) -> None:
    """Read from DBOS's own tables: on a name, an order or a version that differs it would not resume."""
    with new_desk(tmp_path) as desk:
        export_id = desk.ask("busy@example.com")
        assert desk.settled(export_id).state is State.READY
    with sqlite3.connect(tmp_path / "workflows.sqlite3") as db:
        workflows = db.execute("SELECT workflow_uuid, name, application_version FROM workflow_status").fetchall()
        inputs = [json.loads(text) for (text,) in db.execute("SELECT inputs FROM workflow_input")]
        outputs = db.execute("SELECT output FROM workflow_output").fetchall()
        steps = db.execute("SELECT function_name, output FROM operation_outputs ORDER BY function_id").fetchall()
    assert workflows == [(export_id, "export_walk", "1")]
    assert inputs == [{"positionalArgs": [export_id], "namedArgs": {}}]
    assert outputs == [('"ready"',)]
    names, results = zip(*steps, strict=True)
    assert names == ("ask", "DBOS.sleep", "ask", "collect", "inspect")
    assert results[0].startswith('"wait:')
    assert results[2:] == ('"accepted"', '"collected"', '"ready"')
