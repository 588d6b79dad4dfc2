"""What the transport leans on inside httpx 0.28.1 and httpcore 1.0.9. If one fails, read first."""

import inspect
import logging
import pathlib
import re
import ssl

import httpcore
import httpx
import pytest

import portal.loyaltydog
from portal.loyaltydog.network.tls import strict_context
from portal.loyaltydog.network.transport import _HeadMeter

pytestmark = pytest.mark.keeps("SEC-19")


def test_http_transport_keeps_its_connections_in_pool() -> None:
    transport = httpx.HTTPTransport(trust_env=False)
    assert isinstance(transport._pool, httpcore.ConnectionPool)
    assert "self._pool.handle_request(req)" in inspect.getsource(httpx.HTTPTransport.handle_request)


def test_connection_pool_takes_a_network_backend_and_asks_it_to_connect() -> None:
    class Stop(Exception):
        pass

    class Backend(httpcore.NetworkBackend):
        def connect_tcp(self, host: str, port: int, *rest: object, **named: object) -> httpcore.NetworkStream:
            raise Stop((host, port))

    transport = httpx.HTTPTransport(trust_env=False)
    transport._pool = httpcore.ConnectionPool(network_backend=Backend(), retries=0)
    with pytest.raises(Stop) as caught:
        transport.handle_request(httpx.Request("GET", "https://good.example:8443/"))
    assert caught.value.args == (("good.example", 8443),), "our own exceptions come through unmapped"


def test_target_extension_replaces_path_and_query_on_the_wire() -> None:
    request = httpcore.Request("GET", "https://good.example/x", extensions={"target": b"/a'b?c=%2f"})
    assert request.url.target == b"/a'b?c=%2f"
    assert httpx.URL('https://good.example/?c="').raw_path == b"/?c=%22", "httpx re-quotes, hence the extension"


def test_only_the_transport_imports_the_http_libraries() -> None:
    folder = pathlib.Path(portal.loyaltydog.__file__).parent
    users = {
        path.name
        for path in folder.rglob("*.py")
        if re.search(r"^\s*(import|from) (httpx|httpcore)", path.read_text(), re.M)
    }
    assert users == {"transport.py"}


def test_library_imports_nothing_of_the_portal() -> None:
    folder = pathlib.Path(portal.loyaltydog.__file__).parent
    files = list(folder.rglob("*.py"))
    above = {path: r"\.\.\." if path.parent != folder else r"\.\." for path in files}
    imports = re.compile(r"\s*(from (portal|streamlit)|import (portal|streamlit))")
    assert {path.parent.name for path in files} == {"loyaltydog", "network"}
    for path in files:
        lines = path.read_text().splitlines()
        assert not [line for line in lines if imports.match(line) or re.match(rf"\s*from {above[path]}", line)]


def test_http_libraries_stay_silent_even_at_debug() -> None:
    assert logging.getLogger("httpcore.http11").getEffectiveLevel() >= logging.WARNING
    assert logging.getLogger("httpx").getEffectiveLevel() >= logging.WARNING


@pytest.mark.parametrize("loosened", ["verify_mode", "check_hostname", "minimum_version"])
def test_context_that_checks_less_is_refused(loosened: str) -> None:
    context = ssl.create_default_context()
    if loosened == "minimum_version":
        context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    else:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_REQUIRED if loosened == "check_hostname" else ssl.CERT_NONE
    with pytest.raises(ValueError):
        strict_context(context)


@pytest.mark.parametrize("step", [1, 2, 3, 7, 1000])
def test_head_meter_finds_the_first_body_byte_however_the_bytes_come(step: int) -> None:
    for heads in (
        b"HTTP/1.1 200 OK\r\nA: b\r\n\r\n",
        b"HTTP/1.1 100 C\r\n\r\nHTTP/1.1 103 E\r\nL: x\r\n\r\nHTTP/1.1 200 OK\n\n",
    ):
        meter, wire = _HeadMeter(), heads + b"body\n\nmore"
        for start in range(0, len(wire), step):
            meter.feed(wire[start : start + step])
        assert meter.size == len(heads)


def test_exports_are_sorted_and_complete() -> None:
    names = portal.loyaltydog.__all__
    assert names == sorted(names, key=lambda name: (not name.isupper(), name))
    assert all(hasattr(portal.loyaltydog, name) for name in names)
