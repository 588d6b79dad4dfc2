"""What a stopped or killed process leaves is taken up by the next one, and never asked for twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from portal.exports import State
from portal.loyaltydog.retry import RetryDecision
from portal.storage.tables import AuditEntry, Export, Worker

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def slow_shop(start_shop: Any) -> Iterator[Any]:
    """A practice merchant whose slow customer waits long enough to be killed in between."""
    with start_shop("--slow-seconds", "60") as running:
        yield running


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.exports.durable.BEAT_SECONDS", 0.1)
    monkeypatch.setattr("portal.exports.durable.FORGOTTEN_AFTER_SECONDS", 0.0)


def test_an_export_written_down_but_never_begun_is_picked_up(
    new_desk: Any, shop: Any, tmp_path: Path, quick: None
) -> None:
    with new_desk(tmp_path, workers=False) as before:
        ids = [before.ask(), before.ask("flat.csv@example.com", format="csv")]
        assert {before.portal.exports.get(before.user(), i).state for i in ids} == {State.REQUESTED}
        assert shop.posts() == 0
    with new_desk(tmp_path) as after:
        assert [after.settled(i).state for i in ids] == [State.READY, State.READY]
        assert shop.posts() == 2


def test_an_export_that_waits_survives_an_orderly_stop(
    new_desk: Any, shop: Any, tmp_path: Path, quick: None, wait_for: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.exports.walk.retry_export_post", lambda *_: RetryDecision(True, 3.0))
    with new_desk(tmp_path) as before:
        export_id = before.ask("busy@example.com")
        wait_for(lambda: before.portal.exports.get(before.user(), export_id).state is State.WAITING, "waiting")
        before.portal._engine.stop(finish_seconds=0)
        before.portal._engine = None
        assert before.portal.exports.get(before.user(), export_id).state is State.WAITING
    with new_desk(tmp_path) as after:
        view = after.settled(export_id)
        assert (view.state, view.attempt) == (State.READY, 2)
    assert shop.posts() == 2


def test_a_killed_process_leaves_one_post_and_a_person_decides(
    new_desk: Any, slow_shop: Any, tmp_path: Path, quick: None, wait_for: Any
) -> None:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PORTAL_")} | {"PYTHONPATH": str(ROOT)}
    script = [str(Path(__file__).with_name("killed_worker.py")), str(tmp_path), slow_shop.base, slow_shop.downloads]
    with subprocess.Popen(
        [sys.executable, *script, "slow@example.com"], cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            export_id = process.stdout.readline().strip()
            wait_for(lambda: slow_shop.of("slow").get("exports_accepted") == 1, "the POST")
        finally:
            process.send_signal(signal.SIGKILL)
    with new_desk(tmp_path, shop=slow_shop) as after:
        with after.portal.db.read() as session:
            assert session.get_one(Export, export_id).state in (State.SENT, State.UNKNOWN)
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
        return {worker.id for worker in session.scalars(select(Worker))} == {desk.portal._engine.worker_id}
