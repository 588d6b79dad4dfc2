"""Real processes to measure: the practice portal with seeded data, and plain Streamlit apps with stock settings."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from bench.seeding import PASSWORD

ROOT = Path(__file__).resolve().parent.parent
PLAIN = ROOT / "bench" / "plain"
START_SECONDS = 90.0
OURS = ("PORTAL_", "STREAMLIT_", "PRACTICE_")


@dataclass
class Server:
    """A process that serves Streamlit. `export` is the seeded export with a file (empty for a plain app)."""

    name: str
    process: subprocess.Popen[bytes]
    origin: str
    ready_seconds: float
    log: Path
    export: str = ""

    def memory(self) -> int:
        """Bytes of the serving process alone: what is resident (the practice merchant, a child, is not counted)."""
        return int(psutil.Process(self.process.pid).memory_info().rss)

    def cpu_seconds(self) -> float:
        times = psutil.Process(self.process.pid).cpu_times()
        return float(times.user + times.system)

    def alive(self) -> bool:
        return self.process.poll() is None


def free_port(beside: int = 0) -> int:
    """A port that is free together with the `beside` ones after it; below those that outgoing sockets are given."""
    while True:
        port = random.randrange(12_000, 30_000)
        if all(_is_free(port + n) for n in range(beside + 1)):
            return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def wait_until_warm(server: Server) -> float:
    """Wait for the portal's `/readyz`; gives the seconds since its start."""
    started = time.perf_counter() - server.ready_seconds
    while not answers(server.origin + "/readyz"):
        if not server.alive() or time.perf_counter() - started > START_SECONDS:
            raise SystemExit(f"{server.name} did not get ready")
        time.sleep(0.02)
    return time.perf_counter() - started


def environment(**more: str) -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if not k.startswith(OURS)} | more


@contextmanager
def portal(
    exports: int = 200, *, folder: Path | None = None, until: str = "/readyz", **settings: str
) -> Iterator[Server]:
    """`python -m portal demo` over a folder seeded with `exports` past exports; given when `until` says yes."""
    with ExitStack() as stack:
        at = folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-portal-")))
        port, practice_port = free_port(), free_port(beside=2)
        seeded = ""
        if exports:
            seeded = subprocess.run(
                [sys.executable, "-m", "bench.seeding", str(at / "data"), str(practice_port), str(exports)],
                cwd=ROOT, env=environment(), check=True, capture_output=True, text=True,
            ).stdout.split()[-1]  # fmt: skip
        known = environment(
            PORTAL_DATA_DIR=str(at / "data"), PORTAL_PORT=str(port), PRACTICE_PORT=str(practice_port),
            PORTAL_DEMO_PASSWORD=PASSWORD, PORTAL_TRUSTED_PROXIES="127.0.0.1", **settings,
        )  # fmt: skip
        yield from _running(
            "portal", [sys.executable, "-m", "portal", "demo"], ROOT, known, port, until, at / "demo.log", seeded
        )


@contextmanager
def plain(script: str, *, folder: Path | None = None) -> Iterator[Server]:
    """`streamlit run bench/plain/<script>.py`, stock settings: the working folder holds no config.toml.

    Only what a server without a screen needs is said: headless, the port, and no usage statistics (which would leave
    the machine).
    """
    with ExitStack() as stack:
        at = folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-plain-")))
        port = free_port()
        command = [
            sys.executable, "-m", "streamlit", "run", str(PLAIN / f"{script}.py"), "--server.headless=true",
            f"--server.port={port}", "--server.address=127.0.0.1", "--browser.serverAddress=127.0.0.1",
            "--browser.gatherUsageStats=false",
        ]  # fmt: skip
        yield from _running(
            f"plain {script}", command, at, environment(), port, "/_stcore/health", at / "plain.log", ""
        )


def _leave(_number: int, _frame: object) -> None:
    raise SystemExit(143)


def _running(
    name: str, command: list[str], folder: Path, known: dict[str, str], port: int, health: str, log: Path, export: str
) -> Iterator[Server]:
    origin = f"http://127.0.0.1:{port}"
    log.parent.mkdir(parents=True, exist_ok=True)
    started = time.perf_counter()
    signal.signal(signal.SIGTERM, _leave)  # so that a bench told to stop takes its servers with it
    with log.open("wb") as out:
        process = subprocess.Popen(command, cwd=folder, env=known, stdout=out, stderr=out)
    try:
        while not answers(origin + health):
            if process.poll() is not None or time.perf_counter() - started > START_SECONDS:
                raise SystemExit(f"{name} did not start:\n{log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.02)
        yield Server(name, process, origin, time.perf_counter() - started, log, export)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(timeout=40)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(timeout=10)
