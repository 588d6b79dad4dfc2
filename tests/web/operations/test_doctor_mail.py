"""Doctor speaks to the mail server and says what keeps mails from leaving, without sending one."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from portal.config import Settings
from portal.web.operations.doctor_links import link_checks
from portal.web.operations.doctor_mail import mail_checks
from tests.delivery.mail.conftest import authority as authority
from tests.delivery.mail.conftest import tls_of as tls_of
from tests.delivery.mail.conftest import trusted as trusted
from tests.delivery.mail.imap_server import PASSWORD, USER, imap_server
from tests.delivery.mail.mail_server import Behaviour, Got, mail_server

pytestmark = pytest.mark.keeps("MAIL-2", "MAIL-5")


def told(folder: Path, port: int, **more: Any) -> list[tuple[str, bool, bool]]:
    settings = Settings(
        data_dir=folder, mail_host="127.0.0.1", mail_port=port, mail_security="plain", allow_loopback_http=True,
        mail_from="privacy@portal.example", **more,
    )  # fmt: skip
    return [(check.sentence, check.ok, check.warns) for check in mail_checks(settings) if check.name == "mail server"]


def test_a_server_that_answers_is_fine_and_gets_no_mail(tmp_path: Path) -> None:
    with mail_server() as server:
        assert told(tmp_path, server.port) == [("The mail server answers, unencrypted, on this machine.", True, False)]
    assert server.got == []


def test_a_wrong_password_is_told(tmp_path: Path) -> None:
    with mail_server(Behaviour(password="right")) as server:
        ((said, _ok, warns),) = told(tmp_path, server.port, mail_user="portal", mail_password=SecretStr("wrong"))
    assert warns and "sign-in" in said and "wrong" not in said


def test_a_server_that_is_away_is_told_and_stops_no_start(tmp_path: Path) -> None:
    with mail_server() as server:
        port = server.port
    ((said, ok, warns),) = told(tmp_path, port)
    assert ok and warns and "cannot be used" in said


def test_without_a_mail_server_there_is_nothing_to_say(tmp_path: Path) -> None:
    assert list(mail_checks(Settings(data_dir=tmp_path))) == []


@pytest.mark.keeps("SEC-19")
def test_a_mail_to_itself_shows_what_the_server_does_to_links(
    tmp_path: Path, trusted: None, tls_of: Callable[[str], ssl.SSLContext]
) -> None:
    def told_of_links(change: Callable[[bytes], bytes] | None, **more: Any) -> tuple[bool, bool, str]:
        with mail_server() as server, imap_server(tls_of("localhost"), [b"Subject: a bounce\r\n\r\n"]) as box:
            server.got = Relayed(box.messages, change)
            settings = Settings(
                data_dir=tmp_path, mail_host="127.0.0.1", mail_port=server.port, mail_security="plain",
                allow_loopback_http=True, mail_from="privacy@portal.example", public_url="https://privacy.shop.example",
                mail_imap_host="localhost", mail_imap_port=box.port, mail_imap_user=USER,
                **{"mail_imap_password": SecretStr(PASSWORD)} | more,
            )  # fmt: skip
            (found,) = link_checks(settings, wait=0)
            assert "mail tracking" not in {check.name for check in mail_checks(settings)}
            assert box.messages[0].startswith(b"Subject: a bounce")
            assert len(box.messages) == 1 or "cannot be read" in found.sentence
            return found.ok, found.warns, found.sentence

    assert told_of_links(lambda raw: raw) == (
        True,
        False,
        "A mail came through the mail server with its link as it was.",
    )
    for tracked in (
        lambda raw: raw.replace(b"https://privacy.shop.example", b"https://click.example/x?u=3Dhttps://privacy"),
        lambda raw: raw.replace(b"</body>", b'<img src=3D"https://open.example/p.gif"></body>'),
        lambda raw: raw.replace(b"text/html", b"application/x-unknown"),
    ):
        assert told_of_links(tracked)[:2] == (False, False)
    ok, warns, said = told_of_links(None)
    assert ok and warns and "did not arrive" in said
    ok, warns, said = told_of_links(lambda raw: raw, mail_imap_password=SecretStr("wrong"))
    assert ok and warns and "cannot be read" in said and "wrong" not in said


class Relayed(list[Got]):
    """Puts each mail into a mailbox, as a server may change it; without `change` none arrives."""

    def __init__(self, box: list[bytes], change: Callable[[bytes], bytes] | None) -> None:
        super().__init__()
        self._box, self._change = box, change

    def append(self, got: Got) -> None:
        super().append(got)
        if self._change is not None:
            self._box.append(self._change(got.raw))
