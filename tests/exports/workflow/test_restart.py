"""What a stopped or killed process leaves is taken up by the next one, and never asked for twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from portal.exports import State
from portal.storage.tables import AuditEntry, Worker

pytestmark = pytest.mark.keeps("SEC-13")

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def slow_shop(start_shop: Any) -> Iterator[Any]:
    """A practice merchant whose waits are long enough to be killed in between."""
    with start_shop("--slow-seconds", "60", "--retry-after", "4") as running:
        yield running


@contextmanager
def worker_asking_for(email: str, folder: Path, shop: Any) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A process of its own that has asked for `email`; gives it and the export's id. Killed at the end."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PORTAL_")} | {"PYTHONPATH": str(ROOT)}
    script = [str(Path(__file__).with_name("killed_worker.py")), str(folder), shop.base, shop.downloads, email]
    with subprocess.Popen(
        [sys.executable, *script],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            yield process, process.stdout.readline().strip()
        finally:
            process.kill()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.exports.workflow.engine.BEAT_SECONDS", 0.1)
    monkeypatch.setattr("portal.exports.workflow.takeover.FORGOTTEN_AFTER_SECONDS", 0.0)


def test_an_export_written_down_but_never_begun_is_picked_up(
    new_desk: Any, shop: Any, tmp_path: Path, quick: None
) -> None:
    with new_desk(tmp_path, workers=False) as before:
        ids = [before.ask(), before.ask("flat.csv@example.com", format="csv")]
        assert {before.portal.history.get(before.user(), i).state for i in ids} == {State.REQUESTED}
        assert shop.posts() == 0
    with new_desk(tmp_path) as after:
        assert [after.settled(i).state for i in ids] == [State.READY, State.READY]
        assert shop.posts() == 2


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_an_export_that_waits_is_taken_over_and_asked_for_once_more(
    new_desk: Any, slow_shop: Any, tmp_path: Path, quick: None, wait_for: Any, how: signal.Signals
) -> None:
    slow_shop.forget()
    with worker_asking_for("busy@example.com", tmp_path, slow_shop) as (process, export_id):
        wait_for(lambda: slow_shop.of("rate_limited").get("export_posts_valid") == 1, "the POST")
        with new_desk(tmp_path, shop=slow_shop, workers=False) as looking:
            portal, maya = looking.portal, looking.user()
            wait_for(lambda: portal.history.get(maya, export_id).state is State.WAITING, "waiting")
        process.send_signal(how)
        process.wait(timeout=60)
    with new_desk(tmp_path, shop=slow_shop) as after:
        view = after.settled(export_id)
        assert (view.state, view.attempt) == (State.READY, 2)
    assert slow_shop.of("rate_limited")["export_posts_valid"] == 2
    assert slow_shop.of("rate_limited").get("retried_too_early", 0) == 0


def test_a_killed_process_leaves_one_post_and_a_person_decides(
    new_desk: Any, slow_shop: Any, tmp_path: Path, quick: None, wait_for: Any
) -> None:
    slow_shop.forget()
    with worker_asking_for("slow@example.com", tmp_path, slow_shop) as (process, export_id):
        wait_for(lambda: slow_shop.of("slow").get("exports_accepted") == 1, "the POST")
        process.send_signal(signal.SIGKILL)
    with new_desk(tmp_path, shop=slow_shop) as after:
        view = after.settled(export_id)
        assert (view.state, view.problem_code, view.turn) == (State.UNKNOWN, "interrupted", "you")
        assert "interrupted" in view.problem and view.next_step
        wait_for(lambda: _dead_workers_gone(after), "the dead worker's end")
        fresh = after.run()  # the new process works
        assert fresh.state is State.READY
        with after.portal.db.read() as session:
            acts = session.scalars(
                select(AuditEntry).where(AuditEntry.object_id == export_id).order_by(AuditEntry.seq)
            ).all()
        assert [a.facts.get("to", a.action) for a in acts] == ["export:submit", "sent", "unknown"]
    assert slow_shop.of("slow") == {"export_posts_valid": 1, "exports_accepted": 1}


def _dead_workers_gone(desk: Any) -> bool:
    with desk.portal.db.read() as session:
        return {worker.id for worker in session.scalars(select(Worker))} == {desk.portal.workers._engine.worker_id}
