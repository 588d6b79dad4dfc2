"""The visitor behind one request or socket, as the gate found them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network

from starlette.datastructures import Headers
from starlette.types import Scope

from portal.config import Settings
from portal.identity import User
from portal.language import ENGLISH

VISIT_KEY = "portal.visit"
UNKNOWN_ADDRESS = "unknown"


@dataclass(frozen=True)
class Visit:
    """`browser` is the hash of the nonce cookie (empty: none), `session_value` the session cookie as sent,
    `flow` the sealed state of a running single sign-on, `language` the code of the language pages are drawn in,
    `recipient` the cookie of a link's page that was opened with its code, `asker` that of a person's own page."""

    user: User | None
    ended: str
    browser: str
    address: str
    session_value: str
    flow: str = ""
    language: str = ENGLISH
    recipient: str = ""
    asker: str = ""


def visit_of(scope: Scope) -> Visit:
    """The visit that the gate put into the scope. A missing one is a programming error and raises KeyError."""
    found = scope[VISIT_KEY]
    assert isinstance(found, Visit)
    return found


def browser_hash(nonce: str) -> str:
    """What tickets are bound to; empty for no nonce."""
    return hashlib.sha256(f"browser:{nonce}".encode("utf-8", "surrogatepass")).hexdigest() if nonce else ""


class Addresses:
    """The client's address; X-Forwarded-For is believed only from a trusted proxy (SEC-37)."""

    def __init__(self, settings: Settings) -> None:
        names = [part.strip() for part in settings.trusted_proxies.split(",") if part.strip()]
        self._trusted = [ip_network(name, strict=False) for name in names]

    def _is_proxy(self, address: str) -> bool:
        try:
            parsed = ip_address(address)
        except ValueError:
            return False
        return any(parsed in network for network in self._trusted)

    def of(self, scope: Scope, headers: Headers) -> str:
        """The nearest address that is no proxy of ours; IPv6 as its /64, the unit one subscriber holds."""
        client = scope.get("client")
        address = str(client[0]) if client else UNKNOWN_ADDRESS
        hops = [h.strip() for line in headers.getlist("x-forwarded-for") for h in line.split(",")]
        while self._is_proxy(address) and hops:
            address = hops.pop()
        try:
            parsed = ip_address(address)
        except ValueError:
            return UNKNOWN_ADDRESS
        if isinstance(parsed, IPv6Address):
            if parsed.ipv4_mapped is not None:
                return str(parsed.ipv4_mapped)
            return str(ip_network(f"{parsed}/64", strict=False).network_address) + "/64"
        return str(parsed)
