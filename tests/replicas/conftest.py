"""A whole site on loopback: PostgreSQL, an S3 server, two web replicas and two workers behind the nginx of `deploy/`,
with the practice merchant as vendor. Each process has a data folder of its own, as if it ran on a machine of its own;
they share the database, the buckets and the folder of the master keyset.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import string
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import trustme
from sqlalchemy import select, text

from portal.composition import Portal, build_portal
from portal.config import Settings
from portal.practice_start import seed_practice
from portal.storage.tables import Merchant
from tests.browser import conftest as browser_room
from tests.browser.conftest import (
    PASSWORD,
    ROOT,
    Demo,
    Desk,
    answers,
    chromium,
    free_port,
    load_script,
    pytest_runtest_makereport,
)

__all__ = ["chromium", "pytest_runtest_makereport"]  # of the browser tests: their browser, and who is told of a failure
TEMPLATE = ROOT / "deploy" / "nginx" / "portal.conf.template"
PATIENCE_SECONDS = 90  # how long a test waits before it gives up; nothing is measured by it
browser_room.WAIT_MS = PATIENCE_SECONDS * 1000  # so does its browser: four portals share the machine with it
SLOW = ("--slow-seconds", "2", "--drip-seconds", "6")  # there is time to kill a process in the middle of an export
IN_PLAIN = """
    pid {folder}/nginx.pid;
    error_log {folder}/error.log;
    daemon off;
    worker_processes 1;
    events {{ worker_connections 512; }}
    http {{
        client_body_temp_path {folder}/body;
        proxy_temp_path {folder}/proxy;
        fastcgi_temp_path {folder}/fastcgi;
        uwsgi_temp_path {folder}/uwsgi;
        scgi_temp_path {folder}/scgi;
        include {folder}/portal.conf;
    }}
