"""A vendor that misbehaves on purpose, behind TLS with its own authority, and a proxy that cuts the line."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
import trustme

Play = Callable[[socket.socket], None]


@dataclass
class HostileVendor:
    """Plays the misbehaviour that was set before the call, and keeps every complete request.

    ``file_play``, when set, answers the GETs.
    """

    tls: ssl.SSLContext | None
    play: Play = field(default=lambda line: None)
    file_play: Play | None = None
    requests: list[bytes] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def base_url(self) -> str:
        return f"{'https' if self.tls else 'http'}://localhost:{self.port}"

    @property
    def posts(self) -> int:
        return self.count(b"POST ")

    def count(self, start: bytes) -> int:
        return sum(request.startswith(start) for request in list(self.requests))

    def _accept(self) -> None:
        while True:
            try:
                plain, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=(plain,), daemon=True).start()

    def _talk(self, plain: socket.socket) -> None:
        plain.settimeout(10)
        try:
            with self.tls.wrap_socket(plain, server_side=True) if self.tls else plain as line:
                request = _whole_request(line)
                if request is not None:
                    self.requests.append(request)
                    play = self.file_play if self.file_play and request.startswith(b"GET ") else self.play
                    play(line)
        except OSError:
            plain.close()

    def close(self) -> None:
        self.released.set()
        self._listener.close()


def _whole_request(line: socket.socket) -> bytes | None:
    """One request, or None when it did not arrive whole."""
    data = b""
    while (end := data.find(b"\r\n\r\n")) < 0 or len(data) < end + 4 + _declared(data[:end]):
        chunk = line.recv(65536)
        if not chunk:
            return None
        data += chunk
    return data


def _declared(head: bytes) -> int:
    rows = (row.partition(b":") for row in head.lower().split(b"\r\n"))
    return next((int(value) for name, _, value in rows if name == b"content-length"), 0)


@dataclass
class CuttingProxy:
    """Passes bytes on until ``limit`` of one direction have gone through, then cuts both sides."""

    upstream: int
    direction: str = "request"
    limit: int = 0
    seen: dict[str, int] = field(default_factory=lambda: {"request": 0, "answer": 0})

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            far = socket.create_connection(("127.0.0.1", self.upstream))
            for line in (near, far):
                line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for name, source, target in (("request", near, far), ("answer", far, near)):
                limit = self.limit if name == self.direction else None
                threading.Thread(target=self._pump, args=(name, source, target, limit), daemon=True).start()

    def _pump(self, name: str, source: socket.socket, target: socket.socket, limit: int | None) -> None:
        count = 0
        try:
            while limit is None or count < limit:
                data = source.recv(65536 if limit is None else limit - count)
                if not data:
                    break
                target.sendall(data)
                count += len(data)
        except OSError:
            pass
        self.seen[name] = max(self.seen[name], count)
        for line in (source, target):
            try:
                line.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue

    def close(self) -> None:
        self._listener.close()


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="session")
def trusting(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    authority.configure_trust(context)
    return context


@pytest.fixture(scope="session")
def localhost_tls(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    return context


@pytest.fixture(scope="session")
def hostile_vendor() -> type[HostileVendor]:
    """To start one of one's own."""
    return HostileVendor


@pytest.fixture
def vendor(localhost_tls: ssl.SSLContext) -> Iterator[HostileVendor]:
    hostile = HostileVendor(localhost_tls)
    yield hostile
    hostile.close()


@pytest.fixture
def plain_vendor() -> Iterator[HostileVendor]:
    hostile = HostileVendor(None)
    yield hostile
    hostile.close()


@pytest.fixture
def cutting() -> Iterator[Callable[[int], CuttingProxy]]:
    """Start a cutting proxy in front of a port."""
    started: list[CuttingProxy] = []

    def start(upstream: int) -> CuttingProxy:
        started.append(CuttingProxy(upstream))
        return started[-1]

    yield start
    for proxy in started:
        proxy.close()
