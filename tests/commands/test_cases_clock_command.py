"""`cases clock` as a helpdesk's script calls it: lines in, lines out, no database."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
VECTORS = ROOT / "tests" / "cases" / "clock" / "vectors.csv"


@pytest.fixture
def nowhere(tmp_path: Path) -> Path:
    return tmp_path


def run(folder: Path, given: bytes, *options: str) -> subprocess.CompletedProcess[bytes]:
    outside = {**os.environ, "PYTHONPATH": str(ROOT), "PORTAL_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}
    return subprocess.run(
        [sys.executable, "-m", "portal", "cases", "clock", *options], cwd=folder, env=outside, input=given,
        capture_output=True, check=False,
    )  # fmt: skip


def answers(done: subprocess.CompletedProcess[bytes]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in done.stdout.decode("utf-8").splitlines()]


def line(**values: Any) -> bytes:
    return json.dumps(values).encode() + b"\n"


def test_the_vectors_go_in_as_they_stand_and_nothing_is_left_behind(nowhere: Path) -> None:
    rows = list(csv.DictReader(VECTORS.read_text(encoding="utf-8").splitlines()))
    done = run(nowhere, b"".join(line(**row) for row in rows), "--json")
    assert done.returncode == 0, done.stderr
    found = answers(done)
    assert [answer["id"] for answer in found] == [row["id"] for row in rows]
    for answer, row in zip(found, rows, strict=True):
        assert {name: answer[name] or "" for name in row if name in answer and name != "id"} == {
            name: value for name, value in row.items() if name in answer and name != "id"
        }
        assert answer["why"] and all(isinstance(step, str) for step in answer["why"])
    assert list(nowhere.iterdir()) == []


def test_a_wrong_line_says_what_is_wrong_and_the_others_are_answered(nowhere: Path) -> None:
    given = b"".join(
        [
            line(id="good", received="2026-03-05", regime="EU"),
            b"no json\n",
            b"[1, 2]\n",
            b"\xff\xfe\n",
            b"\n",
            line(id="day", received="2026-02-30", regime="EU"),
            line(id="none", regime="EU"),
            line(id="rules", received="2026-03-05", regime="GDPR"),
            line(id="calendar", received="2026-03-05", regime="UK", calendar="GB"),
            line(id="zone", received="2026-03-05T01:00:00Z", regime="EU", time_zone="Mars/Base"),
            line(id="event", received="2026-03-05", regime="EU", events="asked=2026-03-06"),
            line(id="year", received="2100-12-05", regime="EU", calendar="DE"),
            line(id=7, received=20260305, regime="EU"),
            b"[" * 100_000 + b"\n",
            line(id="last", received="2026-03-05", regime="EU", calendar=None, time_zone=None, events=None),
        ]
    )
    done = run(nowhere, given, "--json")
    assert done.returncode == 2
    found = answers(done)
    assert [answer["id"] for answer in found] == [
        "good", None, None, None, "day", "none", "rules", "calendar", "zone", "event", "year", 7, None, "last",
    ]  # fmt: skip
    wrong = {answer["id"]: answer["error"] for answer in found if "error" in answer}
    assert [answer["id"] for answer in found if "error" not in answer] == ["good", "last"]
    assert all(set(answer) == {"id", "error"} for answer in found if "error" in answer)
    for name, told in (
        ("day", "received: "), ("none", "received: "), ("rules", "regime: "), ("calendar", "GB-ENG"),
        ("zone", "time_zone: "), ("event", "events: "), ("year", "2101"), (7, "received: "),
    ):  # fmt: skip
        assert told in wrong[name], wrong[name]
    assert b"Traceback" not in done.stderr


def test_without_json_it_says_the_dates_and_why_in_words(nowhere: Path) -> None:
    done = run(nowhere, line(id="A-1", received="2026-03-05", regime="EU", calendar="DE"))
    said = done.stdout.decode("utf-8")
    assert said.startswith("A-1: target 2026-04-05, last lawful day 2026-04-07\n")
    assert "5 Apr 2026 is a Sunday." in said


def test_nothing_given_is_nothing_answered(nowhere: Path) -> None:
    done = run(nowhere, b"", "--json")
    assert (done.returncode, done.stdout) == (0, b"")
