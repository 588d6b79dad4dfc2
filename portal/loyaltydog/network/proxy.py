"""A proxy on the way out, asked for a tunnel to a checked address (SEC-2, SEC-3, SEC-5).

The portal resolves and checks the name itself and asks the proxy for that very address (``CONNECT 198.51.100.7:443``),
so a proxy changes nothing about where a connection may lead. TLS runs through the tunnel to the server's own
certificate: the proxy sees the address, the server's name in the handshake and how much is sent, nothing else.
"""

import base64
import re
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import unquote

from ..addresses import parse_host_entry

__all__ = ["Proxy", "ProxyRefused", "ask_for_tunnel", "read_proxy"]

MAX_ANSWER_BYTES = 16 * 1024
_FORM = re.compile(r"http://(?:([^@/\s]*)@)?([^@/?#\s]+)/?", re.IGNORECASE | re.ASCII)
_STATUS = re.compile(rb"HTTP/1\.[01] ([0-9]{3})(?: |\r?\n)")


class ProxyRefused(Exception):
    """The proxy answered with no tunnel; ``str`` is for the log. ``final``: another address would not help."""

    def __init__(self, reason: str, *, final: bool) -> None:
        super().__init__(reason)
        self.final = final


@dataclass(frozen=True)
class Proxy:
    """Where it listens; ``login`` is ``user:password`` or empty."""

    host: str
    port: int
    login: str = field(default="", repr=False)


def read_proxy(text: str) -> Proxy:
    """Read ``http://[user:password@]host:port``. Raises ValueError without quoting it."""
    found = _FORM.fullmatch(text.strip())
    if found is None:
        raise ValueError("not of the form http://host:port or http://user:password@host:port")
    host, port = parse_host_entry(found[2])
    if port is None:
        raise ValueError("the proxy's port is missing")
    login = unquote(found[1] or "")
    if login and (":" not in login or any(ord(char) < 0x20 or ord(char) == 0x7F for char in login)):
        raise ValueError("user and password must be user:password, special characters as %XX")
    return Proxy(host, port, login)


def ask_for_tunnel(line: socket.socket, proxy: Proxy, address: str, port: int, left: Callable[[], float]) -> None:
    """From then on what is written to ``line`` reaches ``address``. Raises ProxyRefused, OSError and as ``left``."""
    place = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
    head = f"CONNECT {place} HTTP/1.1\r\nHost: {place}\r\n"
    if proxy.login:
        head += f"Proxy-Authorization: Basic {base64.b64encode(proxy.login.encode()).decode()}\r\n"
    line.settimeout(left())
    line.sendall(f"{head}\r\n".encode("ascii"))
    answer = bytearray()
    while b"\n\r\n" not in answer and b"\n\n" not in answer:
        line.settimeout(left())
        data = line.recv(1)  # byte by byte: what follows the blank line is TLS's
        if not data:
            raise ProxyRefused("proxy closed the connection", final=False)
        answer += data
        if len(answer) > MAX_ANSWER_BYTES:
            raise ProxyRefused("proxy's answer does not end", final=True)
    status = _STATUS.match(answer)
    if status is None:
        raise ProxyRefused("proxy does not speak HTTP", final=True)
    if not 200 <= int(status[1]) < 300:
        raise ProxyRefused(f"proxy answered {int(status[1])}", final=int(status[1]) < 500)