"""


def until(done: Callable[[], object], what: str) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not done():
        assert time.monotonic() < end, f"never happened: {what}"
        time.sleep(0.05)


@dataclass
class Nginx:
    """The proxy of `deploy/nginx` in a folder of its own, its template filled in as the nginx image does it."""

    folder: Path
    port: int
    replicas: list[int]
    process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> Path:
        return self.folder / "access.log"

    @property
    def command(self) -> list[str]:
        program = load_script("find_nginx").find()
        if program is None:
            pytest.fail("No nginx here: run scripts/find_programs.py, or set PORTAL_NGINX.")
        return [program, "-p", str(self.folder), "-c", str(self.folder / "nginx.conf"), "-e", str(self.folder / "e")]

    def write(self) -> None:
        certificate = trustme.CA().issue_cert("localhost")
        certificate.cert_chain_pems[0].write_to_path(self.folder / "certificate.pem")
        certificate.private_key_pem.write_to_path(self.folder / "key.pem")
        filled = string.Template(TEMPLATE.read_text()).safe_substitute(
            NGINX_LISTEN=f"127.0.0.1:{self.port}",
            NGINX_CERTIFICATE=str(self.folder / "certificate.pem"),
            NGINX_CERTIFICATE_KEY=str(self.folder / "key.pem"),
            NGINX_REPLICAS="".join(f"server 127.0.0.1:{p} max_fails=1 fail_timeout=10s;" for p in self.replicas),
            NGINX_ACCESS_LOG=str(self.log),
        )
        (self.folder / "portal.conf").write_text(filled)
        (self.folder / "nginx.conf").write_text(IN_PLAIN.format(folder=self.folder))

    def start(self) -> None:
        self.process = subprocess.Popen(self.command)

        def listening() -> bool:
            assert self.process is not None
            assert self.process.poll() is None, (self.folder / "error.log").read_text()
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", self.port)) == 0

        until(listening, "nginx listens")

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(20)

    def answered_by(self) -> int:
        """The port of the replica that gave the newest answer in the log (one line an answer)."""
        found = re.search(r" 127\.0\.0\.1:(\d+)$", self.log.read_text().splitlines()[-1])
        assert found, self.log.read_text()
        return int(found[1])


@dataclass
class Process:
    """`python -m portal serve` or `worker`."""

    name: str
    popen: subprocess.Popen[bytes]
    port: int
    said: Path

    def kill(self) -> None:
        """SIGKILL: no time for any last word."""
        self.popen.send_signal(signal.SIGKILL)
        self.popen.wait(20)


@dataclass
class Site:
    """All of it. `looking` is a portal that runs nothing itself."""

    folder: Path
    shared: dict[str, str]
    shop: Any
    looking: Portal
    nginx: Nginx
    running: dict[str, Process] = field(default_factory=dict)

    @property
    def origin(self) -> str:
        return f"https://localhost:{self.nginx.port}"

    def start(self, name: str, port: int = 0) -> Process:
        """A process on a machine of its own, so to speak: `web-…` serves, `worker-…` works."""
        place = self.folder / name
        place.mkdir(exist_ok=True)
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("PORTAL_", "STREAMLIT_", "PRACTICE_"))}
        own = {"PORTAL_DATA_DIR": str(place / "data"), "PORTAL_PORT": str(port or 8501)}
        log = place / "log"
        with log.open("ab") as out:
            popen = subprocess.Popen(
                [sys.executable, "-m", "portal", "serve" if name.startswith("web") else "worker"],
                cwd=ROOT,
                env=clean | self.shared | own,
                stdout=out,
                stderr=out,
            )
        self.running[name] = Process(name, popen, port, log)
        return self.running[name]

    def ready(self) -> None:
        """Wait until every process does its work."""

        def up(process: Process) -> bool:
            assert process.popen.poll() is None, process.said.read_text()[-3000:]
            if process.port:
                return answers(f"http://127.0.0.1:{process.port}/readyz")
            return "Worker ready." in process.said.read_text()

        for process in self.running.values():
            until(lambda process=process: up(process), f"{process.name} is ready")

    def by_port(self, port: int) -> Process:
        return next(p for p in self.running.values() if p.port == port)

    def doing(self) -> list[tuple[str, int]]:
        """Which export is run by the process with which id, as the durable engine has it."""
        with self.looking.db.read() as session:
            rows = session.execute(
                text("SELECT workflow_uuid, executor_id FROM dbos.workflow_status WHERE status = 'PENDING'")
            ).all()
        return [(row[0][:32], int(row[1].split("@")[2])) for row in rows if row[1].count("@") == 3]

    def stop(self) -> list[str]:
        """End all in order; gives what did not end well."""
        for process in self.running.values():
            if process.popen.poll() is None:
                process.popen.terminate()
        bad = []
        for process in self.running.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.popen.wait(40)
            if process.popen.poll() is None:
                process.kill()
                bad.append(f"{process.name} did not end")
        return bad


@pytest.fixture(scope="module")
def site(
    tmp_path_factory: pytest.TempPathFactory,
    new_postgres: Callable[[], str],
    new_bucket: Callable[[], str],
    start_shop: Callable[..., AbstractContextManager[Any]],
) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    ports = [free_port(), free_port()]
    (folder / "nginx").mkdir()
    nginx = Nginx(folder / "nginx", free_port(), ports)
    nginx.write()
    shared = {
        "PORTAL_DATABASE_URL": new_postgres(),
        "PORTAL_BLOB_URL": new_bucket(),
        "PORTAL_CHECKPOINT_DIR": new_bucket(),
        "PORTAL_KEYSET_PATH": str(folder / "keys" / "master.keyset.json"),
        "PORTAL_PUBLIC_URL": f"https://localhost:{nginx.port}",
        "PORTAL_TRUSTED_PROXIES": "127.0.0.1",
        "PORTAL_ALLOW_LOOPBACK_HTTP": "1",
        "PORTAL_FETCHES_PER_MERCHANT": "10",
    }
    with start_shop(*SLOW) as shop:
        looking = build_portal(
            Settings(
                mode="practice",
                data_dir=folder / "looking",
                keyset_path=Path(shared["PORTAL_KEYSET_PATH"]),
                database_url=shared["PORTAL_DATABASE_URL"],
                blob_url=shared["PORTAL_BLOB_URL"],
                checkpoint_dir=shared["PORTAL_CHECKPOINT_DIR"],
                demo_password=PASSWORD,  # type: ignore[arg-type]
            )
        )
        seed_practice(looking, int(shop.base.rpartition(":")[2]))
        with looking.db.write() as session:
            for merchant in session.scalars(select(Merchant)):
                merchant.download_hosts = [shop.downloads]
        made = Site(folder, shared, shop, looking, nginx)
        try:
            for number, port in enumerate(ports, start=1):
                made.start(f"web-{number}", port)
                made.start(f"worker-{number}")
            made.ready()
            nginx.start()
            yield made
            assert not made.stop()
        finally:
            for process in made.running.values():
                if process.popen.poll() is None:
                    process.kill()
            nginx.stop()
            looking.stop()


@dataclass
class Front(Demo):
    """The site as the helpers of the browser tests know a portal."""

    @property
    def origin(self) -> str:
        return f"https://localhost:{self.port}"


class SiteDesk(Desk):
    """A person whose browser goes through nginx."""

    nginx: Nginx

    def replica(self) -> int:
        """The port of the replica that answers this browser now."""
        before = len(self.nginx.log.read_text().splitlines()) if self.nginx.log.exists() else 0
        self.page.context.request.get(f"{self.demo.origin}/_stcore/host-config")
        until(lambda: len(self.nginx.log.read_text().splitlines()) > before, "the answer is in the log")
        return self.nginx.answered_by()
