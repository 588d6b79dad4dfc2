"""A bounce with the right token ends its mail; anything else changes nothing; on both databases."""

from __future__ import annotations

import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.delivery.mail.bounces import Action, Bounce, read_bounce
from portal.delivery.mail.kinds import MailState
from tests.delivery.mail.mail_server import MailServer

pytestmark = pytest.mark.keeps("MAIL-4", "MAIL-7")

TOKEN = "0123456789abcdef" * 2


def notice(
    token: str = TOKEN, action: str = "failed", status: str = "5.1.1", *, to: str | None = None, envelope: str = ""
) -> bytes:
    """A delivery status notification as Postfix writes it."""
    address = to if to is not None else f"bounces+{token}@portal.example"
    told = f"Original-Envelope-Id: {envelope}\n" if envelope else ""
    return (
        f"From: MAILER-DAEMON@mail.example\nTo: {address}\nSubject: Undelivered Mail\nMIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n'
        "--b\nContent-Type: text/plain\n\n<ada@example.com>: nobody\n"
        f"--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mail.example\n{told}\n"
        f"Final-Recipient: rfc822; ada@example.com\nAction: {action}\nStatus: {status}\n\n"
        "--b\nContent-Type: text/rfc822-headers\n\nSubject: Your privacy request\n\n--b--\n"
    ).encode()


def take(desk: Any, raw: bytes) -> bool:
    return bool(desk.portal.bounces.take(io.BytesIO(raw)))


def token_of(relay: MailServer) -> str:
    return relay.got[-1].mail_from.partition("+")[2].partition("@")[0]


def test_of_a_notice_only_token_action_and_status_are_read() -> None:
    assert read_bounce(notice()) == Bounce(TOKEN, Action.FAILED, "5.1.1")
    assert read_bounce(notice(action="delayed", status="4.4.1")) == Bounce(TOKEN, Action.DELAYED, "4.4.1")


def test_a_token_lowered_or_raised_on_the_way_is_the_same() -> None:
    assert read_bounce(notice(TOKEN.upper())) == Bounce(TOKEN, Action.FAILED, "5.1.1")


def test_a_token_is_found_in_the_envelope_id_too() -> None:
    raw = notice(to="postmaster@portal.example", envelope=TOKEN)
    assert read_bounce(raw) == Bounce(TOKEN, Action.FAILED, "5.1.1")


def test_a_bounce_of_sentences_is_understood() -> None:
    raw = (
        f"From: <MAILER-DAEMON@mail.example>\nTo: bounces+{TOKEN}@portal.example\nSubject: failure notice\n\n"
        "Hi. This is the qmail-send program at mail.example.\nI'm afraid I wasn't able to deliver your message to the "
        "following addresses.\nThis is a permanent error; I've given up. Sorry it didn't work out.\n\n"
        "<ada@example.com>:\nSorry, no mailbox here by that name.\n\n"
        "--- Below this line is a copy of the message.\n\nx\n"
    ).encode()
    assert read_bounce(raw) == Bounce(TOKEN, Action.FAILED, "5.0.0")


def test_an_answer_of_a_person_is_no_bounce() -> None:
    raw = f"From: ada@example.com\nTo: bounces+{TOKEN}@portal.example\nSubject: Re: Your request\n\nThank you.\n"
    assert read_bounce(raw.encode()) is None


@given(st.binary(max_size=4_000))
def test_no_junk_is_taken_for_a_bounce_or_ends_the_reading(junk: bytes) -> None:
    assert read_bounce(junk) is None


@given(st.binary(max_size=600), st.integers(0, 900))
def test_a_notice_with_junk_in_it_never_ends_the_reading(junk: bytes, at: int) -> None:
    raw = notice()
    found = read_bounce(raw[:at] + junk + raw[at:])
    assert found is None or found.token == TOKEN


def test_a_notice_deep_in_parts_ends_the_reading_soon() -> None:
    raw = notice()
    deep = f"To: bounces+{TOKEN}@portal.example\n".encode() + b"Content-Type: message/rfc822\n\n" * 3_000 + raw
    assert read_bounce(deep) is None


def test_a_mail_that_came_back_is_bounced_once(sent: Any, relay: MailServer) -> None:
    row = sent.send()
    raw = notice(token_of(relay))
    assert take(sent.desk, raw) and not take(sent.desk, raw)
    row = sent.row(row.id)
    assert (row.state, row.dsn_status) == (MailState.BOUNCED, "5.1.1")
    assert sent.entries(row.id) == ["mail:queue", "mail:state accepted", "mail:state bounced"]


def test_a_delay_is_noted_and_the_mail_stays_sent(sent: Any, relay: MailServer) -> None:
    row = sent.send()
    assert take(sent.desk, notice(token_of(relay), "delayed", "4.4.1"))
    assert (sent.row(row.id).state, sent.row(row.id).dsn_status) == (MailState.ACCEPTED, "4.4.1")


@pytest.mark.parametrize("token", [TOKEN, "f" * 32])
def test_an_unknown_token_changes_nothing(sent: Any, token: str) -> None:
    row = sent.send()
    assert not take(sent.desk, notice(token))
    assert sent.row(row.id).state == MailState.ACCEPTED


def test_a_bounce_names_one_mail_and_touches_no_other(sent: Any, relay: MailServer) -> None:
    first, token = sent.send(), token_of(relay)
    second = sent.send(to="ben@example.com", merchant="two")
    assert take(sent.desk, notice(token))
    assert (sent.row(first.id).state, sent.row(second.id).state) == (MailState.BOUNCED, MailState.ACCEPTED)


def test_only_the_hash_of_a_token_is_kept(sent: Any, relay: MailServer) -> None:
    row = sent.send()
    assert token_of(relay) not in "".join(str(value) for value in vars(row).values())
    assert token_of(relay) not in row.message_id
