"""The gate stands in front however the application is started, and nobody says what serves it (SEC-31, SEC-44)."""

from __future__ import annotations

import contextlib
import os
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.web.conftest import Page, a_free_port

pytestmark = pytest.mark.keeps("SEC-31", "SEC-44")

ROOT = Path(__file__).resolve().parents[2]
WAYS = {
    "streamlit run": ("-m", "streamlit", "run", "portal/asgi.py", "--server.headless=true", "--server.port={port}"),
    "uvicorn": ("-m", "uvicorn", "portal.asgi:app", "--port", "{port}"),
    "serve": ("-m", "portal", "serve"),
}


@pytest.fixture(params=list(WAYS))
def started(request: pytest.FixtureRequest, tmp_path: Path, free_port: int) -> Iterator[httpx.Client]:
    """The real application, started this way, in practice mode with an empty data folder."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PORTAL_", "STREAMLIT_"))}
    environment |= {"PORTAL_DATA_DIR": str(tmp_path), "PORTAL_PORT": str(free_port), "PORTAL_MODE": "practice"}
    environment |= {"PRACTICE_PORT": str(free_pair())}
    command = [sys.executable, *(part.format(port=free_port) for part in WAYS[request.param])]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
    client = httpx.Client(base_url=f"http://127.0.0.1:{free_port}", timeout=10)
    try:
        for _ in range(240):
            with contextlib.suppress(httpx.HTTPError):
                if client.get("/readyz").status_code == 200:
                    break
            assert process.poll() is None, (tmp_path / "log").read_text()
            time.sleep(0.25)
        yield client
    finally:
        client.close()
        process.terminate()
        process.wait(timeout=30)


def test_the_gate_stands_in_front_and_no_server_is_named(started: httpx.Client) -> None:
    assert started.get("/healthz").status_code == 200
    assert started.get("/media/0123456789abcdef.csv").status_code == 403
    assert started.get("/exports/" + "0" * 32 + "/file").status_code == 401
    time.sleep(2.5)  # uvicorn makes its own headers anew every second
    for path in ("/", "/healthz", "/_stcore/health", "/media/x", "/favicon.png"):
        assert "server" not in started.get(path).headers, path


@pytest.mark.keeps("SEC-32", "SEC-52")
def test_connections_are_guarded_and_the_log_is_not_filled_by_them(started: httpx.Client, tmp_path: Path) -> None:
    port, origin = started.base_url.port or 0, str(started.base_url).rstrip("/")
    for _ in range(100):
        with socket.create_connection(("127.0.0.1", port)) as rude:
            rude.sendall(b"\xff no request at all\r\n\r\n")
            rude.recv(100)
    for frame in (b"\x81\x82mask\xff\xff", b"\x83\x80mask", b"\x82\x83mask\xff\xff\xff"):
        with connect(f"ws://127.0.0.1:{port}/_stcore/stream", origin=origin) as tab:  # type: ignore[arg-type]
            tab.socket.sendall(frame)  # text that is no UTF-8; a kind of frame there is not; no message of Streamlit's
            with pytest.raises(ConnectionClosed):
                tab.recv(timeout=10)
    with (
        pytest.raises((ConnectionClosed, OSError)),
        connect(f"ws://127.0.0.1:{port}/_stcore/stream", origin=origin) as tab,  # type: ignore[arg-type]
    ):
        tab.socket.sendall(b"\x89\x80mask" * 10_000)  # pings, which the application never sees
        tab.recv(timeout=10)
    assert started.get("/healthz").status_code == 200
    log = (tmp_path / "log").read_text()
    assert "Traceback" not in log
    assert log.count("Invalid HTTP request") < 30


def free_pair() -> int:
    """A port for the practice merchant, with a free one above it."""
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port = int(first.getsockname()[1])
            with contextlib.suppress(OSError, OverflowError):
                second.bind(("127.0.0.1", port + 1))
                return port


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextlib.contextmanager
def running(way: str, folder: Path, **settings: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Started as the README has it, with what it prints in a pipe; ended with this."""
    port = a_free_port()
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PORTAL_", "STREAMLIT_", "PYTHONUNB"))}
    environment |= {"PORTAL_DATA_DIR": str(folder / "data"), "PORTAL_PORT": str(port), **settings}
    command = [sys.executable, *(part.format(port=port) for part in WAYS[way])]
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            yield process, port
        finally:
            process.terminate()
            process.communicate(timeout=40)


@pytest.mark.parametrize("way", ["streamlit run", "uvicorn"])
def test_practice_mode_brings_people_and_their_merchant_with_any_server(way: str, tmp_path: Path) -> None:
    practice = free_pair()
    with running(way, tmp_path, PORTAL_MODE="practice", PRACTICE_PORT=str(practice)) as (process, port):
        assert process.stdout is not None
        said = "".join(iter(process.stdout.readline, "  Ctrl-C stops both.\n"))
        assert f"http://127.0.0.1:{port}\n" in said and "maya@brookandbean.example.com" in said, said
        assert answers(practice) and answers(practice + 1)
        with sqlite3.connect(tmp_path / "data" / "portal.sqlite3") as data:
            assert data.execute("select count(*) from accounts where password_hash <> ''").fetchone() == (6,)
    assert not answers(practice) and not answers(practice + 1)


@pytest.mark.parametrize("way", ["streamlit run", "uvicorn"])
def test_unsafe_settings_are_told_in_words_with_any_server(way: str, tmp_path: Path) -> None:
    with running(way, tmp_path, PORTAL_API_URL="http://api.loyalty.dog") as (process, _port):
        said, _ = process.communicate(timeout=90)
    assert process.returncode != 0 and "Traceback" not in said, said
    assert "PORTAL_API_URL: " in said and "PORTAL_KEYSET_PATH" in said


@pytest.mark.parametrize("program", ["streamlit", "python -m streamlit"])
def test_the_script_alone_says_how_to_start_the_portal(program: str, tmp_path: Path) -> None:
    port = a_free_port()
    command = [str(Path(sys.executable).with_name("streamlit"))] if program == "streamlit" else [
        sys.executable, "-m", "streamlit"
    ]  # fmt: skip
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PORTAL_", "STREAMLIT_", "PYTHONPATH"))}
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "run", "portal/app.py", "--server.headless=true", f"--server.port={port}"],
            cwd=ROOT, env=environment | {"PORTAL_DATA_DIR": str(tmp_path / "data")}, stdout=log, stderr=log,
        )  # fmt: skip
    try:
        for _ in range(240):
            if answers(port):
                break
            time.sleep(0.25)
        with connect(f"ws://127.0.0.1:{port}/_stcore/stream", max_size=2**24) as raw:
            drawn = Page(raw).rerun().drawn
    finally:
        process.terminate()
        process.wait(timeout=30)
    assert "make run" in drawn and "portal serve" in drawn, (tmp_path / "log").read_text()
    assert "Password" not in drawn and "exception" not in drawn
    assert not (tmp_path / "data").exists(), "nothing is made by looking at it"
