"""The only module that knows httpx and httpcore: one request, one fresh connection, raw bytes back.

Why so bare (SEC-4, SEC-5, SEC-6, SEC-9, measured on httpx 0.28.1 and httpcore 1.0.9):
- ``httpx.Client`` logs whole URLs at INFO, adds headers, keeps cookies and may follow redirects; the transport under it
  does none of that. What is in ``headers`` is all that is sent, with Host and Content-Length.
- ``iter_raw`` never decompresses; every decoding reader of httpx may turn 2 KB into gigabytes.
- ``httpx.HTTPTransport`` takes no network backend, so its ``_pool`` is replaced (a contract test watches it).
- the ``target`` extension sends path and query exactly as checked; httpx would re-quote them.
- a fresh connection for each request: an idle one that the vendor has just closed makes "was it sent?" unanswerable.
"""

import logging
import re
import ssl
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpcore
import httpx

from ..addresses import Address, is_loopback_host
from ..errors import ConnectionLost, LoyaltyDogError, TlsFailed, UnreadableAnswer
from ..file_errors import TooLarge
from .limits import BODY_READ_BYTES, CHUNK_FRAMING_BYTES, HEADER_LIMITS, Deadline
from .line import Line, Resolver
from .proxy import Proxy
from .tls import NoAuthorities, client_context, strict_context

__all__ = ["Answer", "Outgoing", "exchange"]

# At DEBUG httpcore writes request targets and answer headers, which hold personal data and credentials (SEC-9).
for _name in ("httpcore", "httpx"):
    logging.getLogger(_name).setLevel(logging.WARNING)


