"""The mailbox of bounces over real TLS: each message is taken in once and deleted, and none is lost to a refusal."""

from __future__ import annotations

import ssl
from collections.abc import Callable

import pytest

from portal.delivery.mail.network.imap import TROUBLES, BounceMailbox, poll
from tests.delivery.mail.imap_server import PASSWORD, USER, Mailbox, imap_server

pytestmark = [pytest.mark.keeps("SEC-19", "MAIL-7"), pytest.mark.usefixtures("trusted")]
TlsOf = Callable[[str], ssl.SSLContext]


def read(box: Mailbox, *, password: str = PASSWORD, longest: int = 1000) -> tuple[tuple[int, int], list[bytes]]:
    """What was counted, and what was taken in; a message that begins with `b` tells something."""
    taken: list[bytes] = []

    def take(raw: bytes) -> bool:
        taken.append(raw)
        return raw.startswith(b"b")

    return poll(BounceMailbox("localhost", USER, password, box.port), take, longest=longest), taken


def test_every_message_is_taken_in_once_and_deleted(tls_of: TlsOf) -> None:
    with imap_server(tls_of("localhost"), [b"bounce\r\nof (one)", b"spam " * 400, b""]) as box:
        assert read(box) == ((3, 1), [b"bounce\r\nof (one)", (b"spam " * 400)[:1000], b""])
        assert box.messages == []
        assert read(box) == ((0, 0), [])


@pytest.mark.parametrize("refused", ["LOGIN", "SELECT", "SEARCH", "FETCH", "STORE", "EXPUNGE"])
def test_a_refusal_is_told_and_deletes_nothing(tls_of: TlsOf, refused: str) -> None:
    with imap_server(tls_of("localhost"), [b"bounce"]) as box:
        box.refused = {refused}
        with pytest.raises(TROUBLES):
            read(box)
        assert box.messages == [b"bounce"]


def test_what_cannot_be_taken_in_stays(tls_of: TlsOf) -> None:
    def fail(_raw: bytes) -> bool:
        raise OSError

    with imap_server(tls_of("localhost"), [b"bounce"]) as box:
        with pytest.raises(OSError):
            poll(BounceMailbox("localhost", USER, PASSWORD, box.port), fail, longest=10)
        assert box.messages == [b"bounce"]


def test_a_server_of_another_name_gets_no_password(tls_of: TlsOf) -> None:
    with imap_server(tls_of("elsewhere.example"), [b"bounce"]) as box:
        with pytest.raises(TROUBLES):
            read(box)
        assert box.asked == []
