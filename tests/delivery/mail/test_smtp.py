"""TLS is checked, one recipient is named, and each answer of a server means one thing."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from typing import Any

import pytest

from portal.delivery.mail.network.relay import Relay, Security
from portal.delivery.mail.network.smtp import LOST, NO_CONNECTION, NO_TLS, NO_UTF8, Letter, Outcome, Sent, send
from tests.delivery.mail.mail_server import Behaviour

pytestmark = pytest.mark.keeps("MAIL-1", "MAIL-2", "MAIL-4", "MAIL-11")

DATA = b"Subject: x\r\n\r\nfirst\r\n.\r\n.two\r\nlast\r\n"
LETTER = Letter("bounces+abc@portal.example", "ada@example.com", DATA, "abc")


def relay_at(port: int, security: Security = Security.PLAIN, *, host: str = "127.0.0.1", **more: str) -> Relay:
    return Relay(host, port, security, "privacy@portal.example", "bounces@portal.example", **more)


def test_the_data_arrive_as_they_were_made(start_server: Any) -> None:
    with start_server() as server:
        assert send(relay_at(server.port), LETTER) == Sent(Outcome.ACCEPTED, "2.6.0")
        (got,) = server.got
    assert got.raw == DATA
    assert (got.mail_from, got.to) == (LETTER.bounce_to, LETTER.to)


def test_delivery_notices_are_asked_for_where_they_are_offered(start_server: Any) -> None:
    with start_server() as server:
        send(relay_at(server.port), LETTER)
        (got,) = server.got
    assert (got.mail_options, got.rcpt_options) == (["RET=HDRS", "ENVID=abc"], ["NOTIFY=FAILURE,DELAY"])


def test_a_server_without_delivery_notices_is_asked_for_none(start_server: Any) -> None:
    """aiosmtpd answers 555 to a parameter that it does not offer."""
    with start_server(Behaviour(dsn=False)) as server:
        assert send(relay_at(server.port), LETTER).outcome is Outcome.ACCEPTED


@pytest.mark.usefixtures("trusted")
def test_tls_with_a_good_certificate_carries_the_mail(start_server: Any, tls_of: Callable[[str], Any]) -> None:
    with start_server(tls=tls_of("localhost")) as server:
        assert send(relay_at(server.port, Security.TLS, host="localhost"), LETTER).outcome is Outcome.ACCEPTED


@pytest.mark.usefixtures("trusted")
def test_starttls_with_a_good_certificate_carries_the_mail(start_server: Any, tls_of: Callable[[str], Any]) -> None:
    with start_server(starttls=tls_of("localhost")) as server:
        assert send(relay_at(server.port, Security.STARTTLS, host="localhost"), LETTER).outcome is Outcome.ACCEPTED


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("security", [Security.TLS, Security.STARTTLS])
def test_a_certificate_of_another_name_gets_no_mail(
    start_server: Any, tls_of: Callable[[str], Any], security: Security
) -> None:
    context = tls_of("elsewhere.example")
    given = {"tls": context} if security is Security.TLS else {"starttls": context}
    with start_server(**given) as server:
        assert send(relay_at(server.port, security, host="localhost"), LETTER) == Sent(Outcome.LATER, NO_TLS)
    assert server.got == []


def test_a_certificate_of_an_unknown_authority_gets_no_mail(start_server: Any, tls_of: Callable[[str], Any]) -> None:
    with start_server(tls=tls_of("localhost")) as server:
        assert send(relay_at(server.port, Security.TLS, host="localhost"), LETTER) == Sent(Outcome.LATER, NO_TLS)
    assert server.got == []


def test_a_server_without_starttls_gets_no_mail(start_server: Any) -> None:
    with start_server() as server:
        assert send(relay_at(server.port, Security.STARTTLS), LETTER) == Sent(Outcome.LATER, NO_TLS)
    assert server.got == []


def test_plain_mail_goes_to_this_machine_only() -> None:
    assert send(relay_at(25, host="mail.example.com"), LETTER).outcome is Outcome.LATER


def test_a_wrong_password_is_no_refusal_of_the_mail(start_server: Any) -> None:
    with start_server(Behaviour(password="right")) as server:
        wrong = send(relay_at(server.port, user="portal", password="wrong"), LETTER)
        right = send(relay_at(server.port, user="portal", password="right"), LETTER)
    assert (wrong.outcome, right.outcome) == (Outcome.LATER, Outcome.ACCEPTED)


@pytest.mark.parametrize(
    ("where", "answer", "sent"),
    [
        ("at_mail", "451 4.7.1 greylisted", Sent(Outcome.LATER, "4.7.1")),
        ("at_mail", "530 5.7.0 sign in", Sent(Outcome.LATER, "5.7.0")),
        ("at_rcpt", "550 5.1.1 nobody", Sent(Outcome.REFUSED, "5.1.1")),
        ("at_rcpt", "550 nobody of 4.4.4", Sent(Outcome.REFUSED, "5.0.0")),
        ("at_rcpt", "450 busy", Sent(Outcome.LATER, "4.0.0")),
        ("answers", "452 4.3.1 full", Sent(Outcome.LATER, "4.3.1")),
        ("answers", "554 5.7.1 spam", Sent(Outcome.REFUSED, "5.7.1")),
    ],
)
def test_each_answer_of_a_server_has_its_outcome(start_server: Any, where: str, answer: str, sent: Sent) -> None:
    with start_server(Behaviour(**{where: [answer]})) as server:
        assert send(relay_at(server.port), LETTER) == sent


def test_a_line_cut_before_the_data_is_tried_later(start_server: Any) -> None:
    with start_server(Behaviour(at_mail=["drop"])) as server:
        assert send(relay_at(server.port), LETTER) == Sent(Outcome.LATER, NO_CONNECTION)


def test_a_line_cut_after_the_data_leaves_the_mail_unknown(start_server: Any) -> None:
    with start_server(Behaviour(answers=["drop"])) as server:
        assert send(relay_at(server.port), LETTER) == Sent(Outcome.UNKNOWN, LOST)
        assert len(server.got) == 1


def test_a_server_that_never_answers_the_data_leaves_the_mail_unknown(start_server: Any) -> None:
    with start_server(Behaviour(answers=["late"])) as server:
        assert send(relay_at(server.port), LETTER, answer_seconds=0.5).outcome is Outcome.UNKNOWN


def test_a_server_that_drips_its_answers_is_left() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        stopped = threading.Event()

        def drip() -> None:
            connection, _address = listener.accept()
            with connection:
                connection.sendall(b"220 hello\r\n250-")
                while not stopped.wait(0.05):
                    try:
                        connection.sendall(b"x")
                    except OSError:
                        return

        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        sent = send(relay_at(listener.getsockname()[1]), LETTER, answer_seconds=5, whole=0.3)
        stopped.set()
        thread.join(10)
    assert sent == Sent(Outcome.LATER, NO_CONNECTION)


def test_nobody_listening_is_tried_later(free_port: int) -> None:
    assert send(relay_at(free_port), LETTER) == Sent(Outcome.LATER, NO_CONNECTION)


def test_a_letter_of_another_script_before_the_at_needs_a_server_that_takes_it(start_server: Any) -> None:
    foreign = Letter(LETTER.bounce_to, "用户@example.com", DATA, "abc")
    with start_server() as server:
        assert send(relay_at(server.port), foreign).outcome is Outcome.ACCEPTED
        assert server.got[0].to == "用户@example.com"
    with start_server(Behaviour(utf8=False)) as server:
        assert send(relay_at(server.port), foreign) == Sent(Outcome.REFUSED, NO_UTF8)


def test_this_machines_name_is_not_told(start_server: Any) -> None:
    with start_server() as server:
        send(relay_at(server.port), LETTER)
    assert server.greeted_by == ["portal.example"]
