"""`mail`: a test mail goes out, a bounce comes in, and what cannot be done is said in words."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.delivery.mail.conftest import authority as authority
from tests.delivery.mail.conftest import tls_of as tls_of
from tests.delivery.mail.conftest import trusted as trusted
from tests.delivery.mail.imap_server import PASSWORD, USER, imap_server
from tests.delivery.mail.mail_server import Behaviour, MailServer, mail_server
from tests.delivery.mail.test_bounces import notice

MANAGER = "maya@brookandbean.example.com"


@pytest.fixture
def server() -> Iterator[MailServer]:
    with mail_server(Behaviour()) as running:
        yield running


def by(server: MailServer) -> dict[str, Any]:
    return {
        "mode": "practice", "mail_host": "127.0.0.1", "mail_port": server.port, "mail_security": "plain",
        "mail_from": "privacy@portal.example",
    }  # fmt: skip


def test_a_test_mail_is_sent_and_its_bounces_taken_in(
    cli: Any, data: Path, server: MailServer, trusted: None, tls_of: Callable[[str], ssl.SSLContext]
) -> None:
    ran = cli("mail", "test", "someone@example.com", "--as", MANAGER, data=data, **by(server))
    assert (ran.returncode, ran.stdout.strip()) == (0, "accepted"), ran.stderr
    (got,) = server.got
    token = got.mail_from.partition("+")[2].partition("@")[0]
    delayed = notice(token, "delayed", "4.4.1").replace(b"\n", b"\r\n")
    with imap_server(tls_of("localhost"), [delayed, b"Subject: spam\r\n\r\nx"]) as box:
        mailbox = {
            "mail_imap_host": "localhost", "mail_imap_port": box.port, "mail_imap_user": USER,
            "mail_imap_password": PASSWORD,
        }  # fmt: skip
        polled = cli("mail", "poll", data=data, **mailbox, **by(server))
        assert polled.stdout.strip() == "2 read, 1 about mails of the portal.", polled.stderr
        box.refused = {"SELECT"}
        refused = cli("mail", "poll", data=data, **mailbox, **by(server))
        assert refused.returncode == 1 and "cannot be read" in refused.stderr
    told = cli("mail", "bounce", data=data, typed=notice(token).decode(), **by(server))
    assert told.returncode == 0 and "came back" in told.stderr
    again = cli("mail", "bounce", data=data, typed=notice("f" * 32).decode(), **by(server))
    assert again.returncode == 0 and "no mail of the portal" in again.stderr


def test_a_test_mail_that_is_refused_is_said(cli: Any, data: Path, server: MailServer) -> None:
    server.behaviour.at_rcpt = ["550 5.1.1 nobody"]
    ran = cli("mail", "test", "someone@example.com", "--as", MANAGER, data=data, **by(server))
    assert (ran.returncode, ran.stdout.strip()) == (1, "refused"), ran.stderr


def test_without_a_mail_server_a_test_mail_is_refused_in_words(cli: Any, bare: Path) -> None:
    ran = cli("mail", "test", "someone@example.com", "--as", MANAGER, data=bare)
    assert ran.returncode == 1 and "docs/mail.md" in ran.stderr


def test_without_a_mailbox_of_bounces_none_is_read(cli: Any, data: Path) -> None:
    ran = cli("mail", "poll", data=data)
    assert ran.returncode == 1 and "PORTAL_MAIL_IMAP_HOST" in ran.stderr