@dataclass(frozen=True)
class Outgoing:
    """One request, complete. Headers and body hold secrets and stay out of ``repr``."""

    method: str
    address: Address
    headers: Sequence[tuple[str, str]] = field(repr=False)
    body: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Answer:
    """A status line and headers; the body comes through ``chunks`` while the exchange is open."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    line: Line = field(repr=False)
    _response: httpx.Response = field(repr=False)
    _head: "_HeadMeter" = field(repr=False)

    def chunks(self, max_bytes: int) -> Iterator[bytes]:
        """The body as sent, undecoded. Raises TooLarge; ConnectionLost when it ends early; other LoyaltyDogErrors."""
        self.line.byte_limit = self.line.bytes_read + 2 * max_bytes + CHUNK_FRAMING_BYTES
        error: LoyaltyDogError | None = None
        count = 0
        try:
            for chunk in self._response.iter_raw():
                count += len(chunk)
                if count > max_bytes:
                    raise TooLarge(f"more than {max_bytes} bytes", delivery=self.line.delivery())
                yield chunk
        except httpx.HTTPError as trouble:
            error = _translate(trouble, self.line, "body")
        if error is not None:
            raise error

    def exceeds_declared_length(self, wait_seconds: float) -> bool:
        """After ``chunks`` ended: did, or do, bytes follow beyond Content-Length?

        A server that counts characters instead of bytes declares too little, and an HTTP parser then cuts the tail off
        in silence. We asked for the connection to be closed: an honest server ends it at once, others cost the wait.
        """
        declared = self.declared_length
        if declared is None or self._head.size is None:
            return False
        return self.line.bytes_read - self._head.size > declared or self.line.more_follows(wait_seconds)

    @property
    def declared_length(self) -> int | None:
        """Content-Length, unless the body is chunked and the header therefore void."""
        text = self.headers.get("content-length", "")
        if "transfer-encoding" in self.headers or not text.isdigit() or len(text) > 18:
            return None
        return int(text)


@contextmanager
def exchange(
    outgoing: Outgoing,
    deadline: Deadline,
    *,
    allow_loopback: bool,
    resolver: Resolver | None = None,
    ssl_context: ssl.SSLContext | None = None,
    proxy: Proxy | None = None,
) -> Iterator[Answer]:
    """Send one request once, and hand over the answer's head; the connection closes with the block.

    ``allow_loopback`` opens loopback, and nothing else, to hosts written as loopback literals or ``localhost``.
    Raises LoyaltyDogError only; its ``delivery`` says whether a request byte left.
    """
    address = outgoing.address
    loopback_only = allow_loopback and is_loopback_host(address.host)
    line = Line(deadline, resolver=resolver, loopback_only=loopback_only, proxy=proxy)
    try:
        head = _HeadMeter()
        transport = _transport(_Backend(line, head), ssl_context if address.scheme == "https" else None)
        yield _open(transport, outgoing, line, head)
    finally:
        line.close()


def _trusted() -> ssl.SSLContext:
    try:
        return client_context()
    except NoAuthorities as trouble:
        reason = str(trouble)
    raise TlsFailed(
        reason,
        message="The certificate authorities this portal trusts cannot be read, so nothing was sent.",
        next_step="Tell the portal's operator: `python -m portal doctor` says what is wrong.",
    )


def _transport(backend: "_Backend", ssl_context: ssl.SSLContext | None) -> httpx.HTTPTransport:
    context = strict_context(ssl_context) if ssl_context is not None else _trusted()
    transport = httpx.HTTPTransport(verify=context, trust_env=False, retries=0)
    transport._pool = httpcore.ConnectionPool(
        ssl_context=context, max_connections=1, retries=0, network_backend=backend
    )
    return transport


def _open(transport: httpx.HTTPTransport, outgoing: Outgoing, line: Line, head: "_HeadMeter") -> Answer:
    address = outgoing.address
    request = httpx.Request(
        outgoing.method,
        httpx.URL(scheme=address.scheme, host=address.host, port=address.port, path="/"),
        headers=[("Connection", "close"), ("Accept-Encoding", "identity"), *outgoing.headers],
        content=outgoing.body,
        extensions={"target": address.target.encode("ascii")},
    )
    if (
        request.url.host != address.host
        or (request.url.port or {"https": 443, "http": 80}[address.scheme]) != address.port
    ):
        raise UnreadableAnswer("address changed on its way to the wire", delivery="never_sent")
    error: LoyaltyDogError | None = None
    try:
        response = transport.handle_request(request)
    except TooLarge:
        error = UnreadableAnswer("head does not end", delivery=line.delivery())
    except httpx.HTTPError as trouble:
        error = _translate(trouble, line, "head")
    if error is not None:
        raise error
    _check_head(response, line)
    return Answer(response.status_code, response.headers, line, response, head)


def _check_head(response: httpx.Response, line: Line) -> None:
    raw = response.headers.raw
    size = sum(len(name) + len(value) for name, value in raw)
    if len(raw) > HEADER_LIMITS.max_count or size > HEADER_LIMITS.max_bytes:
        raise UnreadableAnswer(
            f"{len(raw)} headers of {size} bytes", status=response.status_code, delivery=line.delivery()
        )


def _translate(trouble: httpx.HTTPError, line: Line, part: str) -> LoyaltyDogError:
    """Translate an exception of httpx into ours. Not chained: the original carries the request and its headers."""
    if line.ended or isinstance(trouble, httpx.NetworkError):
        return ConnectionLost(f"connection closed before the end of the {part}", delivery=line.delivery())
    return UnreadableAnswer(f"{part} is not HTTP ({type(trouble).__name__})", delivery=line.delivery())


class _HeadMeter:
    """Finds where the answer's head ends, by the same rule as h11: a blank line, after any 1xx heads."""

    def __init__(self) -> None:
        self.size: int | None = None  # bytes on the wire up to the first body byte
        self._done = 0
        self._open = bytearray()

    def feed(self, data: bytes) -> None:
        if self.size is not None:
            return
        start = max(len(self._open) - 2, 0)
        self._open += data
        while (blank := _BLANK_LINE.search(self._open, start)) is not None:
            self._done += blank.end()
            if not _INFORMATIONAL.match(self._open):
                self.size = self._done
                self._open.clear()
                return
            del self._open[: blank.end()]
            start = 0


_BLANK_LINE = re.compile(rb"\n\r?\n")
_INFORMATIONAL = re.compile(rb"HTTP/1\.[01] 1")


class _Backend(httpcore.NetworkBackend):
    """Gives httpcore our line, once, and no other way out."""

    def __init__(self, line: Line, head: _HeadMeter) -> None:
        self._line = line
        self._head = head

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        self._line.connect(host, port)
        return _Stream(self._line, self._head)

    def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None
    ) -> httpcore.NetworkStream:
        raise UnreadableAnswer("only TCP connections are made", delivery="never_sent")


class _Stream(httpcore.NetworkStream):
    """httpcore's view of the line. Time-outs asked for here are ignored: the line's deadline rules."""

    def __init__(self, line: Line, head: _HeadMeter) -> None:
        self._line = line
        self._head = head

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        # httpcore asks for 64 KiB at a time; a body comes faster in larger pieces (bench/fetch_throughput.py).
        body = self._head.size is not None
        data = self._line.receive(max(max_bytes, BODY_READ_BYTES) if body else max_bytes)
        self._head.feed(data)
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        try:
            self._line.send(buffer)
        except OSError as trouble:
            # httpcore swallows WriteError and reads on: the vendor may have answered early and closed.
            raise httpcore.WriteError(type(trouble).__name__) from None

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        self._line.start_tls(ssl_context, server_hostname or "")
        return self

    def close(self) -> None:
        """Left to the exchange, which looks for bytes after the end first."""

    def get_extra_info(self, info: str) -> Any:
        return self._line.ssl_object if info == "ssl_object" else None
