"""Reading web addresses strictly: one way to write each, everything else refused (SEC-1). Pure; no I/O.

URL parsers disagree on backslashes, percent signs, user info, short IPv4 forms and letters that look alike; each
disagreement is a way past a host list. An address that any parser could read differently is therefore not read at all.
"""

import re
from dataclasses import dataclass, field
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from urllib.parse import urljoin

from .denied_networks import is_loopback
from .file_errors import AddressRefused, LinkMissing

__all__ = [
    "Address",
    "is_loopback_host",
    "normalise_base_url",
    "parse_address",
    "parse_host_entry",
    "refused",
    "resolve_address",
    "resolve_redirect",
]

MAX_ADDRESS_CHARS = 8192
"""Links presigned with a session token take over 2,000 characters (aws-sdk-java-v2 #4014)."""
_DEFAULT_PORTS = {"https": 443, "http": 80}
# An underscore is no host name's (RFC 1123), and stands in names of old S3 and GCS buckets (minio #13025).
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?", re.ASCII)
_PORT = re.compile(r"[1-9][0-9]{0,4}", re.ASCII)
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):", re.ASCII)
_NUMERIC_LABEL = re.compile(r"[0-9]+|0x[0-9a-f]*", re.ASCII)
_WHITE_SPACE = " \t\r\n\f\v"
_BASE_PATHS = ("", "/", "/v2", "/v2/", "/api", "/api/", "/api/v2", "/api/v2/")


