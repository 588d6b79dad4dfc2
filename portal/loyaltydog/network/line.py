"""The pinned, timed line under one exchange: resolver, connection, TLS, bytes.

Rules kept (SEC-2, SEC-3, SEC-7, SEC-19):
- the name is resolved once, every answer must be allowed, and the connection goes to a checked answer;
- one total deadline covers resolver, connection, TLS, every read and every write;
- behind a proxy the same address is asked of it, by number; its name and answer stand under the same deadline;
- bytes are counted as they arrive; whether a request byte left is remembered, so that "never sent" is proof;
- a TLS stream that ends without its closing alert is an error, not an end.
No HTTP here: ``transport`` puts httpcore on top.
"""

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Sequence

from ..denied_networks import deny_reason, is_loopback
from ..errors import ConnectionLost, Delivery, LoyaltyDogError, NoConnection, TimedOut, TlsFailed
from ..file_errors import AddressRefused, TooLarge, TooSlow
from .limits import HEAD_WIRE_BYTES, Deadline
from .proxy import Proxy, ProxyRefused, ask_for_tunnel

__all__ = ["Line", "Resolver", "system_resolver"]

Resolver = Callable[[str, int], Sequence[str]]
"""(host, port) -> IP addresses as text. May block and may raise OSError."""


def system_resolver(host: str, port: int) -> list[str]:
    """The operating system's answer, in its order of preference."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def _first_that_answers(addresses: Sequence[str], port: int, left: Callable[[], float]) -> socket.socket:
    """Raises the last one's OSError."""
    *others, last = addresses
    for address in others:
        with contextlib.suppress(OSError):
            return socket.create_connection((address, port), timeout=left())
    return socket.create_connection((last, port), timeout=left())


def _is_cut_off(trouble: ssl.SSLError) -> bool:
    """The other side is gone. Python 3.11.2 tells OpenSSL 3.0's unexpected end by its reason alone."""
    return (
        isinstance(trouble, ssl.SSLEOFError | ssl.SSLZeroReturnError)
        or trouble.reason == "UNEXPECTED_EOF_WHILE_READING"
    )


