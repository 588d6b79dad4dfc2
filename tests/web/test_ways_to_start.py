"""The gate stands in front however the application is started, and nobody says what serves it (SEC-31, SEC-44)."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

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
    command = [sys.executable, *(part.format(port=free_port) for part in WAYS[request.param])]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
    client = httpx.Client(base_url=f"http://127.0.0.1:{free_port}", timeout=10)
    try:
        for _ in range(240):
            try:
                if client.get("/healthz").status_code == 200:
                    break
            except httpx.HTTPError:
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