@dataclass(frozen=True)
class Address:
    """One address, taken apart. ``target`` is path and query exactly as they go on the wire; it may be a credential."""

    scheme: str
    host: str
    port: int
    target: str = field(repr=False)

    @property
    def origin(self) -> tuple[str, str, int]:
        return self.scheme, self.host, self.port

    @property
    def authority(self) -> str:
        """``host`` or ``host:port``, brackets around IPv6, the scheme's own port left out."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"


def refused(detail: str, reason: str) -> AddressRefused:
    """The error for an address that is not opened; the person reads `reason` behind its sentence."""
    return AddressRefused(detail, message=f"{AddressRefused.message} {reason}")


def parse_address(text: str, *, allow_loopback_http: bool = False) -> Address:
    """Read an absolute address: https, or http to a loopback host when allowed. Raises AddressRefused."""
    if len(text) > MAX_ADDRESS_CHARS:
        raise refused(
            f"address longer than {MAX_ADDRESS_CHARS} characters", f"It is longer than {MAX_ADDRESS_CHARS} characters."
        )
    if any(not "\x21" <= char <= "\x7e" for char in text):
        raise refused(
            "address holds a space, a control character or a character outside ASCII",
            "It holds a space, a control character or a letter outside ASCII.",
        )
    if "\\" in text:
        raise refused("address holds a backslash", "It holds a backslash.")
    if "#" in text:
        raise refused("address holds a fragment", "It holds a # sign.")
    scheme, separator, rest = text.partition("://")
    scheme = scheme.lower()
    if not separator or scheme not in _DEFAULT_PORTS:
        raise refused("address is not https", "It does not begin with https.")
    cut = re.search(r"[/?]", rest)
    authority, target = (rest, "/") if cut is None else (rest[: cut.start()], rest[cut.start() :])
    host, port = _split_authority(authority)
    if scheme == "http" and not (allow_loopback_http and is_loopback_host(host)):
        raise refused("address is not https", "It does not begin with https.")
    if target.startswith("?"):
        target = "/" + target
    if any(part in (".", "..") for part in target.partition("?")[0].split("/")):
        raise refused("address path climbs", "Its path holds . or .. as a part.")
    return Address(scheme, host, port if port is not None else _DEFAULT_PORTS[scheme], target)


def resolve_address(text: str, base_url: str, *, allow_loopback_http: bool = False) -> Address:
    """Read an absolute address, or one relative to the API's base URL. Raises AddressRefused.

    White space around it is stripped.
    """
    text = text.strip(_WHITE_SPACE)
    if text.startswith("//"):
        text = base_url.partition("//")[0] + text
    elif not _SCHEME.match(text):
        if not text:
            raise LinkMissing("address is empty")
        if text[0] in "?#":
            raise refused("address has no path", "It has no path.")
        text = base_url + ("" if text.startswith("/") else "/") + text
    return parse_address(text, allow_loopback_http=allow_loopback_http)


def resolve_redirect(location: str, current: Address, *, allow_loopback_http: bool = False) -> Address:
    """Read a Location header, relative to the address that sent it (RFC 9110, 10.2.2). Raises AddressRefused."""
    location = location.strip(_WHITE_SPACE)
    base = f"{current.scheme}://{current.authority}"
    if location and not location.startswith("/") and not _SCHEME.match(location):
        # urljoin sees path and query only: so the host stays the checked one.
        location = urljoin(f"http://host{current.target}", location).removeprefix("http://host")
    return resolve_address(location, base, allow_loopback_http=allow_loopback_http)


def normalise_base_url(text: str, *, allow_loopback_http: bool = False) -> str:
    """``scheme://host[:port]`` of the API, from any of the documented forms. Raises AddressRefused.

    The vendor's sources disagree on https://host, https://host/v2 and https://host/api/v2; calls always go to /v2/...
    """
    address = parse_address(text.strip(), allow_loopback_http=allow_loopback_http)
    if address.target not in _BASE_PATHS:
        raise AddressRefused(
            "base URL has a path other than /v2 or /api/v2",
            message="The API address has a path this portal does not know.",
            next_step="Enter the address like https://api.loyalty.dog",
        )
    return f"{address.scheme}://{address.authority}"


def parse_host_entry(text: str) -> tuple[str, int | None]:
    """Read one line of the download host list: ``host`` or ``host:port``. Raises ValueError."""
    try:
        return _split_authority(text)
    except AddressRefused as refusal:
        reason = refusal.detail
    raise ValueError(f"not a host or host:port: {reason}")


def is_loopback_host(host: str) -> bool:
    """True for ``localhost`` and loopback literals; a name that merely resolves to loopback is none."""
    return host == "localhost" or is_loopback(host)


def _split_authority(authority: str) -> tuple[str, int | None]:
    if "@" in authority:
        raise refused("address holds user information", "It holds a user name.")
    if "%" in authority:
        raise refused("address holds a percent sign in its host", "It holds a percent sign in its host name.")
    if authority.startswith("["):
        literal, bracket, tail = authority[1:].partition("]")
        if not bracket or (tail and not tail.startswith(":")):
            raise refused("address has a malformed IPv6 host", "Its host name is malformed.")
        return _ipv6(literal), _port(tail[1:]) if tail else None
    host, colon, port = authority.partition(":")
    return _name(host.lower()), _port(port) if colon else None


def _port(text: str) -> int:
    if not _PORT.fullmatch(text) or int(text) > 65535:
        raise refused("address has a malformed port", "Its port is malformed.")
    return int(text)


def _ipv6(literal: str) -> str:
    try:
        return str(IPv6Address(literal))
    except AddressValueError:
        pass
    raise refused("address has a malformed IPv6 host", "Its host name is malformed.")


def _name(host: str) -> str:
    labels = host.split(".")
    if len(host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise refused("address has a malformed host name", "Its host name is malformed.")
    if _NUMERIC_LABEL.fullmatch(labels[-1]) and not _is_plain_ipv4(host):
        # 127.1, 2130706433, 0x7f.1 and 0177.0.0.1 all reach loopback through the system's resolver.
        raise refused("address has a number as host", "Its host is a short or odd way to write an IP address.")
    return host


def _is_plain_ipv4(host: str) -> bool:
    try:
        return str(IPv4Address(host)) == host
    except AddressValueError:
        return False