class Line:
    """One connection and what is known about it. Not for sharing between threads or exchanges."""

    def __init__(
        self, deadline: Deadline, *, resolver: Resolver | None, loopback_only: bool, proxy: Proxy | None = None
    ) -> None:
        self.deadline = deadline
        self.request_started = False
        self.ended = False  # the other side closed
        self.bytes_read = 0
        self.byte_limit = HEAD_WIRE_BYTES
        self.waited = 0.0  # seconds spent waiting for bytes, our own time between reads left out
        self.patience: float | None = None  # how much ``waited`` may grow before the body counts as too slow
        self._resolver = resolver or system_resolver
        self._loopback_only = loopback_only
        self._proxy = None if loopback_only else proxy
        self._socket: socket.socket | None = None

    def connect(self, host: str, port: int) -> None:
        """Resolve, check and connect. Raises NoConnection, TimedOut, AddressRefused; nothing was sent then."""
        addresses = self._checked(host, self._resolve(host, port))
        for position, address in enumerate(addresses):
            share = self._left() / (len(addresses) - position)
            try:
                if self._proxy is None:
                    self._socket = socket.create_connection((address, port), timeout=share)
                else:
                    self._tunnel(self._proxy, address, port, Deadline(share))
                self._connected().setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                return
            except TimeoutError:
                reason = "connection attempt timed out"
            except ProxyRefused as trouble:
                reason = str(trouble)
                if trouble.final:
                    break
            except OSError as trouble:
                reason = f"connection failed ({trouble.strerror or type(trouble).__name__})"
            self.close()
        if self._proxy is None:
            self._left()
            raise NoConnection(f"{host}: {reason}", delivery="never_sent")
        raise NoConnection(
            f"{host} through the proxy: {reason}",
            message="The proxy between this portal and LoyaltyDog gave no way through, so nothing was sent.",
            next_step="Tell the portal's operator to look at PORTAL_HTTPS_PROXY and at the proxy's rules.",
            turn="manager",
            delivery="never_sent",
        )

    def _tunnel(self, proxy: Proxy, address: str, port: int, share: Deadline) -> None:
        """A connection to the proxy, which leads to the checked address from then on."""

        def left() -> float:
            if share.left() <= 0:
                raise TimeoutError
            return min(share.left(), self._left())

        try:
            places = self._resolve(proxy.host, proxy.port)
        except NoConnection:
            raise ProxyRefused("the proxy's name is not resolved", final=True) from None
        self._socket = _first_that_answers(places, proxy.port, left)
        ask_for_tunnel(self._socket, proxy, address, port, left)

    def start_tls(self, context: ssl.SSLContext, host: str) -> None:
        """Handshake, with the name checked against the certificate. Raises TlsFailed, NoConnection, TimedOut."""
        plain = self._connected()
        plain.settimeout(self._left())
        try:
            self._socket = context.wrap_socket(plain, server_hostname=host, suppress_ragged_eofs=False)
            return
        except ssl.SSLCertVerificationError as trouble:
            error: LoyaltyDogError = TlsFailed(f"{host}: certificate refused ({trouble.verify_message})")
        except TimeoutError:
            error = TimedOut(f"{host}: TLS handshake timed out", delivery="never_sent")
        except ssl.SSLError as trouble:
            if _is_cut_off(trouble):
                error = NoConnection(f"{host}: cut off during TLS", delivery="never_sent")
            else:
                error = TlsFailed(f"{host}: TLS failed ({trouble.reason or 'unexpected end'})")
        except (OSError, ValueError) as trouble:
            error = NoConnection(f"{host}: cut off during TLS ({type(trouble).__name__})", delivery="never_sent")
        raise error

    def send(self, data: bytes) -> None:
        """Send everything. Raises TimedOut, or OSError when the other side stopped listening."""
        line = self._connected()
        while data:
            line.settimeout(self._left())
            self.request_started = True
            try:
                data = data[line.send(data) :]
            except TimeoutError:
                self._left()

    def receive(self, max_bytes: int) -> bytes:
        """Some bytes, or none at a clean end. Raises TimedOut, TooSlow, TooLarge, ConnectionLost."""
        allowed, slow = self._wait_allowed()
        line = self._connected()
        line.settimeout(allowed)
        began = time.monotonic()
        failure: str | None = None
        data = b""
        try:
            data = line.recv(max_bytes)
        except TimeoutError:
            if slow:
                raise TooSlow(f"{self.bytes_read} bytes in {self.waited + allowed:.0f} s of waiting") from None
            raise TimedOut("total deadline is over", delivery=self.delivery()) from None
        except OSError as trouble:
            self.ended = True
            failure = f"connection cut ({trouble.strerror or type(trouble).__name__})"
        self.waited += time.monotonic() - began
        if failure is not None:
            raise ConnectionLost(failure, delivery=self.delivery())
        self.ended = self.ended or not data
        self.bytes_read += len(data)
        if self.bytes_read > self.byte_limit:
            raise TooLarge(f"more than {self.byte_limit} bytes on the wire", delivery=self.delivery())
        return data

    def more_follows(self, seconds: float) -> bool:
        """Whether bytes arrive after what should have been the end; waits ``seconds`` at most for the close."""
        if self.ended or self._socket is None:
            return False
        try:
            self._socket.settimeout(max(min(seconds, self.deadline.left()), 0.001))
            return bool(self._socket.recv(1))
        except OSError:
            return False

    def delivery(self) -> Delivery:
        """``never_sent`` is proof; anything after the first request byte is unknown."""
        return "unknown" if self.request_started else "never_sent"

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()

    @property
    def ssl_object(self) -> ssl.SSLSocket | None:
        return self._socket if isinstance(self._socket, ssl.SSLSocket) else None

    def _connected(self) -> socket.socket:
        if self._socket is None:
            raise RuntimeError("line is not connected")
        return self._socket

    def _left(self) -> float:
        left = self.deadline.left()
        if left <= 0:
            raise TimedOut("total deadline is over", delivery=self.delivery())
        return left

    def _wait_allowed(self) -> tuple[float, bool]:
        left = self._left()
        if self.patience is None:
            return left, False
        patience = self.patience - self.waited
        if patience <= 0:
            raise TooSlow(f"{self.bytes_read} bytes in {self.waited:.0f} s of waiting")
        return min(left, patience), patience < left

    def _resolve(self, host: str, port: int) -> list[str]:
        """Call the resolver once, in a thread: it cannot be interrupted, but the wait for it can."""
        if ":" in host or host.rpartition(".")[2].isdigit():
            return [host]
        answer: list[str] = []
        trouble: list[str] = []

        def ask() -> None:
            try:
                answer.extend(str(address) for address in self._resolver(host, port))
            except Exception as error:
                trouble.append(type(error).__name__)

        thread = threading.Thread(target=ask, name="resolve", daemon=True)
        thread.start()
        thread.join(self._left())
        if thread.is_alive():
            raise TimedOut(f"{host}: name not resolved in time", delivery="never_sent")
        if trouble or not answer:
            raise NoConnection(
                f"{host}: name not resolved ({trouble[0] if trouble else 'no address'})", delivery="never_sent"
            )
        return list(answer)

    def _checked(self, host: str, addresses: list[str]) -> list[str]:
        for address in addresses:
            loopback_reason = None if is_loopback(address) else "not loopback"
            reason = loopback_reason if self._loopback_only else deny_reason(address)
            if reason is not None:
                raise AddressRefused(
                    f"{host} leads to a refused address ({reason})",
                    message="The server's name leads into a private or special network, so nothing was sent.",
                )
        return addresses
