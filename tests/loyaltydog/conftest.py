"""A small raw server, scripted per test: what goes over the wire is exactly what the test writes."""

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
import trustme

from portal.loyaltydog import Connection, FetchPolicy

Script = Callable[[socket.socket], None]


@dataclass
class ScriptedServer:
    """Listens on loopback, reads one request a connection, then lets the script answer."""

    script: Script
    tls: ssl.SSLContext | None = None
    host: str = "127.0.0.1"
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0

    def __post_init__(self) -> None:
        self._listener = socket.create_server((self.host, 0))
        self.port: int = self._listener.getsockname()[1]
        self._closing = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def base_url(self) -> str:
        return f"{'https' if self.tls else 'http'}://{self.host}:{self.port}"

    def _accept(self) -> None:
        while not self._closing.is_set():
            try:
                plain, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._talk, args=(plain,), daemon=True).start()

    def _talk(self, plain: socket.socket) -> None:
        plain.settimeout(10)
        try:
            line = self.tls.wrap_socket(plain, server_side=True) if self.tls else plain
            with line:
                request = read_request(line)
                if request:
                    self.requests.append(request)
                    self.script(line)
        except OSError:
            plain.close()

    def close(self) -> None:
        self._closing.set()
        self._listener.close()


def read_request(line: socket.socket) -> bytes:
    """Head and declared body of one request, or what came before the other side gave up."""
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = line.recv(65536)
        if not chunk:
            return data
        data += chunk
    head, _, body = data.partition(b"\r\n\r\n")
    length = next(
        (int(row.split(b":")[1]) for row in head.split(b"\r\n") if row.lower().startswith(b"content-length:")), 0
    )
    while len(body) < length:
        chunk = line.recv(65536)
        if not chunk:
            break
        body += chunk
        data += chunk
    return data


@pytest.fixture
def serve() -> Iterator[Callable[..., ScriptedServer]]:
    """Start a server from a script (a callable on the socket) or from the exact bytes of its one answer."""
    started: list[ScriptedServer] = []

    def start(script: Script | bytes, **options: object) -> ScriptedServer:
        act = script if callable(script) else lambda line: line.sendall(script)
        server = ScriptedServer(act, **options)  # type: ignore[arg-type]
        started.append(server)
        return server

    yield start
    for server in started:
        server.close()


@pytest.fixture(scope="session")
def http() -> Callable[..., bytes]:
    """The bytes of an answer: status, body (dict or list as JSON), extra headers."""

    def build(status: int, body: object = b"", **headers: str) -> bytes:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        rows = {"Content-Type": "application/json", "Content-Length": str(len(raw))}
        rows |= {name.replace("_", "-"): value for name, value in headers.items()}
        head = "".join(f"{name}: {value}\r\n" for name, value in rows.items() if value)
        return f"HTTP/1.1 {status} Some Reason\r\n{head}\r\n".encode() + raw

    return build


@pytest.fixture(scope="session")
def connect() -> Callable[..., Connection]:
    """A connection to a scripted server."""

    def build(server: ScriptedServer, **options: object) -> Connection:
        settings: dict[str, object] = {"allow_loopback_http": True, "timeout_seconds": 5.0} | options
        return Connection(server.base_url, "token-canary-1", **settings)  # type: ignore[arg-type]

    return build


@pytest.fixture(scope="session")
def policy_for() -> Callable[..., FetchPolicy]:
    """A fetch policy whose API is a scripted server."""

    def build(server: ScriptedServer, **options: object) -> FetchPolicy:
        settings: dict[str, object] = {"allow_loopback_http": True, "deadline_seconds": 5.0} | options
        return FetchPolicy(server.base_url, **settings)  # type: ignore[arg-type]

    return build


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="session")
def trusting(authority: trustme.CA) -> ssl.SSLContext:
    """A client context that trusts the test authority and nobody else."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    authority.configure_trust(context)
    return context


@pytest.fixture(scope="session")
def serving_as(authority: trustme.CA) -> Callable[..., ssl.SSLContext]:
    """A server context with a certificate for the given names."""

    def build(*names: str, ca: trustme.CA | None = None, **options: object) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        (ca or authority).issue_cert(*names, **options).configure_cert(context)  # type: ignore[arg-type]
        return context

    return build


@pytest.fixture(scope="session")
def export_body() -> dict[str, str]:
    """A documented answer to an export request."""
    return {
        "exportId": "exp-1",
        "downloadUrl": "/v2/giftcards/gdpr/download?exportId=exp-1",
        "format": "json",
        "requestedAt": "2026-11-23T10:00:00Z",
        "expiresAt": "2026-11-24T10:00:00Z",
        "status": "completed",
    }
