"""The real `serve` and `demo`: what they refuse to start with, what they tell of their health, how they end."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from house import House
from shop import CountingShop
from sqlalchemy import text

from portal.composition import build_portal
from portal.config import Settings
from portal.exports import State, parse_request
from portal.storage import migrate
from portal.web.operations.health import PARTS

pytestmark = pytest.mark.keeps("SEC-47")

ROOT = Path(__file__).resolve().parents[2]
STOP_SECONDS = 30  # what is promised, not a measure of speed
PATIENCE_SECONDS = 120
SUDDEN_END = 60  # the vendor's file takes longer than a process may wait for it at its end


def free_port() -> int:
    """With two free ones above it: the practice merchant takes three."""
    while True:
        with socket.socket() as probe, socket.socket() as above, socket.socket() as highest:
            probe.bind(("127.0.0.1", 0))
            with contextlib.suppress(OSError, OverflowError):
                above.bind(("127.0.0.1", probe.getsockname()[1] + 1))
                highest.bind(("127.0.0.1", probe.getsockname()[1] + 2))
                return int(probe.getsockname()[1])


def until(done: Callable[[], object], what: str) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not done():
        assert time.monotonic() < end, f"never happened: {what}"
        time.sleep(0.05)


class Process:
    """`python -m portal …` on a data folder, its words in a file."""

    def __init__(self, folder: Path, *words: str, **settings: object) -> None:
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("PORTAL_", "STREAMLIT_", "PRACTICE_"))}
        kept = {k: v for k, v in os.environ.items() if k == "PORTAL_KEYSET_PATH"}
        self.port = free_port()
        given = {"PORTAL_DATA_DIR": folder, "PORTAL_PORT": self.port, **settings}
        self._words = folder.parent / f"{words[0]}.log"
        with self._words.open("wb") as out:
            self.popen = subprocess.Popen(
                [sys.executable, "-m", "portal", *words],
                cwd=ROOT,
                env={**clean, **kept, **{name: str(value) for name, value in given.items()}},
                stdout=out,
                stderr=out,
            )

    @property
    def said(self) -> str:
        return self._words.read_text()

    def get(self, path: str, port: int | None = None) -> httpx.Response:
        return httpx.get(f"http://127.0.0.1:{port or self.port}{path}", trust_env=False, timeout=20)

    def up(self) -> Process:
        def ready() -> bool:
            assert self.popen.poll() is None, self.said
            with contextlib.suppress(httpx.HTTPError):
                return self.get("/readyz").status_code == 200
            return False

        until(ready, "ready to serve")
        return self

    def stop(self) -> float:
        """SIGTERM, and the seconds until it has ended."""
        told = time.monotonic()
        self.popen.send_signal(signal.SIGTERM)
        self.popen.wait(PATIENCE_SECONDS)
        return time.monotonic() - told

    def close(self) -> None:
        if self.popen.poll() is None:
            self.popen.kill()
            self.popen.wait(20)


@pytest.fixture(autouse=True)
def keyset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Outside the data folder, as production wants it; for the processes and for the house that looks at them."""
    path = tmp_path / "kept apart" / "master.keyset.json"
    monkeypatch.setenv("PORTAL_KEYSET_PATH", str(path))
    return path


@pytest.fixture
def start(keyset: Path) -> Iterator[Callable[..., Process]]:
    started: list[Process] = []

    def starting(folder: Path, *words: str, **settings: object) -> Process:
        started.append(Process(folder, *words, **settings))
        return started[-1]

    yield starting
    for process in started:
        process.close()


def ask(house: House, email: str) -> str:
    user = house.portal.accounts.user_for_account("maya@brookandbean.example.com", origin="cli")
    return house.portal.submissions.submit(user, parse_request(email=email, format="json"))


def state_of(house: House, export_id: str) -> str:
    return house.states()[export_id]


# Refusing to start ---------------------------------------------------------------------------------


