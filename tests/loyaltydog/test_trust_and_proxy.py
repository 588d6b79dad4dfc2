"""Whom the portal trusts, and how it goes out through a proxy of its own: by the checked address."""

import re
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import certifi
import pytest
import trustme

from portal.loyaltydog import (
    AddressRefused,
    Connection,
    FetchPolicy,
    LoyaltyDog,
    NoConnection,
    Proxy,
    TlsFailed,
    fetch_file,
    read_proxy,
)
from portal.loyaltydog.network.tls import client_context
from tests.tunnels import Tunnels

USER = {"id": "u1", "email": "owner@example.com"}
PUBLIC = "93.184.215.14"
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def tunnels() -> Iterator[Callable[..., Tunnels]]:
    made: list[Tunnels] = []

    def build(to: int, **options: Any) -> Tunnels:
        made.append(Tunnels(to, **options))
        return made[-1]

    yield build
    for one in made:
        one.close()


def behind(proxy: Proxy, trusting: ssl.SSLContext, leads_to: str = PUBLIC, token: str = "canary-token") -> LoyaltyDog:
    connection = Connection("https://api.example.com", token, proxy=proxy, timeout_seconds=5)
    return LoyaltyDog(
        connection, ssl_context=trusting, resolver=lambda host, port: [leads_to], sleep=lambda seconds: None
    )


@pytest.mark.keeps("SEC-2", "SEC-19")
@pytest.mark.parametrize("login", ["", "shop:geh%20heim"])
def test_call_goes_through_the_proxy_to_the_checked_address_and_to_the_named_server(
    serve: Any, http: Any, serving_as: Any, trusting: Any, tunnels: Any, login: str
) -> None:
    server = serve(http(200, USER), tls=serving_as("api.example.com"))
    proxy = tunnels(server.port)
    text = f"http://{login}@127.0.0.1:{proxy.port}" if login else f"http://127.0.0.1:{proxy.port}"
    assert behind(read_proxy(text), trusting).whoami().id == "u1"
    (head,) = proxy.heard
    assert head.startswith(f"CONNECT {PUBLIC}:443 HTTP/1.1\r\n".encode()), (
        "by the address that was checked, not by name"
    )
    assert b"canary-token" not in head and b"api.example.com" not in head
    assert (b"Proxy-Authorization: Basic c2hvcDpnZWggaGVpbQ==" in head) == bool(login)
    assert b"Proxy-Authorization" not in server.requests[0]


@pytest.mark.keeps("SEC-19")
def test_proxy_that_leads_elsewhere_gets_no_request(
    serve: Any, http: Any, serving_as: Any, trusting: Any, tunnels: Any
) -> None:
    server = serve(http(200, USER), tls=serving_as("somewhere.else.example"))
    with pytest.raises(TlsFailed):
        behind(Proxy("127.0.0.1", tunnels(server.port).port), trusting).whoami()
    assert server.requests == []


@pytest.mark.keeps("SEC-3")
@pytest.mark.parametrize("address", ["10.0.0.8", "169.254.169.254", "127.0.0.1", "::1"])
def test_proxy_is_not_asked_for_an_address_the_portal_itself_would_refuse(
    serve: Any, http: Any, trusting: Any, tunnels: Any, address: str
) -> None:
    proxy = tunnels(1)
    with pytest.raises(AddressRefused):
        behind(Proxy("127.0.0.1", proxy.port), trusting, address).whoami()
    assert proxy.heard == []


@pytest.mark.parametrize(
    "reply",
    [
        b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n",
        b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 502 Bad Gateway\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
        b"",
        b"HTTP/1.1 403 " + b"a" * 100_000,
    ],
    ids=["407", "403", "502", "not HTTP", "closed", "endless"],
)
def test_proxy_that_lets_nothing_through_is_named_and_nothing_was_sent(
    trusting: Any, tunnels: Any, reply: bytes
) -> None:
    proxy = tunnels(1, reply=reply)
    with pytest.raises(NoConnection) as caught:
        behind(Proxy("127.0.0.1", proxy.port, "shop:hush"), trusting).whoami()
    assert caught.value.delivery == "never_sent"
    assert "proxy" in caught.value.message and "PORTAL_HTTPS_PROXY" in caught.value.next_step
    assert "hush" not in repr(caught.value) + caught.value.message


