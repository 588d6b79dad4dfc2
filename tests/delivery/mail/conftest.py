"""A mail server of our own, and portals that send by it on both pairs of stores."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
import trustme

from tests.delivery.mail.mail_server import Behaviour, MailServer, mail_server
from tests.package.versions.conftest import save_profile


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def trusted(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The portal trusts the tests' authority."""
    file = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(file))
    monkeypatch.setenv("SSL_CERT_FILE", str(file))


@pytest.fixture
def tls_of(authority: trustme.CA) -> Callable[[str], ssl.SSLContext]:
    """A server's context with a certificate for a name."""

    def made(name: str) -> ssl.SSLContext:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        authority.issue_cert(name).configure_cert(context)
        return context

    return made


@pytest.fixture
def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def start_server() -> Callable[..., AbstractContextManager[MailServer]]:
    return mail_server


@pytest.fixture(scope="module")
def relay_server() -> Iterator[MailServer]:
    with mail_server() as server:
        yield server


@pytest.fixture
def relay(relay_server: MailServer) -> MailServer:
    """The server of this module's portal, behaving well and empty."""
    relay_server.behaviour = Behaviour()
    relay_server.got.clear()
    return relay_server


@pytest.fixture(scope="module", params=["sqlite-folder", "postgresql-s3"])
def desk(request: pytest.FixtureRequest, new_desk: Any, relay_server: MailServer) -> Iterator[Any]:
    """A portal with its workers running that sends by this module's server, on each pair of stores."""
    places = {}
    if request.param == "postgresql-s3":
        fresh = {"database_url": "new_postgres", "blob_url": "new_bucket"}
        places = {setting: request.getfixturevalue(maker)() for setting, maker in fresh.items()}
    with new_desk(
        mail_host="127.0.0.1", mail_port=relay_server.port, mail_security="plain",
        mail_from="privacy@portal.example", mail_bounce_to="bounces@portal.example", **places,
    ) as opened:  # fmt: skip
        save_profile(opened, "two")
        yield opened


@pytest.fixture
def sent(desk: Any, relay: MailServer, wait_for: Callable[..., None]) -> Iterator[Any]:
    """Queues a mail and waits for its end; the limits of earlier tests are forgotten first."""
    from tests.delivery.mail.sending_desk import SendingDesk

    made = SendingDesk(desk, relay, wait_for)
    made.forget_earlier()
    yield made
    made.forget_earlier()