def test_serve_refuses_a_keyset_in_the_data_folder_and_says_what_to_change(
    tmp_path: Path, start: Callable[..., Process], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PORTAL_KEYSET_PATH")
    process = start(tmp_path / "data", "serve")
    assert process.popen.wait(PATIENCE_SECONDS) == 1
    assert "Set PORTAL_KEYSET_PATH to a file outside" in process.said
    assert "Traceback" not in process.said


def test_serve_refuses_a_keyset_that_others_can_read(house: House, keyset: Path, start: Callable[..., Process]) -> None:
    keyset.chmod(0o640)
    process = start(house.data, "serve")
    assert process.popen.wait(PATIENCE_SECONDS) == 1
    assert "chmod 600" in process.said
    assert "Traceback" not in process.said


@pytest.mark.parametrize("version", ["older", "newer"])
@pytest.mark.parametrize("command", ["serve", "worker"])
def test_a_database_of_another_version_is_refused_by_the_process_with_the_command_that_helps(
    house: House, start: Callable[..., Process], version: str, command: str
) -> None:
    engine = house.portal.db.engine
    if version == "older":
        migrate.downgrade(engine, "-1")
    else:
        with engine.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    before = migrate.revision_of(engine)
    process = start(house.data, command)
    assert process.popen.wait(PATIENCE_SECONDS) not in (0, None)
    helps = "python -m portal database upgrade" if version == "older" else "python -m portal database check"
    assert helps in process.said
    assert version in process.said
    assert "Traceback" not in process.said
    assert migrate.revision_of(engine) == before


# Health --------------------------------------------------------------------------------------------


def test_health_is_told_through_the_gate_and_metrics_only_on_their_own_port(
    house: House, keyset: Path, start: Callable[..., Process]
) -> None:
    assert house.run(submit=["c1@example.com", "refused@example.com"]) == 0
    metrics_port = free_port()
    process = start(house.data, "serve", PORTAL_METRICS_PORT=metrics_port).up()

    assert process.get("/healthz").json() == {"status": "ok"}
    ready = process.get("/readyz")
    assert ready.json() == {"status": "ok", "parts": dict.fromkeys(PARTS, "ok")}
    assert ready.headers["cache-control"] == "no-store"

    numbers = process.get("/metrics", metrics_port)
    assert 'portal_exports{state="ready"} 1.0' in numbers.text
    assert 'portal_exports{state="rejected"} 1.0' in numbers.text
    assert "example.com" not in numbers.text
    for path in ("/metrics", "/metrics/", "/_stcore/metrics"):
        assert "portal_" not in process.get(path).text, path  # at most the empty page that every path is given
    assert "Streamlit" not in process.get("/", metrics_port).text
    with pytest.raises(OSError), socket.create_connection(("127.0.0.2", metrics_port), timeout=5):
        pass  # bound to the one loopback address, so to no other interface either

    keyset.rename(keyset.with_suffix(".away"))
    down = process.get("/readyz")
    assert (down.status_code, down.json()["parts"]["keys"], down.json()["parts"]["database"]) == (503, "down", "ok")
    assert process.get("/healthz").status_code == 200
    keyset.with_suffix(".away").rename(keyset)
    until(lambda: process.get("/readyz").status_code == 200, "ready again")
    assert process.stop() < STOP_SECONDS


# Stopping ------------------------------------------------------------------------------------------


def test_serve_told_to_stop_lets_the_request_that_is_out_be_answered(
    house: House, start: Callable[..., Process]
) -> None:
    with contextlib.closing(CountingShop(answer_seconds=4)) as slow:
        house.furnish(slow.port)
        process = start(house.data, "serve").up()
        export_id = ask(house, "c@example.com")
        until(lambda: slow.posts, "the request leaves")
        assert process.stop() < STOP_SECONDS
        assert process.popen.returncode == 0
        assert state_of(house, export_id) in (State.ACCEPTED, State.COLLECTED, State.READY)
        assert house.run() == 0
        assert house.outcomes() == {State.READY: 1}
        assert slow.posts == {"c@example.com": 1}


def test_serve_told_to_stop_hands_over_what_takes_too_long(house: House, start: Callable[..., Process]) -> None:
    with contextlib.closing(CountingShop(first_file_seconds=SUDDEN_END)) as slow:
        house.furnish(slow.port)
        process = start(house.data, "serve").up()
        export_id = ask(house, "c@example.com")
        until(lambda: slow.fetches, "the file is being fetched")
        assert process.stop() < STOP_SECONDS
        assert state_of(house, export_id) == State.ACCEPTED
        assert house.run() == 0  # another process
        assert house.outcomes() == {State.READY: 1}
        assert slow.posts == {"c@example.com": 1}
        assert slow.fetches == {"c@example.com": 2}
        assert house.unsound_files() == []
        assert house.broken_chains() == []


def test_demo_told_to_stop_ends_with_its_practice_merchant_and_the_next_one_goes_on(
    tmp_path: Path, start: Callable[..., Process], practice_settings: Any
) -> None:
    data, port = tmp_path / "data", free_port()
    settings = {"PRACTICE_PORT": port, "PORTAL_DEMO_PASSWORD": "violet-tractor-pond-91"}
    process = start(data, "demo", **settings).up()
    looking = build_portal(practice_settings(data))
    try:
        user = looking.accounts.user_for_account("maya@brookandbean.example.com", origin="cli")

        def state() -> State:
            return looking.history.get(user, export_id).state

        export_id = looking.submissions.submit(user, parse_request(email="slow@example.com", format="json"))
        until(lambda: state() is not State.REQUESTED, "the export is under way")
        assert process.stop() < STOP_SECONDS
        assert process.popen.returncode == 0, process.said
        for taken in (port, port + 1, port + 2, process.port):
            with pytest.raises(OSError), socket.create_connection(("127.0.0.1", taken), timeout=5):
                pass
        assert state() in (State.ACCEPTED, State.COLLECTED, State.READY)

        again = start(data, "demo", **settings).up()
        until(lambda: not looking.history.get(user, export_id).running, "the export's end")
        assert again.stop() < STOP_SECONDS
        assert "Traceback" not in process.said + again.said
    finally:
        looking.stop()


def test_the_settings_of_these_tests_are_those_of_production(house: House, keyset: Path) -> None:
    assert Settings(data_dir=house.data).mode == "production"
    assert Settings(data_dir=house.data).keyset_file == keyset
