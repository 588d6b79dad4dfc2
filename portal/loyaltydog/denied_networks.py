"""Which network addresses the portal never connects to (SEC-3).

Our own ranges, because ``ipaddress.is_global`` of Python 3.11 calls multicast, 6to4, NAT64-wrapped loopback,
site-local and cloud metadata addresses global. IPv6 is the other way round: only 2000::/3 is open at all, so
compatible, translated, unique local and site-local addresses fall out by themselves. Pure; no I/O.

Source: IANA IPv4 and IPv6 special-purpose address registries; cloud vendors' metadata addresses.
"""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

__all__ = ["deny_reason", "is_loopback"]

_IPV4_DENIED: tuple[tuple[IPv4Network, str], ...] = tuple(
    (IPv4Network(cidr), reason)
    for cidr, reason in (
        ("0.0.0.0/8", "this host"),
        ("10.0.0.0/8", "private network"),
        ("100.64.0.0/10", "carrier network"),  # holds a cloud metadata address, 100.100.100.200
        ("127.0.0.0/8", "loopback"),
        ("168.63.129.16/32", "cloud metadata"),
        ("169.254.0.0/16", "link-local or cloud metadata"),
        ("172.16.0.0/12", "private network"),
        ("192.0.0.0/24", "protocol assignment"),  # holds a cloud metadata address, 192.0.0.192
        ("192.0.2.0/24", "documentation"),
        ("192.31.196.0/24", "AS112 sink"),
        ("192.52.193.0/24", "AMT relay"),
        ("192.88.99.0/24", "6to4 relay"),
        ("192.168.0.0/16", "private network"),
        ("192.175.48.0/24", "AS112 sink"),
        ("198.18.0.0/15", "benchmark network"),
        ("198.51.100.0/24", "documentation"),
        ("203.0.113.0/24", "documentation"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved or broadcast"),
    )
)

_IPV6_GLOBAL = IPv6Network("2000::/3")
_IPV6_DENIED: tuple[tuple[IPv6Network, str], ...] = tuple(
    (IPv6Network(cidr), reason)
    for cidr, reason in (
        ("2001::/23", "protocol assignment or Teredo"),
        ("2001:db8::/32", "documentation"),
        ("2002::/16", "6to4"),
        ("2620:4f:8000::/48", "AS112 sink"),
        ("3ffe::/16", "retired test network"),
        ("3fff::/20", "documentation"),
    )
)
_NAT64 = IPv6Network("64:ff9b::/96")
_ISATAP_MARKS = (0x00005EFE, 0x02005EFE)


def deny_reason(address: str) -> str | None:
    """Why this IP address is not to be connected to, or None when it may be. Text that is no address is denied."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return "not an IP address"
    if isinstance(parsed, IPv4Address):
        return _ipv4_reason(parsed)
    inner = _wrapped_ipv4(parsed)
    if inner is not None:
        return _ipv4_reason(inner)
    if parsed.is_loopback:
        return "loopback"
    if parsed not in _IPV6_GLOBAL:
        return "not a global unicast address"
    if (int(parsed) >> 32) & 0xFFFFFFFF in _ISATAP_MARKS:
        return _ipv4_reason(IPv4Address(int(parsed) & 0xFFFFFFFF))
    return next((reason for network, reason in _IPV6_DENIED if parsed in network), None)


def is_loopback(address: str) -> bool:
    """True for 127.0.0.0/8 and ::1, also when mapped into IPv6."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is not None:
        return parsed.ipv4_mapped.is_loopback
    return parsed.is_loopback


def _ipv4_reason(address: IPv4Address) -> str | None:
    return next((reason for network, reason in _IPV4_DENIED if address in network), None)


def _wrapped_ipv4(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address a mapped or well-known NAT64 address leads to; all other wrappings are denied whole."""
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return None
