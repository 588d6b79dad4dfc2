"""The allowed values of Host and Origin: our own only."""

from __future__ import annotations

from starlette.datastructures import Headers

from portal.config import Settings


class Authorities:
    """Host and Origin allow-list: the public address, or loopback names with the port."""

    def __init__(self, settings: Settings, ports: tuple[int, ...] = ()) -> None:
        scheme, _, authority = settings.origin.partition("://")
        if settings.public_url:
            hosts = {authority.lower()}
        else:
            names = ("127.0.0.1", "localhost", "[::1]")
            hosts = {f"{name}:{port}" for name in names for port in (settings.port, *ports)}
        self.hosts = frozenset(hosts)
        self.origins = frozenset(f"{scheme}://{host}" for host in hosts)

    def host_ok(self, headers: Headers) -> bool:
        """Exactly one Host, and one of ours (DNS rebinding)."""
        given = headers.getlist("host")
        return len(given) == 1 and given[0].lower() in self.hosts

    def origin_ok(self, headers: Headers) -> bool:
        """Exactly one Origin, and one of ours; Streamlit itself takes a missing one."""
        given = headers.getlist("origin")
        return len(given) == 1 and given[0].lower() in self.origins
