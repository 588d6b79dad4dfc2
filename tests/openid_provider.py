"""A real OpenID provider as a process, whose people are whom a test says."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

PATIENCE_SECONDS = 20.0


@contextmanager
def openid_provider() -> Iterator[str]:
    """Its issuer, on another site than the portal's: `localhost` is not `127.0.0.1`."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "oidc_provider_mock", "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f"http://localhost:{port}"
    try:
        _wait_for(f"{url}/.well-known/openid-configuration")
        yield url
    finally:
        process.terminate()
        process.wait(timeout=10)


def _wait_for(address: str) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            httpx.get(address, timeout=2).raise_for_status()
            return
        except httpx.HTTPError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


def says(issuer: str, who: str, email: str, *, verified: bool = True) -> None:
    """What the provider says of somebody from now on."""
    claims = {"email": email, "email_verified": verified}
    httpx.put(f"{issuer}/users/{who}", json=claims).raise_for_status()
