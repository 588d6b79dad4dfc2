"""How the provider of single sign-on is asked: over TLS the portal trusts, through its own proxy and no other."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import trustme
from pydantic import SecretStr

from portal.identity.factors.single_sign_on import OidcTrouble, _request_json
from tests.tunnels import Tunnels

pytestmark = pytest.mark.keeps("SEC-19")


class Provider(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "15")
        self.end_headers()
        self.wfile.write(b'{"issuer": "x"' if self.path == "/cut" else b'{"issuer": "x"}')

    def log_message(self, *_arguments: object) -> None:
        """Silent."""


@pytest.fixture
def provider(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost", "login.example.com").configure_cert(context)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Provider)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


def test_provider_with_a_certificate_of_a_trusted_authority_is_believed(
    provider: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert _request_json(f"https://localhost:{provider}/") == {"issuer": "x"}
    trustme.CA().cert_pem.write_to_path(tmp_path / "other.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "other.pem"))
    with pytest.raises(OidcTrouble):
        _request_json(f"https://localhost:{provider}/")


def test_answer_cut_off_in_the_middle_is_none(provider: int) -> None:
    with pytest.raises(OidcTrouble):
        _request_json(f"https://localhost:{provider}/cut")


def test_the_provider_is_reached_through_the_proxy_except_on_loopback(
    provider: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, strange = Tunnels(provider), Tunnels(provider)
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{strange.port}")
    proxy = SecretStr(f"http://shop:hush@127.0.0.1:{ours.port}")
    assert _request_json("https://login.example.com/", proxy=proxy) == {"issuer": "x"}
    assert _request_json(f"https://localhost:{provider}/", proxy=proxy) == {"issuer": "x"}
    assert [head.split(b" ", 2)[1] for head in ours.heard] == [b"login.example.com:443"]
    assert b"Proxy-Authorization: Basic" in ours.heard[0] and strange.heard == []
    ours.close()
    strange.close()
