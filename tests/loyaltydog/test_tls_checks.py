"""TLS is checked against the name, and nothing is sent to anyone who fails (SEC-2, SEC-19)."""

import datetime
import socket
import ssl
import threading
from typing import Any

import pytest
import trustme

from portal.loyaltydog import (
    Connection,
    ConnectionLost,
    FetchPolicy,
    LoyaltyDog,
    NoConnection,
    TlsFailed,
    Truncated,
    fetch_file,
    retry_export_post,
)

pytestmark = pytest.mark.keeps("SEC-2", "SEC-19")

USER = {"id": "u1", "email": "owner@example.com"}
PAST = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)


def client(server: Any, trusting: ssl.SSLContext, host: str = "localhost") -> LoyaltyDog:
    connection = Connection(f"https://{host}:{server.port}", "t", allow_loopback_http=True, timeout_seconds=5)
    return LoyaltyDog(connection, ssl_context=trusting, resolver=lambda host, port: ["127.0.0.1"])


def test_certificate_for_the_name_is_accepted_and_the_name_is_announced(
    serve: Any, http: Any, trusting: Any, serving_as: Any
) -> None:
    announced: list[str | None] = []
    tls = serving_as("localhost")
    tls.sni_callback = lambda line, name, context: announced.append(name)
    assert client(serve(http(200, USER), tls=tls), trusting).whoami().id == "u1"
    assert announced == ["localhost"], "the name goes into SNI although the connection goes to a checked address"


def test_certificate_for_an_address_is_accepted(serve: Any, http: Any, trusting: Any, serving_as: Any) -> None:
    assert client(serve(http(200, USER), tls=serving_as("127.0.0.1")), trusting, "127.0.0.1").whoami().id == "u1"


@pytest.mark.parametrize("fault", ["wrong host", "expired", "unknown authority", "self-signed"])
def test_server_that_cannot_prove_its_name_gets_no_request(
    serve: Any, http: Any, trusting: Any, serving_as: Any, fault: str
) -> None:
    tls = {
        "wrong host": lambda: serving_as("api.example.com"),
        "expired": lambda: serving_as("localhost", not_before=PAST, not_after=PAST + datetime.timedelta(days=1)),
        "unknown authority": lambda: serving_as("localhost", ca=trustme.CA()),
        "self-signed": self_signed,
    }[fault]()
    server = serve(http(200, USER), tls=tls)
    with pytest.raises(TlsFailed) as caught:
        client(server, trusting).whoami()
    assert server.requests == [] and caught.value.delivery == "never_sent"
    assert not retry_export_post(caught.value, 1).retry, "a person looks at this, no machine repeats it"
    assert server.connections == 1


def self_signed() -> ssl.SSLContext:
    """A server that shows its authority's own certificate instead of one issued to it."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with authority.cert_pem.tempfile() as certificate, authority.private_key_pem.tempfile() as key:
        context.load_cert_chain(certificate, key)
    return context


def test_default_trust_does_not_include_the_test_authority(serve: Any, http: Any, serving_as: Any) -> None:
    server = serve(http(200, USER), tls=serving_as("localhost"))
    connection = Connection(f"https://localhost:{server.port}", "t", allow_loopback_http=True)
    with pytest.raises(TlsFailed):
        LoyaltyDog(connection).whoami()
    assert server.requests == []


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_tls_below_1_2_is_not_spoken(serve: Any, http: Any, trusting: Any, serving_as: Any) -> None:
    tls = serving_as("localhost")
    tls.set_ciphers("ALL:@SECLEVEL=0")
    tls.minimum_version = ssl.TLSVersion.TLSv1
    tls.maximum_version = ssl.TLSVersion.TLSv1_1
    server = serve(http(200, USER), tls=tls)
    with pytest.raises(TlsFailed):
        client(server, trusting).whoami()
    assert server.requests == []


@pytest.mark.parametrize("greeting", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"", b"\x15\x03\x01\x00\x02\x02\x28"])
def test_server_that_does_not_finish_the_handshake_gets_no_request(trusting: ssl.SSLContext, greeting: bytes) -> None:
    heard: list[bytes] = []

    def rude(listener: socket.socket) -> None:
        for _ in range(3):
            with listener.accept()[0] as line:
                heard.append(line.recv(4096))
                line.sendall(greeting)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=rude, args=(listener,), daemon=True).start()
        connection = Connection(f"https://localhost:{listener.getsockname()[1]}", "canary", allow_loopback_http=True)
        api = LoyaltyDog(connection, ssl_context=trusting, sleep=lambda seconds: None)
        with pytest.raises((TlsFailed, NoConnection)) as caught:
            api.whoami()
    assert caught.value.delivery == "never_sent"
    assert b"canary" not in b"".join(heard)


@pytest.mark.parametrize("honest", [True, False])
@pytest.mark.parametrize("lenient", [False, True], ids=["", "context takes a cut-off for an end"])
def test_body_that_ends_with_the_connection_counts_only_after_a_closing_alert(
    serve: Any, trusting: Any, serving_as: Any, honest: bool, lenient: bool
) -> None:
    if lenient:  # as Debian 12's Python 3.11.2 makes every context
        trusting.options |= getattr(ssl, "OP_IGNORE_UNEXPECTED_EOF", 0)

    def until_close(line: Any) -> None:
        line.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\n\r\nid,name\n1,Kim\n")
        if honest:
            line.unwrap()
        else:
            line.shutdown(socket.SHUT_RDWR)

    server = serve(until_close, tls=serving_as("localhost"))
    policy = FetchPolicy(f"https://localhost:{server.port}", allow_loopback_http=True, deadline_seconds=5)

    def fetch() -> int:
        return fetch_file("/x", policy, expected_format="csv", sink=lambda data: None, ssl_context=trusting).size

    if honest:
        assert fetch() == 14
    else:
        with pytest.raises((Truncated, ConnectionLost)):
            fetch()


def test_context_that_does_not_verify_is_refused_at_once() -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with pytest.raises(ValueError):
        LoyaltyDog(Connection("https://api.example.com", "t"), ssl_context=context)
