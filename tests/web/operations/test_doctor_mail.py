"""Doctor speaks to the mail server and says what keeps mails from leaving, without sending one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import SecretStr

from portal.config import Settings
from portal.web.operations.doctor_mail import mail_checks
from tests.delivery.mail.mail_server import Behaviour, mail_server


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