@pytest.mark.keeps("SEC-7")
def test_silent_proxy_ends_with_the_deadline(trusting: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        proxy = Proxy("127.0.0.1", silent.getsockname()[1])
        connection = Connection("https://api.example.com", "t", proxy=proxy, timeout_seconds=0.5)
        api = LoyaltyDog(connection, ssl_context=trusting, resolver=lambda host, port: [PUBLIC])
        with pytest.raises(NoConnection) as caught:
            api.whoami()
    assert "timed out" in caught.value.detail and "proxy" in caught.value.message


@pytest.mark.keeps("SEC-5")
def test_file_comes_through_the_proxy_and_the_environments_proxies_are_not_asked(
    serve: Any, http: Any, serving_as: Any, trusting: Any, tunnels: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = b"HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\nContent-Length: 14\r\n\r\nid,name\n1,Kim\n"
    server = serve(lambda line: line.sendall(body), tls=serving_as("files.example.com"))
    ours, strange = tunnels(server.port), tunnels(server.port)
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{strange.port}")
    policy = FetchPolicy(
        "https://api.example.com",
        ("files.example.com",),
        proxy=Proxy("127.0.0.1", ours.port),
        deadline_seconds=5,
    )
    got: list[bytes] = []
    fetch_file(
        "https://files.example.com/x?sig=1", policy, expected_format="csv", sink=got.append, ssl_context=trusting,
        resolver=lambda host, port: [PUBLIC],
    )  # fmt: skip
    assert b"".join(got) == b"id,name\n1,Kim\n"
    assert (len(ours.heard), strange.heard) == (1, [])
    assert b"sig=1" not in ours.heard[0]


def test_loopback_is_reached_without_the_proxy(
    serve: Any, http: Any, serving_as: Any, trusting: Any, tunnels: Any
) -> None:
    server = serve(http(200, USER), tls=serving_as("localhost"))
    proxy = tunnels(1)
    connection = Connection(
        f"https://localhost:{server.port}", "t", allow_loopback_http=True, proxy=Proxy("127.0.0.1", proxy.port)
    )
    api = LoyaltyDog(connection, ssl_context=trusting, resolver=lambda host, port: ["127.0.0.1"])
    assert api.whoami().id == "u1" and proxy.heard == []


@pytest.mark.parametrize(
    "text",
    ["", "proxy:3128", "https://proxy:3128", "socks5://proxy:3128", "http://proxy", "http://pro xy:1", "http://a:0",
     "http://user@proxy:3128", "http://u:%0d%0aX@proxy:3128", "http://proxy:3128/path", "http://127.1:3128"],
)  # fmt: skip
def test_address_of_a_proxy_in_another_form_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(ValueError) as caught:
        read_proxy(text)
    assert not text or text not in str(caught.value)


# Whom the portal trusts


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Without the two variables, as most machines are."""
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def call(server: Any) -> str | None:
    connection = Connection(f"https://localhost:{server.port}", "t", allow_loopback_http=True, timeout_seconds=5)
    return LoyaltyDog(connection, resolver=lambda host, port: ["127.0.0.1"]).whoami().id


@pytest.mark.keeps("SEC-19")
@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
def test_authority_named_in_the_environment_is_trusted(
    serve: Any, http: Any, serving_as: Any, authority: trustme.CA, tmp_path: Path, environment: Any, variable: str
) -> None:
    server = serve(http(200, USER), tls=serving_as("localhost"))
    file = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(file)
    if variable == "SSL_CERT_FILE":
        environment.setenv(variable, str(file))
    else:
        found = subprocess.run(
            ["openssl", "x509", "-noout", "-hash", "-in", str(file)], capture_output=True, text=True, check=True
        )
        file.rename(tmp_path / f"{found.stdout.strip()}.0")
        environment.setenv(variable, str(tmp_path))
    assert call(server) == "u1"
    with pytest.raises(TlsFailed):
        environment.setenv("SSL_CERT_FILE", str(certifi.where()))
        environment.delenv("SSL_CERT_DIR", raising=False)
        call(server)


@pytest.mark.skipif(ssl.get_default_verify_paths().cafile is None, reason="this system keeps its authorities elsewhere")
def test_authorities_are_the_systems_and_not_those_of_a_package(environment: Any) -> None:
    environment.setattr(certifi, "where", lambda: pytest.fail("certifi was asked"))
    ours, systems = client_context(), ssl.create_default_context()
    assert ours.cert_store_stats() == systems.cert_store_stats()
    assert ours.verify_mode == ssl.CERT_REQUIRED and ours.check_hostname


@pytest.mark.parametrize("content", [None, "", "no certificate"])
def test_authorities_that_cannot_be_read_are_the_operators_to_mend(
    serve: Any, http: Any, serving_as: Any, tmp_path: Path, environment: Any, content: str | None
) -> None:
    file = tmp_path / "authorities.pem"
    if content is not None:
        file.write_text(content)
    environment.setenv("SSL_CERT_FILE", str(file))
    server = serve(http(200, USER), tls=serving_as("localhost"))
    with pytest.raises(TlsFailed) as caught:
        call(server)
    assert "SSL_CERT_FILE" in caught.value.detail and "LoyaltyDog" not in caught.value.message
    assert server.connections == 0 and caught.value.delivery == "never_sent"


@pytest.mark.keeps("SEC-19")
def test_one_module_makes_every_context() -> None:
    maker = re.compile(
        r"SSLContext\(|create_default_context|create_ssl_context|_create_unverified|wrap_socket\(|CERT_NONE"
    )
    places = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "portal").rglob("*.py")
        if maker.search(path.read_text(encoding="utf-8"))
    }
    assert places == {"portal/loyaltydog/network/tls.py", "portal/loyaltydog/network/line.py"}, (
        "line.py only uses the one it is given"
    )
    assert "wrap_socket(plain, server_hostname=host, suppress_ragged_eofs=False)" in (
        ROOT / "portal" / "loyaltydog" / "network" / "line.py"
    ).read_text(encoding="utf-8")


@pytest.mark.skipif(not hasattr(ssl, "OP_IGNORE_UNEXPECTED_EOF"), reason="this OpenSSL has no such option")
def test_no_context_takes_a_cut_off_for_an_end(environment: Any) -> None:
    assert not client_context().options & ssl.OP_IGNORE_UNEXPECTED_EOF
