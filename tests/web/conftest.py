"""A real server process (gate, routes, Streamlit) and a raw WebSocket client that speaks Streamlit's protocol."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection, connect

from portal.composition import Portal, build_portal
from portal.config import Settings
from portal.exports.form.request import ExportRequest
from portal.identity.factors.passwords import hash_password
from portal.identity.lookup import digest
from portal.storage.engine import Database
from portal.storage.tables import Account

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "violet-tractor-pond-91"


@dataclass
class Server:
    """A running portal and, beside it, a portal of our own on the same data: another replica."""

    port: int
    replica: Portal
    database: Database
    ids: dict[str, str]
    merchants: dict[str, str]
    exports: dict[str, str] = field(default_factory=dict)
    password: str = PASSWORD

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def cookie(self, who: str) -> str:
        """A live session's cookie value, made by the other replica."""
        return self.replica.sessions.start_session(
            self.ids[who], method="password", address="127.0.0.1", second_factor=False
        )

    def client(self, cookie: str = "", **headers: str) -> httpx.Client:
        sent = {"host": f"127.0.0.1:{self.port}", **{k.replace("_", "-"): v for k, v in headers.items()}}
        client = httpx.Client(base_url=self.origin, headers=sent, timeout=20)
        if cookie:
            client.headers["cookie"] = f"portal_session={cookie}"
        return client


def a_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def free_port() -> int:
    return a_free_port()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder, port = tmp_path_factory.mktemp("portal"), a_free_port()
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PORTAL_", "STREAMLIT_"))}
    places = {"data_dir": folder / "data", "keyset_path": folder / "keys" / "master.keyset.json"}
    environment |= {f"PORTAL_{name.upper()}": str(path) for name, path in places.items()}
    environment |= {"PORTAL_PORT": str(port), "PYTHONPATH": str(ROOT)}
    log = (folder / "server.log").open("wb")
    process = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("serve_for_tests.py"))],
        cwd=folder,
        env=environment,
        stdout=log,
        stderr=subprocess.STDOUT,
    )
    try:
        for _ in range(240):
            if process.poll() is not None:
                break
            try:
                httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=2).raise_for_status()
                break
            except httpx.HTTPError:
                time.sleep(0.25)
        else:
            pytest.fail((folder / "server.log").read_text())
        if process.poll() is not None:
            pytest.fail((folder / "server.log").read_text())
        portal = build_portal(Settings(**places, port=port))
        running = Server(port, portal, portal.db, {}, {})
        seed(running, portal)
        yield running
        portal.stop()
    finally:
        process.terminate()
        process.wait(timeout=30)
        log.close()


def seed(server: Server, portal: Portal) -> None:
    hashed = hash_password(PASSWORD)
    for shop in ("one", "two"):
        merchant = server.merchants[shop] = server.replica.accounts.create_merchant(f"Shop {shop}")
        with server.database.write() as db:
            for who in ("agent", "manager", "auditor"):
                account = Account(merchant_id=merchant, email=f"{who}@{shop}.example", role=who, password_hash=hashed)
                db.add(account)
                server.ids[f"{who}@{shop}"] = account.id
        person = server.replica.accounts.user_for_account(server.ids[f"agent@{shop}"], origin="cli")
        request = ExportRequest(email=SecretStr(f"canary.{shop}@example.com"), format="json")
        server.exports[shop] = portal.submissions.submit(person, request)


@dataclass
class Page:
    """One Streamlit socket. `texts` are what the last run drew with st.text, `errors` with st.error."""

    socket: ClientConnection
    session_id: str = ""
    texts: dict[str, str] = field(default_factory=dict)
    drawn: str = ""

    def rerun(self, *, automatic: bool = False, query: str = "") -> Page:
        """Ask for a run and read until it ends. Raises websockets' ConnectionClosed."""
        message = BackMsg()
        message.rerun_script.query_string = query
        message.rerun_script.is_auto_rerun = automatic
        self.socket.send(message.SerializeToString())
        self.texts, self.drawn = {}, ""
        while True:
            raw = self.socket.recv(timeout=20)
            assert isinstance(raw, bytes)
            answer = ForwardMsg.FromString(raw)
            self._take(answer)
            if answer.WhichOneof("type") == "script_finished":
                return self

    def _take(self, answer: ForwardMsg) -> None:
        self.drawn += str(answer)
        if answer.WhichOneof("type") == "new_session":
            self.session_id = answer.new_session.initialize.session_id
        element = answer.delta.new_element
        if element.WhichOneof("type") == "text":
            name, _, value = element.text.body.partition("=")
            self.texts[name] = value


@pytest.fixture
def open_page(server: Server) -> Callable[..., object]:
    """A context manager factory: `with open_page(cookie=..., resume=..., origin=..., headers=...) as page`."""

    @contextmanager
    def opening(
        cookie: str = "",
        *,
        resume: str = "",
        origin: str | None = "",
        headers: dict[str, str] | None = None,
        path: str = "/_stcore/stream",
        host: str = "",
        source: str = "",
    ) -> Iterator[Page]:
        sent = dict(headers or {})
        if cookie:
            sent["Cookie"] = f"portal_session={cookie}"
        offered = ["streamlit", "no-xsrf-token", *([resume] if resume else [])]
        with connect(
            f"ws://{host or f'127.0.0.1:{server.port}'}{path}",
            sock=socket.create_connection(("127.0.0.1", server.port), source_address=(source, 0) if source else None),
            origin=server.origin if origin == "" else origin,  # type: ignore[arg-type]
            subprotocols=offered,  # type: ignore[arg-type]
            additional_headers=sent,
            max_size=2**24,
        ) as raw:
            yield Page(raw)

    return opening


def ended_because(server: Server, cookie: str) -> str:
    return server.replica.sessions.check_session(digest(cookie), touch=False).ended
