"""Which part is down, what is measured, and how a process ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from house import House
from shop import CountingShop
from sqlalchemy import update

from portal.exports import State
from portal.storage.tables import Export, Worker, utc_now
from portal.web.operations.health import parts_down
from portal.web.operations.metrics import MetricsServer, start_metrics

ROOT = Path(__file__).resolve().parents[2]


def beat(house: House) -> None:
    with house.portal.db.write() as session:
        session.merge(Worker(id="worker@here@1@a", kind="worker", seen_at=utc_now()))


def test_readiness_names_the_part_that_is_down(house: House) -> None:
    portal = house.portal
    assert parts_down(portal) == ["workers"]
    beat(house)
    assert parts_down(portal) == []
    keyset = portal.settings.keyset_file
    keyset.rename(keyset.with_suffix(".away"))
    assert parts_down(portal) == ["keys"]
    keyset.with_suffix(".away").rename(keyset)
    keyset.chmod(0o644)
    os.utime(keyset)
    assert parts_down(portal) == ["keys"]
    keyset.chmod(0o600)
    os.utime(keyset)
    assert parts_down(portal) == []
    portal.db.close()
    for path in house.data.glob("portal.sqlite3*"):
        path.rename(path.with_name("away-" + path.name))
    (house.data / "portal.sqlite3").mkdir()
    assert parts_down(portal) == ["database", "workers"]


@pytest.fixture
def metrics(house: House) -> Iterator[str]:
    server = MetricsServer(house.portal.db, 0)
    yield f"http://127.0.0.1:{server.port}/metrics"
    server.close()


def numbers(address: str) -> dict[str, float]:
    lines = httpx.get(address, trust_env=False).text.splitlines()
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines if line[0] != "#")}


def test_metrics_count_exports_and_name_nobody(house: House, metrics: str) -> None:
    assert house.run(submit=["c1@example.com", "refused@example.com"]) == 0
    found = numbers(metrics)
    assert found['portal_exports{state="ready"}'] == 1
    assert found['portal_exports{state="rejected"}'] == 1
    assert found["portal_queue_depth"] == 0
    assert found["portal_database_up"] == 1
    text = httpx.get(metrics, trust_env=False).text
    assert "example.com" not in text
    assert "merchant" not in text.lower().replace("no merchants", "")


def test_metrics_tell_the_queue_the_oldest_and_the_overdue(house: House, metrics: str) -> None:
    import datetime as dt

    assert house.run(submit=["c1@example.com", "c2@example.com"]) == 0
    first, second = sorted(house.states())
    with house.portal.db.write() as session:
        hour_ago = utc_now() - dt.timedelta(hours=1)
        session.execute(update(Export).where(Export.id == first).values(state="requested", requested_at=hour_ago))
        session.get_one(Export, second).file.destroy_after = hour_ago
    found = numbers(metrics)
    assert found["portal_queue_depth"] == 1
    assert found['portal_oldest_seconds{kind="running"}'] >= 3600
    assert found["portal_files_overdue"] >= 1


def test_a_taken_metrics_port_stops_nothing(house: House) -> None:
    server = MetricsServer(house.portal.db, 0)
    try:
        assert start_metrics(house.portal.db, server.port) is None
    finally:
        server.close()
    assert start_metrics(house.portal.db, 0) is None


def test_a_worker_told_to_stop_finishes_what_runs_and_leaves_in_time(house: House) -> None:
    """The vendor is slow: the request that is out is answered and written before the process goes."""
    slow = CountingShop(answer_seconds=3)
    try:
        house.furnish(slow.port)
        worker = house_worker(house)
        assert worker.stderr is not None
        while "Worker ready" not in worker.stderr.readline():
            assert worker.poll() is None
        user = house.portal.accounts.user_for_account("maya@brookandbean.example.com", origin="cli")
        from portal.exports import parse_request

        house.portal.submissions.submit(user, parse_request(email="c@example.com", format="json"))
        while not slow.posts:
            time.sleep(0.02)
        told = time.monotonic()
        worker.send_signal(signal.SIGTERM)
        worker.communicate(timeout=60)
        assert worker.returncode == 0
        assert time.monotonic() - told < 30  # the promise itself, not a measure of speed
        assert next(iter(house.states().values())) in (State.ACCEPTED, State.COLLECTED, State.READY)
        assert house.run() == 0
        assert house.outcomes() == {State.READY: 1}
        assert slow.posts["c@example.com"] == 1
    finally:
        slow.close()


def house_worker(house: House) -> subprocess.Popen[str]:
    """The real `python -m portal worker`."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PORTAL_")}
    return subprocess.Popen(
        [sys.executable, "-m", "portal", "worker"],
        cwd=ROOT,
        env={**clean, "PORTAL_DATA_DIR": str(house.data), "PORTAL_MODE": "practice"},
        stderr=subprocess.PIPE,
        text=True,
    )
