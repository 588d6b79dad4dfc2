"""Runs the practice merchant as a child process."""

from __future__ import annotations

import contextlib
import socket
import subprocess  # nosec: starts our own practice server with fixed arguments
import sys
import time
from collections.abc import Iterator
from pathlib import Path

PROJECT_ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 30.0


@contextlib.contextmanager
def practice_merchant(port: int) -> Iterator[None]:
    """The practice merchant's process, as long as this lasts. It also ends when this process is killed: it listens on
    a pipe that closes then."""
    child = subprocess.Popen(
        [sys.executable, "-m", "portal.practice", "--port", str(port), "--while-stdin-is-open"],
        cwd=PROJECT_ROOT,
        start_new_session=True,  # Ctrl-C and a closed terminal reach this process only, which then ends it in order
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        child.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(timeout=10)
        if child.poll() is None:
            child.kill()
        if child.stdin is not None:
            child.stdin.close()


def is_answering(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_for(port: int) -> None:
    """Wait until it answers, at most `START_SECONDS`; later calls report a failure."""
    end = time.monotonic() + START_SECONDS
    while not is_answering(port) and time.monotonic() < end:
        time.sleep(0.05)
